//! A database in which everything agrees, whatever was done to it through the ports.

use std::sync::OnceLock;

use accolade_contract_tests::{Database, Stores};
use accolade_domain::instant::Instant;
use accolade_persistence::{Compared, DatabaseUrl, Unwatched, disagreements, transfer};

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
        let url = self.database.url();
        assert_agrees(&url);
        // Its connections go before the database is another test's.
        let used = self.used.take().expect("a test that used its database");
        let orgs = used.access.orgs().unwrap().len();
        drop(used);
        if orgs >= WALKS {
            let other = D::Other::empty();
            let compared = transfer(&url, &other.url(), &when_needed(), &Unwatched).unwrap();
            assert!(compared.iter().all(Compared::is_equal), "{compared:#?}");
            assert_agrees(&other.url());
        }
    }
}

/// Nobody's deliveries are what the suite tests of them: it says itself how far a webhook is.
const SAID: [&str; 2] = ["positions of webhooks", "retries of webhooks"];

/// What has expired need not have become an event: the suite says itself when it does.
const NOW: Instant = Instant::MAX;

fn assert_agrees(url: &DatabaseUrl) {
    let mut found = Vec::new();
    disagreements(url, &when_needed(), NOW, &Unwatched, &mut |it| {
        found.push(it);
    })
    .unwrap();
    found.retain(|it| !SAID.contains(&it.check));
    assert_eq!(found, []);
}
