//! Up to which number of the outbox nothing comes any more.
//!
//! What has got its positions is deleted from the outbox, but as long as anybody keeps an old snapshot
//! open it lies there, and whoever looks for more walks over it. So each server remembers from where on
//! it has to look. A number can come late as long as the transaction that drew it is open, and that one
//! has held the table's lock since before it drew it: once all are gone that held it when a number was
//! the last one, and all that was committed has its positions, nothing comes up to that number.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After so long a look begins at the beginning, should the numbers have begun anew, as on a copy of the
/// database that takes over and is behind.
const ALL_OVER: Duration = Duration::from_mins(1);

/// Who writes to the outbox at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Writing {
    /// The last number that had been drawn, a moment before.
    pub(crate) last_number: i64,
    /// The transactions that may have drawn one and are open.
    pub(crate) open: BTreeSet<String>,
}

/// What a server knows of it.
#[derive(Default)]
pub(crate) struct Settled {
    up_to: AtomicI64,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    before: Option<Writing>,
    /// When the last look that began at the beginning did.
    all_over_on: Option<Instant>,
}

impl Seen {
    /// Whether it is long ago that somebody looked from the beginning on.
    fn is_old(&self, now: Instant) -> bool {
        (self.all_over_on).is_none_or(|on| now.saturating_duration_since(on) >= ALL_OVER)
    }
}

/// One look for all that is in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Only what is behind this number.
    pub(crate) from: i64,
    /// Once all of that has its positions, nothing comes any more up to this number.
    settles: Option<i64>,
}

impl Settled {
    /// Nothing comes any more up to this number.
    pub(crate) fn up_to(&self) -> i64 {
        self.up_to.load(Ordering::Relaxed)
    }

    /// Whether there is nothing to look for, if this number was the last one a moment before `now`: nothing
    /// comes up to it, and what comes behind it had drawn no number yet.
    pub(crate) fn is_all(&self, last_number: i64, now: Instant) -> bool {
        last_number == self.up_to() && !self.seen().is_old(now)
    }

    /// As if nothing had been looked for yet.
    pub(crate) fn forget(&self) {
        *self.seen() = Seen::default();
        self.up_to.store(0, Ordering::Relaxed);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to look for at `now`, if those write who are `writing`.
    pub(crate) fn look(&self, writing: Writing, now: Instant) -> Look {
        let mut seen = self.seen();
        if writing.last_number < self.up_to() {
            self.up_to.store(0, Ordering::Relaxed);
            seen.before = None;
        }
        let from = if seen.is_old(now) {
            seen.all_over_on = Some(now);
            0
        } else {
            self.up_to()
        };
        let is_over = |before: &Writing| before.open.is_disjoint(&writing.open);
        let settles = seen.before.take_if(|before| is_over(before));
        seen.before.get_or_insert(writing);
        Look {
            from,
            settles: settles.map(|before| before.last_number),
        }
    }

    /// All that `look` was for has its positions.
    pub(crate) fn looked(&self, look: Look) {
        if let Some(number) = look.settles {
            self.up_to.fetch_max(number, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writing(last_number: i64, open: &[&str]) -> Writing {
        Writing {
            last_number,
            open: open.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    fn look(settled: &Settled, last_number: i64, open: &[&str]) -> i64 {
        let look = settled.look(writing(last_number, open), Instant::now());
        settled.looked(look);
        settled.up_to()
    }

    #[test]
    fn a_number_is_settled_once_all_are_gone_who_wrote_when_it_was_the_last() {
        let settled = Settled::default();
        assert_eq!(look(&settled, 5, &["a", "b"]), 0);
        assert_eq!(look(&settled, 9, &["b", "c"]), 0);
        assert_eq!(look(&settled, 12, &["c"]), 5);
        assert_eq!(look(&settled, 13, &["c"]), 5);
        assert_eq!(look(&settled, 13, &["d"]), 12);
    }

    #[test]
    fn what_is_settled_up_to_the_last_number_is_not_looked_for_until_all_is_looked_for_again() {
        let settled = Settled::default();
        let now = Instant::now();
        // Who has not looked yet knows nothing.
        assert!(!settled.is_all(0, now));
        assert_eq!(look(&settled, 5, &[]), 0);
        assert!(!settled.is_all(5, now));
        assert_eq!(look(&settled, 5, &[]), 5);
        assert!(settled.is_all(5, now));
        assert!(!settled.is_all(6, now));
        let later = now + ALL_OVER * 2;
        assert!(!settled.is_all(5, later));
        assert_eq!(settled.look(writing(5, &[]), later).from, 0);
        assert!(settled.is_all(5, later));
        assert_eq!(settled.look(writing(6, &[]), later).from, 5);
    }

    #[test]
    fn what_was_not_looked_for_to_the_end_settles_nothing() {
        let settled = Settled::default();
        look(&settled, 5, &[]);
        settled.look(writing(7, &[]), Instant::now());
        assert_eq!(settled.up_to(), 0);
    }

    #[test]
    fn numbers_that_begin_anew_are_looked_for_from_the_beginning() {
        let settled = Settled::default();
        look(&settled, 5, &[]);
        assert_eq!(look(&settled, 7, &[]), 5);
        assert_eq!(settled.look(writing(3, &[]), Instant::now()).from, 0);
    }
}
