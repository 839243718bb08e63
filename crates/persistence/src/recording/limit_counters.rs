//! What counts under the limits of a badge, and the sums that are stored of it.
//!
//! What a badge's limits count is a sum over `badge_earns`, which has a row for each transaction.
//! The first earn under a limit adds it up; from then on the sum is stored in `window_counts`
//! or `rolling_counts`, and every transaction that records or revokes an earn of the badge
//! changes every stored sum that has it, also those whose limit the badge has lost. So a
//! stored sum is right whenever it is looked at.
//!
//! Whoever is refused by a rolling window is told when it opens again: when the earn leaves it that has as
//! many after it as the limit allows, but one. It is stored with the sum which earn that is
//! ([`leaver`](super::leaver)), and followed like the sum, so that a refusal counts nothing anew.
//!
//! Who counts, who revokes and who imports excludes the others by a lock of the badge's earns
//! (`lock_earns`), which is held until COMMIT: it is taken as late as possible.

use accolade_application::ports::EarnRequest;
use accolade_domain::earning::{Counted, Limit, Scope, Span};
use accolade_domain::instant::Instant;

use crate::boundary::{Boundary, unit_number};
use crate::mapping::{instant, stored};
use crate::recording::leaver::{self, InWindow};
use crate::recording::sql::{
    BadgeKey, EarnRows, EarnSql, RollingName, RollingRow, RollingSum, WindowSum,
};
use crate::retry::WorkError;

/// The start of a stored sum moves when so many have left the window since then: before that it is
/// cheaper to add up, each time, how many they are.
const MANY_LEFT: i64 = 200;

/// It moves after so many microseconds as well: what was earned and revoked is two rows that come to
/// nothing.
const LONG_AGO: i64 = 60 * 60 * 1_000_000;

/// The stored sums of a badge.
pub(crate) struct LimitCounters {
    key: BadgeKey,
    windows: Vec<WindowSum>,
    rolling: Vec<RollingRow>,
}

/// The limits of `request` that count everybody's earns, for what is recorded at `earned_on`.
pub(crate) fn badge_limits(request: &EarnRequest, earned_on: Instant) -> Vec<Limit> {
    of_scope(request, Scope::Badge, earned_on)
}

/// The limits of `request` that count a customer's earns, for what is recorded at `earned_on`.
pub(crate) fn customer_limits(request: &EarnRequest, earned_on: Instant) -> Vec<Limit> {
    of_scope(request, Scope::Customer, earned_on)
}

const fn rolls(limit: &Limit) -> bool {
    matches!(limit.span, Span::Rolling { .. })
}

/// What statements call a rolling window; `None` if it is none.
pub(crate) fn rolling_name(limit: &Limit) -> Option<RollingName> {
    match limit.span {
        Span::Rolling {
            unit,
            length,
            since,
        } => Some((unit_number(unit), i64::from(length), since.unix_micros())),
        Span::AllTime | Span::Fixed { .. } => None,
    }
}

fn of_scope(request: &EarnRequest, scope: Scope, earned_on: Instant) -> Vec<Limit> {
    let limits = request.limits.iter();
    limits
        .filter(|limit| limit.scope == scope)
        .map(|limit| limit.at(earned_on, &request.zone))
        .collect()
}

impl LimitCounters {
    /// What is stored for the limits of `request`.
    pub(crate) fn read<C: EarnSql + EarnRows>(
        connection: &mut C,
        key: BadgeKey,
        request: &EarnRequest,
    ) -> Result<Self, WorkError> {
        let mut counters = Self {
            key,
            windows: Vec::new(),
            rolling: Vec::new(),
        };
        let limits = badge_limits(request, request.context.now);
        if !limits.iter().all(rolls) {
            let event_on = request.terms.event_on.unix_micros();
            counters.windows = connection.window_sums(key, event_on)?;
        }
        let windows: Vec<_> = limits.iter().filter_map(rolling_name).collect();
        if !windows.is_empty() {
            counters.rolling = connection.rolling_rows(key, &windows)?;
        }
        Ok(counters)
    }

    /// The moment at which what `request` asks for is recorded.
    pub(crate) fn earned_on(&self, request: &EarnRequest) -> Result<Instant, WorkError> {
        let last = self.rolling.first().and_then(|row| row.last_on);
        let last = last.map(instant).transpose()?;
        Ok(last.map_or(request.context.now, |last| last.max(request.context.now)))
    }

    /// When it was last told that `limit`, a rolling window, is full.
    pub(crate) fn told_on(&self, limit: &Limit) -> Result<Option<Instant>, WorkError> {
        let told_on = self.rolling_row(limit).and_then(|row| row.told_on);
        Ok(told_on.map(instant).transpose()?)
    }

    /// What counts under each of `limits`, if `asked` more are to be recorded. Stores what was added
    /// up.
    pub(crate) fn counted<C: EarnSql + EarnRows>(
        &mut self,
        connection: &mut C,
        limits: &[Limit],
        asked: usize,
    ) -> Result<Vec<Counted>, WorkError> {
        self.counted_with(connection, limits, (asked, &[]), true)
    }

    /// The same if so many more were `tried` before, under each. Stores nothing.
    pub(crate) fn preview<C: EarnSql + EarnRows>(
        &mut self,
        connection: &mut C,
        limits: &[Limit],
        asked: usize,
        tried: &[u64],
    ) -> Result<Vec<Counted>, WorkError> {
        self.counted_with(connection, limits, (asked, tried), false)
    }

    fn counted_with<C: EarnSql + EarnRows>(
        &mut self,
        connection: &mut C,
        limits: &[Limit],
        (asked, tried): (usize, &[u64]),
        store: bool,
    ) -> Result<Vec<Counted>, WorkError> {
        let mut counts = Vec::with_capacity(limits.len());
        for limit in limits {
            counts.push(self.stored_sum(connection, limit, store)?);
        }
        self.add_up(connection, limits, &mut counts, store)?;
        let mut counted = Vec::with_capacity(limits.len());
        for (place, (limit, count)) in limits.iter().zip(counts).enumerate() {
            let recorded: u64 = stored(count.unwrap_or_default())?;
            let count = recorded + tried.get(place).copied().unwrap_or_default();
            let Span::Rolling { since, .. } = limit.span else {
                counted.push(Counted {
                    count,
                    must_leave: None,
                });
                continue;
            };
            let full = count + asked as u64 > u64::from(limit.max);
            let before = count.saturating_sub(u64::from(limit.max));
            // What was tried is later than what is recorded.
            let must_leave = if full && before < recorded {
                let window = InWindow {
                    since: since.unix_micros(),
                    earns: stored(recorded)?,
                };
                let kept = stored(recorded - before)?;
                self.must_leave(connection, limit, (window, kept), store)?
            } else {
                None
            };
            counted.push(Counted { count, must_leave });
        }
        Ok(counted)
    }

    /// The stored sum of `limit`; `None` if there is none.
    fn stored_sum<C: EarnSql + EarnRows>(
        &self,
        connection: &mut C,
        limit: &Limit,
        store: bool,
    ) -> Result<Option<i64>, WorkError> {
        let boundary = Boundary::from(limit);
        if !rolls(limit) {
            let is_it = |row: &&(i64, i64, i64)| (row.0, row.1) == (boundary.until, boundary.from);
            return Ok(self.windows.iter().find(is_it).map(|row| row.2));
        }
        let Some(row) = self.rolling_row(limit) else {
            return Ok(None);
        };
        let Some((since, earns)) = row.stored else {
            return Ok(None);
        };
        if since > boundary.from {
            // Only somebody whose clock is behind asks, who records nothing.
            return Ok(None);
        }
        let left = if row.name.2 == boundary.from {
            row.left
        } else {
            connection.leaving(self.key, since, boundary.from)?
        };
        if store && (left >= MANY_LEFT || since + LONG_AGO < boundary.from) {
            self.store(connection, limit, earns - left)?;
        }
        Ok(Some(earns - left))
    }

    fn rolling_row(&self, limit: &Limit) -> Option<&RollingRow> {
        let (unit, length, _) = rolling_name(limit)?;
        let mut rows = self.rolling.iter();
        rows.find(|row| (row.name.0, row.name.1) == (unit, length))
    }

    /// Adds up what is not stored yet.
    fn add_up<C: EarnSql + EarnRows>(
        &self,
        connection: &mut C,
        limits: &[Limit],
        counts: &mut [Option<i64>],
        store: bool,
    ) -> Result<(), WorkError> {
        let missing: Vec<_> = (limits.iter().zip(counts.iter()))
            .filter(|(_, count)| count.is_none())
            .map(|(limit, _)| *limit)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let boundaries: Vec<_> = missing.iter().map(Boundary::from).collect();
        let sums = connection.sums(self.key, &boundaries)?;
        if store {
            for (limit, sum) in missing.iter().zip(&sums) {
                self.store(connection, limit, *sum)?;
            }
        }
        let open = counts.iter_mut().filter(|count| count.is_none());
        for (count, sum) in open.zip(sums) {
            *count = Some(sum);
        }
        Ok(())
    }

    fn store<C: EarnSql + EarnRows>(
        &self,
        connection: &mut C,
        limit: &Limit,
        earns: i64,
    ) -> Result<(), WorkError> {
        let boundary = Boundary::from(limit);
        if let Some((unit, length, since)) = rolling_name(limit) {
            let known = self.rolling_row(limit).and_then(|row| row.stored);
            if known.is_some_and(|(stored_since, _)| stored_since > since) {
                return Ok(());
            }
            let sum: RollingSum = (unit, length, since, earns);
            connection.store_rolling(self.key, sum)?;
        } else {
            connection.store_window(self.key, (boundary.until, boundary.from, earns))?;
        }
        Ok(())
    }

    /// When that earn in the window of `limit` was recorded that has so many from it on, itself among them.
    /// Remembers it if it was another before.
    fn must_leave<C: EarnSql + EarnRows>(
        &self,
        connection: &mut C,
        limit: &Limit,
        (window, kept): (InWindow, i64),
        store: bool,
    ) -> Result<Option<Instant>, WorkError> {
        let known = self.rolling_row(limit).and_then(|row| row.leaver);
        let found = leaver::find(connection, self.key, known, window, kept)?;
        if let (true, Some(found), Some(name)) = (store, found, rolling_name(limit))
            && known != Some(found)
        {
            connection.store_leaver(self.key, name, found)?;
        }
        Ok(found.map(|it| instant(it.on)).transpose()?)
    }
}

/// How many earns of the badge count under each of `limits`, taken as they are.
pub(crate) fn sums<C: EarnSql + EarnRows>(
    connection: &mut C,
    key: BadgeKey,
    limits: &[Limit],
) -> Result<Vec<u64>, WorkError> {
    let boundaries: Vec<_> = limits.iter().map(Boundary::from).collect();
    let sums = connection.sums(key, &boundaries)?;
    Ok(sums
        .into_iter()
        .map(stored)
        .collect::<anyhow::Result<_>>()?)
}
