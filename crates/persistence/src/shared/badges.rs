//! Badge metas.

use std::collections::HashMap;

use accolade_application::ports::{
    BadgeDay, BadgeEdit, BadgeEditRequest, BadgePage, BadgeQuery, BadgeSort, BadgeStore,
    CountedBadge, CreateBadgeError, EditBadgeError, IdempotencyRecord, SortOrder, StoreError,
    VersionedBadge,
};
use accolade_domain::audit::Entry;
use accolade_domain::badge::constraint::Constraint;
use accolade_domain::badge::{Badge, BadgeStatus};
use accolade_domain::ids::{BadgeId, BadgeNumber, OrgId};
use accolade_domain::owner::Claim;
use accolade_domain::text::folded;
use anyhow::Context as _;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{Bool, Integer};
use time::Date;

use super::badge_columns::{BadgeGroup, Claims, Earned, Issued};
use super::badge_events;
use super::customer_badges::raise_catalogue_version;
use super::idempotency::reserve_record;
use super::{Connection, DB, position};
use crate::audit::AuditSql as _;
use crate::feed::sql::FeedSql as _;
use crate::mapping::{
    BadgeRow, CountedBadgeRow, DefinitionRow, NewBadgeRow, earn_type_number, owner_bit, stored,
};
use crate::recording::sql::{BadgeKey, BadgeSql as _, EarnRows as _};
use crate::retry::{Ending, Rollback, WorkError};
use crate::schema::{badge_claims, badge_days, badge_groups, badge_metas, badge_numbers};
use crate::store::Store;

type BadgeColumns = (
    badge_metas::org_id,
    badge_metas::id,
    badge_metas::version,
    badge_metas::active,
    badge_metas::definition,
    badge_metas::created_on,
    badge_metas::created_by,
    badge_metas::updated_on,
    badge_metas::updated_by,
    Claims,
);

/// The columns of a badge.
pub(super) const BADGE: BadgeColumns = (
    badge_metas::org_id,
    badge_metas::id,
    badge_metas::version,
    badge_metas::active,
    badge_metas::definition,
    badge_metas::created_on,
    badge_metas::created_by,
    badge_metas::updated_on,
    badge_metas::updated_by,
    Claims,
);

impl BadgeStore for Store<Connection> {
    fn create(
        &self,
        badge: &Badge,
        record: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<BadgeNumber, CreateBadgeError> {
        let key = BadgeKey {
            org: badge.org,
            badge: badge.id,
        };
        let row = || badge_metas::table.find((badge.org.get(), badge.id.0.as_bytes().as_slice()));
        let work = |connection: &mut Connection| {
            // Who asks whether a lost COMMIT was carried out waits for this lock, and who wants the
            // same id.
            connection.lock_badge(key)?;
            let number = next_number(connection, badge.org)?;
            let record = record.map(|record| record.numbered(number));
            if !reserve_record(connection, record.as_ref())? {
                return Err(Rollback::Refused(CreateBadgeError::IdempotencyKeyUsed));
            }
            let new = NewBadgeRow::from_badge(badge, number)?;
            let inserted: Option<i64> = diesel::insert_into(badge_metas::table)
                .values(new)
                .on_conflict_do_nothing()
                .returning(badge_metas::org_id)
                .get_result(connection)
                .optional()?;
            if inserted.is_none() {
                let id_taken: bool = diesel::select(exists(row())).get_result(connection)?;
                return Err(Rollback::Refused(if id_taken {
                    CreateBadgeError::IdTaken
                } else {
                    CreateBadgeError::NameTaken
                }));
            }
            for (position, claim) in (0..).zip(&badge.claims) {
                set_claim(connection, key, claim, position)?;
            }
            raise_catalogue_version(connection, badge.org)?;
            connection.tell(badge.org, entries)?;
            connection.append(badge.org, &badge_events::created(badge)?)?;
            Ok(number)
        };
        let ending = |connection: &mut Connection, _: &BadgeNumber| {
            connection.lock_badge(key)?;
            // Somebody else may have taken the id meanwhile.
            let ours = row()
                .filter(badge_metas::created_on.eq(badge.created_on.unix_micros()))
                .filter(badge_metas::created_by.eq(badge.created_by.number()));
            let there: bool = diesel::select(exists(ours)).get_result(connection)?;
            Ok(if there {
                Ending::Committed
            } else {
                Ending::Undone
            })
        };
        self.writer.write(work, ending)
    }

    fn find(&self, org: OrgId, badge: BadgeId) -> Result<Option<VersionedBadge>, StoreError> {
        self.reader.query(|connection| {
            let row: Option<BadgeRow> = badge_metas::table
                .find((org.get(), badge.0.as_bytes().as_slice()))
                .select(BADGE)
                .get_result(connection)
                .optional()?;
            Ok(row.map(BadgeRow::versioned).transpose()?)
        })
    }

    fn find_all(&self, org: OrgId, badges: &[BadgeId]) -> Result<Vec<VersionedBadge>, StoreError> {
        /// SQLite takes 32 766 values.
        const AT_ONCE: usize = 10_000;
        let mut ids: Vec<_> = badges.iter().map(|badge| *badge.0.as_bytes()).collect();
        ids.sort_unstable();
        ids.dedup();
        self.reader.read(|connection| {
            let mut found = Vec::with_capacity(ids.len());
            for some in ids.chunks(AT_ONCE) {
                let some: Vec<_> = some.iter().map(<[u8; 12]>::as_slice).collect();
                let rows: Vec<BadgeRow> = badge_metas::table
                    .filter(badge_metas::org_id.eq(org.get()))
                    .filter(badge_metas::id.eq_any(some))
                    .select(BADGE)
                    .load(connection)?;
                for row in rows {
                    found.push(row.versioned()?);
                }
            }
            Ok(found)
        })
    }

    fn find_counted(&self, org: OrgId, badge: BadgeId) -> Result<Option<CountedBadge>, StoreError> {
        self.reader.query(|connection| {
            let row: Option<CountedBadgeRow> = badge_metas::table
                .find((org.get(), badge.0.as_bytes().as_slice()))
                .select((BADGE, badge_metas::numeric_id, BadgeGroup, Issued, Earned))
                .get_result(connection)
                .optional()?;
            Ok(row.map(CountedBadgeRow::counted).transpose()?)
        })
    }

    fn days(&self, org: OrgId, badge: BadgeId, from: Date) -> Result<Vec<BadgeDay>, StoreError> {
        let from = BadgeDay::number(from);
        self.reader.read(|connection| {
            let of_badge = || {
                badge_days::table
                    .filter(badge_days::org_id.eq(org.get()))
                    .filter(badge_days::badge_id.eq(badge.0.as_bytes().as_slice()))
                    .select((badge_days::day, badge_days::issued, badge_days::earned))
            };
            let before: Option<(i32, i64, i64)> = of_badge()
                .filter(badge_days::day.lt(from))
                .order(badge_days::day.desc())
                .limit(1)
                .get_result(connection)
                .optional()?;
            let since: Vec<(i32, i64, i64)> = of_badge()
                .filter(badge_days::day.ge(from))
                .order(badge_days::day)
                .load(connection)?;
            let days = before.into_iter().chain(since);
            let days = days.map(|(day, issued, earned)| {
                Ok(BadgeDay {
                    date: BadgeDay::from_number(day).context("a stored day")?,
                    issued: stored(issued)?,
                    earned: stored(earned)?,
                })
            });
            Ok(days.collect::<anyhow::Result<_>>()?)
        })
    }

    fn list(&self, org: OrgId, query: &BadgeQuery) -> Result<BadgePage, StoreError> {
        self.reader.read(|connection| {
            let total: i64 = matching(org, query).count().get_result(connection)?;
            // The ids first, so that claims and counts are looked up for one page only.
            let ids: Vec<Vec<u8>> = page_of(matching(org, query), query)
                .select(badge_metas::id)
                .load(connection)?;
            let rows: Vec<CountedBadgeRow> = badge_metas::table
                .filter(badge_metas::org_id.eq(org.get()))
                .filter(badge_metas::id.eq_any(&ids))
                .select((BADGE, badge_metas::numeric_id, BadgeGroup, Issued, Earned))
                .load(connection)?;
            let place: HashMap<&[u8], usize> = (ids.iter().map(Vec::as_slice)).zip(0..).collect();
            let mut rows = rows;
            rows.sort_by_key(|row| place.get(row.id()).copied());
            Ok(BadgePage {
                badges: rows
                    .into_iter()
                    .map(CountedBadgeRow::counted)
                    .collect::<anyhow::Result<_>>()?,
                total: stored(total)?,
            })
        })
    }

    fn edit(&self, request: &BadgeEditRequest) -> Result<(), EditBadgeError> {
        let key = BadgeKey {
            org: request.org,
            badge: request.badge,
        };
        let work = |connection: &mut Connection| {
            connection.lock_badge(key)?;
            if !reserve_record(connection, request.idempotency.as_ref())? {
                return Err(Rollback::Refused(EditBadgeError::IdempotencyKeyUsed));
            }
            let before = badge_events::before(connection, request)?;
            match touch(connection, request) {
                Ok(0) => return Err(Rollback::Refused(EditBadgeError::Changed)),
                Err(WorkError::Query(Error::DatabaseError(
                    DatabaseErrorKind::UniqueViolation,
                    _,
                ))) => return Err(Rollback::Refused(EditBadgeError::NameTaken)),
                touched => touched?,
            };
            if let BadgeEdit::Claim(claim) = &request.edit {
                let claims: i64 = badge_claims::table
                    .filter(badge_claims::org_id.eq(request.org.get()))
                    .filter(badge_claims::badge_id.eq(request.badge.0.as_bytes().as_slice()))
                    .count()
                    .get_result(connection)?;
                set_claim(connection, key, claim, stored(claims)?)?;
            }
            if let BadgeEdit::Definition { definition, .. } = &request.edit
                && !definition.badge_constraints.iter().any(limits)
            {
                connection.forget_sums(key)?;
            }
            raise_catalogue_version(connection, request.org)?;
            connection.tell(request.org, &request.entries)?;
            let told = badge_events::edited(request, before)?;
            if !told.is_empty() {
                connection.append(request.org, &told)?;
            }
            Ok(())
        };
        let ending = |connection: &mut Connection, (): &()| {
            connection.lock_badge(key)?;
            let row: Option<(i64, i64, i64)> = badge_metas::table
                .find((request.org.get(), request.badge.0.as_bytes().as_slice()))
                .select((
                    badge_metas::version,
                    badge_metas::updated_on,
                    badge_metas::updated_by,
                ))
                .get_result(connection)
                .optional()?;
            let ours = (
                request.version.0 + 1,
                request.now.unix_micros(),
                request.by.number(),
            );
            Ok(match row {
                Some(row) if row == ours => Ending::Committed,
                // A later edit hides whose the one before was.
                Some(row) if row.0 > ours.0 => Ending::Unknown,
                _ => Ending::Undone,
            })
        };
        self.writer.write(work, ending)
    }
}

/// The number of the badge that is created next in the org. Whoever else creates one there waits until
/// this transaction ends: so no number is left out, and none is given twice. It comes first, so
/// that nobody waits for it who has taken a key or a name.
fn next_number(connection: &mut Connection, org: OrgId) -> Result<BadgeNumber, WorkError> {
    let number: i64 = diesel::insert_into(badge_numbers::table)
        .values((
            badge_numbers::org_id.eq(org.get()),
            badge_numbers::last.eq(1),
        ))
        .on_conflict(badge_numbers::org_id)
        .do_update()
        .set(badge_numbers::last.eq(badge_numbers::last + 1))
        .returning(badge_numbers::last)
        .get_result(connection)?;
    Ok(stored(number)?)
}

/// Whether a constraint counts earns at all.
const fn limits(constraint: &Constraint) -> bool {
    !matches!(constraint, Constraint::NoLimit)
}

/// Raises the version, if it is still the one that the edit was decided from.
fn touch(connection: &mut Connection, request: &BadgeEditRequest) -> Result<usize, WorkError> {
    let badge = badge_metas::table
        .find((request.org.get(), request.badge.0.as_bytes().as_slice()))
        .filter(badge_metas::version.eq(request.version.0));
    let touched = (
        badge_metas::version.eq(request.version.0 + 1),
        badge_metas::updated_on.eq(request.now.unix_micros()),
        badge_metas::updated_by.eq(request.by.number()),
    );
    Ok(match &request.edit {
        BadgeEdit::Claim(_) => diesel::update(badge).set(touched).execute(connection)?,
        BadgeEdit::Activity(active) => diesel::update(badge)
            .set((touched, badge_metas::active.eq(active)))
            .execute(connection)?,
        BadgeEdit::Definition { definition, active } => diesel::update(badge)
            .set((
                touched,
                DefinitionRow::from_definition(definition)?,
                active.map(|active| badge_metas::active.eq(active)),
            ))
            .execute(connection)?,
    })
}

/// Sets whether the claim is active; adds it at `position` if it is new.
fn set_claim(
    connection: &mut Connection,
    key: BadgeKey,
    claim: &Claim,
    position: i32,
) -> QueryResult<()> {
    diesel::insert_into(badge_claims::table)
        .values((
            badge_claims::org_id.eq(key.org.get()),
            badge_claims::badge_id.eq(key.badge.0.as_bytes().as_slice()),
            badge_claims::owner_type.eq(claim.owner.owner_type.number()),
            badge_claims::reference_id.eq(claim.owner.reference.as_str()),
            badge_claims::position.eq(position),
            badge_claims::active.eq(claim.active),
        ))
        .on_conflict((
            badge_claims::org_id,
            badge_claims::badge_id,
            badge_claims::owner_type,
            badge_claims::reference_id,
        ))
        .do_update()
        .set(badge_claims::active.eq(claim.active))
        .execute(connection)?;
    Ok(())
}

type Matching<'a> = badge_metas::BoxedQuery<'a, DB>;

/// The badges to which every filter applies.
fn matching(org: OrgId, query: &BadgeQuery) -> Matching<'_> {
    let mut found = badge_metas::table
        .filter(badge_metas::org_id.eq(org.get()))
        .into_boxed();
    if !query.statuses.is_empty() {
        let any = query
            .statuses
            .iter()
            .map(|status| status_at(*status, query.now.unix_micros()))
            .reduce(|any, status| Box::new(any.or(status)));
        if let Some(any) = any {
            found = found.filter(any);
        }
    }
    if let Some(earn_type) = query.earn_type {
        found = found.filter(badge_metas::earn_type.eq(earn_type_number(earn_type)));
    }
    if let Some(active) = query.active {
        found = found.filter(badge_metas::active.eq(active));
    }
    if let Some(owner) = query.owner {
        let has_owner = diesel::dsl::sql::<Bool>("(badge_metas.owners & ")
            .bind::<Integer, _>(owner_bit(owner))
            .sql(") <> 0");
        found = found.filter(has_owner);
    }
    if let Some(owner) = query.claimed_by {
        found = found.filter(exists(
            claimed().filter(badge_claims::owner_type.eq(owner.number())),
        ));
    }
    match query.unclaimed {
        Some(true) => found = found.filter(not(exists(claimed()))),
        Some(false) => found = found.filter(exists(claimed())),
        None => {}
    }
    if let Some(group) = &query.group {
        let is_active = badge_groups::table
            .filter(badge_groups::org_id.eq(badge_metas::org_id))
            .filter(badge_groups::id.eq(group.0.as_bytes().as_slice()))
            .filter(badge_groups::active);
        found = found
            .filter(badge_metas::group_id.eq(group.0.as_bytes().as_slice()))
            .filter(exists(is_active));
    }
    if let Some(text) = &query.name_contains {
        found = found.filter(position(badge_metas::name_folded, folded(text)).gt(0));
    }
    if let Some(from) = query.starts_from {
        found = found.filter(badge_metas::starts_on.ge(from.unix_micros()));
    }
    if let Some(until) = query.ends_until {
        found = found.filter(badge_metas::expires_on.le(until.unix_micros()));
    }
    found
}

type Condition = Box<dyn BoxableExpression<badge_metas::table, DB, SqlType = Bool>>;

/// As [`BadgePeriod::status`](accolade_domain::badge::BadgePeriod::status) says it.
fn status_at(status: BadgeStatus, now: i64) -> Condition {
    match status {
        BadgeStatus::Upcoming => Box::new(badge_metas::starts_on.gt(now)),
        BadgeStatus::Live => Box::new(
            badge_metas::starts_on
                .le(now)
                .and(badge_metas::expires_on.gt(now)),
        ),
        BadgeStatus::Expired => Box::new(badge_metas::expires_on.le(now)),
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn claimed() -> _ {
    badge_claims::table
        .filter(badge_claims::org_id.eq(badge_metas::org_id))
        .filter(badge_claims::badge_id.eq(badge_metas::id))
        .filter(badge_claims::active)
}

fn page_of<'a>(found: Matching<'a>, query: &BadgeQuery) -> Matching<'a> {
    use badge_metas::{id, name, starts_on};
    let sorted = match (query.sort, query.order) {
        (BadgeSort::Id, SortOrder::Ascending) => found.order(id.asc()),
        (BadgeSort::Id, SortOrder::Descending) => found.order(id.desc()),
        (BadgeSort::Name, SortOrder::Ascending) => found.order((name.asc(), id.asc())),
        (BadgeSort::Name, SortOrder::Descending) => found.order((name.desc(), id.desc())),
        (BadgeSort::StartDate, SortOrder::Ascending) => found.order((starts_on.asc(), id.asc())),
        (BadgeSort::StartDate, SortOrder::Descending) => found.order((starts_on.desc(), id.desc())),
    };
    let size = i64::from(query.size);
    sorted.limit(size).offset(i64::from(query.page) * size)
}
