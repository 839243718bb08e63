//! A connection of a command, which reads and writes rows of any table.

use anyhow::{Context as _, anyhow, bail};
use diesel::connection::SimpleConnection as _;
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::pg::{Pg, PgRowByRowLoadingMode, PgValue};
use diesel::prelude::*;
use diesel::row::{Field as _, NamedRow};
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

use super::Connection;
use super::open::{ask_server, establish};
use crate::database::Options;
use crate::direct::{DirectConnection, Each, Purpose, Row, Sequence, Value, Work, number, quoted};
use crate::retry::exclusive;
use crate::schema::{Column, Kind};
use crate::transfer::tables::{TABLES, Table};

/// Nothing has a time-out: a table may be large. All of it is of the transaction, because a pooler may
/// hand the session on.
const NO_TIMEOUTS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = 0";

/// Numbers that the database gives. `last_value` is NULL before the first.
const SEQUENCES: &str = "SELECT c.table_name::text, c.column_name::text, \
     COALESCE(pg_sequence_last_value(pg_get_serial_sequence( \
       quote_ident(c.table_schema) || '.' || quote_ident(c.table_name), c.column_name)::regclass), 0) \
     FROM information_schema.columns c \
     WHERE c.table_schema = current_schema() AND c.is_identity = 'YES' ORDER BY 1, 2";

const IS_SERVED: &str = "SELECT count(*) FROM leases \
     WHERE held_until > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// Opens one.
///
/// # Errors
/// As [`super::open()`].
pub(crate) fn connect(url: &str, options: &Options) -> anyhow::Result<Connection> {
    let mut connection = establish(url, options)?;
    exclusive(&mut connection, "BEGIN", ask_server)?.check()?;
    Ok(connection)
}

impl DirectConnection for Connection {
    fn within(&mut self, purpose: Purpose, work: Work<'_>) -> anyhow::Result<()> {
        let begin = match purpose {
            Purpose::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Purpose::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        exclusive(self, &format!("{begin}; {NO_TIMEOUTS}"), |connection| {
            work(connection)
        })
    }

    fn execute(&mut self, sql: &str) -> anyhow::Result<()> {
        Ok(self.batch_execute(sql)?)
    }

    fn read(&mut self, sql: &str, values: &[Value], each: Each<'_>) -> anyhow::Result<()> {
        let mut query = diesel::sql_query(numbered(sql)).into_boxed::<Pg>();
        for value in values {
            query = match value {
                Value::Null => query.bind::<Nullable<BigInt>, _>(None::<i64>),
                Value::Number(number) => query.bind::<BigInt, _>(*number),
                Value::Text(text) => query.bind::<Text, _>(text.clone()),
                Value::Bytes(bytes) => query.bind::<Binary, _>(bytes.clone()),
            };
        }
        for row in query.load_iter::<Row, PgRowByRowLoadingMode>(self)? {
            each(row?)?;
        }
        Ok(())
    }

    fn insert(&mut self, table: &Table, rows: &[Row]) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(HEADER);
        for row in rows {
            encode(table, row, &mut bytes)?;
        }
        bytes.extend_from_slice(&TRAILER);
        let copied = (table.copy)(self, &bytes);
        if let Err(error) = copied {
            // Diesel does not look at the connection after a COPY that failed, only after this.
            let _ = self.batch_execute("SELECT 1");
            return Err(error).with_context(|| format!("rows of {}", table.name));
        }
        Ok(())
    }

    fn ordered(&self, column: Column) -> String {
        let name = quoted(column.name);
        match column.kind {
            Kind::Text => format!("{name} COLLATE \"C\""),
            _ => name,
        }
    }

    fn has_table(&mut self, name: &str) -> anyhow::Result<bool> {
        let name = Value::Text(name.to_owned());
        let count = "SELECT count(*) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name = ?";
        Ok(number(self, count, &[name])? > 0)
    }

    fn is_served(&mut self) -> anyhow::Result<bool> {
        // An empty database has none yet.
        Ok(self.has_table("leases")? && number(self, IS_SERVED, &[])? > 0)
    }

    fn sequences(&mut self) -> anyhow::Result<Vec<Sequence>> {
        let mut sequences = Vec::new();
        self.read(SEQUENCES, &[], &mut |row| {
            sequences.push(Sequence {
                table: row.text(0)?.to_owned(),
                column: row.text(1)?.to_owned(),
                last: row.number(2)?,
            });
            Ok(())
        })?;
        Ok(sequences)
    }

    fn advance_sequence(&mut self, sequence: &Sequence) -> anyhow::Result<()> {
        let Sequence { table, column, .. } = sequence;
        let advance = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}')::regclass, last) \
             FROM (SELECT GREATEST(?, (SELECT max({}) FROM {})) AS last) AS l WHERE last > 0",
            quoted(column),
            quoted(table),
        );
        self.read(&advance, &[Value::Number(sequence.last)], &mut |_| Ok(()))
    }

    fn analyze(&mut self) -> anyhow::Result<()> {
        let tables: Vec<_> = TABLES.iter().map(|table| quoted(table.name)).collect();
        let analyze = format!("ANALYZE {}", tables.join(", "));
        self.within(Purpose::Write, &mut |it| it.execute(&analyze))
    }
}

/// `sql` with `$1`, `$2` … where it has `?`.
fn numbered(sql: &str) -> String {
    let mut parts = sql.split('?');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        numbered.push('$');
        numbered.push_str(&(index + 1).to_string());
        numbered.push_str(part);
    }
    numbered
}

impl QueryableByName<Pg> for Row {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let value = |place: usize| {
            let field = diesel::row::Row::get(row, place).ok_or("a row has too few values")?;
            field.value().map_or(Ok(Value::Null), typed)
        };
        let values = (0..row.field_count()).map(value);
        values.collect::<deserialize::Result<_>>().map(Row)
    }
}

/// The types of the values, by their numbers in the catalogue of every PostgreSQL.
fn typed(stored: PgValue<'_>) -> deserialize::Result<Value> {
    const BOOL: u32 = 16;
    const BYTEA: u32 = 17;
    const INT8: u32 = 20;
    const INT2: u32 = 21;
    const INT4: u32 = 23;
    const TEXT: u32 = 25;
    Ok(match stored.get_oid().get() {
        BOOL => Value::Number(<bool as FromSql<Bool, Pg>>::from_sql(stored)?.into()),
        BYTEA => Value::Bytes(FromSql::<Binary, Pg>::from_sql(stored)?),
        INT8 => Value::Number(FromSql::<BigInt, Pg>::from_sql(stored)?),
        INT2 => Value::Number(<i16 as FromSql<SmallInt, Pg>>::from_sql(stored)?.into()),
        INT4 => Value::Number(<i32 as FromSql<Integer, Pg>>::from_sql(stored)?.into()),
        TEXT => Value::Text(FromSql::<Text, Pg>::from_sql(stored)?),
        other => return Err(format!("a value has the type {other}").into()),
    })
}

/// The signature of the binary form of COPY, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// How long the value is that is none.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// Adds `row` in the binary form of COPY.
fn encode(table: &Table, row: &Row, out: &mut Vec<u8>) -> anyhow::Result<()> {
    if row.0.len() != table.columns.len() {
        bail!("a row of {} has {} values", table.name, row.0.len());
    }
    out.extend_from_slice(&i16::try_from(row.0.len())?.to_be_bytes());
    for (column, value) in table.columns.iter().zip(&row.0) {
        let unfit = || anyhow!("{}.{} has a value that is unfit", table.name, column.name);
        match (value, column.kind) {
            (Value::Null, _) => out.extend_from_slice(&NULL),
            (Value::Number(number), Kind::BigInt) => field(out, &number.to_be_bytes())?,
            (Value::Number(number), Kind::Integer) => {
                let number = i32::try_from(*number).map_err(|_| unfit())?;
                field(out, &number.to_be_bytes())?;
            }
            (Value::Number(number), Kind::SmallInt) => {
                let number = i16::try_from(*number).map_err(|_| unfit())?;
                field(out, &number.to_be_bytes())?;
            }
            (Value::Number(flag @ (0 | 1)), Kind::Bool) => field(out, &[u8::from(*flag == 1)])?,
            (Value::Text(text), Kind::Text) => field(out, text.as_bytes())?,
            (Value::Bytes(bytes), Kind::Binary) => field(out, bytes)?,
            _ => return Err(unfit()),
        }
    }
    Ok(())
}

fn field(out: &mut Vec<u8>, value: &[u8]) -> anyhow::Result<()> {
    out.extend_from_slice(&i32::try_from(value.len())?.to_be_bytes());
    out.extend_from_slice(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_values_are_numbered_in_their_order() {
        assert_eq!(numbered("a"), "a");
        assert_eq!(numbered("(a, b) > (?, ?)"), "(a, b) > ($1, $2)");
    }
}
