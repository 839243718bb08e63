//! Whether a connection has a session of PostgreSQL to itself.
//!
//! A pooler between may hand the session on with each transaction (pgbouncer's `pool_mode =
//! transaction`). Then nothing may depend on a session beyond its transaction: what is set is set for
//! each, and there are no other locks than a transaction's. Statements are prepared once a connection
//! all the same: the pooler has to take them along, or it cannot be worked with.

use anyhow::{Context as _, bail};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::{Connection, DB};
use crate::query_failure::is_lost_statement;
use crate::retry::exclusive;
use crate::statement::Statement;

/// Why a pooler is refused, and what to do.
pub(super) const LOSES_STATEMENTS: &str = "a pooler stands before PostgreSQL that hands the session \
     on with each transaction and loses its prepared statements: use its session mode (pgbouncer: \
     pool_mode = session), or pgbouncer 1.21 or later with max_prepared_statements above 0";

/// Whose a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    /// The connection's, as long as it is open.
    Own,
    /// Everybody's: the next transaction may have another one.
    Shared,
}

/// Each tells the number of the session, and is prepared anew. A pooler that has other clients may
/// give either of two connections any session, so one look is not enough.
const ROUNDS: [&str; 4] = [
    "SELECT pg_backend_pid()",
    "SELECT pg_backend_pid() + 0",
    "SELECT pg_backend_pid() - 0",
    "SELECT pg_backend_pid() * 1",
];

/// Finds out by two new connections: whether the second gets the session of the first, or the first
/// another one, while the second has a transaction.
///
/// # Errors
/// One line: the pooler loses prepared statements, or the connection.
pub(super) fn find_out(first: &mut Connection, second: &mut Connection) -> anyhow::Result<Session> {
    let mut found = Session::Own;
    for statement in ROUNDS {
        match look(first, second, statement) {
            Ok(Session::Own) => {}
            Ok(Session::Shared) => found = Session::Shared,
            Err(error) if error.downcast_ref().is_some_and(is_lost_statement) => {
                bail!(LOSES_STATEMENTS)
            }
            Err(error) => return Err(error).context("how PostgreSQL gives sessions is not known"),
        }
    }
    Ok(found)
}

/// Looks once. Both connections have prepared as many statements, so both give this one the same
/// name: in one session the second would be refused, unless the pooler keeps them apart.
fn look(
    first: &mut Connection,
    second: &mut Connection,
    statement: &'static str,
) -> anyhow::Result<Session> {
    let before = session_of(first, statement)?;
    exclusive(second, "BEGIN", |second| {
        // If the pooler has one session alone, the first would wait for it.
        let is_shared =
            session_of(second, statement)? == before || session_of(first, statement)? != before;
        Ok(if is_shared {
            Session::Shared
        } else {
            Session::Own
        })
    })
}

fn session_of(connection: &mut Connection, statement: &'static str) -> QueryResult<i32> {
    Statement::<DB, Integer>::new(statement).get_result(connection)
}
