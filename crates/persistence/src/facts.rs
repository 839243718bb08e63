//! What a database says of itself, for whoever looks whether all is well.

use accolade_application::ports::Clock;
use time::Duration;

use crate::database::{DatabaseUrl, Options};

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its name and its version.
    pub version: String,
    /// How it writes texts.
    pub encoding: String,
    /// By which rules it compares texts.
    pub collation: String,
    /// Whether these rules are others now than when it was made: its indexes of texts may be in
    /// another order than it believes.
    pub is_collation_stale: bool,
    /// Whether it has a setting under which a crash loses what was committed: its name.
    pub loses: Option<&'static str>,
    /// What only a server of its own has.
    pub server: Option<ServerFacts>,
}

/// What a server of a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// By how much its clock is ahead of this machine's.
    pub clock_ahead: Duration,
    /// How long the answer took that its clock was in: the clocks differ by that more or less.
    pub answered_in: Duration,
    /// Connections that it has, ours among them.
    pub connections: i64,
    /// The most that others than superusers can have.
    pub most_connections: i64,
    /// Whether a pooler hands its sessions on with each transaction.
    pub is_session_shared: bool,
}

/// Asks the database at `url`, which is there, what it is like; `clock` is this machine's. Changes
/// nothing.
///
/// # Errors
/// One line that says what is wrong, without anything of the URL: as [`open`](crate::open).
#[cfg_attr(
    not(feature = "postgres"),
    expect(unused_variables, reason = "SQLite has the clock of this machine")
)]
pub fn facts(url: &DatabaseUrl, options: &Options, clock: &dyn Clock) -> anyhow::Result<Facts> {
    match url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => crate::sqlite::facts(path),
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => crate::postgres::facts(url, options, clock),
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        _ => anyhow::bail!("this program was built without support for that database"),
    }
}
