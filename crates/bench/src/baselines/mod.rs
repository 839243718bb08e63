//! What the databases do by themselves, without a server of ours.
//!
//! Tables and rows are not described here: the table has the definition that the migrations
//! gave to `enrolments`, and the rows are those that the server has just written, read back
//! before the clock starts. Look-ups are the statements that the server's own code executes. So a baseline cannot fall behind what it is compared with.

pub(crate) mod pgbench;
pub(crate) mod postgres;
pub(crate) mod replay_postgres;
pub(crate) mod replay_sqlite;
pub(crate) mod sqlite;
pub(crate) mod statements;
