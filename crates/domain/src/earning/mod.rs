//! Earning: who may earn a badge, how often, and until when it is kept.
//!
//! An earn is judged in three steps. [`terms`] asks what concerns the whole
//! request. [`covering`] finds the enrolment that an earn rests on. [`limits`]
//! lists the limits that must have room, the customer's before the badge's. What an
//! earn took of them, and whether it was the last place, [`Places`] has.

mod allotment;
mod limit;
mod places;
mod terms;
mod window;

pub use allotment::{Counted, allot};
pub use limit::{
    Limit, Scope, Span, counted_window, earning_time, governing_window, leaves_rolling, limits,
    rolling_since, tiled_by,
};
pub use places::{Edge, Places, RollingEarn, is_told_again, quiet_since, told_last};
pub use terms::{EarnTerms, EventDate, terms};
pub use window::{Window, Windows};

use crate::enrolment::Enrolment;
use crate::ids::{EarnedBadgeId, EnrolmentId};
use crate::instant::Instant;

/// A badge that a customer has earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarnedBadge {
    /// Its id (wire: `earnedBadgeId`).
    pub id: EarnedBadgeId,
    /// The enrolment that it rests on; `None` if it was earned directly or imported.
    pub enrolment: Option<EnrolmentId>,
    /// When the customer fulfilled the criteria (wire: `earnEventDate`).
    pub event_on: Instant,
    /// When it was recorded (wire: `earnedOn`).
    pub earned_on: Instant,
    /// When it expires.
    pub expires_on: Instant,
    /// When it was revoked, if it was.
    pub revoked_on: Option<Instant>,
    /// Whether it was imported: rolling windows do not count it.
    pub imported: bool,
}

impl EarnedBadge {
    /// Whether it counts under a limit with this span.
    pub fn counts(&self, span: Span) -> bool {
        self.revoked_on.is_none()
            && match span {
                Span::AllTime => true,
                Span::Fixed { window, .. } => window.contains(self.event_on),
                Span::Rolling { since, .. } => !self.imported && self.earned_on > since,
            }
    }

    /// Its state at `now`.
    pub fn status(&self, now: Instant) -> EarnedStatus {
        if self.revoked_on.is_some() {
            EarnedStatus::Revoked
        } else if self.expires_on <= now {
            EarnedStatus::Expired
        } else {
            EarnedStatus::Active
        }
    }
}

/// The state of an earned badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "UPPERCASE")
)]
pub enum EarnedStatus {
    /// The customer has it.
    Active,
    /// It expired.
    Expired,
    /// It was taken back.
    Revoked,
}

impl EarnedStatus {
    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Expired => "EXPIRED",
            Self::Revoked => "REVOKED",
        }
    }
}

/// The enrolment that an earn at `event_on` rests on: the one that is not
/// revoked and holds then. There is at most one, since they do not overlap.
pub fn covering(held: &[Enrolment], event_on: Instant) -> Option<&Enrolment> {
    held.iter().find(|enrolment| {
        enrolment.revoked_on.is_none()
            && enrolment.hold.event_on() <= event_on
            && event_on < enrolment.hold.expires_on()
    })
}
