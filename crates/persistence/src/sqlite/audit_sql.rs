//! The statements of the audit trail, for SQLite.

use accolade_application::ports::AuditQuery;
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{Connection, DB, json};
use crate::audit::{AuditSql, Bounds, EntryColumns, EntryRow, NewEntry};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

/// Nobody else writes meanwhile, so the numbers behind the last of each moment are free.
static INSERT: Sql<{ here!() }> = Sql::new(
    "INSERT INTO audit (org_id, recorded_on, number, actor, entity_type, action, entity_id, \
     request_tag, reason, changes) \
     SELECT :org, w.value ->> 0, w.key + 1 + COALESCE((SELECT MAX(a.number) FROM audit a \
     WHERE a.org_id = :org AND a.recorded_on = w.value ->> 0), 0), \
     w.value ->> 1, w.value ->> 2, w.value ->> 3, w.value ->> 4, w.value ->> 5, w.value ->> 6, \
     w.value ->> 7 FROM json_each(:rows) AS w",
);

/// The index is named, because without it all that the org has would be looked through.
static ABOUT: Sql<{ here!() }> = Sql::new(
    "SELECT recorded_on, number, actor, entity_type, action, entity_id, request_tag, reason, \
     changes FROM audit INDEXED BY audit_entity \
     WHERE org_id = :org AND entity_id = :id AND recorded_on >= :from AND recorded_on <= :until \
     AND (recorded_on < :on OR number < :number) \
     AND (:actor IS NULL OR actor = :actor) \
     AND (:kinds = '[]' OR entity_type IN (SELECT value FROM json_each(:kinds))) \
     AND (:actions = '[]' OR action IN (SELECT value FROM json_each(:actions))) \
     ORDER BY recorded_on DESC, number DESC LIMIT :most",
);

impl AuditSql for Connection {
    fn entries_about(
        &mut self,
        org: OrgId,
        id: &str,
        query: &AuditQuery,
    ) -> Result<Vec<EntryRow>, WorkError> {
        let bounds = Bounds::from(query);
        let kinds: Vec<_> = query.kinds.iter().map(|kind| kind.number()).collect();
        let actions: Vec<_> = query.actions.iter().map(|action| action.number()).collect();
        Ok(Statement::<DB, EntryColumns>::named(&ABOUT)
            .set::<BigInt, _>("org", org.get())
            .set::<Text, _>("id", id)
            .set::<BigInt, _>("from", bounds.from)
            .set::<BigInt, _>("until", bounds.until)
            .set::<BigInt, _>("on", bounds.on)
            .set::<BigInt, _>("number", bounds.number)
            .set::<Nullable<BigInt>, _>("actor", query.actor.map(Actor::number))
            .set::<Text, _>("kinds", json(&kinds)?)
            .set::<Text, _>("actions", json(&actions)?)
            .set::<BigInt, _>("most", i64::from(query.limit) + 1)
            .load(self)?)
    }

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
