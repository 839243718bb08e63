//! What the step of a migration that normalises texts says in PostgreSQL's own way.

use std::borrow::Cow;

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::{Connection, DB, column};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

static WRITE: Sql<{ here!() }> = Sql::new(
    "UPDATE new_texts SET new_form = w.new_form \
     FROM unnest(:old_forms, :new_forms) AS w (old_form, new_form) \
     WHERE new_texts.old_form = w.old_form",
);

/// Gives each old form its new one.
pub(super) fn write_new_forms(
    connection: &mut Connection,
    rows: &[(&str, Cow<'_, str>)],
) -> Result<(), WorkError> {
    Statement::<DB>::named(&WRITE)
        .set::<Array<Text>, _>("old_forms", column(rows, |it| it.0))
        .set::<Array<Text>, _>("new_forms", column(rows, |it| &*it.1))
        .execute(connection)?;
    Ok(())
}
