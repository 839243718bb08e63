//! What counts under the limits of a badge, and the sums that are stored of it.
//!
//! What a badge's limits count is a sum over `badge_earns`, which has a row for each transaction.
//! The first earn under a limit adds it up; from then on the sum is stored in `window_counts`
//! or `rolling_counts`, and every transaction that records or revokes an earn of the badge
//! changes every stored sum that has it, also those whose limit the badge has lost. So a
//! stored sum is right whenever it is looked at.
//!
//! Who counts, who revokes and who imports excludes the others by a lock of the badge's earns
//! (`lock_earns`), which is held until COMMIT: it is taken as late as possible.

use accolade_application::ports::EarnRequest;
use accolade_domain::earning::{Counted, Limit, Scope, Span};
use accolade_domain::instant::Instant;

use crate::boundary::{Boundary, unit_number};
use crate::mapping::{instant, stored};
use crate::recording::sql::{BadgeKey, EarnRows, EarnSql, RollingSum, WindowSum};
use crate::retry::WorkError;

/// The stored sums of a badge.
pub(crate) struct LimitCounters {
    key: BadgeKey,
    windows: Vec<WindowSum>,
    rolling: Vec<RollingSum>,
    last: Option<i64>,
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
            last: None,
        };
        let limits = badge_limits(request, request.context.now);
        if !limits.iter().all(rolls) {
            let event_on = request.terms.event_on.unix_micros();
            counters.windows = connection.window_sums(key, event_on)?;
        }
        if limits.iter().any(rolls) {
            counters.rolling = connection.rolling_sums(key)?;
            // No unit has the number 0.
            let last = counters.rolling.iter().position(|row| row.0 == 0);
            counters.last = last.map(|index| counters.rolling.swap_remove(index).2);
        }
        Ok(counters)
    }

    /// The moment at which what `request` asks for is recorded.
    pub(crate) fn earned_on(&self, request: &EarnRequest) -> Result<Instant, WorkError> {
        let last = self.last.map(instant).transpose()?;
        Ok(last.map_or(request.context.now, |last| last.max(request.context.now)))
    }

    /// What counts under each of `limits`, if `asked` more are to be recorded: it may be more
    /// than does, where there is room for all of them anyway. Stores what was added up, if `store`.
    pub(crate) fn counted<C: EarnSql + EarnRows>(
        &mut self,
        connection: &mut C,
        limits: &[Limit],
        asked: usize,
        store: bool,
    ) -> Result<Vec<Counted>, WorkError> {
        let mut counts = Vec::with_capacity(limits.len());
        for limit in limits {
            counts.push(self.stored_sum(connection, limit, asked, store)?);
        }
        self.add_up(connection, limits, &mut counts, store)?;
        let mut counted = Vec::with_capacity(limits.len());
        for (limit, count) in limits.iter().zip(counts) {
            let count: u64 = stored(count.unwrap_or_default())?;
            let Span::Rolling { since, .. } = limit.span else {
                counted.push(Counted {
                    count,
                    must_leave: None,
                });
                continue;
            };
            let full = count + asked as u64 > u64::from(limit.max);
            let must_leave = if full {
                let before = count.saturating_sub(u64::from(limit.max));
                self.must_leave(connection, since, stored(before)?)?
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
        asked: usize,
        store: bool,
    ) -> Result<Option<i64>, WorkError> {
        let boundary = Boundary::from(limit);
        let Span::Rolling { unit, length, .. } = limit.span else {
            let is_it = |row: &&(i64, i64, i64)| (row.0, row.1) == (boundary.until, boundary.from);
            return Ok(self.windows.iter().find(is_it).map(|row| row.2));
        };
        let name = (unit_number(unit), i64::from(length));
        let mut rows = self.rolling.iter();
        let Some((.., since, earns)) = rows.find(|row| (row.0, row.1) == name) else {
            return Ok(None);
        };
        let fits = earns.saturating_add(stored(asked)?) <= boundary.max;
        if *since == boundary.from || (*since < boundary.from && fits) {
            return Ok(Some(*earns));
        }
        if *since > boundary.from {
            // Only somebody whose clock is behind asks, who records nothing.
            return Ok(None);
        }
        let left = connection.leaving(self.key, *since, boundary.from)?;
        if store {
            self.store(connection, limit, earns - left)?;
        }
        Ok(Some(earns - left))
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
        if let Span::Rolling { unit, length, .. } = limit.span {
            let known = self
                .rolling
                .iter()
                .find(|row| (row.0, row.1) == (unit_number(unit), i64::from(length)));
            if known.is_some_and(|row| row.2 > boundary.from) {
                return Ok(());
            }
            let sum = (unit_number(unit), i64::from(length), boundary.from, earns);
            connection.store_rolling(self.key, sum)?;
        } else {
            connection.store_window(self.key, (boundary.until, boundary.from, earns))?;
        }
        Ok(())
    }

    /// When the earn was recorded that has so many `before` it since then.
    fn must_leave<C: EarnSql + EarnRows>(
        &self,
        connection: &mut C,
        since: Instant,
        before: i64,
    ) -> Result<Option<Instant>, WorkError> {
        let recorded = connection.nth_recorded(self.key, since.unix_micros(), before)?;
        Ok(recorded.map(instant).transpose()?)
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
