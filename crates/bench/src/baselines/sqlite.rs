//! SQLite by itself: one connection with the durability that the server has, and one prepared
//! INSERT.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

/// The column of the customer.
const CUSTOMER: &str = "customer_id";

/// A file of its own beside the server's, with an empty table like `enrolments`.
#[derive(Debug)]
pub(crate) struct Table {
    connection: Connection,
    insert: String,
    customer: usize,
    server: PathBuf,
}

impl Table {
    /// Makes the table in the new file `name` in the directory of the server's `file`.
    ///
    /// # Errors
    /// SQLite refuses.
    pub(crate) fn make(file: &Path, name: &str) -> Result<Self> {
        let connection = Connection::open(file.with_file_name(name))?;
        // As the server sets them.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        let server = beside(file)?;
        let mut definitions = server.prepare(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = 'enrolments' AND sql IS NOT NULL \
             ORDER BY type DESC",
        )?;
        for definition in definitions.query_map([], |row| row.get::<_, String>(0))? {
            connection.execute_batch(&definition?)?;
        }
        let all = connection.prepare("SELECT * FROM enrolments")?;
        let columns = all.column_names();
        let customer = columns.iter().position(|it| *it == CUSTOMER);
        let customer = customer.context("enrolments have no customer_id")?;
        let marks = vec!["?"; columns.len()].join(", ");
        drop(all);
        Ok(Self {
            connection,
            insert: format!("INSERT INTO enrolments VALUES ({marks})"),
            customer,
            server: file.to_owned(),
        })
    }

    /// Reads the server's enrolments for a badge, in the order of the customers.
    ///
    /// # Errors
    /// SQLite refuses.
    pub(crate) fn read(&self, badge: &str) -> Result<Vec<Vec<Value>>> {
        let server = beside(&self.server)?;
        let mut rows = server
            .prepare("SELECT * FROM enrolments WHERE badge_id = unhex(?) ORDER BY customer_id")?;
        let columns = rows.column_count();
        let rows = rows.query_map([badge], |row| (0..columns).map(|it| row.get(it)).collect())?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Inserts the rows in transactions of `block`, and tells how long that took.
    ///
    /// # Errors
    /// SQLite refuses.
    pub(crate) fn load(&self, rows: &[Vec<Value>], block: usize) -> Result<Duration> {
        let mut insert = self.connection.prepare(&self.insert)?;
        let begun = Instant::now();
        for rows in rows.chunks(block) {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            for row in rows {
                insert.execute(params_from_iter(row))?;
            }
            self.connection.execute_batch("COMMIT")?;
        }
        Ok(begun.elapsed())
    }

    /// Inserts rows like `row`, for one customer after the other and each in a transaction of
    /// its own, and tells how many a second.
    ///
    /// # Errors
    /// SQLite refuses.
    pub(crate) fn insert_singly(
        &self,
        row: &[Value],
        duration: Duration,
        mut customers: impl Iterator<Item = i64>,
    ) -> Result<f64> {
        let mut insert = self.connection.prepare(&self.insert)?;
        let mut row = row.to_vec();
        let mut count = 0_u32;
        let begun = Instant::now();
        while begun.elapsed() < duration {
            row[self.customer] = customers.next().into();
            insert.execute(params_from_iter(&row))?;
            count += 1;
        }
        Ok(f64::from(count) / begun.elapsed().as_secs_f64())
    }
}

/// The server's file, to be read only.
pub(super) fn beside(file: &Path) -> Result<Connection> {
    Ok(Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?)
}

/// The version that both sides are linked with.
pub(crate) fn version() -> &'static str {
    rusqlite::version()
}
