//! What of a request expires, and when: rows that say when something is due, and what they are about.

use std::collections::BTreeMap;

use accolade_application::answer::{Answer, EarnOutcome, Imported};
use accolade_domain::enrolment::Outcome;
use accolade_domain::event::{EventKind, is_expiry_told};
use accolade_domain::ids::{BadgeId, CustomerId, ObjectId};
use accolade_domain::instant::Instant;

/// What a request recorded that expires at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expiry {
    pub(crate) due_on: Instant,
    /// How many enrolments, or earned badges, they are.
    pub(crate) customers: i32,
}

/// When what was recorded at `recorded_on` becomes events, given when each of it expires.
pub(crate) fn expiries(
    recorded_on: Instant,
    each: impl IntoIterator<Item = Instant>,
) -> Vec<Expiry> {
    let mut counts: BTreeMap<Instant, i32> = BTreeMap::new();
    for expires_on in each {
        if is_expiry_told(expires_on, recorded_on) {
            *counts.entry(expires_on).or_default() += 1;
        }
    }
    let counts = counts.into_iter();
    counts
        .map(|(due_on, customers)| Expiry { due_on, customers })
        .collect()
}

/// An enrolment, or an earned badge, that a request has recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Its place among the outcomes of the answer.
    pub(crate) place: u32,
    pub(crate) badge: BadgeId,
    pub(crate) customer: CustomerId,
    pub(crate) id: ObjectId,
    pub(crate) expires_on: Instant,
}

/// What the request with this answer has recorded, and the kind of the event when it expires; nothing
/// if it is of another kind.
pub(crate) fn recorded(answer: &Answer) -> Option<(EventKind, Vec<Recorded>)> {
    match answer {
        Answer::Enrolment(answer) => {
            let recorded = (0..).zip(&answer.outcomes).filter_map(|(place, it)| {
                let Outcome::Enrolled(enrolment) = it.outcome else {
                    return None;
                };
                Some(Recorded {
                    place,
                    badge: answer.badge,
                    customer: it.customer,
                    id: enrolment.0,
                    expires_on: answer.expires_on,
                })
            });
            Some((EventKind::EnrolmentExpired, recorded.collect()))
        }
        Answer::Earned(answer) => {
            let recorded = (0..).zip(&answer.outcomes).filter_map(|(place, it)| {
                let EarnOutcome::Earned(earned, _) = it.outcome else {
                    return None;
                };
                Some(Recorded {
                    place,
                    badge: answer.badge,
                    customer: it.customer,
                    id: earned.0,
                    expires_on: answer.expires_on,
                })
            });
            Some((EventKind::EarnExpired, recorded.collect()))
        }
        Answer::Imported { outcomes, .. } => {
            let recorded = (0..).zip(outcomes).filter_map(|(place, it)| {
                let Imported::Recorded {
                    badge,
                    customer,
                    earned,
                    expires_on,
                } = *it
                else {
                    return None;
                };
                Some(Recorded {
                    place,
                    badge,
                    customer,
                    id: earned.0,
                    expires_on,
                })
            });
            Some((EventKind::EarnExpired, recorded.collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use accolade_domain::fixtures::second;

    use super::*;

    #[test]
    fn what_expires_at_one_instant_is_counted_together_the_earliest_first() {
        let each = [9, 5, 9, 3, 4]
            .map(second)
            .into_iter()
            .chain([Instant::MAX]);
        let expected = [(5, 1), (9, 2)].map(|(due_on, customers)| Expiry {
            due_on: second(due_on),
            customers,
        });
        assert_eq!(expiries(second(4), each), expected);
    }
}
