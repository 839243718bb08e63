//! Rules for approval, and what waits by them.

use accolade_application::approvals::Subject;
use accolade_application::ports::{
    ChangeCursor, ChangePage, ChangeQuery, ChangeStore, NewChange, PutRules, PutRulesError,
    RequestQuery, RequestSort, RulesVersion, SaveChange, SaveChangeError, StoreError, StoredChange,
    SubmitError, VersionedRules,
};
use accolade_domain::approval::{ApprovalRules, ChangeId, ChangeState, RuledOperation};
use accolade_domain::audit::Entry;
use accolade_domain::event::ChangeFact;
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::listing::{Page, SortOrder};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, SmallInt};
use diesel::upsert::excluded;

use super::idempotency::reserve_record;
use super::{Connection, DB};
use crate::audit::AuditSql as _;
use crate::change_rows::{ChangeRow, Naming, NewRow, Progress};
use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::feed::sql::FeedSql as _;
use crate::people::sql::PeopleSql as _;
use crate::recording::sql::ChangeSql;
use crate::retry::{Rollback, WorkError, nobody_knows};
use crate::schema::{approval_rules, change_subjects, changes};
use crate::store::Store;

const PENDING: i16 = ChangeState::Pending.number();
const EXPIRED: i16 = ChangeState::Expired.number();

impl ChangeStore for Store<Connection> {
    fn rules(&self, org: OrgId) -> Result<VersionedRules, StoreError> {
        self.reader.query(|connection| {
            let put = approval_rules::table.find(org.get());
            let taken = change_subjects::table.filter(change_subjects::org_id.eq(org.get()));
            let (version, rules, has_subjects): (Option<i64>, Option<String>, bool) =
                diesel::select((
                    put.select(approval_rules::version).single_value(),
                    put.select(approval_rules::rules).single_value(),
                    exists(taken),
                ))
                .get_result(connection)?;
            let rules = rules.map(|it| serde_json::from_str::<ApprovalRules>(&it));
            Ok(VersionedRules {
                rules: rules
                    .transpose()
                    .map_err(anyhow::Error::from)?
                    .unwrap_or_default(),
                version: RulesVersion(version.unwrap_or_default()),
                has_subjects,
            })
        })
    }

    fn put_rules(&self, put: &PutRules) -> Result<RulesVersion, PutRulesError> {
        let work = |connection: &mut Connection| {
            // Whoever records enrolments or earns of the org is waited for, and whoever comes later sees it.
            connection.lock_people(put.org)?;
            if !reserve_record(connection, put.idempotency.as_ref())? {
                return Err(Rollback::Refused(PutRulesError::IdempotencyKeyUsed));
            }
            let next = put.before.0 + 1;
            let rules = serde_json::to_string(&put.rules).map_err(anyhow::Error::from)?;
            let replaced = if put.before == RulesVersion::default() {
                let inserted: Option<i64> = diesel::insert_into(approval_rules::table)
                    .values((
                        approval_rules::org_id.eq(put.org.get()),
                        approval_rules::version.eq(next),
                        approval_rules::rules.eq(&rules),
                    ))
                    .on_conflict_do_nothing()
                    .returning(approval_rules::org_id)
                    .get_result(connection)
                    .optional()?;
                usize::from(inserted.is_some())
            } else {
                diesel::update(approval_rules::table.find(put.org.get()))
                    .filter(approval_rules::version.eq(put.before.0))
                    .set((
                        approval_rules::version.eq(next),
                        approval_rules::rules.eq(&rules),
                    ))
                    .execute(connection)?
            };
            if replaced == 0 {
                return Err(Rollback::Refused(PutRulesError::Changed));
            }
            connection.tell(put.org, &put.entries)?;
            Ok(RulesVersion(next))
        };
        self.writer.write(work, nobody_knows)
    }

    fn submit(&self, new: &NewChange) -> Result<(), SubmitError> {
        let change = &new.stored.change;
        let org = change.org;
        let mut subjects: Vec<_> = new.subjects.iter().collect();
        // One order for all.
        subjects.sort_unstable();
        let is_recorded = matches!(
            change.operation,
            RuledOperation::Enrol | RuledOperation::Earn
        );
        let work = |connection: &mut Connection| {
            if is_recorded {
                // Whoever records one of the same id is waited for, and whoever comes later sees the change.
                connection.lock_people(org)?;
            }
            if !reserve_record(connection, new.idempotency.as_ref())? {
                return Err(Rollback::Refused(SubmitError::IdempotencyKeyUsed));
            }
            for subject in &subjects {
                if !take(connection, new, subject)? {
                    return Err(Rollback::Refused(SubmitError::Pending));
                }
            }
            diesel::insert_into(changes::table)
                .values(NewRow::new(&new.stored, &self.sealing)?)
                .execute(connection)?;
            let told = ChangeFact::of(change, None);
            tell(
                connection,
                org,
                &new.entries,
                Some(&told),
                change.created_on,
            )?;
            Ok(())
        };
        self.writer.write(work, nobody_knows)
    }

    fn is_pending(&self, org: OrgId, subject: &Subject, now: Instant) -> Result<bool, StoreError> {
        self.reader.query(|connection| {
            let expires_on: Option<i64> = change_subjects::table
                .find((org.get(), subject.as_str()))
                .select(change_subjects::expires_on)
                .get_result(connection)
                .optional()?;
            Ok(expires_on.is_some_and(|it| it > now.unix_micros()))
        })
    }

    fn change(&self, org: OrgId, change: ChangeId) -> Result<Option<StoredChange>, StoreError> {
        self.reader.query(|connection| {
            let row = find(connection, org, change)?;
            Ok(row.map(|row| row.change(&self.sealing)).transpose()?)
        })
    }

    fn lock_change(
        &self,
        org: OrgId,
        change: ChangeId,
    ) -> Result<Option<StoredChange>, StoreError> {
        let work = |connection: &mut Connection| {
            lock_row(connection, org, change.0.as_bytes())?;
            let row = find(connection, org, change)?;
            let stored = row.map(|row| row.change(&self.sealing)).transpose();
            Ok(stored?)
        };
        self.writer.write::<_, StoreError>(work, nobody_knows)
    }

    fn save_change(&self, save: &SaveChange) -> Result<(), SaveChangeError> {
        let change = &save.after.change;
        let (org, id) = (change.org, change.id.0.as_bytes().as_slice());
        let version = save.after.version;
        let work = |connection: &mut Connection| {
            if !reserve_record(connection, save.idempotency.as_ref())? {
                return Err(Rollback::Refused(SaveChangeError::IdempotencyKeyUsed));
            }
            let saved = diesel::update(changes::table.find((org.get(), id)))
                .filter(changes::version.eq(version))
                .set(Progress::new(&save.after, version + 1)?)
                .execute(connection)?;
            if saved == 0 {
                return Err(Rollback::Refused(SaveChangeError::Changed));
            }
            if change.state != ChangeState::Pending {
                diesel::delete(change_subjects::table)
                    .filter(change_subjects::org_id.eq(org.get()))
                    .filter(change_subjects::change_id.eq(id))
                    .execute(connection)?;
            }
            tell(connection, org, &save.entries, save.told.as_ref(), save.now)?;
            Ok(())
        };
        self.writer.write(work, nobody_knows)
    }

    fn changes(&self, org: OrgId, query: &ChangeQuery) -> Result<ChangePage, StoreError> {
        let limit = query.limit as usize;
        self.reader.query(|connection| {
            let mut found = in_states(org, &query.states, query.now);
            if !query.operations.is_empty() {
                let operations = query.operations.iter().map(|it| it.number());
                let operations: Vec<_> = operations.collect();
                found = found.filter(changes::operation.eq_any(operations));
            }
            if let Some(after) = &query.after {
                let on = after.created_on.unix_micros();
                let id = after.change.0.as_bytes().to_vec();
                let is_older = changes::created_on.lt(on).or(changes::id.lt(id));
                // A range of the index first, of which only the moment itself is looked through.
                found = found.filter(changes::created_on.le(on)).filter(is_older);
            }
            let rows: Vec<ChangeRow> = found
                .order((changes::created_on.desc(), changes::id.desc()))
                .limit(i64::from(query.limit) + 1)
                .load(connection)?;
            let has_more = rows.len() > limit;
            let all = rows.into_iter().take(limit);
            let all = all.map(|row| row.change(&self.sealing));
            let all = all.collect::<anyhow::Result<Vec<_>>>()?;
            let last = all.last().map(|it| ChangeCursor {
                created_on: it.change.created_on,
                change: it.change.id,
            });
            Ok(ChangePage {
                next: last.filter(|_| has_more),
                changes: all,
            })
        })
    }

    fn requests(&self, org: OrgId, query: &RequestQuery) -> Result<Page<StoredChange>, StoreError> {
        let size = i64::from(query.page.size);
        self.reader.read(|connection| {
            let total: i64 = requested(org, query).count().get_result(connection)?;
            let rows: Vec<ChangeRow> = sorted(requested(org, query), query)
                .limit(size)
                .offset(i64::from(query.page.page) * size)
                .load(connection)?;
            let all = rows.into_iter().map(|row| row.change(&self.sealing));
            Ok(Page {
                items: all.collect::<anyhow::Result<_>>()?,
                total: u64::try_from(total).map_err(anyhow::Error::from)?,
            })
        })
    }

    fn overdue_changes(&self, now: Instant, limit: u32) -> Result<Vec<StoredChange>, StoreError> {
        self.reader.query(|connection| {
            let rows: Vec<ChangeRow> = changes::table
                .filter(changes::state.eq(diesel::dsl::sql::<SmallInt>("1")))
                .filter(changes::expires_on.le(now.unix_micros()))
                .order(changes::expires_on)
                .limit(limit.into())
                .load(connection)?;
            let all = rows.into_iter().map(|row| row.change(&self.sealing));
            Ok(all.collect::<anyhow::Result<_>>()?)
        })
    }
}

impl ChangeSql for Connection {
    fn taken(&mut self, org: OrgId, subjects: &[Subject]) -> QueryResult<Vec<(String, i64)>> {
        let subjects = subjects.iter().map(Subject::as_str);
        change_subjects::table
            .filter(change_subjects::org_id.eq(org.get()))
            .filter(change_subjects::subject.eq_any(subjects))
            .select((change_subjects::subject, change_subjects::expires_on))
            .load(self)
    }
}

/// Takes `subject` for the new change, unless one that waits has it.
fn take(connection: &mut Connection, new: &NewChange, subject: &Subject) -> QueryResult<bool> {
    // For the condition of DO UPDATE, which is no query's.
    use diesel::query_dsl::methods::FilterDsl as _;

    let change = &new.stored.change;
    let taken: Option<i64> = diesel::insert_into(change_subjects::table)
        .values((
            change_subjects::org_id.eq(change.org.get()),
            change_subjects::subject.eq(subject.as_str()),
            change_subjects::change_id.eq(change.id.0.as_bytes().as_slice()),
            change_subjects::expires_on.eq(change.expires_on.unix_micros()),
        ))
        .on_conflict((change_subjects::org_id, change_subjects::subject))
        .do_update()
        .set((
            change_subjects::change_id.eq(excluded(change_subjects::change_id)),
            change_subjects::expires_on.eq(excluded(change_subjects::expires_on)),
        ))
        .filter(change_subjects::expires_on.le(change.created_on.unix_micros()))
        .returning(change_subjects::org_id)
        .get_result(connection)
        .optional()?;
    Ok(taken.is_some())
}

fn find(
    connection: &mut Connection,
    org: OrgId,
    change: ChangeId,
) -> QueryResult<Option<ChangeRow>> {
    changes::table
        .find((org.get(), change.0.as_bytes().as_slice()))
        .get_result(connection)
        .optional()
}

/// Tells the audit trail, and the feed last.
fn tell(
    connection: &mut Connection,
    org: OrgId,
    entries: &[Entry],
    told: Option<&ChangeFact>,
    now: Instant,
) -> Result<(), WorkError> {
    connection.tell(org, entries)?;
    let Some(fact) = told else { return Ok(()) };
    let data = Data::Change(Box::new(fact.clone()));
    let row = FeedRow::new(now, fact.kind(), 1, &data)?;
    let rows: Vec<_> = row.into_iter().collect();
    Ok(connection.append(org, &rows)?)
}

type Boxed<'a> = changes::BoxedQuery<'a, DB>;

/// The org's changes that are in any of these states at `now`.
fn in_states<'a>(org: OrgId, states: &[ChangeState], now: Instant) -> Boxed<'a> {
    let now = now.unix_micros();
    let found = changes::table
        .filter(changes::org_id.eq(org.get()))
        .into_boxed();
    if states.is_empty() {
        return found;
    }
    let is_in = |state: &ChangeState| -> Condition {
        let is_overdue = changes::state.eq(PENDING).and(changes::expires_on.le(now));
        match state {
            ChangeState::Pending => {
                Box::new(changes::state.eq(PENDING).and(changes::expires_on.gt(now)))
            }
            ChangeState::Expired => Box::new(changes::state.eq(EXPIRED).or(is_overdue)),
            other => Box::new(changes::state.eq(other.number())),
        }
    };
    let any = states.iter().map(is_in);
    match any.reduce(|any, state| Box::new(any.or(state))) {
        Some(any) => found.filter(any),
        None => found,
    }
}

type Condition = Box<dyn BoxableExpression<changes::table, DB, SqlType = Bool>>;

/// The changes to which every filter of `query` applies.
fn requested<'a>(org: OrgId, query: &RequestQuery) -> Boxed<'a> {
    let operations: Vec<_> = query.operations.iter().map(|it| it.number()).collect();
    let mut found =
        in_states(org, &query.states, query.now).filter(changes::operation.eq_any(operations));
    if let Some(maker) = query.maker {
        found = found.filter(changes::maker.eq(maker.number()));
    }
    if let Some(from) = query.from {
        found = found.filter(changes::created_on.ge(from.unix_micros()));
    }
    if let Some(to) = query.to {
        found = found.filter(changes::created_on.lt(to.unix_micros()));
    }
    found
}

fn sorted<'a>(found: Boxed<'a>, query: &RequestQuery) -> Boxed<'a> {
    use changes::{created_on, id};
    // When it ended: at the end of its time, if nobody has written that down yet; else as if last of all.
    let ended = || {
        diesel::dsl::sql::<BigInt>("COALESCE(ended_on, CASE WHEN expires_on <= ")
            .bind::<BigInt, _>(query.now.unix_micros())
            .sql(" THEN expires_on ELSE 9223372036854775807 END)")
    };
    match (query.sort, query.order) {
        (RequestSort::Started, SortOrder::Ascending) => found.order((created_on.asc(), id.asc())),
        (RequestSort::Started, SortOrder::Descending) => {
            found.order((created_on.desc(), id.desc()))
        }
        (RequestSort::Ended, SortOrder::Ascending) => found.order((ended().asc(), id.asc())),
        (RequestSort::Ended, SortOrder::Descending) => found.order((ended().desc(), id.desc())),
    }
}

/// What of the org's changes behind this one may name customers, at most so many.
pub(in super::super) fn naming_after(
    connection: &mut Connection,
    org: OrgId,
    after: &[u8],
    at_most: u32,
) -> QueryResult<Vec<Naming>> {
    changes::table
        .filter(changes::org_id.eq(org.get()))
        .filter(changes::id.gt(after))
        .order(changes::id)
        .limit(at_most.into())
        .select(NAMING)
        .load(connection)
}

const NAMING: (
    changes::id,
    changes::command,
    changes::foreseen,
    changes::result,
    changes::votes,
) = (
    changes::id,
    changes::command,
    changes::foreseen,
    changes::result,
    changes::votes,
);

/// The same of one change, which nobody else writes until the transaction ends.
pub(in super::super) fn lock_naming(
    connection: &mut Connection,
    org: OrgId,
    id: &[u8],
) -> QueryResult<Naming> {
    lock_row(connection, org, id)?;
    let row = changes::table.find((org.get(), id));
    row.select(NAMING).get_result(connection)
}

/// To write a row is what locks it on either database.
fn lock_row(connection: &mut Connection, org: OrgId, id: &[u8]) -> QueryResult<()> {
    diesel::update(changes::table.find((org.get(), id)))
        .set(changes::version.eq(changes::version))
        .execute(connection)?;
    Ok(())
}

/// Replaces what a change has that named somebody.
pub(in super::super) fn replace_naming(
    connection: &mut Connection,
    org: OrgId,
    (id, command, foreseen, result, votes): &Naming,
) -> QueryResult<()> {
    diesel::update(changes::table.find((org.get(), id.as_slice())))
        .set((
            changes::command.eq(command),
            changes::foreseen.eq(foreseen),
            changes::result.eq(result),
            changes::votes.eq(votes),
        ))
        .execute(connection)?;
    Ok(())
}

/// As [`PeopleConnection::free_subjects`](crate::people::PeopleConnection::free_subjects).
pub(in super::super) fn free_subjects(
    connection: &mut Connection,
    org: OrgId,
    changes: &[ChangeId],
) -> QueryResult<()> {
    let ids = changes.iter().map(|it| it.0.as_bytes().as_slice());
    diesel::delete(change_subjects::table)
        .filter(change_subjects::org_id.eq(org.get()))
        .filter(change_subjects::change_id.eq_any(ids))
        .execute(connection)?;
    Ok(())
}
