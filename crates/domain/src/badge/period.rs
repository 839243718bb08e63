//! The time in which a badge lives, and where in it a moment stands.

use crate::instant::Instant;
use crate::rejection::{Code, Rejection};

/// When a badge starts and ends: the start lies before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BadgePeriod {
    starts_on: Instant,
    expires_on: Instant,
}

impl BadgePeriod {
    /// The period from `starts_on` to `expires_on`.
    ///
    /// # Errors
    /// 720 unless the start lies before the end.
    pub fn new(starts_on: Instant, expires_on: Instant) -> Result<Self, Rejection> {
        if starts_on < expires_on {
            Ok(Self {
                starts_on,
                expires_on,
            })
        } else {
            Err(Rejection::new(Code::StartNotBeforeEnd).at_field("startOn"))
        }
    }

    /// The first moment (wire: `startOn`).
    pub const fn starts_on(self) -> Instant {
        self.starts_on
    }

    /// The last moment (wire: `expiresOn`).
    pub const fn expires_on(self) -> Instant {
        self.expires_on
    }

    /// Whether an event at `moment` falls into the period, both ends included.
    pub fn contains(self, moment: Instant) -> bool {
        self.starts_on <= moment && moment <= self.expires_on
    }

    /// Where `now` stands in the period.
    pub fn status(self, now: Instant) -> BadgeStatus {
        if now < self.starts_on {
            BadgeStatus::Upcoming
        } else if now < self.expires_on {
            BadgeStatus::Live
        } else {
            BadgeStatus::Expired
        }
    }
}

/// The state of a badge by the clock alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "UPPERCASE")
)]
pub enum BadgeStatus {
    /// It starts in the future.
    Upcoming,
    /// It has started and not ended.
    Live,
    /// It has ended.
    Expired,
}

impl BadgeStatus {
    /// Every status.
    pub const ALL: &[Self] = &[Self::Upcoming, Self::Live, Self::Expired];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upcoming => "UPCOMING",
            Self::Live => "LIVE",
            Self::Expired => "EXPIRED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_belong_to_the_period_and_the_end_is_expired() {
        let at = |s| Instant::from_unix_seconds(s).unwrap();
        let period = BadgePeriod::new(at(10), at(20)).unwrap();
        assert_eq!(
            [9, 10, 20, 21].map(|s| period.contains(at(s))),
            [false, true, true, false]
        );
        assert_eq!(
            [9, 10, 19, 20].map(|s| period.status(at(s)).name()),
            ["UPCOMING", "LIVE", "LIVE", "EXPIRED"]
        );
    }

    #[test]
    fn a_period_without_length_is_refused_with_720() {
        let at = Instant::from_unix_seconds(10).unwrap();
        assert_eq!(BadgePeriod::new(at, at).unwrap_err().code.number(), 720);
    }
}
