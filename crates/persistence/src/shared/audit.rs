//! The audit trail: reading it.

use accolade_application::ports::{AuditPage, AuditQuery, AuditStore, StoreError};
use accolade_domain::ids::OrgId;
use diesel::prelude::*;

use super::{Connection, DB};
use crate::audit::{AuditSql as _, EntryRow};
use crate::schema::audit;
use crate::store::Store;

impl AuditStore for Store<Connection> {
    fn entries(&self, org: OrgId, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        let limit = query.limit as usize;
        self.reader.query(|connection| {
            let rows = match &query.entity_id {
                Some(id) => connection.entries_about(org, id, query)?,
                None => load(connection, org, query)?,
            };
            let has_more = rows.len() > limit;
            let entries = rows.into_iter().take(limit).map(|row| row.placed(org));
            let entries = entries.collect::<anyhow::Result<Vec<_>>>()?;
            let last = entries.last().map(|it| it.id);
            Ok(AuditPage {
                entries,
                next: last.filter(|_| has_more),
            })
        })
    }
}

/// The entries that `query` asks for, whatever they are about, and one more if there is one.
fn load(connection: &mut Connection, org: OrgId, query: &AuditQuery) -> QueryResult<Vec<EntryRow>> {
    matching(org, query)
        .order((audit::recorded_on.desc(), audit::number.desc()))
        .limit(i64::from(query.limit) + 1)
        .select((
            audit::recorded_on,
            audit::number,
            audit::actor,
            audit::entity_type,
            audit::action,
            audit::entity_id,
            audit::request_tag,
            audit::reason,
            audit::changes,
        ))
        .load(connection)
}

/// The entries to which every filter applies, but for what they are about.
fn matching(org: OrgId, query: &AuditQuery) -> audit::BoxedQuery<'_, DB> {
    let mut found = audit::table
        .filter(audit::org_id.eq(org.get()))
        .into_boxed();
    if let Some(from) = query.from {
        found = found.filter(audit::recorded_on.ge(from.unix_micros()));
    }
    if !query.kinds.is_empty() {
        let kinds: Vec<_> = query.kinds.iter().map(|kind| kind.number()).collect();
        found = found.filter(audit::entity_type.eq_any(kinds));
    }
    if let Some(actor) = query.actor {
        found = found.filter(audit::actor.eq(actor.number()));
    }
    if !query.actions.is_empty() {
        let actions: Vec<_> = query.actions.iter().map(|action| action.number()).collect();
        found = found.filter(audit::action.eq_any(actions));
    }
    if let Some(to) = query.to {
        found = found.filter(audit::recorded_on.lt(to.unix_micros()));
    }
    if let Some(after) = query.after {
        let on = after.on.unix_micros();
        let is_older = audit::recorded_on.lt(on).or(audit::number.lt(after.number));
        // A range of the key first, of which only the moment itself is looked through.
        found = found.filter(audit::recorded_on.le(on)).filter(is_older);
    }
    found
}
