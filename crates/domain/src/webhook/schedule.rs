//! When a delivery that failed is tried again, when one event is given up, and when a whole webhook
//! is disabled.
//!
//! Rules on moments: nothing here looks at a clock or makes random numbers.

use time::Duration;

use crate::instant::Instant;
use crate::webhook::DisabledReason;

/// How long after each failed attempt the next one comes. An event is tried once, and once after
/// each of these.
pub const INTERVALS: [Duration; 9] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(14),
    Duration::hours(20),
    Duration::hours(24),
];

/// How many attempts an event has, the first included.
pub const MOST_ATTEMPTS: u32 = 10;

/// How long a webhook may be without one success before it is disabled.
pub const DISABLED_AFTER: Duration = Duration::days(5);

/// The longest that a receiver may hold up a webhook by `Retry-After`.
pub const LONGEST_HOLD: Duration = Duration::hours(24);

/// How much sooner or later than its interval a retry may come, in thousandths of the interval.
const SPREAD: i64 = 200;

/// How the deliveries of a webhook went of late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// When the first delivery failed after the last one that succeeded; `None` while they succeed.
    pub failing_since: Option<Instant>,
    /// Until when the receiver asked to be left alone.
    pub hold_until: Option<Instant>,
}

impl Health {
    /// The health after a delivery that succeeded. What the receiver asked for holds.
    #[must_use]
    pub const fn after_success(self) -> Self {
        Self {
            failing_since: None,
            ..self
        }
    }

    /// The health after a delivery that failed at `now`.
    pub fn after_failure(self, now: Instant) -> Self {
        Self {
            failing_since: Some(self.failing_since.unwrap_or(now)),
            ..self
        }
    }

    /// The health after the receiver asked at `now` to be left alone for `wait`: never longer than
    /// [`LONGEST_HOLD`]. Of two answers that were under way at once, the one that asks for longer holds.
    #[must_use]
    pub fn held(self, now: Instant, wait: Duration) -> Self {
        let until = now + wait.clamp(Duration::ZERO, LONGEST_HOLD);
        Self {
            hold_until: self.hold_until.max(Some(until)),
            ..self
        }
    }

    /// Whether the receiver is to be left alone at `now`.
    pub fn is_held(self, now: Instant) -> bool {
        self.hold_until.is_some_and(|until| now < until)
    }

    /// Why the webhook is to be disabled at `now`, if nothing has succeeded for too long.
    pub fn disabled(self, now: Instant) -> Option<DisabledReason> {
        let since = self.failing_since?;
        (now.since(since) >= DISABLED_AFTER).then_some(DisabledReason::NoSuccess)
    }
}

/// What becomes of an event whose delivery failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTry {
    /// It is tried again at this moment.
    At(Instant),
    /// It is tried no more, unless somebody asks to have it sent again.
    GivenUp,
}

/// What becomes of an event whose delivery failed at `now`, after so many `attempts` (this one
/// included), of which the first was at `first_on`. `health` is that of the webhook after this
/// failure: while nothing of the webhook has succeeded since the event was tried first, it is not
/// given up, and the last interval repeats.
///
/// `jitter` is a random number, any at all: it moves the retry by up to a fifth of its interval.
pub fn after_failure(
    attempts: u32,
    first_on: Instant,
    health: Health,
    now: Instant,
    jitter: u32,
) -> NextTry {
    let others_succeed = health.failing_since.is_none_or(|since| first_on < since);
    if attempts >= MOST_ATTEMPTS && others_succeed {
        return NextTry::GivenUp;
    }
    NextTry::At(now + interval(attempts, jitter))
}

/// How long after the `attempts`-th attempt the next one comes.
fn interval(attempts: u32, jitter: u32) -> Duration {
    let last = INTERVALS.len() - 1;
    let index = usize::try_from(attempts.saturating_sub(1)).map_or(last, |index| index.min(last));
    let thousandths = 1000 - SPREAD + i64::from(jitter) % (2 * SPREAD + 1);
    let micros = INTERVALS[index].whole_seconds() * 1000 * thousandths;
    Duration::microseconds(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::second;

    /// The jitter that moves nothing.
    const NONE: u32 = 200;

    fn failed(attempts: u32, health: Health, jitter: u32) -> NextTry {
        after_failure(attempts, second(0), health, second(1_000), jitter)
    }

    fn failing_since(seconds: i64) -> Health {
        Health::default().after_failure(second(seconds))
    }

    #[test]
    fn retries_come_after_the_intervals_of_the_schedule() {
        let waits: Vec<_> = (1..=9)
            .map(
                |attempts| match failed(attempts, failing_since(1_000), NONE) {
                    NextTry::At(at) => at.since(second(1_000)).whole_seconds(),
                    NextTry::GivenUp => 0,
                },
            )
            .collect();
        assert_eq!(
            waits,
            [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
        );
    }

    #[test]
    fn jitter_moves_a_retry_by_at_most_a_fifth() {
        let wait = |jitter| match failed(2, failing_since(1_000), jitter) {
            NextTry::At(at) => at.since(second(1_000)).whole_seconds(),
            NextTry::GivenUp => 0,
        };
        assert_eq!([wait(0), wait(NONE), wait(400)], [240, 300, 360]);
        for jitter in [1, 399, 401, u32::MAX] {
            assert!((240..=360).contains(&wait(jitter)), "{jitter}");
        }
    }

    #[test]
    fn the_tenth_failure_gives_an_event_up_where_others_succeed() {
        assert_eq!(failed(10, failing_since(900), NONE), NextTry::GivenUp);
        assert_eq!(failed(10, Health::default(), NONE), NextTry::GivenUp);
        assert_ne!(failed(9, failing_since(900), NONE), NextTry::GivenUp);
    }

    #[test]
    fn while_nothing_succeeds_the_last_interval_repeats() {
        for attempts in [10, 11, u32::MAX] {
            let day = NextTry::At(second(1_000 + 86_400));
            assert_eq!(failed(attempts, failing_since(0), NONE), day);
        }
    }

    #[test]
    fn five_days_without_a_success_disable() {
        let health = failing_since(0).after_failure(second(100));
        assert_eq!(health.failing_since, Some(second(0)));
        let five_days = second(5 * 86_400);
        assert_eq!(health.disabled(five_days - Duration::microseconds(1)), None);
        assert_eq!(health.disabled(five_days), Some(DisabledReason::NoSuccess));
        assert_eq!(health.after_success().disabled(five_days), None);
    }

    #[test]
    fn a_receiver_is_left_alone_for_a_day_at_most() {
        let held = |wait| Health::default().held(second(0), wait).hold_until;
        assert_eq!(held(Duration::seconds(30)), Some(second(30)));
        assert_eq!(held(Duration::days(3)), Some(second(86_400)));
        assert_eq!(held(Duration::seconds(-1)), Some(second(0)));
        let health = Health::default().held(second(0), Duration::seconds(30));
        assert!(health.is_held(second(29)) && !health.is_held(second(30)));
        let shorter = health.held(second(1), Duration::seconds(5));
        assert_eq!(shorter.hold_until, Some(second(30)));
        assert_eq!(shorter.after_success(), health);
    }
}
