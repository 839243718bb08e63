//! The statements of the customer directory, for SQLite.

use accolade_domain::ids::{CustomerId, OrgId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt, Text};

use super::{Connection, DB};
use crate::retry::Failure;
use crate::statement::Statement;

/// The index is named, because without it all that the org has would be looked through.
const DELETE: &str = "DELETE FROM customer_identifiers WHERE (org_id, kind, comparable) IN ( \
     SELECT i.org_id, i.kind, i.comparable FROM json_each(?) AS w CROSS JOIN customer_identifiers AS i \
     INDEXED BY customer_identifiers_customer ON i.org_id = ? AND i.customer_id = w.value)";

const INSERT: &str = "INSERT INTO customer_identifiers (org_id, kind, comparable, customer_id) \
     SELECT ?, w.value ->> 0, w.value ->> 1, w.value ->> 2 FROM json_each(?) AS w WHERE true \
     ON CONFLICT DO NOTHING RETURNING kind, comparable";

const OWNERS: &str = "SELECT i.kind, i.comparable, i.customer_id \
     FROM json_each(?) AS w CROSS JOIN customer_identifiers AS i \
     ON i.org_id = ? AND i.kind = w.value ->> 0 AND i.comparable = w.value ->> 1";

type Key = (i16, String);

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string(value).map_err(anyhow::Error::from)?)
}

/// Takes every identifier of these customers away.
pub(super) fn delete(
    connection: &mut Connection,
    org: OrgId,
    customers: &[CustomerId],
) -> Result<(), Failure> {
    let customers: Vec<_> = customers.iter().map(|it| it.get()).collect();
    Statement::<DB>::new(DELETE)
        .bind::<Text, _>(json(&customers)?)
        .bind::<BigInt, _>(org.get())
        .execute(connection)?;
    Ok(())
}

/// Gives identifiers to customers, unless they have an owner; tells which were given.
pub(super) fn insert(
    connection: &mut Connection,
    org: OrgId,
    rows: &[(Key, CustomerId)],
) -> Result<Vec<Key>, Failure> {
    let rows: Vec<_> = rows
        .iter()
        .map(|((kind, text), customer)| (kind, text, customer.get()))
        .collect();
    Ok(Statement::<DB, (SmallInt, Text)>::new(INSERT)
        .bind::<BigInt, _>(org.get())
        .bind::<Text, _>(json(&rows)?)
        .load(connection)?)
}

/// The owners of those identifiers that have one.
pub(super) fn owners(
    connection: &mut Connection,
    org: OrgId,
    keys: &[Key],
) -> Result<Vec<(Key, i64)>, Failure> {
    let rows: Vec<(i16, String, i64)> = Statement::<DB, (SmallInt, Text, BigInt)>::new(OWNERS)
        .bind::<Text, _>(json(&keys)?)
        .bind::<BigInt, _>(org.get())
        .load(connection)?;
    Ok(rows
        .into_iter()
        .map(|(kind, text, owner)| ((kind, text), owner))
        .collect())
}
