//! A server on a database of its own, an org in it, and a client that may do everything that
//! is measured.

use std::cell::Cell;
use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::baselines::postgres;
use crate::calls::{OWNER, REFERENCE, Writer, scattered};
use crate::database::{Database, Ground};
use crate::http::{Connection, Target};
use crate::load::{self, Done, Until};
use crate::server::{Binary, Credentials, Server};

/// The org.
pub(crate) const ORG: i64 = 100_458;

/// The most customers of one request.
pub(crate) const CUSTOMERS: i64 = 10_000;

/// How many connections send bulk requests.
pub(crate) const BULK_CONNECTIONS: usize = 4;

/// How many connections send single ones.
pub(crate) const SINGLE_CONNECTIONS: usize = 32;

/// A running server with an org.
#[derive(Debug)]
pub(crate) struct Stand {
    // Ended before its database goes.
    server: Server,
    database: Database,
    binary: Binary,
    credentials: Credentials,
    numbers: Cell<u64>,
    passed: Cell<u64>,
}

impl Stand {
    /// Makes a database, and starts a server on it.
    ///
    /// # Errors
    /// Either fails.
    pub(crate) async fn set_up(ground: &Ground, binary: &Binary) -> Result<Self> {
        let database = ground.database()?;
        let credentials = binary.create_client(&database, ORG)?;
        let server = binary.start(&database).await?;
        Ok(Self {
            server,
            database,
            binary: binary.clone(),
            credentials,
            numbers: Cell::new(1),
            passed: Cell::new(0),
        })
    }

    /// The same database with a new process in place of the server's.
    ///
    /// # Errors
    /// The server does not start again.
    pub(crate) async fn restarted(self) -> Result<Self> {
        let Self {
            server,
            database,
            binary,
            credentials,
            numbers,
            passed,
        } = self;
        drop(server);
        let server = binary.start(&database).await?;
        Ok(Self {
            server,
            database,
            binary,
            credentials,
            numbers,
            passed,
        })
    }

    /// The server.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// The database.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Where to send requests, for the next five minutes.
    ///
    /// # Errors
    /// The server is gone.
    pub(crate) async fn target(&self) -> Result<Target> {
        Target::of(self.server.address(), &self.credentials).await
    }

    /// The same for somebody who may do what only administrators may.
    ///
    /// # Errors
    /// The command line tool fails, or the server is gone.
    pub(crate) async fn target_of_admin(&self) -> Result<Target> {
        let admin = self.binary.create_admin(&self.database, ORG)?;
        Target::of(self.server.address(), &admin).await
    }

    /// Runs a command on the database, beside the server.
    ///
    /// # Errors
    /// It fails.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<()> {
        self.binary.run(&self.database, arguments).map(drop)
    }

    /// What is left when the server has ended in order.
    ///
    /// # Errors
    /// It ends otherwise.
    pub(crate) fn stopped(self) -> Result<(Binary, Database)> {
        let Self {
            server,
            database,
            binary,
            ..
        } = self;
        server.stop()?;
        Ok((binary, database))
    }

    /// A number that nothing else of this org has.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.replace(self.numbers.get() + 1)
    }

    /// The first of a hundred million customers that nothing else of this org has.
    pub(crate) fn customers(&self) -> i64 {
        self.number().cast_signed() * 100_000_000
    }

    /// A customer from anywhere, as they come to the tills, whom nothing else has.
    pub(crate) fn passer_by(&self) -> i64 {
        scattered(self.passed.replace(self.passed.get() + 1))
    }

    /// Requests for a badge.
    pub(crate) fn writer(&self, badge: &str) -> Writer {
        Writer::new(badge, self.number())
    }

    /// Creates and claims a badge that customers are enrolled for.
    ///
    /// # Errors
    /// The server refuses.
    pub(crate) async fn badge(&self) -> Result<String> {
        self.badge_until(1_926_235_957).await
    }

    /// The same, and its enrolments expire so long from now, all at one instant.
    ///
    /// # Errors
    /// The server refuses.
    #[expect(
        clippy::disallowed_methods,
        reason = "the server's clock is that of the machine"
    )]
    pub(crate) async fn badge_that_expires(&self, after: Duration) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        self.badge_until((now + after).as_secs()).await
    }

    async fn badge_until(&self, expires_on: u64) -> Result<String> {
        let expiry = json!({
            "expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": expires_on,
        });
        self.create(json!({"earnType": "ISSUE_EARN", "issuedBadgeExpiry": expiry}))
            .await
    }

    /// Creates and claims a badge that customers earn directly, under these limits of the
    /// badge.
    ///
    /// # Errors
    /// The server refuses.
    pub(crate) async fn direct_badge(&self, limits: Value) -> Result<String> {
        self.create(json!({"earnType": "EARN", "badgeConstraints": limits}))
            .await
    }

    async fn create(&self, mut body: Value) -> Result<String> {
        body["name"] = json!(format!("Badge {}", self.number()));
        body["startOn"] = json!("2023-01-01T00:00:00Z");
        body["expiresOn"] = json!("2090-01-01T00:00:00Z");
        body["earnedBadgeExpiry"] = json!({"expiryType": "NEVER"});
        body["ownership"] = json!({"restrictedToOwners": [OWNER]});
        let mut connection = Connection::open(&self.target().await?).await?;
        let created = connection.post("badgeMeta", &body).await?;
        let id = created["id"].as_str().context("a badge without an id")?;
        let claim = json!({"ownerType": OWNER, "referenceId": REFERENCE});
        connection
            .post(&format!("badgeMeta/{id}/claim"), &claim)
            .await?;
        Ok(id.to_owned())
    }

    /// Enrols distinct customers one at a time.
    ///
    /// # Errors
    /// The server refuses one.
    pub(crate) async fn enrol_singly(&self, badge: &str, until: Until) -> Result<Done> {
        let mut writer = self.writer(badge);
        let next = move || {
            let customer = self.passer_by();
            writer.enrol(customer..customer + 1)
        };
        load::closed_loop(&self.target().await?, SINGLE_CONNECTIONS, until, next).await
    }

    /// Waits until the database has written to the disk what it would otherwise write while
    /// the next thing is measured.
    ///
    /// # Errors
    /// PostgreSQL refuses.
    pub(crate) async fn settle(&self) -> Result<()> {
        match self.database.admin_url() {
            Some(url) => postgres::checkpoint(url).await,
            None => Ok(()),
        }
    }

    /// Enrols customers in bulk, those from `first` on.
    ///
    /// # Errors
    /// The server refuses one.
    pub(crate) async fn enrol(&self, badge: &str, first: i64, until: Until) -> Result<Done> {
        let mut writer = self.writer(badge);
        let mut blocks = blocks(first);
        let next = move || writer.enrol(blocks());
        load::closed_loop(&self.target().await?, BULK_CONNECTIONS, until, next).await
    }
}

/// Customers, [`CUSTOMERS`] at a time, counted up from `first`.
pub(crate) fn blocks(first: i64) -> impl FnMut() -> Range<i64> {
    let mut next = first;
    move || {
        let begin = next;
        next += CUSTOMERS;
        begin..next
    }
}
