//! The statements of the customer directory, for PostgreSQL.

use accolade_application::ports::IdempotencyRecord;
use accolade_domain::ids::{CustomerId, OrgId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Text};

use super::shared::idempotency;
use super::{Connection, DB, column};
use crate::migrations::NewForm;
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};
use crate::stores::{DirectorySql, IdentifierKey};

/// Identifiers do not move: they are never changed.
static DELETE: Sql<{ here!() }> = Sql::new(
    "DELETE FROM customer_identifiers i \
     USING unnest(:customers) AS w (customer_id), \
     LATERAL (SELECT o.ctid AS place FROM customer_identifiers o \
     WHERE o.org_id = :org AND o.customer_id = w.customer_id OFFSET 0) AS o \
     WHERE i.org_id = :org AND i.ctid = o.place \
     RETURNING i.kind, i.comparable, i.customer_id",
);

static INSERT: Sql<{ here!() }> = Sql::new(
    "INSERT INTO customer_identifiers (org_id, kind, comparable, customer_id) \
     SELECT :org, w.kind, w.comparable, w.customer_id \
     FROM unnest(:kinds, :comparables, :customers) AS w (kind, comparable, customer_id) \
     ON CONFLICT DO NOTHING RETURNING kind, comparable",
);

static OWNERS: Sql<{ here!() }> = Sql::new(
    "SELECT i.kind, i.comparable, i.customer_id \
     FROM unnest(:kinds, :comparables) AS w (kind, comparable), \
     LATERAL (SELECT * FROM customer_identifiers i WHERE i.org_id = :org \
     AND i.kind = w.kind AND i.comparable = w.comparable OFFSET 0) AS i",
);

/// The next identifiers that may have to change: telephone numbers, and what is not ASCII.
pub(super) static PAGE: Sql<{ here!() }> = Sql::new(
    "SELECT org_id, kind, comparable, customer_id FROM customer_identifiers \
     WHERE (org_id, kind, comparable) > (:org, :kind, :text) \
     AND (kind = :mobile OR octet_length(comparable) <> char_length(comparable)) \
     ORDER BY org_id, kind, comparable LIMIT :most",
);

static INSERT_NEW_FORMS: Sql<{ here!() }> = Sql::new(
    "INSERT INTO new_identifiers (org_id, kind, old_form, new_form, customer_id) \
     SELECT * FROM unnest(:orgs, :kinds, :old_forms, :new_forms, :customers)",
);

pub(super) fn insert_new_forms(
    connection: &mut Connection,
    rows: &[NewForm],
) -> Result<(), WorkError> {
    Statement::<DB>::named(&INSERT_NEW_FORMS)
        .set::<Array<BigInt>, _>("orgs", column(rows, |it| it.org))
        .set::<Array<SmallInt>, _>("kinds", column(rows, |it| it.kind))
        .set::<Array<Text>, _>("old_forms", column(rows, |it| it.old.as_str()))
        .set::<Array<Text>, _>("new_forms", column(rows, |it| it.new.as_str()))
        .set::<Array<BigInt>, _>("customers", column(rows, |it| it.customer))
        .execute(connection)?;
    Ok(())
}

impl DirectorySql for Connection {
    fn reserve_record(&mut self, record: Option<&IdempotencyRecord>) -> Result<bool, WorkError> {
        idempotency::reserve_record(self, record)
    }

    fn delete_identifiers(
        &mut self,
        org: OrgId,
        customers: &[CustomerId],
    ) -> Result<Vec<(IdentifierKey, i64)>, WorkError> {
        let rows: Vec<(i16, String, i64)> =
            Statement::<DB, (SmallInt, Text, BigInt)>::named(&DELETE)
                .set::<Array<BigInt>, _>("customers", column(customers, |it| it.get()))
                .set::<BigInt, _>("org", org.get())
                .load(self)?;
        let deleted = rows.into_iter();
        Ok(deleted
            .map(|(kind, text, owner)| ((kind, text), owner))
            .collect())
    }

    fn insert_identifiers(
        &mut self,
        org: OrgId,
        rows: &[(IdentifierKey, CustomerId)],
    ) -> Result<Vec<IdentifierKey>, WorkError> {
        Ok(Statement::<DB, (SmallInt, Text)>::named(&INSERT)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<SmallInt>, _>("kinds", column(rows, |it| it.0.0))
            .set::<Array<Text>, _>("comparables", column(rows, |it| it.0.1.as_str()))
            .set::<Array<BigInt>, _>("customers", column(rows, |it| it.1.get()))
            .load(self)?)
    }

    fn owners(
        &mut self,
        org: OrgId,
        keys: &[IdentifierKey],
    ) -> Result<Vec<(IdentifierKey, i64)>, WorkError> {
        let rows: Vec<(i16, String, i64)> =
            Statement::<DB, (SmallInt, Text, BigInt)>::named(&OWNERS)
                .set::<Array<SmallInt>, _>("kinds", column(keys, |it| it.0))
                .set::<Array<Text>, _>("comparables", column(keys, |it| it.1.as_str()))
                .set::<BigInt, _>("org", org.get())
                .load(self)?;
        let owners = rows.into_iter();
        Ok(owners
            .map(|(kind, text, owner)| ((kind, text), owner))
            .collect())
    }
}
