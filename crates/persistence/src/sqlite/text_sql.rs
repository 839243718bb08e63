//! What the step of a migration that normalises texts says in SQLite's own way.

use std::borrow::Cow;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Connection, DB, json};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

static WRITE: Sql<{ here!() }> = Sql::new(
    "UPDATE new_texts SET new_form = w.value ->> 1 FROM json_each(:rows) AS w \
     WHERE new_texts.old_form = w.value ->> 0",
);

/// Gives each old form its new one.
pub(super) fn write_new_forms(
    connection: &mut Connection,
    rows: &[(&str, Cow<'_, str>)],
) -> Result<(), WorkError> {
    Statement::<DB>::named(&WRITE)
        .set::<Text, _>("rows", json(&rows)?)
        .execute(connection)?;
    Ok(())
}
