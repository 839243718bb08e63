//! The statements of the audit trail, for PostgreSQL.

use accolade_application::ports::AuditQuery;
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, Text};

use super::{Connection, DB, column};
use crate::audit::{AuditSql, Bounds, EntryColumns, EntryRow, NewEntry};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

/// Rows get their numbers in the order in which they are given.
static INSERT: Sql<{ here!() }> = Sql::new(
    "INSERT INTO audit (org_id, recorded_on, actor, entity_type, action, entity_id, request_tag, \
     reason, changes) \
     SELECT :org, w.recorded_on, w.actor, w.entity_type, w.action, w.entity_id, w.request_tag, \
     w.reason, w.changes \
     FROM unnest(:recorded_on, :actors, :types, :actions, :ids, :tags, :reasons, :changes) \
     WITH ORDINALITY AS w (recorded_on, actor, entity_type, action, entity_id, request_tag, \
     reason, changes, place) ORDER BY w.place",
);

/// The sums keep the planner from looking through the times instead.
static ABOUT: Sql<{ here!() }> = Sql::new(
    "SELECT recorded_on, number, actor, entity_type, action, entity_id, request_tag, reason, \
     changes FROM audit \
     WHERE org_id = :org AND entity_id = :id \
     AND recorded_on + 0 >= :from AND recorded_on + 0 <= :until \
     AND (recorded_on < :on OR number < :number) \
     AND (:actor IS NULL OR actor = :actor) \
     AND (cardinality(:kinds) = 0 OR entity_type = ANY(:kinds)) \
     AND (cardinality(:actions) = 0 OR action = ANY(:actions)) \
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
        let actions = column(&query.actions, |it| it.number());
        Ok(Statement::<DB, EntryColumns>::named(&ABOUT)
            .set::<BigInt, _>("org", org.get())
            .set::<Text, _>("id", id)
            .set::<BigInt, _>("from", bounds.from)
            .set::<BigInt, _>("until", bounds.until)
            .set::<BigInt, _>("on", bounds.on)
            .set::<BigInt, _>("number", bounds.number)
            .set::<Nullable<BigInt>, _>("actor", query.actor.map(Actor::number))
            .set::<Array<SmallInt>, _>("kinds", column(&query.kinds, |it| it.number()))
            .set::<Array<SmallInt>, _>("actions", actions)
            .set::<BigInt, _>("most", i64::from(query.limit) + 1)
            .load(self)?)
    }

    fn insert_entries(&mut self, org: OrgId, rows: &[NewEntry<'_>]) -> Result<(), WorkError> {
        Statement::<DB>::named(&INSERT)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<BigInt>, _>("recorded_on", column(rows, |it| it.recorded_on))
            .set::<Array<BigInt>, _>("actors", column(rows, |it| it.actor))
            .set::<Array<SmallInt>, _>("types", column(rows, |it| it.entity_type))
            .set::<Array<SmallInt>, _>("actions", column(rows, |it| it.action))
            .set::<Array<Text>, _>("ids", column(rows, |it| it.entity_id))
            .set::<Array<Nullable<Text>>, _>("tags", column(rows, |it| it.request_tag))
            .set::<Array<Nullable<Text>>, _>("reasons", column(rows, |it| it.reason))
            .set::<Array<Nullable<Text>>, _>("changes", column(rows, |it| it.changes.as_deref()))
            .execute(self)?;
        Ok(())
    }
}
