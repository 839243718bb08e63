//! Databases for tests: made, cloned from templates, and dropped.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::psql::{self, sqlstate};
use crate::{Cluster, Options, URL_VARIABLE, url};

/// A database that belongs to one test and is dropped, with whatever is connected to it,
/// when this value is; or the next test's, if it may be [reused](Self::reused).
///
/// If the process is killed before, the database goes with the throw-away cluster; in a
/// server that somebody else keeps it stays, as `accolade_test_…`.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    server_url: String,
    /// If it is another test's when it is dropped, rather than gone.
    kept: Option<Kept>,
}

/// What a database is kept with.
#[derive(Debug)]
struct Kept {
    /// The template whose next clone it is.
    template: String,
    /// What empties it.
    session: psql::Session,
}

/// Clones of templates that nobody uses, emptied.
static IDLE: Mutex<Vec<TestDatabase>> = Mutex::new(Vec::new());

/// Ends whoever is at work still, and empties every table that was written to, but for what the migrations
/// keep of themselves. That they are gone is asked each millisecond: `pg_terminate_backend` looks ten times a
/// second when it waits. Rows of small tables are deleted, all at once for the sake of foreign keys: having
/// truncated a table, every session would read what it knows of it anew, and plan anew.
const EMPTY: &str = "DO $$
DECLARE large text; small text;
BEGIN
  FOR tries IN 1..10000 LOOP
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle';
    EXIT WHEN NOT FOUND;
    PERFORM pg_sleep(0.001), pg_stat_clear_snapshot();
  END LOOP;
  SELECT string_agg(oid::regclass::text, ', ') FILTER (WHERE pg_relation_size(oid) > 65536),
    string_agg(format('d%s AS (DELETE FROM %s)', oid, oid::regclass), ', ')
      FILTER (WHERE pg_relation_size(oid) <= 65536)
    INTO large, small FROM pg_class WHERE relkind = 'r'
    AND relnamespace = 'public'::regnamespace AND relname <> '__diesel_schema_migrations'
    AND pg_relation_size(oid) > 0;
  IF large IS NOT NULL THEN EXECUTE format('TRUNCATE %s CASCADE', large); END IF;
  IF small IS NOT NULL THEN EXECUTE format('WITH %s SELECT', small); END IF;
  PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END $$";

impl TestDatabase {
    /// Creates an empty database in the server of this run of tests.
    ///
    /// # Errors
    /// There is no server: none is installed, or it does not start or answer.
    pub fn empty() -> Result<Self> {
        server()?.empty_database()
    }

    /// Creates an empty database in another encoding, such as `LATIN1`, in the server of this run of
    /// tests.
    ///
    /// # Errors
    /// There is no server, or it does not know the encoding.
    pub fn in_encoding(encoding: &str) -> Result<Self> {
        let more = format!(
            " ENCODING '{encoding}' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        );
        server()?.create_database(&more)
    }

    /// Clones the template `name` of the server of this run of tests. The first who asks for it
    /// has `migrate` fill it, given the URL of an empty database; what `migrate` leaves half done
    /// is never cloned.
    ///
    /// The name has to change whenever what `migrate` does changes, so it contains a hash
    /// of the migrations. It consists of lower-case letters, digits and underscores.
    ///
    /// # Errors
    /// Those of `migrate`; there is no server; the name is not one.
    pub fn from_template(name: &str, migrate: impl FnOnce(&str) -> Result<()>) -> Result<Self> {
        let server = server()?;
        server.ensure_template(name, migrate)?;
        server.create_database(&format!(" TEMPLATE {name}"))
    }

    /// The same, but that it may have been another test's before: for tests that write rows and change
    /// nothing else of it. Tables and sequences are as the template's, whose only rows are of the
    /// migrations themselves; who is connected and idle stays so.
    ///
    /// # Errors
    /// As [`from_template`](Self::from_template).
    pub fn reused(template: &str, migrate: impl FnOnce(&str) -> Result<()>) -> Result<Self> {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        let of_template = |kept: &Kept| kept.template == template;
        let found = (idle.iter()).position(|it| it.kept.as_ref().is_some_and(of_template));
        let found = found.map(|place| idle.swap_remove(place));
        drop(idle);
        if let Some(database) = found {
            return Ok(database);
        }
        let mut database = Self::from_template(template, migrate)?;
        // In a server that somebody keeps, what waits for the next test would be left at the end.
        if server()?.is_thrown_away {
            database.kept = Some(Kept {
                template: template.to_owned(),
                session: psql::Session::start(&database.url)?,
            });
        }
        Ok(database)
    }

    /// The URL to connect with: `postgres://…`. In a throw-away cluster its user owns the
    /// database, may create others and is no superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the next test's when it is dropped, rather than gone.
    pub fn is_kept(&self) -> bool {
        self.kept.is_some()
    }

    /// The URL of the server that the database is in.
    pub fn server_url(&self) -> &str {
        &self.server_url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let kept = self.kept.take().filter(|_| !std::thread::panicking());
        if let Some(mut kept) = kept {
            // A migration after which it fails has to be found, though a new database would do.
            let emptied = kept.session.run(EMPTY);
            emptied.expect("a database that was written to can be emptied");
            let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(Self {
                name: std::mem::take(&mut self.name),
                url: std::mem::take(&mut self.url),
                server_url: std::mem::take(&mut self.server_url),
                kept: Some(kept),
            });
            return;
        }
        // The cluster may have gone first, and a failing test must not abort here.
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = psql::run(&self.server_url, &drop);
    }
}

/// The server of this run of tests: the one that the environment names, else one of this
/// process's own, which ends with the process.
fn server() -> Result<&'static Server> {
    static NAMED: OnceLock<Result<Server, String>> = OnceLock::new();
    static OWN: OnceLock<Result<Cluster, String>> = OnceLock::new();
    let server = match std::env::var(URL_VARIABLE) {
        Ok(url) if !url.is_empty() => NAMED
            .get_or_init(|| {
                Server::at(url).map_err(|error| {
                    format!("the server that {URL_VARIABLE} names does not answer: {error:#}")
                })
            })
            .as_ref(),
        _ => OWN
            .get_or_init(|| {
                Cluster::start(&Options::throw_away()).map_err(|error| format!("{error:#}"))
            })
            .as_ref()
            .map(Cluster::server),
    };
    server.map_err(|message| anyhow!("{message}"))
}

/// A server, and a role in it that may create databases.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    /// Nothing has to reach its disk. Copying files then beats writing all pages to the log.
    is_thrown_away: bool,
}

impl Server {
    /// The server at `url`, which names a role that may create databases.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) fn at(url: String) -> Result<Self> {
        let is_thrown_away = psql::expect(&url, "SHOW fsync")? == "off";
        Ok(Self {
            url,
            is_thrown_away,
        })
    }

    pub(crate) fn empty_database(&self) -> Result<TestDatabase> {
        self.create_database("")
    }

    /// Creates a database that `more`, the rest of the statement, says more of.
    fn create_database(&self, more: &str) -> Result<TestDatabase> {
        let name = unique_name();
        let mut statement = format!("CREATE DATABASE {name}{more}");
        if self.is_thrown_away {
            statement += " STRATEGY file_copy";
        }
        psql::expect(&self.url, &statement)?;
        Ok(TestDatabase {
            url: url::with_database(&self.url, &name),
            server_url: self.url.clone(),
            name,
            kept: None,
        })
    }

    fn ensure_template(&self, name: &str, migrate: impl FnOnce(&str) -> Result<()>) -> Result<()> {
        // Known to exist: saves a process each time.
        static MADE: Mutex<Option<HashSet<String>>> = Mutex::new(None);
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > 50 || !name.chars().all(is_word) {
            bail!("{name:?} is no name of a template: use up to 50 of a-z, 0-9 and _");
        }
        // Held while the template is made: the others of this process wait for it.
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let made = made.get_or_insert_default();
        if made.contains(name) {
            return Ok(());
        }
        let exists = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
        if psql::expect(&self.url, &exists)? == "0" {
            let draft = self.empty_database()?;
            migrate(draft.url())
                .with_context(|| format!("the template {name} cannot be filled"))?;
            self.publish(draft.name(), name)?;
        }
        made.insert(name.to_owned());
        Ok(())
    }

    /// Gives the finished draft its name, under which nobody connects to it any more. Of
    /// processes that come here at once the first wins: their drafts are alike.
    fn publish(&self, draft: &str, name: &str) -> Result<()> {
        let closed = format!("ALTER DATABASE {draft} ALLOW_CONNECTIONS false");
        psql::expect(&self.url, &closed)?;
        let disconnect = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{draft}'"
        );
        psql::expect(&self.url, &disconnect)?;
        let rename = format!("ALTER DATABASE {draft} RENAME TO {name}");
        match psql::run(&self.url, &rename)? {
            Err(error) if !error.is(sqlstate::DUPLICATE_DATABASE) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// A name that no other test has, in whichever process and on whichever machine.
fn unique_name() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    // The keys of a `RandomState` are the randomness that the standard library offers.
    let random = RandomState::new().hash_one(std::process::id());
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("accolade_test_{random:016x}_{count:x}")
}
