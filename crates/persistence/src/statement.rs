//! Statements that Diesel's query builder has no words for, prepared once a connection.
//!
//! Diesel caches no statement made with `sql_query`, because its text may be different each
//! time. The text of these is a constant. The values of a short statement stand for its `?`, one
//! after the other; a long one ([`Sql`]) names its values, `:org` and the like, and may name one
//! more than once.

use std::marker::PhantomData;
use std::sync::OnceLock;

use diesel::backend::Backend;
use diesel::expression::AsExpression;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::sql_types::{SingleValue, SqlType};
use diesel::{QueryResult, RunQueryDsl};

/// A constant text in which `:name` stands for a value. `::name` is a cast, as PostgreSQL has it.
///
/// A connection remembers it prepared by the number of its place in the code ([`here!`]), or, where that is
/// 0, by its whole text, which is put together for each look.
pub(crate) struct Sql<const PLACE: u64 = 0>(Named);

struct Named {
    text: &'static str,
    parts: OnceLock<Vec<Part>>,
}

/// The number of the place where it stands.
macro_rules! here {
    () => {
        $crate::statement::place(file!(), line!())
    };
}
pub(crate) use here;

/// The number of this line of this file, never 0.
pub(crate) const fn place(file: &str, line: u32) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let bytes = file.as_bytes();
    let mut hash = OFFSET;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(PRIME);
        at += 1;
    }
    // Odd, and so not 0.
    (hash ^ line as u64).wrapping_mul(PRIME) | 1
}

/// Some text, and the value behind it.
struct Part {
    text: &'static str,
    value: Option<Position>,
}

enum Position {
    /// The value has this name and is named for the first time.
    First(&'static str),
    /// It is named again. Values are numbered as they are named first, from 1: this is its number.
    Again(String),
}

impl<const PLACE: u64> Sql<PLACE> {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self(Named {
            text,
            parts: OnceLock::new(),
        })
    }

    #[cfg(test)]
    pub(crate) const fn text(&self) -> &'static str {
        self.0.text
    }
}

impl Named {
    fn parts(&self) -> &[Part] {
        self.parts.get_or_init(|| parts(self.text))
    }
}

fn parts(text: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut names = Vec::new();
    let mut rest = text;
    let mut from = 0;
    while let Some(colon) = rest[from..].find(':').map(|at| at + from) {
        if rest[colon + 1..].starts_with(':') {
            from = colon + 2;
            continue;
        }
        let name = &rest[colon + 1..];
        let is_part_of_name = |it: char| it.is_ascii_alphanumeric() || it == '_';
        let len = name.find(|it| !is_part_of_name(it)).unwrap_or(name.len());
        let (name, behind) = name.split_at(len);
        let known = names.iter().position(|it| *it == name);
        if known.is_none() {
            names.push(name);
        }
        parts.push(Part {
            text: &rest[..colon],
            value: Some(known.map_or(Position::First(name), |index| {
                Position::Again((index + 1).to_string())
            })),
        });
        rest = behind;
        from = 0;
    }
    parts.push(Part {
        text: rest,
        value: None,
    });
    parts
}

/// How a database names a value that a statement has already: by this text and a number.
pub(crate) trait NumberedValues {
    const PREFIX: &'static str;
}

#[cfg(feature = "postgres")]
impl NumberedValues for diesel::pg::Pg {
    const PREFIX: &'static str = "$";
}

#[cfg(feature = "sqlite")]
impl NumberedValues for diesel::sqlite::Sqlite {
    const PREFIX: &'static str = "?";
}

/// A statement and its values, giving rows of the SQL type `Row`.
pub(crate) struct Statement<'a, DB: Backend, Row = (), const PLACE: u64 = 0> {
    text: Text,
    values: Vec<Value<'a, DB>>,
    row: PhantomData<Row>,
}

enum Text {
    /// With `?` for values.
    InOrder(&'static str),
    Named(&'static Named),
}

struct Value<'a, DB: Backend> {
    /// Empty where values are in order.
    name: &'static str,
    value: Box<dyn QueryFragment<DB> + 'a>,
}

impl<'a, DB: Backend, Row> Statement<'a, DB, Row> {
    /// The statement with this text, so far without values.
    pub(crate) fn new(text: &'static str) -> Self {
        Self {
            text: Text::InOrder(text),
            values: Vec::new(),
            row: PhantomData,
        }
    }

    /// The statement whose values have names, so far without them.
    pub(crate) fn named<const PLACE: u64>(
        sql: &'static Sql<PLACE>,
    ) -> Statement<'a, DB, Row, PLACE> {
        Statement {
            text: Text::Named(&sql.0),
            values: Vec::new(),
            row: PhantomData,
        }
    }
}

impl<'a, DB: Backend, Row, const PLACE: u64> Statement<'a, DB, Row, PLACE> {
    /// The same with the value of the next `?`, which has the SQL type `ST`.
    pub(crate) fn bind<ST, T>(self, value: T) -> Self
    where
        ST: SqlType + SingleValue,
        T: AsExpression<ST>,
        T::Expression: QueryFragment<DB> + 'a,
    {
        self.set("", value)
    }

    /// The same with the value that has this name and the SQL type `ST`.
    pub(crate) fn set<ST, T>(mut self, name: &'static str, value: T) -> Self
    where
        ST: SqlType + SingleValue,
        T: AsExpression<ST>,
        T::Expression: QueryFragment<DB> + 'a,
    {
        self.values.push(Value {
            name,
            value: Box::new(value.as_expression()),
        });
        self
    }
}

impl<DB: Backend + NumberedValues, Row, const PLACE: u64> QueryFragment<DB>
    for Statement<'_, DB, Row, PLACE>
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        match &self.text {
            Text::InOrder(text) => {
                let mut values = self.values.iter();
                for (index, part) in text.split('?').enumerate() {
                    if index > 0
                        && let Some(it) = values.next()
                    {
                        it.value.walk_ast(out.reborrow())?;
                    }
                    out.push_sql(part);
                }
            }
            Text::Named(sql) => {
                // As a rule values are set in the order in which the text names them.
                let mut expected = 0;
                for part in sql.parts() {
                    out.push_sql(part.text);
                    match &part.value {
                        Some(Position::First(name)) => {
                            let is_it = |it: &&Value<'_, DB>| it.name == *name;
                            let found = self.values.get(expected).filter(is_it);
                            let found = found.or_else(|| self.values.iter().find(is_it));
                            let missing = || Error::QueryBuilderError((*name).into());
                            let found = found.ok_or_else(missing)?;
                            found.value.walk_ast(out.reborrow())?;
                            expected += 1;
                        }
                        Some(Position::Again(number)) => {
                            out.push_sql(DB::PREFIX);
                            out.push_sql(number);
                        }
                        None => {}
                    }
                }
            }
        }
        Ok(())
    }
}

/// The key of the cache, whatever the values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<const PLACE: u64>;

impl<DB: Backend, Row, const PLACE: u64> QueryId for Statement<'_, DB, Row, PLACE> {
    type QueryId = Place<PLACE>;
    // Without one, the text and the types of the values are the key.
    const HAS_STATIC_QUERY_ID: bool = PLACE != 0;
}

impl<DB: Backend, Row, const PLACE: u64> Query for Statement<'_, DB, Row, PLACE> {
    type SqlType = Row;
}

impl<DB: Backend, Row, C, const PLACE: u64> RunQueryDsl<C> for Statement<'_, DB, Row, PLACE> {}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use diesel::debug_query;
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Text};
    use diesel::sqlite::Sqlite;

    use super::*;

    static SUMS: Sql = Sql::new("SELECT :a + :b, :a::text, :name");

    fn statement<'a>() -> Statement<'a, Sqlite, BigInt> {
        Statement::named(&SUMS)
            .set::<Text, _>("name", "x")
            .set::<BigInt, _>("b", 2)
            .set::<BigInt, _>("a", 1)
    }

    #[test]
    fn a_value_is_sent_once_however_often_it_is_named_and_a_cast_is_no_value() {
        let text = debug_query::<Sqlite, _>(&statement()).to_string();
        let expected = r#"SELECT ? + ?, ?1::text, ? -- binds: [1, 2, "x"]"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_value_that_is_not_given_is_an_error_with_its_name() {
        static ONE: Sql = Sql::new("SELECT :a + :lost");
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let sum = Statement::<Sqlite, BigInt>::named(&ONE).set::<BigInt, _>("a", 1);
        let error = sum.get_result::<i64>(&mut connection).unwrap_err();
        assert!(matches!(&error, Error::QueryBuilderError(name) if name.to_string() == "lost"));
    }
}
