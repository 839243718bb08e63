//! What a customer has of one badge, and what a list says about it.

use crate::earning::{EarnedBadge, covering};
use crate::enrolment::Enrolment;
use crate::ids::BadgeId;
use crate::instant::Instant;

/// What a customer has of one badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The badge.
    pub badge: BadgeId,
    /// The customer's enrolments, revoked ones included, in the order in which they were recorded.
    pub enrolments: Vec<Enrolment>,
    /// When the last enrolment was recorded, revoked ones included.
    pub last_issued_on: Option<Instant>,
    /// What the customer has earned.
    pub earns: EarnTotals,
}

impl Holding {
    /// Nothing at all of `badge`.
    pub const fn empty(badge: BadgeId) -> Self {
        Self {
            badge,
            enrolments: Vec::new(),
            last_issued_on: None,
            earns: EarnTotals::NONE,
        }
    }

    /// Whether an enrolment holds at `now`.
    pub fn is_enrolled(&self, now: Instant) -> bool {
        covering(&self.enrolments, now).is_some()
    }
}

/// Totals of a customer's earned badges of one kind at one moment. Revoked ones are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EarnTotals {
    /// How many there are.
    pub earned: u64,
    /// How many of them have not expired.
    pub unexpired: u64,
    /// When the last was recorded.
    pub last_earned_on: Option<Instant>,
    /// The latest event date.
    pub last_event_on: Option<Instant>,
    /// When the last of those that have expired did so.
    pub last_expired_on: Option<Instant>,
}

impl EarnTotals {
    /// Of nothing.
    pub const NONE: Self = Self {
        earned: 0,
        unexpired: 0,
        last_earned_on: None,
        last_event_on: None,
        last_expired_on: None,
    };

    /// The totals of `earns` at `now`.
    pub fn new<'a>(earns: impl IntoIterator<Item = &'a EarnedBadge>, now: Instant) -> Self {
        let mut totals = Self::NONE;
        for earned in earns {
            if earned.revoked_on.is_some() {
                continue;
            }
            totals.earned += 1;
            totals.last_earned_on = totals.last_earned_on.max(Some(earned.earned_on));
            totals.last_event_on = totals.last_event_on.max(Some(earned.event_on));
            if earned.expires_on > now {
                totals.unexpired += 1;
            } else {
                totals.last_expired_on = totals.last_expired_on.max(Some(earned.expires_on));
            }
        }
        totals
    }
}

/// How a customer stands to a badge. Revoked earns are left out everywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The customer's enrolment that holds now, else the one recorded last; if that is revoked, and others will hold,
    /// the last of those.
    pub enrolment: Option<Enrolment>,
    /// When the customer was last enrolled (recorded), revoked enrolments included.
    pub last_issued_on: Option<Instant>,
    /// How many earns there are.
    pub earned: u64,
    /// How many of them have not expired.
    pub earned_unexpired: u64,
    /// When the last was recorded.
    pub last_earned_on: Option<Instant>,
    /// The latest event date.
    pub last_event_on: Option<Instant>,
}

impl Standing {
    /// How a customer who has `holding` stands to its badge at `now`.
    pub fn new(holding: &Holding, now: Instant) -> Self {
        let enrolments = &holding.enrolments;
        let earns = holding.earns;
        let last = enrolments.last();
        let will_hold = |it: &&Enrolment| it.revoked_on.is_none() && now < it.hold.event_on();
        Self {
            enrolment: covering(enrolments, now)
                .or(last.filter(|it| it.revoked_on.is_none()))
                .or_else(|| enrolments.iter().rfind(will_hold))
                .or(last)
                .copied(),
            last_issued_on: holding.last_issued_on,
            earned: earns.earned,
            earned_unexpired: earns.unexpired,
            last_earned_on: earns.last_earned_on,
            last_event_on: earns.last_event_on,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrolment::Hold;
    use crate::fixtures::{at, badge};

    fn second(second: i64) -> Instant {
        Instant::from_unix_seconds(second).unwrap()
    }

    fn enrolment(from: i64, until: i64) -> Enrolment {
        Enrolment {
            id: "69381523cebb9648d8974501".parse().unwrap(),
            hold: Hold::new(second(from), second(until)).unwrap(),
            revoked_on: None,
        }
    }

    fn earned(event_on: i64, earned_on: i64, expires_on: i64) -> EarnedBadge {
        EarnedBadge {
            id: "66da90618bdb494a4f065774".parse().unwrap(),
            enrolment: None,
            event_on: second(event_on),
            earned_on: second(earned_on),
            expires_on: second(expires_on),
            revoked_on: None,
            imported: false,
        }
    }

    #[test]
    fn a_standing_has_the_enrolment_that_holds_now_else_the_one_recorded_last() {
        let mut holding = Holding {
            enrolments: vec![enrolment(10, 20), enrolment(30, 40), enrolment(1, 5)],
            ..Holding::empty(badge().id)
        };
        let shown = |holding: &Holding, now| {
            let standing = Standing::new(holding, second(now));
            standing.enrolment.unwrap().hold.event_on()
        };
        for (now, from) in [(9, 1), (10, 10), (19, 10), (20, 1), (35, 30), (50, 1)] {
            assert_eq!(shown(&holding, now), second(from), "{now}");
            assert_eq!(holding.is_enrolled(second(now)), from != 1, "{now}");
        }
        // As after a merge, by which the later of two that overlapped was revoked.
        holding.enrolments[2].revoked_on = Some(at("2026-01-01T00:00:00Z"));
        for (now, from) in [(9, 30), (10, 10), (20, 30), (50, 1)] {
            assert_eq!(shown(&holding, now), second(from), "{now}");
        }
        for held in &mut holding.enrolments {
            held.revoked_on = Some(at("2026-01-01T00:00:00Z"));
        }
        assert_eq!(shown(&holding, 10), second(1));
        assert!(!holding.is_enrolled(second(10)));
    }

    #[test]
    fn totals_leave_revoked_earns_out_and_an_earn_that_expires_now_has_expired() {
        let mut revoked = earned(99, 99, 99);
        revoked.revoked_on = Some(second(99));
        let earns = [
            earned(-9, -2, 10),
            earned(-3, -5, 11),
            earned(-4, -4, 9),
            revoked,
        ];
        let expected = EarnTotals {
            earned: 3,
            unexpired: 1,
            last_earned_on: Some(second(-2)),
            last_event_on: Some(second(-3)),
            last_expired_on: Some(second(10)),
        };
        assert_eq!(EarnTotals::new(&earns, second(10)), expected);
        assert_eq!(EarnTotals::new(&earns[3..], second(10)), EarnTotals::NONE);
    }
}
