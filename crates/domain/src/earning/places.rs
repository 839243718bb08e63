//! The places that earns take under limits: how many count after each earn, and which earn took the
//! last place.
//!
//! Who takes the last place under a limit brings it to its edge: one less counted before, as many
//! as there may be count after. It is told then, and again only when a revoked earn has given a
//! place back, or a rolling window has moved on, and somebody takes the last place again. A rolling
//! window that is full has an edge whenever an earn leaves it, so of one it is told at most once
//! an hour. An import is recorded whether there is room or not: it brings no limit to its edge, though
//! it may leave it without room.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use time::Duration;

use crate::earning::{Limit, Span};
use crate::instant::Instant;
use crate::zone::Zone;

/// How long after it was told of a rolling window it is not told of it again.
const QUIET: Duration = Duration::HOUR;

/// The places that the earns of one request took, in the order of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The customer's first, then the badge's.
    limits: Vec<Limit>,
    /// How many counted under each of the badge's before the first earn.
    before: Vec<u64>,
    /// How many count under each of the customer's after each earn.
    after: Vec<Vec<u64>>,
    /// The edges that are not told.
    untold: BTreeSet<Edge>,
}

/// A limit whose last place an earn took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// The earn, by its position among those of the request.
    pub earn: usize,
    /// The limit, by its position among those that the earn met.
    pub limit: usize,
}

/// An earn as its customer's rolling windows count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollingEarn {
    /// When it was recorded.
    pub earned_on: Instant,
    /// When it was revoked, if it was.
    pub revoked_on: Option<Instant>,
}

impl Places {
    /// No places yet under `limits`, as the earns meet them: the customer's first. `before` has, for
    /// each of the badge's, how many counted before the request.
    pub const fn new(limits: Vec<Limit>, before: Vec<u64>) -> Self {
        Self {
            limits,
            before,
            after: Vec::new(),
            untold: BTreeSet::new(),
        }
    }

    /// The next earn of the request took its places. `counted` has, for each of the customer's limits,
    /// how many counted before it.
    pub fn take(&mut self, counted: impl IntoIterator<Item = u64>) {
        let after = counted.into_iter().map(|count| count + 1);
        self.after.push(after.collect());
    }

    /// The limits, as the earns met them: the customer's first.
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// How many earns took their places.
    pub const fn earns(&self) -> usize {
        self.after.len()
    }

    /// How many count under each limit after the earn at this position, which counts itself.
    pub fn counts(&self, earn: usize) -> impl Iterator<Item = u64> {
        let own = self.after.get(earn).into_iter().flatten().copied();
        let shared = self.before.iter().map(move |count| count + earn as u64 + 1);
        own.chain(shared)
    }

    /// The limits whose last place the earn at this position took, told or not.
    fn edges(&self, earn: usize) -> impl Iterator<Item = Edge> {
        let both = self.limits.iter().zip(self.counts(earn)).enumerate();
        let is_last = |(_, (limit, count)): &(usize, (&Limit, u64))| *count == u64::from(limit.max);
        both.filter(is_last)
            .map(move |(limit, _)| Edge { earn, limit })
    }

    /// Every edge of a rolling window, by earn. Whether it is told depends on when one was told last.
    pub fn rolling_edges(&self) -> Vec<Edge> {
        let rolls = |edge: &Edge| matches!(self.limits[edge.limit].span, Span::Rolling { .. });
        let edges = (0..self.earns()).flat_map(|earn| self.edges(earn));
        edges.filter(rolls).collect()
    }

    /// `edge` is not told.
    pub fn keep_quiet(&mut self, edge: Edge) {
        self.untold.insert(edge);
    }

    /// The limits of which it is told that the earn at this position took the last place, in their
    /// order.
    pub fn told(&self, earn: usize) -> impl Iterator<Item = Edge> {
        self.edges(earn).filter(|edge| !self.untold.contains(edge))
    }
}

/// Whether it is told that the last place of a rolling window was taken at `now`, if it was told
/// `last`.
pub fn is_told_again(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| last + QUIET <= now)
}

/// When an earn must have been recorded for its edge to keep one quiet that is recorded at `now`: later
/// than this.
pub fn quiet_since(now: Instant) -> Instant {
    now - QUIET
}

/// When it was last told that `earns`, everything that a customer has earned of a badge but for
/// imports and in the order in which it was recorded, took the last place under `limit`. It is found
/// out from the earns alone, so nothing has to be kept for each customer.
pub fn told_last(earns: &[RollingEarn], limit: Limit, zone: &Zone) -> Option<Instant> {
    let mut earns = earns.to_vec();
    // Clocks of servers may differ a little: windows go by when it was recorded.
    earns.sort_by_key(|earn| earn.earned_on);
    let mut told = None;
    // How many are in the window and not revoked, the first in the window, and when those behind it
    // are revoked, the earliest first.
    let (mut counted, mut first) = (0, 0);
    let mut revoked = BinaryHeap::new();
    for (position, own) in earns.iter().enumerate() {
        let Span::Rolling { since, .. } = limit.at(own.earned_on, zone).span else {
            return None;
        };
        while let Some(Reverse((on, which))) = revoked.peek().copied()
            && on < own.earned_on
        {
            revoked.pop();
            if which >= first {
                counted -= 1;
            }
        }
        while first < position && earns[first].earned_on <= since {
            if earns[first].revoked_on.is_none_or(|on| on >= own.earned_on) {
                counted -= 1;
            }
            first += 1;
        }
        // It counts itself.
        counted += 1;
        if counted >= limit.max && is_told_again(told, own.earned_on) {
            told = Some(own.earned_on);
        }
        revoked.extend(own.revoked_on.map(|on| Reverse((on, position))));
    }
    told
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::badge::constraint::Count;
    use crate::earning::{Counted, Scope, allot};
    use crate::fixtures::{at, count};
    use crate::zone::CalendarUnit;

    const NOW: &str = "2026-05-01T12:00:00Z";

    fn limit(scope: Scope, max: u32) -> Limit {
        Limit {
            scope,
            span: Span::AllTime,
            max,
        }
    }

    fn rolling(max: u32) -> Limit {
        let length: Count = count(1);
        Limit {
            scope: Scope::Customer,
            span: Span::Rolling {
                unit: CalendarUnit::Days,
                length,
                since: at(NOW) - Duration::DAY,
            },
            max,
        }
    }

    fn told(places: &Places) -> Vec<Vec<Limit>> {
        let told = |earn| places.told(earn).map(|edge| places.limits()[edge.limit]);
        (0..places.earns()).map(|it| told(it).collect()).collect()
    }

    #[test]
    fn the_earn_that_takes_the_last_place_is_told_and_no_other() {
        let (own, shared) = (limit(Scope::Customer, 2), limit(Scope::Badge, 7));
        let mut places = Places::new(vec![own, shared], vec![4]);
        for counted in [0, 1, 0] {
            places.take([counted]);
        }
        assert_eq!(told(&places), [vec![], vec![own], vec![shared]]);
        assert_eq!(places.counts(1).collect::<Vec<_>>(), [2, 6]);
    }

    #[test]
    fn an_earn_can_take_the_last_place_of_several_limits_the_customers_first() {
        let (own, shared) = (limit(Scope::Customer, 1), limit(Scope::Badge, 1));
        let mut places = Places::new(vec![own, shared], vec![0]);
        places.take([0]);
        assert_eq!(told(&places), [vec![own, shared]]);
    }

    #[test]
    fn an_edge_that_is_to_be_quiet_is_not_told_and_counts_all_the_same() {
        let mut places = Places::new(vec![rolling(1)], Vec::new());
        places.take([0]);
        let edges = places.rolling_edges();
        assert_eq!(edges, [Edge { earn: 0, limit: 0 }]);
        places.keep_quiet(edges[0]);
        assert_eq!(told(&places), [vec![]]);
        assert_eq!(places.counts(0).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_rolling_window_is_told_of_again_after_an_hour() {
        let now = at(NOW);
        assert!(is_told_again(None, now));
        assert!(is_told_again(Some(now), now + Duration::HOUR));
        assert!(!is_told_again(
            Some(now),
            now + Duration::HOUR - Duration::MICROSECOND
        ));
    }

    /// Recorded so many minutes after noon, and revoked so many after.
    fn earn(minutes: i64, revoked: Option<i64>) -> RollingEarn {
        RollingEarn {
            earned_on: at(NOW) + Duration::minutes(minutes),
            revoked_on: revoked.map(|minutes| at(NOW) + Duration::minutes(minutes)),
        }
    }

    #[test]
    fn when_it_was_told_last_follows_from_what_the_customer_has_earned() {
        let day = 24 * 60;
        let told = |earns: &[RollingEarn]| {
            let last = told_last(earns, rolling(2), &Zone::utc());
            last.map(|last| last.since(at(NOW)).whole_minutes())
        };
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[earn(0, None)]), None);
        assert_eq!(told(&[earn(0, None), earn(10, None)]), Some(10));
        // The place that was given back is taken again within the hour: quiet.
        let again = [earn(0, Some(20)), earn(10, None), earn(30, None)];
        assert_eq!(told(&again), Some(10));
        // And after it.
        let later = [earn(0, Some(20)), earn(10, None), earn(70, None)];
        assert_eq!(told(&later), Some(70));
        // One that was revoked before took no place.
        assert_eq!(told(&[earn(0, Some(5)), earn(10, None)]), None);
        // What left the window counts no more.
        assert_eq!(told(&[earn(0, None), earn(day, None)]), None);
        assert_eq!(told(&[earn(0, None), earn(day - 1, None)]), Some(day - 1));
    }

    /// Counts anew for each earn.
    fn told_last_by_counting(earns: &[RollingEarn], max: u32) -> Option<Instant> {
        let mut told = None;
        for (position, own) in earns.iter().enumerate() {
            let counted = |it: &&RollingEarn| {
                let is_there = it.revoked_on.is_none_or(|on| on >= own.earned_on);
                it.earned_on > own.earned_on - Duration::DAY && is_there
            };
            let count = earns[..position].iter().filter(counted).count() + 1;
            if count >= max as usize && is_told_again(told, own.earned_on) {
                told = Some(own.earned_on);
            }
        }
        told
    }

    proptest! {
        /// A window that moves on counts what is counted anew for each earn.
        #[test]
        fn a_window_that_moves_on_counts_the_same(
            steps in prop::collection::vec((0_i64..400, prop::option::of(0_i64..2_000)), 0..40),
            max in 1_u32..5,
        ) {
            let mut minutes = 0;
            let mut earns = Vec::new();
            for (step, revoked) in steps {
                minutes += step;
                earns.push(earn(minutes, revoked.map(|after| minutes + after)));
            }
            let expected = told_last_by_counting(&earns, max);
            prop_assert_eq!(told_last(&earns, rolling(max), &Zone::utc()), expected);
        }

        /// What is told is what somebody sees who counts one earn after the other.
        #[test]
        fn who_counts_one_by_one_sees_the_same_edges(
            own in prop::collection::vec(1_u32..4, 0..3),
            shared in prop::collection::vec(1_u32..9, 0..3),
            customers in prop::collection::vec(prop::collection::vec(0_u64..4, 3), 0..9),
            base in prop::collection::vec(0_u64..9, 3),
        ) {
            let limits: Vec<_> = (own.iter().map(|max| limit(Scope::Customer, *max)))
                .chain(shared.iter().map(|max| limit(Scope::Badge, *max)))
                .collect();
            let counted = |counts: &[u64]| -> Vec<_> {
                let counts = counts.iter().map(|count| Counted { count: *count, must_leave: None });
                counts.collect()
            };
            let (now, zone) = (at(NOW), Zone::utc());
            let badge = &base[..shared.len()];
            let wishes: Vec<_> = customers.iter().map(|it| counted(&it[..own.len()])).collect();
            let verdicts = allot(&limits, &wishes, &counted(badge), now, &zone);

            let mut places = Places::new(limits.clone(), badge.to_vec());
            let mut count = badge.to_vec();
            let mut seen = Vec::new();
            for (customer, verdict) in customers.iter().zip(&verdicts) {
                if verdict.is_err() {
                    continue;
                }
                places.take(customer[..own.len()].iter().copied());
                let mut edges = Vec::new();
                for (limit, before) in limits.iter().zip(customer[..own.len()].iter()) {
                    if limit.room(*before) == 1 {
                        edges.push(*limit);
                    }
                }
                for (limit, before) in limits[own.len()..].iter().zip(&mut count) {
                    if limit.room(*before) == 1 {
                        edges.push(*limit);
                    }
                    *before += 1;
                }
                seen.push(edges);
            }
            prop_assert_eq!(told(&places), seen);
        }
    }
}
