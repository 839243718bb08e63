//! Connections to PostgreSQL, and how each is made ready.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use url::Url;

use super::{Connection, DB};
use crate::database::Options;
use crate::retry::Transactions;
use crate::statement::Statement;
use crate::store::{Store, one_line, pool};

/// The oldest version that this runs on.
const OLDEST: i32 = 15;

/// Opens the database at `url`.
///
/// # Errors
/// One line, without the password: malformed URL, nobody answers, refused, too old.
pub(crate) fn open(url: &str, options: &Options) -> anyhow::Result<Store<Connection>> {
    let url = with_defaults(url, options)?;
    check_version(&mut connect(&url)?)?;
    let settings = settings(options);
    let connections = pool::<Connection>(&url, options.pool_size, options, move |connection| {
        prepare(connection, &settings)
    });
    let transactions = |begin| Transactions {
        connections: connections.clone(),
        begin,
        patience: options.lock_timeout,
    };
    Ok(Store {
        writer: transactions("BEGIN"),
        reader: transactions("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        many: options.copy_from,
        pools: vec![connections],
        for_migrations: Box::new(move || connect(&url)),
    })
}

fn connect(url: &str) -> anyhow::Result<Connection> {
    Connection::establish(url)
        .map_err(|error| anyhow!("PostgreSQL cannot be reached: {}", one_line(&error)))
}

/// `url` with what it does not say itself: who we are, and when a silent network counts as
/// gone.
fn with_defaults(url: &str, options: &Options) -> anyhow::Result<String> {
    // The error of the library might repeat a part of the password.
    let mut url = Url::parse(url).map_err(|_| anyhow!("the URL of PostgreSQL is malformed"))?;
    let seconds = |duration: Duration| duration.as_secs().max(1).to_string();
    let defaults = [
        ("application_name", "accolade".to_owned()),
        ("connect_timeout", seconds(options.connect_timeout)),
        ("keepalives_idle", "10".to_owned()),
        ("keepalives_interval", "5".to_owned()),
        ("keepalives_count", "3".to_owned()),
        ("tcp_user_timeout", "25000".to_owned()),
    ];
    for (name, value) in defaults {
        if !url.query_pairs().any(|(given, _)| given == name) {
            url.query_pairs_mut().append_pair(name, &value);
        }
    }
    Ok(url.into())
}

fn check_version(connection: &mut Connection) -> anyhow::Result<()> {
    const VERSION: &str = "SELECT current_setting('server_version_num')::int";
    let version: i32 = Statement::<DB, Integer>::new(VERSION)
        .get_result(connection)
        .context("PostgreSQL does not tell its version")?;
    if version / 10_000 < OLDEST {
        bail!(
            "PostgreSQL {} is too old: version {OLDEST} or later is needed",
            version / 10_000
        );
    }
    Ok(())
}

/// What is set on each connection.
///
/// Statements are planned once a connection, not for the values of each execution: left to itself
/// PostgreSQL finds a plan for a set of one cheaper than the general plan, by less than planning costs, and
/// plans each time. All statements are made to find their rows by an index whatever the values.
fn settings(options: &Options) -> String {
    let statement = options.statement_timeout.as_millis();
    let lock = options.lock_timeout.as_millis();
    format!(
        "SET statement_timeout = {statement}; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = {statement}; \
         SET plan_cache_mode = force_generic_plan; \
         SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED"
    )
}

fn prepare(connection: &mut Connection, settings: &str) -> QueryResult<()> {
    connection.batch_execute(settings)?;
    // Deadlocks are told from other errors by their English text. Only a role that may
    // set it can; others have what the server has, and that is English as a rule.
    if connection.batch_execute("SET lc_messages = 'C'").is_err() {
        tracing::debug!("the role may not set lc_messages");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(url: &str) -> String {
        with_defaults(url, &Options::default()).unwrap()
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
    fn a_malformed_url_is_not_repeated() {
        let error = with_defaults("postgres://u:secret@[x/name", &Options::default());
        assert_eq!(
            format!("{:#}", error.unwrap_err()),
            "the URL of PostgreSQL is malformed"
        );
    }
}
