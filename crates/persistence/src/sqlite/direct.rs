//! A connection of a command, which reads and writes rows of any table.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use diesel::Connection as _;
use diesel::connection::{DefaultLoadingMode, SimpleConnection as _};
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::row::{Field as _, NamedRow};
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteType};

use super::Connection;
use super::file::name;
use super::open::existing;
use crate::database::Options;
use crate::direct::{DirectConnection, Each, Purpose, Row, Sequence, Value, Work, number, quoted};
use crate::retry::exclusive;
use crate::schema::Column;
use crate::transfer::tables::Table;

/// How many rows one statement inserts at most.
const ROWS: usize = 200;

/// How many values one statement may have.
const VALUES: usize = 32_766;

/// What is written can be written again, should the machine fail: only a process that ends in the
/// middle leaves something that is gone on with. A checkpoint for every 40 MiB. What is sorted goes to
/// files.
const SETTINGS: &str = "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
     PRAGMA trusted_schema = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -65536; \
     PRAGMA wal_autocheckpoint = 10000";

/// The numbers of a table whose rows are gone are not given again, and neither are these.
const SEQUENCES: &str = "SELECT name, seq FROM sqlite_sequence ORDER BY name";

/// Opens one on a file that is there.
///
/// # Errors
/// One line, without the path.
pub(crate) fn connect(path: &Path, options: &Options) -> anyhow::Result<Connection> {
    let failed = |error: String| anyhow!("the file cannot be used: {error}");
    let mut connection = Connection::establish(&existing(&name(path)?))
        .map_err(|error| failed(error.to_string()))?;
    let patience = options.lock_timeout.as_millis();
    connection
        .batch_execute(&format!("PRAGMA busy_timeout = {patience}; {SETTINGS}"))
        .map_err(|error| failed(error.to_string()))?;
    Ok(connection)
}

impl DirectConnection for Connection {
    fn within(&mut self, purpose: Purpose, work: Work<'_>) -> anyhow::Result<()> {
        let begin = match purpose {
            Purpose::Read => "BEGIN",
            Purpose::Write => "BEGIN IMMEDIATE",
        };
        exclusive(self, begin, |connection| work(connection))
    }

    fn execute(&mut self, sql: &str) -> anyhow::Result<()> {
        Ok(self.batch_execute(sql)?)
    }

    fn read(&mut self, sql: &str, values: &[Value], each: Each<'_>) -> anyhow::Result<()> {
        let mut query = diesel::sql_query(sql).into_boxed::<Sqlite>();
        for value in values {
            query = match value {
                Value::Null => query.bind::<Nullable<BigInt>, _>(None::<i64>),
                Value::Number(number) => query.bind::<BigInt, _>(*number),
                Value::Text(text) => query.bind::<Text, _>(text.clone()),
                Value::Bytes(bytes) => query.bind::<Binary, _>(bytes.clone()),
            };
        }
        for row in query.load_iter::<Row, DefaultLoadingMode>(self)? {
            each(row?)?;
        }
        Ok(())
    }

    fn insert(&mut self, table: &Table, rows: &[Row]) -> anyhow::Result<()> {
        let columns = table.columns.len();
        if let Some(row) = rows.iter().find(|row| row.0.len() != columns) {
            bail!("a row of {} has {} values", table.name, row.0.len());
        }
        let begin = beginning(table);
        for rows in rows.chunks(ROWS.min(VALUES / columns)) {
            let insert = Insert {
                begin: &begin,
                rows,
                is_usual: rows.len() == ROWS,
            };
            insert
                .execute(self)
                .with_context(|| format!("rows of {}", table.name))?;
        }
        Ok(())
    }

    fn ordered(&self, column: Column) -> String {
        quoted(column.name)
    }

    fn has_table(&mut self, name: &str) -> anyhow::Result<bool> {
        let name = Value::Text(name.to_owned());
        let count = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?";
        Ok(number(self, count, &[name])? > 0)
    }

    /// Whoever serves has the lock beside the file.
    fn is_served(&mut self) -> anyhow::Result<bool> {
        Ok(false)
    }

    fn sequences(&mut self) -> anyhow::Result<Vec<Sequence>> {
        let mut sequences = Vec::new();
        self.read(SEQUENCES, &[], &mut |row| {
            sequences.push(Sequence {
                table: row.text(0)?.to_owned(),
                // Such a column is the key, which is the number.
                column: "number".to_owned(),
                last: row.number(1)?,
            });
            Ok(())
        })?;
        Ok(sequences)
    }

    /// What is there has raised it already.
    fn advance_sequence(&mut self, sequence: &Sequence) -> anyhow::Result<()> {
        let values = [
            Value::Number(sequence.last),
            Value::Text(sequence.table.clone()),
        ];
        let raise = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ? RETURNING seq";
        self.read(raise, &values, &mut |_| Ok(()))
    }

    fn analyze(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}

fn beginning(table: &Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(|it| quoted(it.name)).collect();
    let (name, columns) = (quoted(table.name), columns.join(", "));
    format!("INSERT INTO {name} ({columns}) VALUES ")
}

/// Rows that are inserted by one statement.
struct Insert<'a> {
    begin: &'a str,
    rows: &'a [Row],
    /// Whether there will be more of as many rows, so that it is worth to keep the statement prepared.
    is_usual: bool,
}

impl QueryFragment<Sqlite> for Insert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        if !self.is_usual {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(self.begin);
        for (index, row) in self.rows.iter().enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", (" });
            for (index, value) in row.0.iter().enumerate() {
                if index > 0 {
                    out.push_sql(", ");
                }
                match value {
                    Value::Null => {
                        out.push_bind_param::<Nullable<BigInt>, Option<i64>>(&None)?;
                    }
                    Value::Number(number) => out.push_bind_param::<BigInt, i64>(number)?,
                    Value::Text(text) => out.push_bind_param::<Text, str>(text)?,
                    Value::Bytes(bytes) => out.push_bind_param::<Binary, [u8]>(bytes)?,
                }
            }
            out.push_sql(")");
        }
        Ok(())
    }
}

impl QueryId for Insert<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<Connection> for Insert<'_> {}

impl QueryableByName<Sqlite> for Row {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        let value = |place: usize| {
            let field = diesel::row::Row::get(row, place).ok_or("a row has too few values")?;
            let Some(stored) = field.value() else {
                return Ok(Value::Null);
            };
            Ok(match stored.value_type() {
                None => Value::Null,
                Some(SqliteType::Text) => Value::Text(FromSql::<Text, Sqlite>::from_sql(stored)?),
                Some(SqliteType::Binary) => {
                    Value::Bytes(FromSql::<Binary, Sqlite>::from_sql(stored)?)
                }
                Some(SqliteType::Float | SqliteType::Double) => {
                    return Err("a value is no whole number".into());
                }
                Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
                    Value::Number(FromSql::<BigInt, Sqlite>::from_sql(stored)?)
                }
            })
        };
        let values = (0..row.field_count()).map(value);
        values.collect::<deserialize::Result<_>>().map(Row)
    }
}
