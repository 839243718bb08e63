//! Enrolments: who may be enrolled for a badge, from when until when.
//!
//! A request to enrol is judged in two steps. [`terms`] asks what concerns the
//! whole request: is the badge on, may this owner act on it, does the event
//! fall into its period. [`decide`] then asks for one customer whether the new
//! enrolment overlaps one that the customer has. [`to_revoke`] says which enrolments a
//! wish to revoke means.

mod hold;
mod revocation;
mod terms;

pub use hold::Hold;
pub use revocation::to_revoke;
pub use terms::terms;

use crate::ids::{CustomerId, EnrolmentId};
use crate::instant::Instant;

/// An enrolment of one customer for one badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolment {
    /// Its id (wire: `issuedId`).
    pub id: EnrolmentId,
    /// When it holds.
    pub hold: Hold,
    /// When it was revoked, if it was.
    pub revoked_on: Option<Instant>,
}

impl Enrolment {
    /// Its state at `now`.
    pub fn status(&self, now: Instant) -> EnrolmentStatus {
        if self.revoked_on.is_some() {
            EnrolmentStatus::Revoked
        } else {
            EnrolmentStatus::of(self.hold, now)
        }
    }
}

/// The state of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "UPPERCASE")
)]
pub enum EnrolmentStatus {
    /// It holds.
    Active,
    /// Its event date is in the future.
    Upcoming,
    /// It held and expired.
    Expired,
    /// It was taken back.
    Revoked,
}

impl EnrolmentStatus {
    /// Every status.
    pub const ALL: &[Self] = &[Self::Active, Self::Upcoming, Self::Expired, Self::Revoked];

    /// The status, at `now`, of an enrolment that has this hold and is not revoked.
    pub fn of(hold: Hold, now: Instant) -> Self {
        if hold.expires_on() <= now {
            Self::Expired
        } else if hold.event_on() > now {
            Self::Upcoming
        } else {
            Self::Active
        }
    }

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Upcoming => "UPCOMING",
            Self::Expired => "EXPIRED",
            Self::Revoked => "REVOKED",
        }
    }
}

/// The enrolment that stands in the way of one that would hold during `wanted`:
/// of those not revoked that overlap it, the one with the earliest event date
/// (of several at one moment, which cannot be, the first); `None` if the
/// customer can be enrolled.
///
/// ```
/// use accolade_domain::enrolment::{Enrolment, Hold, decide};
/// use accolade_domain::instant::Instant;
///
/// let hold = |from, until| {
///     let at = |s| Instant::from_unix_seconds(s).unwrap();
///     Hold::new(at(from), at(until)).unwrap()
/// };
/// let held = [Enrolment {
///     id: "69381523cebb9648d8974534".parse().unwrap(),
///     hold: hold(10, 20),
///     revoked_on: None,
/// }];
/// assert_eq!(decide(&held, hold(15, 25)), Some(&held[0]));
/// assert_eq!(decide(&held, hold(20, 25)), None);
/// ```
pub fn decide(held: &[Enrolment], wanted: Hold) -> Option<&Enrolment> {
    held.iter()
        .filter(|enrolment| enrolment.revoked_on.is_none() && enrolment.hold.overlaps(wanted))
        .min_by_key(|enrolment| enrolment.hold.event_on())
}

/// What became of one customer of a request to enrol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CustomerOutcome {
    /// The customer.
    pub customer: CustomerId,
    /// Whether the customer was enrolled.
    pub outcome: Outcome,
    /// The state of the enrolment that the outcome names, when the request was executed.
    pub status: EnrolmentStatus,
}

/// Whether a customer was enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Outcome {
    /// Enrolled, with this id.
    Enrolled(EnrolmentId),
    /// Refused with 1040: this enrolment stands in the way.
    AlreadyEnrolled(EnrolmentId),
    /// A dry run: the customer would be enrolled.
    WouldEnrol,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;

    fn enrolment(id: &str, from: &str, until: &str) -> Enrolment {
        Enrolment {
            id: id.parse().unwrap(),
            hold: Hold::new(at(from), at(until)).unwrap(),
            revoked_on: None,
        }
    }

    #[test]
    fn of_several_that_overlap_the_earliest_stands_in_the_way() {
        let held = [
            enrolment(
                "69381523cebb9648d8974502",
                "2026-02-01T00:00:00Z",
                "2026-03-01T00:00:00Z",
            ),
            enrolment(
                "69381523cebb9648d8974501",
                "2026-01-01T00:00:00Z",
                "2026-02-01T00:00:00Z",
            ),
        ];
        let wanted = Hold::new(at("2026-01-15T00:00:00Z"), at("2026-02-15T00:00:00Z")).unwrap();
        assert_eq!(decide(&held, wanted), Some(&held[1]));
    }

    #[test]
    fn a_revoked_enrolment_stands_in_nobodys_way() {
        let mut held = enrolment(
            "69381523cebb9648d8974501",
            "2026-01-01T00:00:00Z",
            "2026-02-01T00:00:00Z",
        );
        held.revoked_on = Some(at("2026-01-02T00:00:00Z"));
        assert_eq!(decide(&[held], held.hold), None);
        assert_eq!(
            held.status(at("2026-01-03T00:00:00Z")),
            EnrolmentStatus::Revoked
        );
    }

    #[test]
    fn the_status_turns_at_the_event_date_and_at_the_expiry() {
        let held = enrolment(
            "69381523cebb9648d8974501",
            "2026-01-01T00:00:00Z",
            "2026-02-01T00:00:00Z",
        );
        let status = |now| held.status(at(now)).name();
        assert_eq!(status("2025-12-31T23:59:59Z"), "UPCOMING");
        assert_eq!(status("2026-01-01T00:00:00Z"), "ACTIVE");
        assert_eq!(status("2026-01-31T23:59:59Z"), "ACTIVE");
        assert_eq!(status("2026-02-01T00:00:00Z"), "EXPIRED");
    }
}
