//! The statements of the customer directory, for PostgreSQL.

use accolade_domain::ids::{CustomerId, OrgId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Text};

use super::enrolments::column;
use super::{Connection, DB};
use crate::statement::Statement;

/// Identifiers do not move: they are never changed.
const DELETE: &str = "DELETE FROM customer_identifiers i \
     USING (SELECT ? AS org_id) AS r, unnest(?) AS w (customer_id), \
     LATERAL (SELECT o.ctid AS place FROM customer_identifiers o \
     WHERE o.org_id = r.org_id AND o.customer_id = w.customer_id OFFSET 0) AS o \
     WHERE i.ctid = o.place";

const INSERT: &str = "INSERT INTO customer_identifiers (org_id, kind, comparable, customer_id) \
     SELECT ?, w.kind, w.comparable, w.customer_id \
     FROM unnest(?, ?, ?) AS w (kind, comparable, customer_id) \
     ON CONFLICT DO NOTHING RETURNING kind, comparable";

const OWNERS: &str = "SELECT i.kind, i.comparable, i.customer_id \
     FROM (SELECT ? AS org_id) AS r, unnest(?, ?) AS w (kind, comparable), \
     LATERAL (SELECT * FROM customer_identifiers i WHERE i.org_id = r.org_id \
     AND i.kind = w.kind AND i.comparable = w.comparable OFFSET 0) AS i";

type Key = (i16, String);

/// Takes every identifier of these customers away.
pub(super) fn delete(
    connection: &mut Connection,
    org: OrgId,
    customers: &[CustomerId],
) -> QueryResult<()> {
    Statement::<DB>::new(DELETE)
        .bind::<BigInt, _>(org.get())
        .bind::<Array<BigInt>, _>(column(customers, |it| it.get()))
        .execute(connection)?;
    Ok(())
}

/// Gives identifiers to customers, unless they have an owner; tells which were given.
pub(super) fn insert(
    connection: &mut Connection,
    org: OrgId,
    rows: &[(Key, CustomerId)],
) -> QueryResult<Vec<Key>> {
    Statement::<DB, (SmallInt, Text)>::new(INSERT)
        .bind::<BigInt, _>(org.get())
        .bind::<Array<SmallInt>, _>(column(rows, |it| it.0.0))
        .bind::<Array<Text>, _>(column(rows, |it| it.0.1.as_str()))
        .bind::<Array<BigInt>, _>(column(rows, |it| it.1.get()))
        .load(connection)
}

/// The owners of those identifiers that have one.
pub(super) fn owners(
    connection: &mut Connection,
    org: OrgId,
    keys: &[Key],
) -> QueryResult<Vec<(Key, i64)>> {
    let rows: Vec<(i16, String, i64)> = Statement::<DB, (SmallInt, Text, BigInt)>::new(OWNERS)
        .bind::<BigInt, _>(org.get())
        .bind::<Array<SmallInt>, _>(column(keys, |it| it.0))
        .bind::<Array<Text>, _>(column(keys, |it| it.1.as_str()))
        .load(connection)?;
    Ok(rows
        .into_iter()
        .map(|(kind, text, owner)| ((kind, text), owner))
        .collect())
}
