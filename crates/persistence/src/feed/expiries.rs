//! What of a request expires, and when: rows that say when something is due, and what they are about.

use std::collections::BTreeMap;

use accolade_application::answer::{Answer, EarnOutcome, Imported};
use accolade_domain::enrolment::Outcome;
use accolade_domain::event::{EventKind, is_expiry_told};
use accolade_domain::ids::{BadgeId, CustomerId, ObjectId};
use accolade_domain::instant::Instant;

use crate::answers::{KeptAnswer, Placed};
use crate::feed::expiry_sql::DueSet;

/// What a request recorded that expires at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expiry {
    pub(crate) due_on: Instant,
    /// How many enrolments, or earned badges, they are.
    pub(crate) customers: i32,
}

impl Expiry {
    /// The same, of the request with this number.
    pub(crate) const fn of_request(self, number: i64) -> DueSet {
        DueSet {
            due_on: self.due_on.unix_micros(),
            ledger_no: number,
            requests: 1,
            customers: self.customers,
        }
    }
}

/// How many enrolments and earned badges of several requests are one row at most: whoever tells of a part of
/// them reads the answers of all of them.
const MOST_TOGETHER: i32 = 1_000;

/// `due` with those of requests that follow each other put together, if they are due at the same instant; by
/// that, then by request.
pub(crate) fn together(mut due: Vec<DueSet>) -> Vec<DueSet> {
    due.sort_unstable_by_key(|it| (it.due_on, it.ledger_no));
    let mut together: Vec<DueSet> = Vec::new();
    for it in due {
        match together.last_mut() {
            Some(last)
                if last.due_on == it.due_on
                    && last.numbers().end == it.ledger_no
                    && last.customers + it.customers <= MOST_TOGETHER =>
            {
                last.requests += it.requests;
                last.customers += it.customers;
            }
            _ => together.push(it),
        }
    }
    together
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
    /// Whose, and its id; `None` if the customer was forgotten.
    pub(crate) of: Option<(CustomerId, ObjectId)>,
    pub(crate) expires_on: Instant,
}

/// What the request with this answer has recorded, and the kind of the event when it expires; nothing
/// if it is of another kind. What was a forgotten customer's is there as well, so that what expires at
/// one instant stays as much as it was.
pub(crate) fn recorded(kept: &KeptAnswer) -> Option<(EventKind, Vec<Recorded>)> {
    match &kept.answer {
        Answer::Enrolment(answer) => {
            let places = (0..).zip(kept.places(&answer.outcomes));
            let recorded = places.filter_map(|(place, it)| {
                let of = match it {
                    Placed::Outcome(it) => match it.outcome {
                        Outcome::Enrolled(enrolment) => Some((it.customer, enrolment.0)),
                        _ => return None,
                    },
                    Placed::Forgotten(it) if it.was_recorded => None,
                    Placed::Forgotten(_) => return None,
                };
                Some(Recorded {
                    place,
                    badge: answer.badge,
                    of,
                    expires_on: answer.expires_on,
                })
            });
            Some((EventKind::EnrolmentExpired, recorded.collect()))
        }
        Answer::Earned(answer) => {
            let places = (0..).zip(kept.places(&answer.outcomes));
            let recorded = places.filter_map(|(place, it)| {
                let of = match it {
                    Placed::Outcome(it) => match it.outcome {
                        EarnOutcome::Earned(earned, _) => Some((it.customer, earned.0)),
                        _ => return None,
                    },
                    Placed::Forgotten(it) if it.was_recorded => None,
                    Placed::Forgotten(_) => return None,
                };
                Some(Recorded {
                    place,
                    badge: answer.badge,
                    of,
                    expires_on: answer.expires_on,
                })
            });
            Some((EventKind::EarnExpired, recorded.collect()))
        }
        Answer::Imported { outcomes, .. } => {
            let left = outcomes.iter();
            let left = left.filter(|it| !matches!(it, Imported::Forgotten));
            let places = (0..).zip(kept.places(left));
            let recorded = places.filter_map(|(place, it)| {
                let (badge, expires_on, of) = match it {
                    Placed::Outcome(Imported::Recorded {
                        badge,
                        customer,
                        earned,
                        expires_on,
                    }) => (*badge, *expires_on, Some((*customer, earned.0))),
                    Placed::Outcome(_) => return None,
                    Placed::Forgotten(it) => {
                        let (badge, expires_on) = it.import?;
                        (badge, expires_on, None)
                    }
                };
                Some(Recorded {
                    place,
                    badge,
                    of,
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

    fn due(second_due: i64, number: i64, requests: i32, customers: i32) -> DueSet {
        DueSet {
            due_on: second(second_due).unix_micros(),
            ledger_no: number,
            requests,
            customers,
        }
    }

    #[test]
    fn what_requests_that_follow_each_other_recorded_is_due_together_at_one_instant() {
        let each = [
            (9, 8, 1),
            (9, 2, 1),
            (9, 1, 2),
            (8, 5, 1),
            (9, 4, 1),
            (9, 6, 990),
            (9, 7, 10),
        ];
        let each = each.map(|(due_on, number, customers)| due(due_on, number, 1, customers));
        let expected = [
            due(8, 5, 1, 1),
            due(9, 1, 2, 3),
            due(9, 4, 1, 1),
            due(9, 6, 2, 1_000),
            due(9, 8, 1, 1),
        ];
        assert_eq!(together(each.to_vec()), expected);
    }
}
