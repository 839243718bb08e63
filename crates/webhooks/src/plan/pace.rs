//! How fast requests may follow each other.

use std::collections::VecDeque;

use accolade_domain::instant::Instant;
use time::Duration;

/// Counts requests, so that no second has more than it may.
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
        let oldest = self.begun.front().filter(|_| self.begun.len() >= most)?;
        Some(*oldest + Duration::SECOND)
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
