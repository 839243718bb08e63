//! What counts under the limits of a badge, and how it is kept.
//!
//! What a badge's limits count is a sum over `badge_earns`, which has a row for each transaction.
//! The first earn under a limit adds it up; from then on the sum is kept in `window_counts`
//! or `rolling_counts`, and every transaction that records or revokes an earn of the badge
//! changes every kept sum that has it, also those whose limit the badge has lost. So a
//! kept sum is right whenever it is looked at.
//!
//! Who counts, who revokes and who imports excludes the others by a lock of the badge's earns
//! (`lock_earns`), which is held until COMMIT: it is taken as late as possible.

use accolade_application::ports::EarnRequest;
use accolade_domain::earning::{Counted, Limit, Scope, Span};
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable};

use super::{Connection, DB, earn_sql};
use crate::boundary::{Boundary, unit_number};
use crate::enrolment::{BadgeKey, Count, EnrolmentSql as _};
use crate::mapping::{instant, stored};
use crate::retry::Failure;
use crate::schema::{rolling_counts, window_counts};
use crate::statement::Statement;

/// The kept sums by event date that have the event.
const WINDOWS: &str = "SELECT ends_on, starts_on, earns FROM window_counts \
     WHERE org_id = ? AND badge_id = ? AND ends_on > ? AND starts_on <= ?";

/// The kept sums of rolling windows, and when the last earn was recorded. A maximum might be
/// looked for among all of them.
const ROLLING: &str = "SELECT CAST(unit AS BIGINT), length, since, earns FROM rolling_counts \
     WHERE org_id = ? AND badge_id = ? \
     UNION ALL SELECT 0, 0, rolls_on, 0 FROM (SELECT rolls_on FROM badge_earns \
     WHERE org_id = ? AND badge_id = ? AND rolls_on IS NOT NULL \
     ORDER BY rolls_on DESC LIMIT 1) AS e";

const KEEP_WINDOW: &str = "INSERT INTO window_counts \
     (org_id, badge_id, ends_on, starts_on, earns) VALUES (?, ?, ?, ?, ?) \
     ON CONFLICT (org_id, badge_id, ends_on, starts_on) DO UPDATE SET earns = excluded.earns";

const KEEP_ROLLING: &str = "INSERT INTO rolling_counts \
     (org_id, badge_id, unit, length, since, earns) VALUES (?, ?, CAST(? AS SMALLINT), ?, ?, ?) \
     ON CONFLICT (org_id, badge_id, unit, length) \
     DO UPDATE SET since = excluded.since, earns = excluded.earns";

/// What leaves a rolling window when it moves on.
const LEAVING: &str = "SELECT CAST(COALESCE(SUM(earns), 0) AS BIGINT) FROM badge_earns \
     WHERE org_id = ? AND badge_id = ? AND rolls_on > ? AND rolls_on <= ?";

/// When that earn was recorded that has so many before it.
const FREES: &str = "SELECT rolls_on FROM ( \
     SELECT rolls_on, SUM(SUM(earns)) OVER (ORDER BY rolls_on) AS so_far FROM badge_earns \
     WHERE org_id = ? AND badge_id = ? AND rolls_on > ? GROUP BY rolls_on) AS e \
     WHERE so_far > ? ORDER BY rolls_on LIMIT 1";

const LOG: &str =
    "INSERT INTO badge_earns (org_id, badge_id, event_on, rolls_on, earns) VALUES (?, ?, ?, ?, ?)";

const GROW_WINDOWS: &str = "UPDATE window_counts SET earns = earns + ? \
     WHERE org_id = ? AND badge_id = ? AND ends_on > ? AND starts_on <= ?";

const GROW_ROLLING: &str = "UPDATE rolling_counts SET earns = earns + ? \
     WHERE org_id = ? AND badge_id = ? AND since < ?";

/// The kept sums of a badge.
pub(super) struct Room {
    key: BadgeKey,
    /// End, start, sum.
    windows: Vec<(i64, i64, i64)>,
    /// Unit, length, since when, sum.
    rolling: Vec<(i64, i64, i64, i64)>,
    last: Option<i64>,
}

fn org(key: BadgeKey) -> i64 {
    key.org.get()
}

fn id(badge: &BadgeId) -> &[u8] {
    badge.0.as_bytes()
}

/// The limits of `request` that count everybody's earns, for what is recorded at `earned_on`.
pub(super) fn badge_limits(request: &EarnRequest, earned_on: Instant) -> Vec<Limit> {
    of_scope(request, Scope::Badge, earned_on)
}

/// The limits of `request` that count a customer's earns, for what is recorded at `earned_on`.
pub(super) fn customer_limits(request: &EarnRequest, earned_on: Instant) -> Vec<Limit> {
    of_scope(request, Scope::Customer, earned_on)
}

const fn rolls(limit: &Limit) -> bool {
    matches!(limit.span, Span::Rolling { .. })
}

fn of_scope(request: &EarnRequest, scope: Scope, earned_on: Instant) -> Vec<Limit> {
    let limits = request.limits.iter();
    limits
        .filter(|limit| limit.scope == scope)
        .map(|limit| limit.at(earned_on, &request.zone))
        .collect()
}

impl Room {
    /// What is kept for the limits of `request`.
    pub(super) fn read(
        connection: &mut Connection,
        key: BadgeKey,
        request: &EarnRequest,
    ) -> Result<Self, Failure> {
        let mut room = Self {
            key,
            windows: Vec::new(),
            rolling: Vec::new(),
            last: None,
        };
        let limits = badge_limits(request, request.context.now);
        if !limits.iter().all(rolls) {
            let event_on = request.terms.event_on.unix_micros();
            room.windows = Statement::<DB, (BigInt, BigInt, BigInt)>::new(WINDOWS)
                .bind::<BigInt, _>(org(key))
                .bind::<Binary, _>(id(&key.badge))
                .bind::<BigInt, _>(event_on)
                .bind::<BigInt, _>(event_on)
                .load(connection)?;
        }
        if limits.iter().any(rolls) {
            room.rolling = Statement::<DB, (BigInt, BigInt, BigInt, BigInt)>::new(ROLLING)
                .bind::<BigInt, _>(org(key))
                .bind::<Binary, _>(id(&key.badge))
                .bind::<BigInt, _>(org(key))
                .bind::<Binary, _>(id(&key.badge))
                .load(connection)?;
            // No unit has the number 0.
            let last = room.rolling.iter().position(|row| row.0 == 0);
            room.last = last.map(|index| room.rolling.swap_remove(index).2);
        }
        Ok(room)
    }

    /// The moment at which what `request` asks for is recorded.
    pub(super) fn earned_on(&self, request: &EarnRequest) -> Result<Instant, Failure> {
        let last = self.last.map(instant).transpose()?;
        Ok(last.map_or(request.context.now, |last| last.max(request.context.now)))
    }

    /// What counts under each of `limits`, if `wanted` more are to be recorded: it may be more
    /// than does, where there is room for all of them anyway. Keeps what was added up, if `keep`.
    pub(super) fn counted(
        &mut self,
        connection: &mut Connection,
        limits: &[Limit],
        wanted: usize,
        keep: bool,
    ) -> Result<Vec<Counted>, Failure> {
        let mut counts = Vec::with_capacity(limits.len());
        for limit in limits {
            counts.push(self.kept(connection, limit, wanted, keep)?);
        }
        self.add_up(connection, limits, &mut counts, keep)?;
        let mut counted = Vec::with_capacity(limits.len());
        for (limit, count) in limits.iter().zip(counts) {
            let count: u64 = stored(count.unwrap_or_default())?;
            let Span::Rolling { since, .. } = limit.span else {
                counted.push(Counted { count, frees: None });
                continue;
            };
            let full = count + wanted as u64 > u64::from(limit.max);
            let frees = if full {
                let before = count.saturating_sub(u64::from(limit.max));
                self.frees(connection, since, stored(before)?)?
            } else {
                None
            };
            counted.push(Counted { count, frees });
        }
        Ok(counted)
    }

    /// The kept sum of `limit`; `None` if there is none.
    fn kept(
        &self,
        connection: &mut Connection,
        limit: &Limit,
        wanted: usize,
        keep: bool,
    ) -> Result<Option<i64>, Failure> {
        let boundary = Boundary::from(limit);
        let Span::Rolling { unit, length, .. } = limit.span else {
            let is_it = |row: &&(i64, i64, i64)| (row.0, row.1) == (boundary.until, boundary.from);
            return Ok(self.windows.iter().find(is_it).map(|row| row.2));
        };
        let name = (i64::from(unit_number(unit)), i64::from(length));
        let mut rows = self.rolling.iter();
        let Some((.., since, earns)) = rows.find(|row| (row.0, row.1) == name) else {
            return Ok(None);
        };
        let fits = earns.saturating_add(stored(wanted)?) <= boundary.max;
        if *since == boundary.from || (*since < boundary.from && fits) {
            return Ok(Some(*earns));
        }
        if *since > boundary.from {
            // Only somebody whose clock is behind asks, who records nothing.
            return Ok(None);
        }
        let left: i64 = Statement::<DB, BigInt>::new(LEAVING)
            .bind::<BigInt, _>(org(self.key))
            .bind::<Binary, _>(id(&self.key.badge))
            .bind::<BigInt, _>(*since)
            .bind::<BigInt, _>(boundary.from)
            .get_result(connection)?;
        if keep {
            self.keep(connection, limit, earns - left)?;
        }
        Ok(Some(earns - left))
    }

    /// Adds up what is not kept yet.
    fn add_up(
        &self,
        connection: &mut Connection,
        limits: &[Limit],
        counts: &mut [Option<i64>],
        keep: bool,
    ) -> Result<(), Failure> {
        let missing: Vec<_> = (limits.iter().zip(counts.iter()))
            .filter(|(_, count)| count.is_none())
            .map(|(limit, _)| *limit)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let boundaries: Vec<_> = missing.iter().map(Boundary::from).collect();
        let sums = earn_sql::sum(connection, self.key, &boundaries)?;
        if keep {
            for (limit, sum) in missing.iter().zip(&sums) {
                self.keep(connection, limit, *sum)?;
            }
        }
        let open = counts.iter_mut().filter(|count| count.is_none());
        for (count, sum) in open.zip(sums) {
            *count = Some(sum);
        }
        Ok(())
    }

    fn keep(&self, connection: &mut Connection, limit: &Limit, earns: i64) -> Result<(), Failure> {
        let boundary = Boundary::from(limit);
        if let Span::Rolling { unit, length, .. } = limit.span {
            let kept = self
                .rolling
                .iter()
                .find(|row| (row.0, row.1) == (i64::from(unit_number(unit)), i64::from(length)));
            if kept.is_some_and(|row| row.2 > boundary.from) {
                return Ok(());
            }
            Statement::<DB>::new(KEEP_ROLLING)
                .bind::<BigInt, _>(org(self.key))
                .bind::<Binary, _>(id(&self.key.badge))
                .bind::<BigInt, _>(i64::from(unit_number(unit)))
                .bind::<BigInt, _>(i64::from(length))
                .bind::<BigInt, _>(boundary.from)
                .bind::<BigInt, _>(earns)
                .execute(connection)?;
        } else {
            Statement::<DB>::new(KEEP_WINDOW)
                .bind::<BigInt, _>(org(self.key))
                .bind::<Binary, _>(id(&self.key.badge))
                .bind::<BigInt, _>(boundary.until)
                .bind::<BigInt, _>(boundary.from)
                .bind::<BigInt, _>(earns)
                .execute(connection)?;
        }
        Ok(())
    }

    fn frees(
        &self,
        connection: &mut Connection,
        since: Instant,
        before: i64,
    ) -> Result<Option<Instant>, Failure> {
        let frees: Option<i64> = Statement::<DB, BigInt>::new(FREES)
            .bind::<BigInt, _>(org(self.key))
            .bind::<Binary, _>(id(&self.key.badge))
            .bind::<BigInt, _>(since.unix_micros())
            .bind::<BigInt, _>(before)
            .get_result(connection)
            .optional()?;
        Ok(frees.map(instant).transpose()?)
    }
}

/// Logs that a badge has so many more earns with this event date, or fewer, and lets every count
/// and kept sum follow. `rolls_on` is when they were recorded, unless they are imports.
pub(super) fn grow(
    connection: &mut Connection,
    key: BadgeKey,
    event_on: i64,
    rolls_on: Option<i64>,
    earns: i64,
) -> QueryResult<()> {
    Statement::<DB>::new(LOG)
        .bind::<BigInt, _>(org(key))
        .bind::<Binary, _>(id(&key.badge))
        .bind::<BigInt, _>(event_on)
        .bind::<Nullable<BigInt>, _>(rolls_on)
        .bind::<BigInt, _>(earns)
        .execute(connection)?;
    connection.count(&[Count {
        badge: key,
        issued: 0,
        earned: earns,
    }])?;
    Statement::<DB>::new(GROW_WINDOWS)
        .bind::<BigInt, _>(earns)
        .bind::<BigInt, _>(org(key))
        .bind::<Binary, _>(id(&key.badge))
        .bind::<BigInt, _>(event_on)
        .bind::<BigInt, _>(event_on)
        .execute(connection)?;
    if let Some(rolls_on) = rolls_on {
        Statement::<DB>::new(GROW_ROLLING)
            .bind::<BigInt, _>(earns)
            .bind::<BigInt, _>(org(key))
            .bind::<Binary, _>(id(&key.badge))
            .bind::<BigInt, _>(rolls_on)
            .execute(connection)?;
    }
    Ok(())
}

/// Forgets the kept sums of a badge, so that earns need not change them.
pub(super) fn forget(connection: &mut Connection, key: BadgeKey) -> QueryResult<()> {
    let (org, badge) = (org(key), id(&key.badge));
    let windows = window_counts::table
        .filter(window_counts::org_id.eq(org))
        .filter(window_counts::badge_id.eq(badge));
    diesel::delete(windows).execute(connection)?;
    let rolling = rolling_counts::table
        .filter(rolling_counts::org_id.eq(org))
        .filter(rolling_counts::badge_id.eq(badge));
    diesel::delete(rolling).execute(connection)?;
    Ok(())
}

/// How many earns of the badge count under each of `limits`, taken as they are.
pub(super) fn sums(
    connection: &mut Connection,
    key: BadgeKey,
    limits: &[Limit],
) -> Result<Vec<u64>, Failure> {
    let boundaries: Vec<_> = limits.iter().map(Boundary::from).collect();
    let sums = earn_sql::sum(connection, key, &boundaries)?;
    Ok(sums
        .into_iter()
        .map(stored)
        .collect::<anyhow::Result<_>>()?)
}
