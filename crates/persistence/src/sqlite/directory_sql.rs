//! The statements of the customer directory, for SQLite.

use accolade_application::ports::IdempotencyRecord;
use accolade_domain::ids::{CustomerId, OrgId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt, Text};

use super::shared::idempotency;
use super::{Connection, DB, json};
use crate::migrations::NewForm;
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};
use crate::stores::{DirectorySql, IdentifierKey};

/// The index is named, because without it all that the org has would be looked through.
static DELETE: Sql<{ here!() }> = Sql::new(
    "DELETE FROM customer_identifiers WHERE (org_id, kind, comparable) IN ( \
     SELECT i.org_id, i.kind, i.comparable \
     FROM json_each(:customers) AS w CROSS JOIN customer_identifiers AS i \
     INDEXED BY customer_identifiers_customer ON i.org_id = :org AND i.customer_id = w.value) \
     RETURNING kind, comparable, customer_id",
);

static INSERT: Sql<{ here!() }> = Sql::new(
    "INSERT INTO customer_identifiers (org_id, kind, comparable, customer_id) \
     SELECT :org, w.value ->> 0, w.value ->> 1, w.value ->> 2 \
     FROM json_each(:rows) AS w WHERE true \
     ON CONFLICT DO NOTHING RETURNING kind, comparable",
);

static OWNERS: Sql<{ here!() }> = Sql::new(
    "SELECT i.kind, i.comparable, i.customer_id \
     FROM json_each(:keys) AS w CROSS JOIN customer_identifiers AS i \
     ON i.org_id = :org AND i.kind = w.value ->> 0 AND i.comparable = w.value ->> 1",
);

/// The next identifiers that may have to change: telephone numbers, and what is not ASCII.
pub(super) static PAGE: Sql<{ here!() }> = Sql::new(
    "SELECT org_id, kind, comparable, customer_id FROM customer_identifiers \
     WHERE (org_id, kind, comparable) > (:org, :kind, :text) \
     AND (kind = :mobile OR octet_length(comparable) <> length(comparable)) \
     ORDER BY org_id, kind, comparable LIMIT :most",
);

static INSERT_NEW_FORMS: Sql<{ here!() }> = Sql::new(
    "INSERT INTO new_identifiers (org_id, kind, old_form, new_form, customer_id) \
     SELECT w.value ->> 'org', w.value ->> 'kind', w.value ->> 'old', \
     w.value ->> 'new', w.value ->> 'customer' FROM json_each(:rows) AS w",
);

pub(super) fn insert_new_forms(
    connection: &mut Connection,
    rows: &[NewForm],
) -> Result<(), WorkError> {
    Statement::<DB>::named(&INSERT_NEW_FORMS)
        .set::<Text, _>("rows", json(&rows)?)
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
        let customers: Vec<_> = customers.iter().map(|it| it.get()).collect();
        let rows: Vec<(i16, String, i64)> =
            Statement::<DB, (SmallInt, Text, BigInt)>::named(&DELETE)
                .set::<Text, _>("customers", json(&customers)?)
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
        let rows: Vec<_> = rows
            .iter()
            .map(|((kind, text), customer)| (kind, text, customer.get()))
            .collect();
        Ok(Statement::<DB, (SmallInt, Text)>::named(&INSERT)
            .set::<BigInt, _>("org", org.get())
            .set::<Text, _>("rows", json(&rows)?)
            .load(self)?)
    }

    fn owners(
        &mut self,
        org: OrgId,
        keys: &[IdentifierKey],
    ) -> Result<Vec<(IdentifierKey, i64)>, WorkError> {
        let rows: Vec<(i16, String, i64)> =
            Statement::<DB, (SmallInt, Text, BigInt)>::named(&OWNERS)
                .set::<Text, _>("keys", json(&keys)?)
                .set::<BigInt, _>("org", org.get())
                .load(self)?;
        let owners = rows.into_iter();
        Ok(owners
            .map(|(kind, text, owner)| ((kind, text), owner))
            .collect())
    }
}
