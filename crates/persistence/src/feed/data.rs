//! What a row of the feed says itself. The first byte of its stored form says which form follows, so
//! that forms can be added and old rows stay readable.

use std::collections::BTreeSet;

use accolade_domain::approval::ChangeId;
use accolade_domain::event::{BadgeFact, ChangeFact, EarnFact, EnrolmentFact, EventKind, JobFact};
use accolade_domain::ids::{BadgeId, CustomerId, WebhookId};
use accolade_domain::instant::Instant;
use accolade_domain::people::Person;
use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::answers::parts::Differences;
use crate::feed::stored_facts::{StoredBadge, StoredRevokedEarn, StoredRevokedEnrolments};
use crate::feed::stored_limits::StoredLimit;
use crate::mapping::{badge_id, instant, object_id, stored};

pub(crate) use crate::feed::stored_limits::LimitData;

const ENROLMENTS: u8 = 1;
const EARNS: u8 = 2;
const IMPORTS: u8 = 3;
const EXPIRED: u8 = 4;
const REVOKED_ENROLMENTS: u8 = 5;
const REVOKED_EARN: u8 = 6;
const BADGE: u8 = 7;
const WEBHOOK: u8 = 8;
const JOB: u8 = 14;
const EXPIRED_OF_SUCCESSORS: u8 = 10;
const MERGED: u8 = 11;
const ERASED: u8 = 12;
const FORGOTTEN: u8 = 13;
const CHANGE: u8 = 15;

/// What a row says itself, besides what the ledger's answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    /// Enrolments of the answer: from when they hold.
    Enrolments(Instant),
    /// Earns of the answer: the limits that they had room under. Without any it is not stored.
    Earns(Vec<LimitData>),
    /// Earned badges from elsewhere: when they were earned, in the order of the answer.
    Imports(Vec<Instant>),
    /// Some of the answer's enrolments, or earned badges, have expired.
    Expired(ExpiredData),
    /// Enrolments of one badge were revoked by one request: at least one, and none in the places of
    /// those whose customers were forgotten since.
    RevokedEnrolments(Vec<Option<EnrolmentFact>>),
    /// An earned badge was revoked.
    RevokedEarn(Box<EarnFact>),
    /// A badge was created or changed.
    Badge(Box<BadgeFact>),
    /// A webhook was disabled, and why.
    WebhookDisabled(WebhookId, String),
    /// A job has ended.
    JobFinished(Box<JobFact>),
    /// A command was handed in for approval, or a change has ended.
    Change(Box<ChangeFact>),
    /// Two customers became one: the first, and the second.
    Merged(CustomerId, CustomerId),
    /// A customer was forgotten.
    Erased(CustomerId),
    /// All of it was about customers who were forgotten since: nothing is left but the badge, if it was
    /// about one.
    Forgotten(Option<BadgeId>),
}

/// Which of the answer's enrolments, or earned badges, have expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExpiredData {
    /// Their places among the outcomes of the answer, rising.
    pub(crate) which: Vec<u32>,
    /// From when they held, or when they were earned: one for all, or one for each; none if the
    /// answer says so itself.
    pub(crate) event_on: Vec<Instant>,
    /// Of each the customer, where it is the successor of the one in the answer; empty if none is.
    pub(crate) successors: Vec<Option<CustomerId>>,
}

#[derive(Serialize, Deserialize)]
struct StoredExpired {
    which: Differences,
    event_on: Differences,
}

#[derive(Serialize, Deserialize)]
struct StoredExpiredOfSuccessors {
    expired: StoredExpired,
    successors: Differences,
}

impl StoredExpired {
    fn expired(&self, successors: Vec<Option<CustomerId>>) -> anyhow::Result<ExpiredData> {
        let which = self.which.numbers().map(u32::try_from);
        Ok(ExpiredData {
            which: which.collect::<Result<_, _>>()?,
            event_on: instants(&self.event_on)?,
            successors,
        })
    }
}

fn micros(instants: &[Instant]) -> Differences {
    instants.iter().map(|it| it.unix_micros()).collect()
}

fn instants(stored: &Differences) -> anyhow::Result<Vec<Instant>> {
    stored.numbers().map(instant).collect()
}

fn form<T: Serialize>(form: u8, stored: &T) -> anyhow::Result<Vec<u8>> {
    Ok(postcard::to_extend(stored, vec![form])?)
}

impl Data {
    /// The stored form; `None` if there is nothing to be said.
    pub(crate) fn encode(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let bytes = match self {
            Self::Enrolments(event_on) => form(ENROLMENTS, &event_on.unix_micros())?,
            Self::Earns(limits) if limits.is_empty() => return Ok(None),
            Self::Earns(limits) => {
                let stored: Vec<_> = limits.iter().map(StoredLimit::new).collect();
                form(EARNS, &stored)?
            }
            Self::Imports(event_on) => form(IMPORTS, &micros(event_on))?,
            Self::Expired(expired) => {
                let stored = StoredExpired {
                    which: expired.which.iter().map(|it| i64::from(*it)).collect(),
                    event_on: micros(&expired.event_on),
                };
                if expired.successors.iter().all(Option::is_none) {
                    form(EXPIRED, &stored)?
                } else {
                    let successors = expired.successors.iter().copied();
                    let stored = StoredExpiredOfSuccessors {
                        expired: stored,
                        successors: Differences::of_customers(successors),
                    };
                    form(EXPIRED_OF_SUCCESSORS, &stored)?
                }
            }
            Self::RevokedEnrolments(all) => {
                form(REVOKED_ENROLMENTS, &StoredRevokedEnrolments::new(all)?)?
            }
            Self::RevokedEarn(one) => form(REVOKED_EARN, &StoredRevokedEarn::new(one))?,
            Self::Badge(badge) => form(BADGE, &StoredBadge::new(badge))?,
            Self::WebhookDisabled(webhook, reason) => {
                form(WEBHOOK, &(webhook.0.as_bytes(), reason))?
            }
            Self::JobFinished(job) => form(JOB, job)?,
            Self::Change(change) => form(CHANGE, change)?,
            Self::Merged(from, to) => form(MERGED, &(from.get(), to.get()))?,
            Self::Erased(customer) => form(ERASED, &customer.get())?,
            Self::Forgotten(badge) => form(FORGOTTEN, &badge.map(|it| *it.0.as_bytes()))?,
        };
        Ok(Some(bytes))
    }

    /// What a row says that stores `bytes`.
    pub(crate) fn decode(bytes: Option<&[u8]>) -> anyhow::Result<Self> {
        let Some(bytes) = bytes else {
            return Ok(Self::Earns(Vec::new()));
        };
        let (form, rest) = bytes.split_first().context("a row of the feed is empty")?;
        Ok(match *form {
            ENROLMENTS => Self::Enrolments(instant(postcard::from_bytes(rest)?)?),
            EARNS => {
                let stored: Vec<StoredLimit> = postcard::from_bytes(rest)?;
                let limits = stored.into_iter().map(StoredLimit::limit);
                Self::Earns(limits.collect::<anyhow::Result<_>>()?)
            }
            IMPORTS => Self::Imports(instants(&postcard::from_bytes(rest)?)?),
            EXPIRED => {
                let stored: StoredExpired = postcard::from_bytes(rest)?;
                Self::Expired(stored.expired(Vec::new())?)
            }
            EXPIRED_OF_SUCCESSORS => {
                let stored: StoredExpiredOfSuccessors = postcard::from_bytes(rest)?;
                let successors = stored.successors.customers();
                let successors = successors.collect::<anyhow::Result<_>>()?;
                Self::Expired(stored.expired.expired(successors)?)
            }
            REVOKED_ENROLMENTS => {
                let stored: StoredRevokedEnrolments = postcard::from_bytes(rest)?;
                Self::RevokedEnrolments(stored.facts()?)
            }
            REVOKED_EARN => {
                let stored: StoredRevokedEarn = postcard::from_bytes(rest)?;
                Self::RevokedEarn(Box::new(stored.fact()?))
            }
            BADGE => {
                let stored: StoredBadge = postcard::from_bytes(rest)?;
                Self::Badge(Box::new(stored.fact()?))
            }
            WEBHOOK => {
                let (webhook, reason): ([u8; 12], String) = postcard::from_bytes(rest)?;
                Self::WebhookDisabled(object_id(&webhook)?.into(), reason)
            }
            JOB => Self::JobFinished(Box::new(postcard::from_bytes(rest)?)),
            CHANGE => Self::Change(Box::new(postcard::from_bytes(rest)?)),
            MERGED => {
                let (from, to): (i64, i64) = postcard::from_bytes(rest)?;
                Self::Merged(stored(from)?, stored(to)?)
            }
            ERASED => Self::Erased(stored(postcard::from_bytes::<i64>(rest)?)?),
            FORGOTTEN => {
                let badge: Option<[u8; 12]> = postcard::from_bytes(rest)?;
                Self::Forgotten(badge.map(|id| badge_id(&id)).transpose()?)
            }
            other => bail!("a row of the feed has the form {other}"),
        })
    }

    /// The same without `person`, and without what was said of these changes, which were about her alone; `None`
    /// if it names her nowhere, or tells that she is forgotten. What it tells by an answer of the ledger is
    /// taken out of that.
    pub(crate) fn without(&self, person: &Person, changes: &BTreeSet<ChangeId>) -> Option<Self> {
        let has = |customer: CustomerId| person.has_number(customer);
        match self {
            Self::RevokedEnrolments(all) => {
                let is_hers = |it: &EnrolmentFact| has(it.customer);
                if !all.iter().flatten().any(is_hers) {
                    return None;
                }
                let left: Vec<_> = (all.iter())
                    .map(|it| it.clone().filter(|it| !is_hers(it)))
                    .collect();
                if left.iter().any(Option::is_some) {
                    return Some(Self::RevokedEnrolments(left));
                }
                let badge = all.iter().flatten().map(|it| it.badge).next();
                Some(Self::Forgotten(badge))
            }
            Self::RevokedEarn(it) if has(it.customer) => Some(Self::Forgotten(Some(it.badge))),
            Self::Merged(from, to) if has(*from) || has(*to) => Some(Self::Forgotten(None)),
            Self::Expired(expired) if expired.successors.iter().flatten().any(|it| has(*it)) => {
                let left = expired.successors.iter();
                Some(Self::Expired(ExpiredData {
                    successors: left.map(|it| it.filter(|it| !has(*it))).collect(),
                    ..expired.clone()
                }))
            }
            Self::Change(it) if it.comment.is_some() && changes.contains(&it.change) => {
                let mut left = it.clone();
                left.comment = None;
                Some(Self::Change(left))
            }
            _ => None,
        }
    }
}

/// The kinds of events whose rows may name customers themselves, and not by an answer of the ledger, or quote
/// what was said of them.
pub(crate) const NAMING: &[EventKind] = &[
    EventKind::EnrolmentRevoked,
    EventKind::EnrolmentExpired,
    EventKind::EarnRevoked,
    EventKind::EarnExpired,
    EventKind::CustomerMerged,
    EventKind::ChangeApproved,
    EventKind::ChangeRejected,
    EventKind::ChangeWithdrawn,
    EventKind::ChangeFailed,
];

#[cfg(test)]
mod tests {
    use accolade_domain::actor::Actor;
    use accolade_domain::badge::constraint::Count;
    use accolade_domain::earning::{Limit, Scope, Span, Window};
    use accolade_domain::fixtures::{customer, owner, second};
    use accolade_domain::ids::ObjectId;
    use accolade_domain::job::{JobOperation, JobState, Rows};
    use accolade_domain::owner::OwnerType;
    use accolade_domain::text::{Reason, RequestId};
    use accolade_domain::zone::CalendarUnit;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn id(bytes: [u8; 12]) -> ObjectId {
        ObjectId::from_bytes(bytes)
    }

    fn assert_comes_back(data: &Data) {
        let bytes = data.encode().unwrap();
        assert_eq!(&Data::decode(bytes.as_deref()).unwrap(), data);
    }

    fn limit(scope: bool, span: u8, max: u32, moment: i32) -> Limit {
        let at = second(i64::from(moment));
        Limit {
            scope: if scope { Scope::Badge } else { Scope::Customer },
            span: match span % 4 {
                0 => Span::AllTime,
                1 => Span::Fixed {
                    reference: Uuid::from_u128(max.into()),
                    window: Window {
                        starts_on: at,
                        ends_on: scope.then(|| second(i64::from(moment) + 9)),
                    },
                },
                unit => Span::Rolling {
                    unit: CalendarUnit::ALL[usize::from(unit) - 1],
                    length: Count::ONE,
                    since: at,
                },
            },
            max,
        }
    }

    fn enrolment(
        (number, bytes, event_on, owner): (i64, [u8; 12], i32, Option<u8>),
        request: Option<&str>,
        reason: Option<&str>,
    ) -> EnrolmentFact {
        EnrolmentFact {
            badge: id([9; 12]).into(),
            customer: customer(number),
            enrolment: id(bytes).into(),
            event_on: second(event_on.into()),
            expires_on: second(i64::from(event_on) + 7),
            triggered_by: owner
                .map(|it| accolade_domain::fixtures::owner(OwnerType::Loyalty, &it.to_string())),
            request_id: request.map(|it| RequestId::try_from(it).unwrap()),
            actor: Some(Actor::SYSTEM),
            reason: reason.map(|it| Reason::try_from(it).unwrap()),
        }
    }

    proptest! {
        #[test]
        fn revoked_enrolments_come_back_as_they_were(
            all in prop::collection::vec((1..=i64::MAX, any::<[u8; 12]>(), any::<i32>(), any::<Option<u8>>()), 1..30),
            request in any::<bool>(),
            reason in any::<bool>(),
        ) {
            let facts = all.into_iter().map(|it| {
                enrolment(it, request.then_some("r 1"), reason.then_some("a mistake"))
            });
            assert_comes_back(&Data::RevokedEnrolments(facts.map(Some).collect()));
        }

        #[test]
        fn limits_come_back_as_they_were(
            all in prop::collection::vec((any::<bool>(), any::<u8>(), any::<u32>(), any::<i32>(), prop::collection::vec(any::<u64>(), 0..9)), 0..5),
        ) {
            let limits = all.into_iter().map(|(scope, span, max, moment, counts)| LimitData {
                limit: limit(scope, span, max, moment),
                reached: (0..u32::try_from(counts.len()).unwrap()).step_by(2).collect(),
                counts,
            });
            assert_comes_back(&Data::Earns(limits.collect()));
        }

        #[test]
        fn places_and_dates_come_back_as_they_were(
            which in prop::collection::vec(any::<u32>(), 0..30),
            dates in prop::collection::vec(any::<i32>(), 0..30),
        ) {
            let dates: Vec<_> = dates.into_iter().map(|it| second(it.into())).collect();
            assert_comes_back(&Data::Imports(dates.clone()));
            let successors: Vec<_> = which.iter().map(|it| (it % 3 == 0).then(|| customer(5))).collect();
            let is_any = successors.iter().any(Option::is_some);
            let successors = if is_any { successors } else { Vec::new() };
            assert_comes_back(&Data::Expired(ExpiredData { which, event_on: dates, successors }));
        }

        #[test]
        fn damaged_bytes_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Data::decode(Some(&bytes));
            for form in ENROLMENTS..=JOB {
                let mut damaged = vec![form];
                damaged.extend(&bytes);
                let _ = Data::decode(Some(&damaged));
            }
        }
    }

    #[test]
    fn what_is_told_of_one_thing_comes_back_as_it_was() {
        assert_comes_back(&Data::Enrolments(second(7)));
        assert_comes_back(&Data::Earns(Vec::new()));
        assert_comes_back(&Data::Merged(customer(5), customer(6)));
        assert_comes_back(&Data::Erased(customer(5)));
        assert_comes_back(&Data::Forgotten(None));
        assert_comes_back(&Data::Forgotten(Some(id([1; 12]).into())));
        assert_comes_back(&Data::WebhookDisabled(id([3; 12]).into(), "410".to_owned()));
        assert_comes_back(&Data::JobFinished(Box::new(JobFact {
            job: "spring".try_into().unwrap(),
            operation: JobOperation::Import,
            state: JobState::Cancelled,
            rows: Rows {
                total: None,
                succeeded: 3,
                refused: 2,
                invalid: 1,
            },
        })));
        assert_comes_back(&Data::Badge(Box::new(BadgeFact {
            badge: id([1; 12]).into(),
            version: 3,
            name: "Gold".try_into().unwrap(),
            actor: 7.try_into().unwrap(),
            owner: Some(owner(OwnerType::Journeys, "x")),
        })));
        assert_comes_back(&Data::RevokedEarn(Box::new(EarnFact {
            badge: id([1; 12]).into(),
            customer: customer(5),
            earned: id([2; 12]).into(),
            enrolment: Some(id([3; 12]).into()),
            event_on: second(1),
            expires_on: second(2),
            triggered_by: None,
            request_id: None,
            actor: Some(Actor::SYSTEM),
            reason: Some(Reason::try_from("a mistake").unwrap()),
            limits: Vec::new(),
        })));
    }

    #[test]
    fn the_stored_form_of_every_kind_of_limit_is_pinned() {
        let bytes = |span| {
            let data = LimitData {
                limit: limit(false, span, 5, 1),
                counts: vec![3],
                reached: Vec::new(),
            };
            let mut bytes = Data::Earns(vec![data]).encode().unwrap().unwrap();
            // The form, how many limits there are, whose it is, how many there may be.
            let rest = bytes.split_off(4);
            assert_eq!(bytes, [2, 1, 0, 5]);
            rest
        };
        // Its place among the kinds, what it has, and the counts.
        let (moment, counts) = (b"\x80\x89\x7a", b"\x01\x01\x06\0");
        let reference = b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05";
        assert_eq!(bytes(0), [b"\0".as_slice(), counts].concat());
        assert_eq!(
            bytes(1),
            [b"\x01", reference.as_slice(), moment, b"\0", counts].concat()
        );
        assert_eq!(
            bytes(2),
            [b"\x02\x04\x01".as_slice(), moment, counts].concat()
        );
    }

    #[test]
    fn rows_of_one_customer_are_small() {
        let size = |data: Data| data.encode().unwrap().map_or(0, |bytes| bytes.len());
        assert_eq!(size(Data::Earns(Vec::new())), 0);
        let now = second(1_790_000_000);
        assert!(size(Data::Enrolments(now)) < 12);
        let fixed = LimitData {
            limit: limit(false, 1, 5, 1_700_000_000),
            counts: vec![3],
            reached: Vec::new(),
        };
        assert!(size(Data::Earns(vec![fixed])) < 40);
    }

    #[test]
    fn a_limit_of_a_badge_costs_nothing_a_customer_and_one_of_customers_a_byte() {
        let size = |scope, counts: Vec<u64>| {
            let limit = limit(scope, 1, 5, 1_700_000_000);
            let data = LimitData {
                limit,
                counts,
                reached: Vec::new(),
            };
            assert_comes_back(&Data::Earns(vec![data.clone()]));
            let bytes = Data::Earns(vec![data]).encode().unwrap();
            bytes.map_or(0, |bytes| bytes.len())
        };
        assert!(size(true, (7..10_007).collect()) < 60);
        assert!(size(false, vec![1; 10_000]) < 10_060);
    }
}
