//! A throw-away PostgreSQL for tests and benchmarks.
//!
//! [`TestDatabase`] is what a test wants: a database of its own, empty or cloned from a
//! migrated template, gone when the value is dropped. The server that it is in is
//!
//! - the one that `ACCOLADE_TEST_DATABASE_URL` names, the URL of a role that may create
//!   databases: `make test` runs all tests below the command `throwaway-postgres`, which starts
//!   one for them and sets the variable; else
//! - one that the process starts for itself: a single `cargo test` needs no preparation.
//!
//! [`Cluster`] is a server of one's own, for a benchmark that needs PostgreSQL's own settings or
//! a test that treats the server badly, [`Proxy`] breaks the connections of one, and [`Pooler`] is a
//! pgbouncer before one. A cluster and a pooler end with their owner, however that ends: a script
//! holds the other end of a pipe.
//!
//! While a cluster runs it trusts every local user of the machine; it listens on the
//! loopback address only and holds nothing but test data.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use accolade_test_postgres::TestDatabase;
//!
//! let database = TestDatabase::from_template("accolade_3f2a", |url| {
//!     // Run the migrations against `url`; this happens once for each server and name.
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
mod pooler;
mod proxy;
mod psql;
mod scratch;
mod script;
mod url;

pub use binaries::program;
pub use cluster::{Cluster, Options};
pub use database::TestDatabase;
pub use pooler::{Pooler, Pooling, has_statements};
pub use proxy::{Mode, Proxy, Then};
pub use scratch::scratch;

/// The environment variable that names a server to use instead of a throw-away one.
pub const URL_VARIABLE: &str = "ACCOLADE_TEST_DATABASE_URL";

/// The role that owns test databases in throw-away clusters. It is no superuser, so a
/// test that passes proves that the code under test needs none.
const APP_ROLE: &str = "accolade";
