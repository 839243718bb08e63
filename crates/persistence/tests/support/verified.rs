//! A database in which everything agrees, whatever was done to it through the ports.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use accolade_contract_tests::{Database, Stores};
use accolade_domain::instant::Instant;
use accolade_persistence::{Compared, DatabaseUrl, Unwatched, Verification, transfer};

use super::{Postgres, Sqlite, when_needed};

/// Whoever finds as many orgs as this has walked at random: each walk has one of its own.
const WALKS: usize = 8;

/// Verified when a test is done with it; what random walks left is moved to the other database, too.
pub(crate) struct Verified<D: Movable> {
    database: D,
    /// A way that the test has used.
    used: OnceLock<Stores>,
}

/// A database that can be moved to one of the other kind.
pub(crate) trait Movable: Database {
    type Other: Movable;

    fn fresh() -> Self;
    fn empty() -> Self;
    fn url(&self) -> DatabaseUrl;

    /// Verifies it.
    fn verify(&self) {
        assert_agrees(&mut connect(&self.url()));
    }
}

impl Movable for Sqlite {
    type Other = Postgres;

    fn fresh() -> Self {
        Self::fresh()
    }

    fn empty() -> Self {
        Self::empty()
    }

    fn url(&self) -> DatabaseUrl {
        self.url()
    }
}

impl Movable for Postgres {
    type Other = Sqlite;

    fn fresh() -> Self {
        Self::reused()
    }

    fn empty() -> Self {
        Self::empty()
    }

    fn url(&self) -> DatabaseUrl {
        self.url()
    }
    /// By a connection that is kept as those of [`connect`](Database::connect) are.
    fn verify(&self) {
        static KEPT: Mutex<BTreeMap<String, Verification>> = Mutex::new(BTreeMap::new());
        let name = self.database.name();
        let kept = KEPT.lock().unwrap().remove(name);
        let mut verification = kept.unwrap_or_else(|| connect(&self.url()));
        assert_agrees(&mut verification);
        if self.database.is_kept() {
            KEPT.lock().unwrap().insert(name.to_owned(), verification);
        }
    }
}

impl<D: Movable> Verified<D> {
    pub(crate) fn fresh() -> Self {
        Self {
            database: D::fresh(),
            used: OnceLock::new(),
        }
    }
}

impl<D: Movable> Database for Verified<D> {
    fn connect(&self) -> Stores {
        let stores = self.database.connect();
        self.used.get_or_init(|| stores.clone());
        stores
    }
}

impl<D: Movable> Drop for Verified<D> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.database.verify();
        // Connections to SQLite's file are closed before it is read or removed.
        let used = self.used.take().expect("a test that used its database");
        let orgs = used.access.orgs().unwrap().len();
        drop(used);
        if orgs >= WALKS {
            let other = D::Other::empty();
            let compared = transfer(
                &self.database.url(),
                &other.url(),
                &when_needed(),
                &Unwatched,
            )
            .unwrap();
            assert!(compared.iter().all(Compared::is_equal), "{compared:#?}");
            other.verify();
        }
    }
}

/// Nobody's deliveries are what the suite tests of them: it says itself how far a webhook is.
const SAID: [&str; 2] = ["positions of webhooks", "retries of webhooks"];

/// What has expired need not have become an event: the suite says itself when it does.
const NOW: Instant = Instant::MAX;

fn connect(url: &DatabaseUrl) -> Verification {
    Verification::connect(url, &when_needed()).unwrap()
}

fn assert_agrees(verification: &mut Verification) {
    let mut found = Vec::new();
    let checked = verification.run(NOW, &Unwatched, &mut |it| found.push(it));
    checked.unwrap();
    found.retain(|it| !SAID.contains(&it.check));
    assert_eq!(found, []);
}
