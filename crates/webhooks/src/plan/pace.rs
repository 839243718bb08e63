//! How fast requests may follow each other.

use std::collections::VecDeque;

use accolade_domain::instant::Instant;
use time::Duration;

/// How many requests may begin at once, however few a second may have; of more, a tenth of a second's.
const BURST: usize = 10;

/// Counts requests, so that no second has more than it may, and they are spread over it: many at once
/// would take turns from those who call, and are no good to the receiver either.
#[derive(Debug)]
pub(super) struct Pace {
    most: Option<usize>,
    /// When the last ones began, at most as many as a second may have.
    begun: VecDeque<Instant>,
}

impl Pace {
    /// At most so many requests in any second; `None`: as many as there are.
    pub(super) const fn new(per_second: Option<usize>) -> Self {
        Self {
            most: per_second,
            begun: VecDeque::new(),
        }
    }

    /// From when on the next request may begin; `None`: at once, whenever that is.
    pub(super) fn next_on(&self) -> Option<Instant> {
        let most = self.most?;
        let burst = BURST.max(most / 10);
        let micros = (1_000_000 * burst).div_ceil(most);
        let in_time = Duration::microseconds(i64::try_from(micros).unwrap_or(i64::MAX));
        let of_a_second = self.on(most, Duration::SECOND);
        let of_a_burst = self.on(burst, in_time).filter(|_| burst < most);
        of_a_second.max(of_a_burst)
    }

    /// From when on the next request is not one more than `many` in this time.
    fn on(&self, many: usize, time: Duration) -> Option<Instant> {
        let place = self.begun.len().checked_sub(many)?;
        self.begun.get(place).map(|begun| *begun + time)
    }

    /// Counts a request that began at `now`.
    pub(super) fn begin(&mut self, now: Instant) {
        let Some(most) = self.most else {
            return;
        };
        if self.begun.len() >= most {
            self.begun.pop_front();
        }
        self.begun.push_back(now);
    }
}
