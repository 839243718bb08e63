//! The place of an event in the feed of its org.

use std::fmt;

/// What is wrong with a number that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("positions are whole numbers from 0 on")]
pub struct NotAPosition;

/// The place of an event in the feed of its org: the first has 1, and no number is left out. As a
/// cursor it stands for all events up to it; [`Position::START`] is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(i64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl TryFrom<i64> for Position {
    type Error = NotAPosition;

    fn try_from(number: i64) -> Result<Self, NotAPosition> {
        if number >= 0 {
            Ok(Self(number))
        } else {
            Err(NotAPosition)
        }
    }
}

impl From<Position> for i64 {
    fn from(position: Position) -> Self {
        position.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
