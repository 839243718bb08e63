//! A throw-away PostgreSQL for tests and benchmarks.
//!
//! [`TestDatabase`] is what a test wants: a database of its own, empty or cloned from a
//! migrated template, gone when the value is dropped. All tests of a run share one server,
//! whichever process they are in. It is
//!
//! - the one that `ACCOLADE_TEST_DATABASE_URL` names, if that is set: the URL of a role
//!   that may create databases; else
//! - a cluster made from the installed server binaries, started by the first test that
//!   needs it, found by the others, and stopped when nobody has used it for some seconds.
//!
//! [`Cluster`] is a server of one's own, for a benchmark that needs PostgreSQL's own
//! settings or a test that treats the server badly, and [`Proxy`] breaks the connections of one.
//!
//! While a cluster runs it trusts every local user of the machine; it listens on the
//! loopback address only and holds nothing but test data.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use accolade_test_postgres::TestDatabase;
//!
//! let database = TestDatabase::from_template("accolade_3f2a", |url| {
//!     // Run the migrations against `url`; this happens once for each cluster and name.
//!     # let _ = url;
//!     Ok(())
//! })?;
//! assert!(database.url().starts_with("postgres://"));
//! # Ok(())
//! # }
//! ```

mod binaries;
mod cluster;
mod database;
mod home;
mod proxy;
mod psql;
mod shared;
mod url;

pub use binaries::program;
pub use cluster::{Cluster, Options};
pub use database::{Template, TestDatabase};
pub use proxy::{Mode, Proxy, Then};

/// The environment variable that names a server to use instead of a throw-away one.
pub const URL_VARIABLE: &str = "ACCOLADE_TEST_DATABASE_URL";

/// The role that owns test databases in throw-away clusters. It is no superuser, so a
/// test that passes proves that the code under test needs none.
pub const APP_ROLE: &str = "accolade";
