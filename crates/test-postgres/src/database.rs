//! Databases for tests: made, cloned from templates, and dropped.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};

use crate::home::{lock_file, uninterrupted};
use crate::psql::{self, sqlstate};
use crate::{APP_ROLE, shared, url};

/// How often a clone is tried while somebody is connected to the template; each try makes
/// PostgreSQL wait up to five seconds by itself.
const CLONE_ATTEMPTS: usize = 5;

/// A database that belongs to one test and is dropped, with whatever is connected to it,
/// when this value is.
///
/// If the process is killed before, the database goes with the throw-away cluster; in a
/// server that `ACCOLADE_TEST_DATABASE_URL` names it stays, as `accolade_test_…`.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    admin_url: String,
}

impl TestDatabase {
    /// Creates an empty database in the server that the tests of this run share.
    ///
    /// # Errors
    /// There is no server: none is installed, or it does not start or answer.
    pub fn empty() -> Result<Self> {
        shared::server()?.empty_database()
    }

    /// Clones a template.
    ///
    /// # Errors
    /// The server refused or is gone.
    pub fn create(template: &Template) -> Result<Self> {
        template.server.clone_database(&template.name)
    }

    /// Clones the template `name` of the shared server, and makes it first if need be:
    /// [`Template::prepare`] and [`TestDatabase::create`] in one.
    ///
    /// # Errors
    /// Those of `migrate`; there is no server.
    pub fn from_template(name: &str, migrate: impl FnOnce(&str) -> Result<()>) -> Result<Self> {
        Self::create(&Template::prepare(name, migrate)?)
    }

    /// The URL to connect with: `postgres://…`. In a throw-away cluster its user owns the
    /// database and is no superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL of the server that the database is in, for the role that created it.
    pub fn server_url(&self) -> &str {
        &self.admin_url
    }

    /// The URL of the same database for the role that created it: a superuser in a
    /// throw-away cluster. For tests that have to look at or end other connections.
    pub fn admin_url(&self) -> String {
        url::with_database(&self.admin_url, &self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // The cluster may have gone first, and a failing test must not abort here.
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = psql::run(&self.admin_url, &drop);
    }
}

/// A database that others are cloned from. It is made once for each server and name.
#[derive(Debug, Clone)]
pub struct Template {
    server: Server,
    name: String,
}

impl Template {
    /// Makes sure that the shared server has a template `name` that `migrate`, given the
    /// URL of an empty database, has filled. Of all processes that ask at once one runs
    /// `migrate` and the others wait; what it leaves half done is never seen.
    ///
    /// The name has to change whenever what `migrate` does changes, so it contains a hash
    /// of the migrations. It consists of lower-case letters, digits and underscores.
    ///
    /// # Errors
    /// Those of `migrate`; there is no server; the name is not one.
    pub fn prepare(name: &str, migrate: impl FnOnce(&str) -> Result<()>) -> Result<Self> {
        shared::server()?.template(name, migrate)
    }
}

/// A server in which databases can be made.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    admin_url: String,
    /// The role that owns what is made, if it is not the one of `admin_url`.
    owner: Option<&'static str>,
    /// Copying files beats writing all pages to the log, unless they have to reach the disk.
    copies_files: bool,
}

impl Server {
    /// A cluster that this crate started.
    pub(crate) fn throw_away(admin_url: String, durable: bool) -> Self {
        Self {
            admin_url,
            owner: Some(APP_ROLE),
            copies_files: !durable,
        }
    }

    /// A server that somebody else keeps.
    pub(crate) fn external(admin_url: String) -> Self {
        Self {
            admin_url,
            owner: None,
            copies_files: false,
        }
    }

    pub(crate) fn admin_url(&self) -> &str {
        &self.admin_url
    }

    pub(crate) fn empty_database(&self) -> Result<TestDatabase> {
        let name = unique_name();
        psql::expect(&self.admin_url, &self.create_statement(&name, None))?;
        Ok(self.database(name))
    }

    pub(crate) fn template(
        &self,
        name: &str,
        migrate: impl FnOnce(&str) -> Result<()>,
    ) -> Result<Template> {
        // Known to exist, by server and name: saves a process each time.
        static PREPARED: Mutex<Option<HashSet<(String, String)>>> = Mutex::new(None);
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || name.len() > 50 || !name.chars().all(is_word) {
            bail!("{name:?} is no name of a template: use up to 50 of a-z, 0-9 and _");
        }
        let mut prepared = PREPARED.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (self.admin_url.clone(), name.to_owned());
        if !prepared.get_or_insert_default().contains(&key) {
            self.make_template(name, migrate)?;
            prepared.get_or_insert_default().insert(key);
        }
        Ok(Template {
            server: self.clone(),
            name: name.to_owned(),
        })
    }

    fn make_template(&self, name: &str, migrate: impl FnOnce(&str) -> Result<()>) -> Result<()> {
        // One process of this machine at a time; the rename below is what makes it right.
        let lock = lock_file(&template_lock())?;
        uninterrupted(|| lock.lock())?;
        let exists = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
        if psql::expect(&self.admin_url, &exists)? == "1" {
            return Ok(());
        }
        let draft = self.empty_database()?;
        migrate(draft.url()).with_context(|| format!("the template {name} cannot be filled"))?;
        self.publish(&draft, name)
    }

    /// Gives the finished draft its name, under which nobody connects to it any more.
    fn publish(&self, draft: &TestDatabase, name: &str) -> Result<()> {
        let admin = &self.admin_url;
        let draft = draft.name();
        psql::expect(
            admin,
            &format!("ALTER DATABASE {draft} ALLOW_CONNECTIONS false"),
        )?;
        let disconnect = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{draft}'"
        );
        psql::expect(admin, &disconnect)?;
        match psql::run(admin, &format!("ALTER DATABASE {draft} RENAME TO {name}"))? {
            Err(error) if !error.is(sqlstate::DUPLICATE_DATABASE) => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn clone_database(&self, template: &str) -> Result<TestDatabase> {
        let name = unique_name();
        let statement = self.create_statement(&name, Some(template));
        for _ in 1..CLONE_ATTEMPTS {
            match psql::run(&self.admin_url, &statement)? {
                Ok(_) => return Ok(self.database(name)),
                Err(error) if error.is(sqlstate::OBJECT_IN_USE) => {}
                Err(error) if error.is(sqlstate::INVALID_CATALOG_NAME) => {
                    bail!("the template {template} has been dropped while the tests ran")
                }
                Err(error) => return Err(error.into()),
            }
        }
        psql::expect(&self.admin_url, &statement)?;
        Ok(self.database(name))
    }

    fn create_statement(&self, name: &str, template: Option<&str>) -> String {
        let owner = self.owner.map(|owner| format!(" OWNER {owner}"));
        let template = template.map(|template| format!(" TEMPLATE {template}"));
        let strategy = self.copies_files.then(|| " STRATEGY file_copy".to_owned());
        let options: String = [owner, template, strategy].into_iter().flatten().collect();
        format!("CREATE DATABASE {name}{options}")
    }

    fn database(&self, name: String) -> TestDatabase {
        let url = url::with_database(&self.admin_url, &name);
        TestDatabase {
            url: match self.owner {
                Some(owner) => url::with_user(&url, owner),
                None => url,
            },
            admin_url: self.admin_url.clone(),
            name,
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

fn template_lock() -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    std::env::temp_dir().join(format!("accolade-pg-{user}-templates.lock"))
}
