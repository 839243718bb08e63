//! The statement that writes the audit trail, for SQLite.

use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{Connection, DB, json};
use crate::audit::{AuditSql, NewEntry};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement};

/// Nobody else writes meanwhile, so the numbers behind the last of each moment are free.
static INSERT: Sql = Sql::new(
    "INSERT INTO audit (org_id, recorded_on, number, actor, entity_type, action, entity_id, \
     request_tag, reason, changes) \
     SELECT :org, w.value ->> 0, w.key + 1 + COALESCE((SELECT MAX(a.number) FROM audit a \
     WHERE a.org_id = :org AND a.recorded_on = w.value ->> 0), 0), \
     w.value ->> 1, w.value ->> 2, w.value ->> 3, w.value ->> 4, w.value ->> 5, w.value ->> 6, \
     w.value ->> 7 FROM json_each(:rows) AS w",
);

impl AuditSql for Connection {
    fn insert_entries(&mut self, org: OrgId, rows: &[NewEntry<'_>]) -> Result<(), WorkError> {
        let rows: Vec<_> = rows
            .iter()
            .map(|it| {
                let numbers = (it.recorded_on, it.actor, it.entity_type, it.action);
                let texts = (it.entity_id, it.request_tag, it.reason, &it.changes);
                (
                    numbers.0, numbers.1, numbers.2, numbers.3, texts.0, texts.1, texts.2, texts.3,
                )
            })
            .collect();
        Statement::<DB>::named(&INSERT)
            .set::<BigInt, _>("org", org.get())
            .set::<Text, _>("rows", json(&rows)?)
            .execute(self)?;
        Ok(())
    }
}
