//! Statements that Diesel's query builder has no words for, prepared once a connection.
//!
//! Diesel caches no statement made with `sql_query`, because its text may be different each
//! time. The text of these is a constant.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::AsExpression;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{SingleValue, SqlType};
use diesel::{QueryResult, RunQueryDsl};

/// A constant text in which `?` stand for values, giving rows of the SQL type `Row`.
pub(crate) struct Statement<'a, DB: Backend, Row = ()> {
    text: &'static str,
    values: Vec<Box<dyn QueryFragment<DB> + 'a>>,
    row: PhantomData<Row>,
}

impl<'a, DB: Backend, Row> Statement<'a, DB, Row> {
    /// The statement with this text, so far without values.
    pub(crate) fn new(text: &'static str) -> Self {
        Self {
            text,
            values: Vec::new(),
            row: PhantomData,
        }
    }

    /// The same with the value of the next `?`, which has the SQL type `ST`.
    pub(crate) fn bind<ST, T>(mut self, value: T) -> Self
    where
        ST: SqlType + SingleValue,
        T: AsExpression<ST>,
        T::Expression: QueryFragment<DB> + 'a,
    {
        self.values.push(Box::new(value.as_expression()));
        self
    }
}

impl<DB: Backend, Row> QueryFragment<DB> for Statement<'_, DB, Row> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for (index, part) in self.text.split('?').enumerate() {
            if index > 0
                && let Some(value) = values.next()
            {
                value.walk_ast(out.reborrow())?;
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

impl<DB: Backend, Row> QueryId for Statement<'_, DB, Row> {
    type QueryId = ();
    // The text and the types of the values are the key of the cache.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend, Row> Query for Statement<'_, DB, Row> {
    type SqlType = Row;
}

impl<DB: Backend, Row, C> RunQueryDsl<C> for Statement<'_, DB, Row> {}
