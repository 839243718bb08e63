//! What a row of the feed says itself. The first byte of its stored form says which form follows, so
//! that forms can be added and old rows stay readable.

use accolade_domain::event::{BadgeFact, EarnFact, EnrolmentFact, JobFact};
use accolade_domain::ids::WebhookId;
use accolade_domain::instant::Instant;
use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::answers::parts::Differences;
use crate::feed::stored_facts::{StoredBadge, StoredRevokedEarn, StoredRevokedEnrolments};
use crate::feed::stored_limits::StoredLimit;
use crate::mapping::{instant, object_id};

pub(crate) use crate::feed::stored_limits::LimitData;

const ENROLMENTS: u8 = 1;
const EARNS: u8 = 2;
const IMPORTS: u8 = 3;
const EXPIRED: u8 = 4;
const REVOKED_ENROLMENTS: u8 = 5;
const REVOKED_EARN: u8 = 6;
const BADGE: u8 = 7;
const WEBHOOK: u8 = 8;
const JOB: u8 = 11;

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
    /// Enrolments were revoked by one request: at least one.
    RevokedEnrolments(Vec<EnrolmentFact>),
    /// An earned badge was revoked.
    RevokedEarn(Box<EarnFact>),
    /// A badge was created or changed.
    Badge(Box<BadgeFact>),
    /// A webhook was disabled, and why.
    WebhookDisabled(WebhookId, String),
    /// A job has ended.
    JobFinished(Box<JobFact>),
}

/// Which of the answer's enrolments, or earned badges, have expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExpiredData {
    /// Their places among the outcomes of the answer, rising.
    pub(crate) which: Vec<u32>,
    /// From when they held, or when they were earned: one for all, or one for each; none if the
    /// answer says so itself.
    pub(crate) event_on: Vec<Instant>,
}

#[derive(Serialize, Deserialize)]
struct StoredExpired {
    which: Differences,
    event_on: Differences,
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
                form(EXPIRED, &stored)?
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
                let which = stored.which.numbers().map(u32::try_from);
                Self::Expired(ExpiredData {
                    which: which.collect::<Result<_, _>>()?,
                    event_on: instants(&stored.event_on)?,
                })
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
            other => bail!("a row of the feed has the form {other}"),
        })
    }
}

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
            assert_comes_back(&Data::RevokedEnrolments(facts.collect()));
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
            assert_comes_back(&Data::Expired(ExpiredData { which, event_on: dates }));
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
