//! Connections to PostgreSQL, and how each is made ready.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use super::Connection;
use super::session::{self, Session};
use super::url::count_of_hosts;
use crate::connection_failure::reason;
use crate::database::Options;
use crate::metrics::{Metrics, Use};
use crate::pool::Connections;
use crate::retry::{Transactions, exclusive};
use crate::sealing::Sealing;
use crate::store::Store;

/// The oldest version that this runs on.
const OLDEST: i32 = 15;

/// How long a session is waited for. The server gives or refuses one at once; a pooler may have none.
const SESSION_PATIENCE: Duration = Duration::from_secs(30);

/// That of what writes.
const ISOLATION: &str = "ISOLATION LEVEL READ COMMITTED";

const READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Opens the database at `url`.
///
/// # Errors
/// One line, without the password: malformed URL, nobody answers, refused, too old, not in UTF-8, or
/// behind a pooler that loses prepared statements.
pub(crate) fn open(url: &str, options: &Options) -> anyhow::Result<Store<Connection>> {
    let url = with_defaults(url, options);
    let mut first = connect(&url)?;
    let server = exclusive(&mut first, "BEGIN", ask_server)?;
    server.check()?;
    let session = session::find_out(&mut first, &mut connect(&url)?)?;
    let metrics = Metrics::new(None)?;
    let (of_writing, of_reading) = (metrics.of(Use::Write), metrics.of(Use::Read));
    let patience = options.lock_timeout;
    let (writer, reader) = match session {
        Session::Own => {
            let mut settings = settings("SET", options);
            settings.push(format!(
                "SET SESSION CHARACTERISTICS AS TRANSACTION {ISOLATION}"
            ));
            let settings = settings.join("; ");
            let prepare = move |connection: &mut Connection| prepare(connection, &settings);
            let connections = Connections::new(&url, options.pool_size, options, None, prepare);
            (
                Transactions::new(connections.clone(), "BEGIN", patience, of_writing),
                Transactions::new(connections, READ, patience, of_reading),
            )
        }
        Session::Shared => {
            let mut settings = settings("SET LOCAL", options);
            settings.extend(may_set_language(&mut first).then(|| format!("SET LOCAL {LANGUAGE}")));
            let connections = Connections::new(
                &url,
                options.pool_size,
                options,
                None,
                |_: &mut Connection| Ok(()),
            );
            let transactions = |begin: &str, metrics| {
                let begin = format!("{begin}; {}", settings.join("; "));
                Transactions::new(connections.clone(), begin, patience, metrics).always_begun()
            };
            (
                transactions(&format!("BEGIN {ISOLATION}"), of_writing),
                transactions(READ, of_reading),
            )
        }
    };
    Ok(Store {
        pools: vec![writer.connections().clone()],
        writer,
        reader,
        many: options.copy_from,
        for_migrations: Arc::new(move || connect(&url)),
        migration_patience: options.migration_patience,
        sealing: Sealing::new(options.secrets_key.as_ref()),
        metrics,
        remembered: Arc::default(),
        file: None,
    })
}

/// A connection of its own to the database at `url`.
///
/// # Errors
/// One line, without the password: why there is none.
pub(super) fn establish(url: &str, options: &Options) -> anyhow::Result<Connection> {
    connect(&with_defaults(url, options))
}

/// A connection, or the reason why there is none; also where a pooler answers and has none to give.
pub(super) fn connect(url: &str) -> anyhow::Result<Connection> {
    let url = url.to_owned();
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        // Nobody waits any more if it came too late.
        let _ = send.send(Connection::establish(&url));
    });
    match receive.recv_timeout(SESSION_PATIENCE) {
        Ok(established) => established.map_err(|error| match &error {
            ConnectionError::CouldntSetupConfiguration(cause)
                if crate::query_failure::is_lost_statement(cause) =>
            {
                anyhow!(session::LOSES_STATEMENTS)
            }
            _ => anyhow!(
                "PostgreSQL cannot be reached: {}",
                reason(&error.to_string())
            ),
        }),
        Err(_) => bail!(
            "PostgreSQL cannot be reached: it gave no session within {SESSION_PATIENCE:?}; if a pooler \
             stands before it, enlarge its pool (pgbouncer: default_pool_size)"
        ),
    }
}

/// `url` with what it does not say itself: who we are, and when a silent network counts as
/// gone. What it says is left as it is: libpq takes more for a URL than others do, several hosts
/// for example.
pub(super) fn with_defaults(url: &str, options: &Options) -> String {
    let query = url.split_once('?').map(|(_, query)| query);
    let given: Vec<_> = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
    // libpq waits so long for each host.
    let timeout = options.connect_timeout.as_secs() / count_of_hosts(url) as u64;
    let defaults = [
        ("application_name", "accolade".to_owned()),
        ("connect_timeout", timeout.max(1).to_string()),
        ("keepalives_idle", "10".to_owned()),
        ("keepalives_interval", "5".to_owned()),
        ("keepalives_count", "3".to_owned()),
        ("tcp_user_timeout", "25000".to_owned()),
    ];
    let missing = defaults
        .iter()
        .filter(|(name, _)| !given.iter().any(|(given, _)| given == name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&");
    match query {
        _ if missing.is_empty() => url.to_owned(),
        None => format!("{url}?{missing}"),
        Some("") => format!("{url}{missing}"),
        Some(_) => format!("{url}&{missing}"),
    }
}

/// What PostgreSQL says of itself.
#[derive(QueryableByName)]
pub(super) struct Server {
    #[diesel(sql_type = Integer)]
    version: i32,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
}

/// Asks in a transaction and without a prepared statement, as a pooler may have anything.
pub(super) fn ask_server(connection: &mut Connection) -> anyhow::Result<Server> {
    const ABOUT: &str = "SELECT current_setting('server_version_num')::int AS version, \
         current_setting('server_encoding') AS encoding, \
         current_setting('synchronous_commit') AS synchronous_commit";
    diesel::sql_query(ABOUT)
        .get_result(connection)
        .context("PostgreSQL does not tell its version and encoding")
}

impl Server {
    /// Whether the database can be worked with.
    ///
    /// # Errors
    /// One line: why not, and what to do.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.version / 10_000 < OLDEST {
            bail!(
                "PostgreSQL {} is too old: version {OLDEST} or later is needed",
                self.version / 10_000
            );
        }
        if self.encoding != "UTF8" {
            bail!(
                "the database's encoding is {}, which has not every character: create one by CREATE \
                 DATABASE … ENCODING 'UTF8' TEMPLATE template0",
                self.encoding
            );
        }
        if self.synchronous_commit == "off" {
            tracing::warn!(
                "synchronous_commit is off: a crash of PostgreSQL loses requests that were answered; set \
                 it on for the role or the database"
            );
        }
        Ok(())
    }
}

/// Deadlocks are told from other errors by their English text. Only a role that may set it can;
/// others have what the server has, and that is English as a rule.
const LANGUAGE: &str = "lc_messages = 'C'";

/// What holds for a session or a transaction, whichever `set` sets.
///
/// Statements are planned once a connection, not for the values of each execution: left to itself
/// PostgreSQL finds a plan for a set of one cheaper than the general plan, by less than planning costs, and
/// plans each time.
///
/// Nor may they read a table as a whole where an index leads to its rows. A plan outlives what PostgreSQL
/// knew when it made it: over a table that was small then, or not looked at yet, reading all of it seems as
/// cheap as an index, and a minute later it has a million rows. What no index leads to is read all the same,
/// at a price that PostgreSQL makes up, for which it would compile the statement each time.
fn settings(set: &str, options: &Options) -> Vec<String> {
    let statement = options.statement_timeout.as_millis();
    let lock = options.lock_timeout.as_millis();
    vec![
        format!("{set} statement_timeout = {statement}"),
        format!("{set} lock_timeout = {lock}"),
        format!("{set} idle_in_transaction_session_timeout = {statement}"),
        format!("{set} plan_cache_mode = force_generic_plan"),
        format!("{set} enable_seqscan = off"),
        format!("{set} enable_bitmapscan = off"),
        format!("{set} jit = off"),
    ]
}

fn prepare(connection: &mut Connection, settings: &str) -> QueryResult<()> {
    connection.batch_execute(settings)?;
    if connection
        .batch_execute(&format!("SET {LANGUAGE}"))
        .is_err()
    {
        tracing::debug!("the role may not set lc_messages");
    }
    Ok(())
}

/// Whether the role may set the language of errors; sets nothing.
fn may_set_language(connection: &mut Connection) -> bool {
    let set = format!("BEGIN; SET LOCAL {LANGUAGE}");
    let may = connection.batch_execute(&set).is_ok();
    // Whatever became of it, nothing is to stay.
    let _ = connection.batch_execute("ROLLBACK");
    may
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(url: &str) -> String {
        with_defaults(url, &Options::default())
    }

    #[test]
    fn what_the_url_says_itself_is_kept() {
        let url = with("postgres://u:p%40@db:6432/name?sslmode=require&connect_timeout=2");
        assert_eq!(
            url,
            "postgres://u:p%40@db:6432/name?sslmode=require&connect_timeout=2\
             &application_name=accolade&keepalives_idle=10&keepalives_interval=5\
             &keepalives_count=3&tcp_user_timeout=25000"
        );
    }

    #[test]
    fn several_hosts_reach_libpq_as_they_are() {
        let text = "postgres://u@[::1]:1,db2/name?target_session_attrs=read-write";
        assert!(with(text).starts_with(&format!("{text}&application_name=accolade&")));
        let short = "postgres://db1,db2";
        assert!(with(short).starts_with(&format!("{short}?application_name=accolade&")));
        // They share the time.
        for text in [text, short, "postgres:///name?host=a,b"] {
            assert!(with(text).contains("&connect_timeout=2&"), "{text}");
        }
    }

    #[test]
    fn a_database_in_another_encoding_is_refused_and_so_is_an_old_server() {
        let check = |version, encoding: &str| {
            let server = Server {
                version,
                encoding: encoding.to_owned(),
                synchronous_commit: "on".to_owned(),
            };
            server.check().map_err(|error| error.to_string())
        };
        assert_eq!(check(150_014, "UTF8"), Ok(()));
        for encoding in ["LATIN1", "SQL_ASCII"] {
            let line = check(150_014, encoding).unwrap_err();
            assert!(line.contains(encoding) && line.contains("'UTF8'"), "{line}");
        }
        let old = "PostgreSQL 14 is too old: version 15 or later is needed";
        assert_eq!(check(140_000, "UTF8"), Err(old.to_owned()));
    }
}
