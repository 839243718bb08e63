//! Chance that can be had again: everything random in a round comes from the round's seed.

use std::ops::RangeInclusive;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// A source of random choices.
#[derive(Debug)]
pub(crate) struct Chance(StdRng);

impl Chance {
    /// The choices of `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// Another source, for a thread of its own.
    pub(crate) fn child(&mut self) -> Self {
        Self::new(self.0.random())
    }

    /// A number of a range.
    pub(crate) fn number(&mut self, range: RangeInclusive<i64>) -> i64 {
        self.0.random_range(range)
    }

    /// How many, of a range.
    pub(crate) fn count(&mut self, range: RangeInclusive<usize>) -> usize {
        self.0.random_range(range)
    }

    /// A time of up to so many milliseconds.
    pub(crate) fn millis(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.0.random_range(0..=most))
    }

    /// Whether something happens that happens once in `times`.
    pub(crate) fn once_in(&mut self, times: u32) -> bool {
        self.0.random_ratio(1, times)
    }

    /// One of several.
    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.0.random_range(0..from.len())]
    }

    /// Takes one of several out of them; `None` if there is none.
    pub(crate) fn take<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        if from.is_empty() {
            return None;
        }
        let place = self.0.random_range(0..from.len());
        Some(from.swap_remove(place))
    }
}
