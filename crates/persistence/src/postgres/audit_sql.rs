//! The statement that writes the audit trail, for PostgreSQL.

use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, Text};

use super::{Connection, DB, column};
use crate::audit::{AuditSql, NewEntry};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement};

/// Rows get their numbers in the order in which they are given.
static INSERT: Sql = Sql::new(
    "INSERT INTO audit (org_id, recorded_on, actor, entity_type, action, entity_id, request_tag, \
     reason, changes) \
     SELECT :org, w.recorded_on, w.actor, w.entity_type, w.action, w.entity_id, w.request_tag, \
     w.reason, w.changes \
     FROM unnest(:recorded_on, :actors, :types, :actions, :ids, :tags, :reasons, :changes) \
     WITH ORDINALITY AS w (recorded_on, actor, entity_type, action, entity_id, request_tag, \
     reason, changes, place) ORDER BY w.place",
);

impl AuditSql for Connection {
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
