//! Which tables there are, and the form in which both databases have the same rows of each.
//!
//! A table is transferred as `schema.rs` declares it. A further one is a line of [`TABLES`], behind
//! those that it refers to; a test compares what is here with the catalogue of both databases, so that
//! no migration adds anything that a transfer would leave behind.

use crate::direct::{DirectConnection, Row, Value, quoted};
use crate::schema::{self, Column, Described};

/// A table that is transferred.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// In the order in which values are read and written.
    pub(crate) columns: &'static [Column],
    /// The names of those that rows are ordered by.
    key: &'static [&'static str],
    form: Form,
    /// Writes rows that are in the binary form of COPY.
    #[cfg(feature = "postgres")]
    pub(crate) copy: fn(&mut diesel::PgConnection, &[u8]) -> diesel::QueryResult<usize>,
}

/// How the rows of both databases become the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// They are.
    Same,
    /// These columns are added up, over all rows that are alike otherwise: what one database keeps in
    /// a row, another may in many.
    Sums(&'static [&'static str]),
    /// This column, the last of the key, numbers the rows below the rest of the key. One database may
    /// leave out numbers that the other does not expect to be left out.
    Numbers(&'static str),
}

macro_rules! tables {
    ($($name:ident: $form:expr,)+) => {
        &[$(Table {
            name: <schema::$name::table as Described>::NAME,
            columns: <schema::$name::table as Described>::COLUMNS,
            key: <schema::$name::table as Described>::KEY,
            form: $form,
            #[cfg(feature = "postgres")]
            copy: |connection, bytes| {
                use diesel::ExecuteCopyFromDsl as _;
                let table = schema::$name::table;
                diesel::copy_from(table)
                    .from_raw_data(table, |out| out.write_all(bytes).map_err(|error| unsent(&error)))
                    .with_format(diesel::pg::CopyFormat::Binary)
                    .execute(connection)
            },
        },)+]
    };
}

/// Every table, each behind those that it refers to.
pub(crate) const TABLES: &[Table] = tables! {
    orgs: Form::Same,
    actors: Form::Same,
    api_clients: Form::Same,
    operators: Form::Same,
    operator_sessions: Form::Same,
    badge_metas: Form::Same,
    badge_numbers: Form::Same,
    badge_claims: Form::Same,
    badge_groups: Form::Same,
    custom_fields: Form::Same,
    catalogue_versions: Form::Same,
    customer_identifiers: Form::Same,
    request_ledger: Form::Same,
    idempotency: Form::Same,
    enrolments: Form::Same,
    earned_badges: Form::Same,
    refusals: Form::Numbers("seq"),
    badge_counts: Form::Sums(&["issued", "earned"]),
    badge_days: Form::Same,
    badge_earns: Form::Sums(&["earns"]),
    window_counts: Form::Same,
    rolling_counts: Form::Same,
    rolling_told: Form::Same,
    feed: Form::Same,
    expiries: Form::Same,
    expiry_backlog: Form::Same,
    audit: Form::Same,
    webhooks: Form::Same,
    webhook_retries: Form::Same,
    webhook_attempts: Form::Same,
    merged_customers: Form::Same,
    forgotten_counts: Form::Same,
    jobs: Form::Same,
    job_parts: Form::Same,
    job_trials: Form::Same,
    job_chunks: Form::Same,
    approval_rules: Form::Same,
    changes: Form::Same,
    change_subjects: Form::Same,
};

/// What is left behind: the migrations are the program's; leases are of processes; what is in
/// the outbox has got its positions in the feed before.
#[cfg(test)]
const LEFT_BEHIND: &[&str] = &["__diesel_schema_migrations", "leases", "outbox"];

/// Rows are only ever sent, so what fails is the connection.
#[cfg(feature = "postgres")]
fn unsent(error: &std::io::Error) -> diesel::result::Error {
    let text = Box::new(error.to_string());
    diesel::result::Error::DatabaseError(
        diesel::result::DatabaseErrorKind::UnableToSendCommand,
        text,
    )
}

impl Table {
    /// Whether all of its rows are written in one transaction: what there is of it does not tell how far
    /// an earlier attempt was. Of these there are few, as rows go.
    pub(crate) fn is_written_at_once(&self) -> bool {
        self.form != Form::Same
    }

    /// The statement that reads its rows in their order, each alike on both databases; those behind a
    /// key, whose values stand for `?`, if there is one.
    pub(crate) fn select(&self, connection: &dyn DirectConnection, is_behind: bool) -> String {
        let columns: Vec<_> = self.columns.iter().map(|it| self.read(*it)).collect();
        let (columns, table) = (columns.join(", "), quoted(self.name));
        let order = self.ordered_by(connection);
        let behind = if is_behind {
            let places = vec!["?"; order.len()].join(", ");
            format!(" WHERE ({}) > ({places})", order.join(", "))
        } else {
            String::new()
        };
        let order = order.join(", ");
        match self.form {
            Form::Same => format!("SELECT {columns} FROM {table}{behind} ORDER BY {order}"),
            Form::Numbers(_) => format!("SELECT {columns} FROM {table} ORDER BY {order}"),
            Form::Sums(_) => {
                let groups: Vec<_> = self.groups().map(|it| quoted(it.name)).collect();
                let groups = groups.join(", ");
                format!("SELECT {columns} FROM {table} GROUP BY {groups} ORDER BY {order}")
            }
        }
    }

    /// The statement that reads the key of its last row.
    pub(crate) fn select_last_key(&self, connection: &dyn DirectConnection) -> String {
        let key: Vec<_> = self.key.iter().map(|name| quoted(name)).collect();
        let order = self.ordered_by(connection);
        let order: Vec<_> = order.iter().map(|it| format!("{it} DESC")).collect();
        let (key, table, order) = (key.join(", "), quoted(self.name), order.join(", "));
        format!("SELECT {key} FROM {table} ORDER BY {order} LIMIT 1")
    }

    /// How its column is read.
    fn read(&self, column: Column) -> String {
        let name = quoted(column.name);
        match self.form {
            Form::Sums(amounts) if amounts.contains(&column.name) => {
                format!("CAST(SUM({name}) AS BIGINT) AS {name}")
            }
            Form::Numbers(number) if number == column.name => {
                let above = self.key.iter().filter(|it| **it != number);
                let above: Vec<_> = above.map(|it| quoted(it)).collect();
                let above = above.join(", ");
                format!("ROW_NUMBER() OVER (PARTITION BY {above} ORDER BY {name}) AS {name}")
            }
            _ => name,
        }
    }

    /// The columns that rows are grouped by where others are added up.
    fn groups(&self) -> impl Iterator<Item = Column> {
        let amounts = match self.form {
            Form::Sums(amounts) => amounts,
            _ => &[],
        };
        let columns = self.columns.iter().copied();
        columns.filter(|it| !amounts.contains(&it.name))
    }

    /// What its rows are ordered by.
    fn ordered_by(&self, connection: &dyn DirectConnection) -> Vec<String> {
        if let Form::Sums(_) = self.form {
            let nulls_first = |it| format!("{} NULLS FIRST", connection.ordered(it));
            return self.groups().map(nulls_first).collect();
        }
        let column = |name: &&str| self.columns.iter().find(|it| it.name == *name);
        let columns = self.key.iter().filter_map(column);
        columns.map(|it| connection.ordered(*it)).collect()
    }
}

/// Adds `row` of a table to `out`, so that no other row becomes the same bytes; on both databases alike.
pub(crate) fn spell(row: &Row, out: &mut Vec<u8>) {
    for value in &row.0 {
        match value {
            Value::Null => out.push(0),
            Value::Number(number) => {
                out.push(1);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Value::Text(text) => {
                out.push(2);
                out.extend_from_slice(&(text.len() as u64).to_be_bytes());
                out.extend_from_slice(text.as_bytes());
            }
            Value::Bytes(bytes) => {
                out.push(3);
                out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use accolade_test_postgres::TestDatabase;

    use super::*;
    use crate::direct::connect;
    use crate::schema::Kind;
    use crate::{DatabaseUrl, Options, open};

    /// Tables, and the names and types of their columns.
    type Catalogue = BTreeMap<String, BTreeSet<(String, String)>>;

    /// Numbers that only one database gives, which the other does not have.
    const NUMBERS: [(&str, &str); 2] = [("badge_counts", "seq"), ("badge_earns", "seq")];

    /// The type that a column has in the catalogue of PostgreSQL.
    fn type_on_postgres(kind: Kind) -> &'static str {
        match kind {
            Kind::BigInt => "bigint",
            Kind::Integer => "integer",
            Kind::SmallInt => "smallint",
            Kind::Bool => "boolean",
            Kind::Text => "text",
            Kind::Binary => "bytea",
        }
    }

    /// The type that a column has in the catalogue of SQLite.
    fn type_on_sqlite(kind: Kind) -> &'static str {
        match kind {
            Kind::BigInt | Kind::Integer | Kind::SmallInt | Kind::Bool => "INTEGER",
            Kind::Text => "TEXT",
            Kind::Binary => "BLOB",
        }
    }

    fn described(type_of: fn(Kind) -> &'static str) -> Catalogue {
        let columns = |table: &Table| {
            let columns = table.columns.iter();
            columns
                .map(|it| (it.name.to_owned(), type_of(it.kind).to_owned()))
                .collect()
        };
        TABLES
            .iter()
            .map(|table| (table.name.to_owned(), columns(table)))
            .collect()
    }

    fn catalogue(url: &DatabaseUrl, sql: &str) -> Catalogue {
        open(url, &Options::default()).unwrap().migrate().unwrap();
        let mut connection = connect(url, &Options::default()).unwrap();
        let mut catalogue = Catalogue::new();
        let mut add = |row: Row| {
            let (table, column) = (row.text(0)?, row.text(1)?);
            if LEFT_BEHIND.contains(&table) || NUMBERS.contains(&(table, column)) {
                return Ok(());
            }
            let columns = catalogue.entry(table.to_owned()).or_default();
            columns.insert((column.to_owned(), row.text(2)?.to_owned()));
            Ok(())
        };
        connection.read(sql, &[], &mut add).unwrap();
        catalogue
    }

    #[test]
    fn every_table_and_column_of_sqlite_is_transferred() {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(directory.path().join("accolade.db"));
        let columns = "SELECT t.name, c.name, c.type \
             FROM sqlite_schema AS t, pragma_table_info(t.name) AS c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'";
        assert_eq!(catalogue(&url, columns), described(type_on_sqlite));
    }

    #[test]
    fn every_table_and_column_of_postgres_is_transferred() {
        let database = TestDatabase::empty().unwrap();
        let url = DatabaseUrl::Postgres(database.url().to_owned());
        let columns = "SELECT table_name::text, column_name::text, data_type::text \
             FROM information_schema.columns WHERE table_schema = current_schema()";
        assert_eq!(catalogue(&url, columns), described(type_on_postgres));
    }

    #[test]
    fn rows_that_differ_are_spelled_otherwise() {
        let spelled = |values: &[Value]| {
            let mut out = Vec::new();
            spell(&Row(values.to_vec()), &mut out);
            out
        };
        let text = |text: &str| Value::Text(text.to_owned());
        let bytes = |text: &str| Value::Bytes(text.as_bytes().to_vec());
        let all = [
            spelled(&[text("ab"), text("c")]),
            spelled(&[text("a"), text("bc")]),
            spelled(&[text("abc"), Value::Null]),
            spelled(&[Value::Null, text("abc")]),
            spelled(&[bytes("ab"), text("c")]),
            spelled(&[Value::Number(1), Value::Number(2)]),
            spelled(&[Value::Number(2), Value::Number(1)]),
        ];
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
