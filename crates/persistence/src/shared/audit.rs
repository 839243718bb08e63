//! The audit trail: reading it.

use accolade_application::ports::{AuditPage, AuditQuery, AuditStore, StoreError};
use accolade_domain::audit::EntryId;
use accolade_domain::ids::OrgId;
use diesel::prelude::*;

use super::{Connection, DB};
use crate::audit::EntryRow;
use crate::schema::audit;
use crate::store::Store;

impl AuditStore for Store<Connection> {
    fn entries(&self, org: OrgId, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        let limit = query.limit as usize;
        self.reader.query(|connection| {
            let rows: Vec<EntryRow> = matching(org, query)
                .order((audit::recorded_on.desc(), audit::number.desc()))
                // One more tells whether there is a next page.
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
                .load(connection)?;
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

/// The entries to which every filter applies.
fn matching(org: OrgId, query: &AuditQuery) -> audit::BoxedQuery<'_, DB> {
    let found = audit::table
        .filter(audit::org_id.eq(org.get()))
        .into_boxed();
    let mut found = match &query.entity_id {
        // One thing has few entries. The sums keep SQLite from looking through the times instead.
        Some(id) => {
            let mut found = found.filter(audit::entity_id.eq(id.as_str()));
            if let Some(from) = query.from {
                found = found.filter((audit::recorded_on + 0).ge(from.unix_micros()));
            }
            if let Some(to) = query.to {
                found = found.filter((audit::recorded_on + 0).lt(to.unix_micros()));
            }
            if let Some(EntryId { on, .. }) = query.after {
                found = found.filter((audit::recorded_on + 0).le(on.unix_micros()));
            }
            found
        }
        None => within(found, query),
    };
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
    if let Some(EntryId { on, number }) = query.after {
        let is_before = (audit::recorded_on + 0).lt(on.unix_micros());
        // Of the moment itself, those that were written before.
        found = found.filter(is_before.or(audit::number.lt(number)));
    }
    found
}

/// Those of `found` within the times that `query` names: a range of the key.
fn within<'a>(
    mut found: audit::BoxedQuery<'a, DB>,
    query: &AuditQuery,
) -> audit::BoxedQuery<'a, DB> {
    if let Some(from) = query.from {
        found = found.filter(audit::recorded_on.ge(from.unix_micros()));
    }
    if let Some(to) = query.to {
        found = found.filter(audit::recorded_on.lt(to.unix_micros()));
    }
    if let Some(EntryId { on, .. }) = query.after {
        found = found.filter(audit::recorded_on.le(on.unix_micros()));
    }
    found
}
