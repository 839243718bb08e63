//! Answers about earned badges, and about revoked enrolments, as they are stored.

use accolade_application::answer::{
    CustomerEarn, EarnAnswer, EarnOutcome, Imported, RevokedEnrolment, UnknownCustomer,
};
use accolade_domain::ids::BadgeId;
use accolade_domain::people::Person;
use accolade_domain::text::RequestId;
use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::parts::{
    Collecting, Differences, NO_ID, Neighbour, Reasons, StoredId, StoredOwner, StoredUnknown,
    changed_ids,
};
use super::{ForgottenPlace, closed_up};
use crate::mapping::{badge_id, instant};

/// Form 3. Who is not refused has earned.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredEarns {
    single: bool,
    badge: [u8; 12],
    triggered_by: Option<StoredOwner>,
    expires_on: i64,
    event_on: i64,
    now: i64,
    customers: Differences,
    /// Of those who have earned, in their order.
    earned: Vec<StoredId>,
    /// What they rest on; `None` if on nothing.
    enrolments: Option<Vec<StoredId>>,
    /// How many have earned between the refusal before and this one, and the reason.
    refused: Vec<(u32, u32)>,
    reasons: Reasons,
    unknown: StoredUnknown,
}

impl StoredEarns {
    pub(super) fn from_answer(answer: &EarnAnswer) -> anyhow::Result<Self> {
        let mut reasons = Collecting::default();
        let (mut earned, mut enrolments, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        let (mut earned_before, mut enrolment_before) =
            (Neighbour::default(), Neighbour::default());
        let mut gap = 0;
        for it in &answer.outcomes {
            match &it.outcome {
                EarnOutcome::Earned(id, enrolment) => {
                    earned.push(earned_before.store(id.0));
                    enrolments.extend(enrolment.map(|id| enrolment_before.store(id.0)));
                    gap += 1;
                }
                EarnOutcome::Refused(reason) => {
                    refused.push((std::mem::take(&mut gap), reasons.number(reason)?));
                }
                EarnOutcome::WouldEarn(_) => bail!("a dry run is not stored"),
            }
        }
        anyhow::ensure!(
            enrolments.is_empty() || enrolments.len() == earned.len(),
            "some earns of a request rest on an enrolment, and some do not"
        );
        Ok(Self {
            single: answer.single,
            badge: *answer.badge.0.as_bytes(),
            triggered_by: answer.triggered_by.as_ref().map(StoredOwner::new),
            expires_on: answer.expires_on.unix_micros(),
            event_on: answer.event_on.unix_micros(),
            now: answer.now.unix_micros(),
            customers: answer.outcomes.iter().map(|it| it.customer.get()).collect(),
            earned,
            enrolments: Some(enrolments).filter(|all| !all.is_empty()),
            refused,
            reasons: reasons.reasons(),
            unknown: StoredUnknown::new(&answer.unknown),
        })
    }

    /// Takes `person` out; whether there was anything of hers.
    pub(super) fn forget(&mut self, person: &Person) -> anyhow::Result<bool> {
        let hers = self.customers.forget(person);
        if !hers.is_empty() {
            // Of those who have earned, in their order: who it was.
            let mut refused = self.refused.iter().peekable();
            let (mut gap, mut earners) = (0, Vec::with_capacity(self.earned.len()));
            for place in 0..self.customers.numbers().count() {
                if refused.next_if(|it| it.0 == gap).is_some() {
                    gap = 0;
                } else {
                    gap += 1;
                    earners.push(place);
                }
            }
            let none = |index: usize| {
                let place = earners.get(index)?;
                hers.binary_search(place).is_ok().then_some(NO_ID)
            };
            let first = Neighbour::default();
            self.earned = changed_ids(first, &self.earned, none)?;
            if let Some(enrolments) = &mut self.enrolments {
                *enrolments = changed_ids(first, enrolments, none)?;
            }
        }
        Ok(self.unknown.forget(person) || !hers.is_empty())
    }

    pub(super) fn answer(
        self,
        request_id: &RequestId,
    ) -> anyhow::Result<(EarnAnswer, Vec<ForgottenPlace>)> {
        let mut earned = self.earned.iter();
        let mut enrolments = self.enrolments.as_ref().map(|all| all.iter());
        let (mut earned_before, mut enrolment_before) =
            (Neighbour::default(), Neighbour::default());
        let mut refused = self.refused.iter().peekable();
        let mut gap = 0;
        let (mut outcomes, mut forgotten) = (Vec::new(), Vec::new());
        for (place, customer) in self.customers.customers().enumerate() {
            let outcome = if let Some((_, reason)) = refused.next_if(|it| it.0 == gap) {
                gap = 0;
                EarnOutcome::Refused(self.reasons.get(*reason)?)
            } else {
                gap += 1;
                let id = earned_before.read(earned.next().context("too few earns")?)?;
                let enrolment = match &mut enrolments {
                    None => None,
                    Some(all) => {
                        let stored = all.next().context("too few enrolments")?;
                        Some(enrolment_before.read(stored)?.into())
                    }
                };
                EarnOutcome::Earned(id.into(), enrolment)
            };
            match customer? {
                Some(customer) => outcomes.push(CustomerEarn { customer, outcome }),
                None => forgotten.push(ForgottenPlace {
                    place,
                    was_recorded: matches!(outcome, EarnOutcome::Earned(..)),
                    import: None,
                }),
            }
        }
        let answer = EarnAnswer {
            single: self.single,
            badge: badge_id(&self.badge)?,
            triggered_by: self.triggered_by.map(StoredOwner::owner).transpose()?,
            expires_on: instant(self.expires_on)?,
            event_on: instant(self.event_on)?,
            outcomes,
            unknown: closed_up(self.unknown, &forgotten),
            request_id: request_id.clone(),
            now: instant(self.now)?,
        };
        Ok((answer, forgotten))
    }
}

/// Form 4.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredRevocations {
    badge: [u8; 12],
    customers: Differences,
    /// The enrolment, and the reason if it was not revoked.
    outcomes: Vec<(Option<StoredId>, Option<u32>)>,
    reasons: Reasons,
    unknown: StoredUnknown,
}

impl StoredRevocations {
    pub(super) fn new(
        badge: BadgeId,
        outcomes: &[RevokedEnrolment],
        unknown: &[UnknownCustomer],
    ) -> anyhow::Result<Self> {
        let mut reasons = Collecting::default();
        let mut before = Neighbour::default();
        let stored = outcomes.iter().map(|it| {
            let id = it.enrolment.map(|id| before.store(id.0));
            let reason = it.refused.as_ref().map(|reason| reasons.number(reason));
            Ok((id, reason.transpose()?))
        });
        let stored = stored.collect::<anyhow::Result<_>>()?;
        Ok(Self {
            badge: *badge.0.as_bytes(),
            customers: outcomes.iter().map(|it| it.customer.get()).collect(),
            outcomes: stored,
            reasons: reasons.reasons(),
            unknown: StoredUnknown::new(unknown),
        })
    }

    /// Takes `person` out; whether there was anything of hers.
    pub(super) fn forget(&mut self, person: &Person) -> anyhow::Result<bool> {
        let hers = self.customers.forget(person);
        if !hers.is_empty() {
            let (mut read, mut written) = (Neighbour::default(), Neighbour::default());
            for (position, (id, _)) in self.outcomes.iter_mut().enumerate() {
                if let Some(stored) = id {
                    let kept = read.read(stored)?;
                    let is_hers = hers.binary_search(&position).is_ok();
                    *stored = written.store(if is_hers { NO_ID } else { kept });
                }
            }
        }
        Ok(self.unknown.forget(person) || !hers.is_empty())
    }

    pub(super) fn answer(
        self,
    ) -> anyhow::Result<(BadgeId, Vec<RevokedEnrolment>, Vec<UnknownCustomer>)> {
        let mut before = Neighbour::default();
        let (mut outcomes, mut forgotten) = (Vec::new(), Vec::new());
        let both = self.customers.customers().zip(&self.outcomes);
        for (place, (customer, (id, reason))) in both.enumerate() {
            let id = id.as_ref().map(|id| before.read(id)).transpose()?;
            let reason = reason.map(|number| self.reasons.get(number));
            match customer? {
                Some(customer) => outcomes.push(RevokedEnrolment {
                    customer,
                    enrolment: id.map(Into::into),
                    refused: reason.transpose()?,
                }),
                None => forgotten.push(ForgottenPlace {
                    place,
                    was_recorded: false,
                    import: None,
                }),
            }
        }
        let unknown = closed_up(self.unknown, &forgotten);
        Ok((badge_id(&self.badge)?, outcomes, unknown))
    }
}

/// Form 5.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredImport {
    outcomes: Vec<StoredImported>,
    /// Of those who were recorded, in their order.
    customers: Differences,
    expiries: Differences,
    reasons: Reasons,
}

#[derive(Serialize, Deserialize)]
enum StoredImported {
    Recorded { badge: StoredId, earned: StoredId },
    Refused(Vec<u32>),
}

impl StoredImport {
    pub(super) fn new(outcomes: &[Imported]) -> anyhow::Result<Self> {
        let mut reasons = Collecting::default();
        let (mut badge_before, mut earned_before) = (Neighbour::default(), Neighbour::default());
        let (mut customers, mut expiries, mut stored) = (Vec::new(), Vec::new(), Vec::new());
        for it in outcomes {
            stored.push(match it {
                Imported::Recorded {
                    badge,
                    customer,
                    earned,
                    expires_on,
                } => {
                    customers.push(customer.get());
                    expiries.push(expires_on.unix_micros());
                    StoredImported::Recorded {
                        badge: badge_before.store(badge.0),
                        earned: earned_before.store(earned.0),
                    }
                }
                Imported::Refused(all) => StoredImported::Refused(
                    all.iter()
                        .map(|reason| reasons.number(reason))
                        .collect::<anyhow::Result<_>>()?,
                ),
                Imported::Forgotten => bail!("an import is stored before anybody is forgotten"),
            });
        }
        Ok(Self {
            outcomes: stored,
            customers: customers.into_iter().collect(),
            expiries: expiries.into_iter().collect(),
            reasons: reasons.reasons(),
        })
    }

    /// Takes `person` out; whether there was anything of hers. When it expires stays, by which it is
    /// found that it is not told any more.
    pub(super) fn forget(&mut self, person: &Person) -> anyhow::Result<bool> {
        let hers = self.customers.forget(person);
        let (mut read, mut written) = (Neighbour::default(), Neighbour::default());
        let mut position = 0;
        for it in &mut self.outcomes {
            if let StoredImported::Recorded { earned, .. } = it {
                let kept = read.read(earned)?;
                let is_hers = hers.binary_search(&position).is_ok();
                *earned = written.store(if is_hers { NO_ID } else { kept });
                position += 1;
            }
        }
        Ok(!hers.is_empty())
    }

    pub(super) fn answer(self) -> anyhow::Result<(Vec<Imported>, Vec<ForgottenPlace>)> {
        let (mut badge_before, mut earned_before) = (Neighbour::default(), Neighbour::default());
        let mut recorded = self.customers.customers().zip(self.expiries.numbers());
        let (mut outcomes, mut forgotten) = (Vec::new(), Vec::new());
        for (place, it) in self.outcomes.iter().enumerate() {
            outcomes.push(match it {
                StoredImported::Recorded { badge, earned } => {
                    let (customer, expires_on) = recorded.next().context("too few customers")?;
                    let badge = badge_before.read(badge)?.into();
                    let earned = earned_before.read(earned)?.into();
                    let expires_on = instant(expires_on)?;
                    if let Some(customer) = customer? {
                        Imported::Recorded {
                            badge,
                            customer,
                            earned,
                            expires_on,
                        }
                    } else {
                        forgotten.push(ForgottenPlace {
                            place,
                            was_recorded: true,
                            import: Some((badge, expires_on)),
                        });
                        Imported::Forgotten
                    }
                }
                StoredImported::Refused(all) => Imported::Refused(
                    all.iter()
                        .map(|number| self.reasons.get(*number))
                        .collect::<anyhow::Result<_>>()?,
                ),
            });
        }
        Ok((outcomes, forgotten))
    }
}

#[cfg(test)]
mod tests {
    use accolade_application::answer::Answer;
    use accolade_domain::ids::ObjectId;
    use accolade_domain::instant::Instant;
    use accolade_domain::owner::{Owner, OwnerType};
    use accolade_domain::rejection::{Code, Rejection};
    use proptest::prelude::*;

    use crate::answers::{decode, encode};

    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_unix_seconds(seconds).unwrap()
    }

    fn neighbour(counter: u32) -> ObjectId {
        let [_, a, b, c] = counter.to_be_bytes();
        let mut id = *b"abcdefghi\0\0\0";
        id[9..].copy_from_slice(&[a, b, c]);
        ObjectId::from_bytes(id)
    }

    fn request_id() -> RequestId {
        "21390".try_into().unwrap()
    }

    fn earns(outcomes: Vec<CustomerEarn>) -> EarnAnswer {
        EarnAnswer {
            single: false,
            badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
            triggered_by: Some(Owner {
                owner_type: OwnerType::Loyalty,
                reference: "123694".try_into().unwrap(),
            }),
            expires_on: at(300),
            event_on: at(100),
            outcomes,
            unknown: vec![UnknownCustomer {
                position: 1,
                identifier: "nobody".to_owned(),
            }],
            request_id: request_id(),
            now: at(200),
        }
    }

    fn reason(number: u8) -> Rejection {
        // A failure that is the server's own is no customer's.
        let codes = Code::ALL.iter().filter(|code| code.status() < 500);
        let code = *codes.cycle().nth(number.into()).unwrap();
        match number % 3 {
            0 => Rejection::new(code),
            1 => Rejection::new(code).at_field("field"),
            _ => Rejection::new(code).with_message(format!("reason {number}")),
        }
    }

    fn assert_comes_back(answer: &Answer) {
        let bytes = encode(answer).unwrap();
        assert_eq!(&decode(&bytes, Some(&request_id())).unwrap(), answer);
    }

    proptest! {
        #[test]
        fn earns_come_back_as_they_were(
            customers in prop::collection::vec((1..=i64::MAX, any::<[u8; 12]>(), any::<Option<u8>>()), 0..40),
            resting in any::<bool>(),
        ) {
            let outcomes = customers.iter().zip(0..).map(|((customer, id, refused), n)| CustomerEarn {
                customer: (*customer).try_into().unwrap(),
                outcome: match refused {
                    Some(number) => EarnOutcome::Refused(reason(*number)),
                    None => EarnOutcome::Earned(
                        if n % 2 == 0 { neighbour(n) } else { ObjectId::from_bytes(*id) }.into(),
                        resting.then(|| neighbour(n * 3).into()),
                    ),
                },
            });
            assert_comes_back(&Answer::Earned(earns(outcomes.collect())));
        }

        #[test]
        fn revocations_come_back_as_they_were(
            all in prop::collection::vec((1..=i64::MAX, any::<Option<[u8; 12]>>(), any::<Option<u8>>()), 0..40),
        ) {
            let outcomes = all.into_iter().map(|(customer, id, refused)| RevokedEnrolment {
                customer: customer.try_into().unwrap(),
                enrolment: id.map(|id| ObjectId::from_bytes(id).into()),
                refused: refused.map(reason),
            });
            assert_comes_back(&Answer::EnrolmentsRevoked {
                badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
                outcomes: outcomes.collect(),
                unknown: vec![UnknownCustomer {
                    position: 0,
                    identifier: "nobody".to_owned(),
                }],
                request_id: Some(request_id()),
            });
        }

        #[test]
        fn an_import_comes_back_as_it_was(
            all in prop::collection::vec((1..=i64::MAX, any::<[u8; 12]>(), prop::collection::vec(any::<u8>(), 0..3)), 0..40),
        ) {
            let outcomes = all.into_iter().map(|(customer, id, refused)| {
                if refused.is_empty() {
                    Imported::Recorded {
                        badge: neighbour(7).into(),
                        customer: customer.try_into().unwrap(),
                        earned: ObjectId::from_bytes(id).into(),
                        expires_on: at(customer % 1_000_000),
                    }
                } else {
                    Imported::Refused(refused.into_iter().map(reason).collect())
                }
            });
            assert_comes_back(&Answer::Imported {
                request_id: request_id(),
                outcomes: outcomes.collect(),
            });
        }
    }

    #[test]
    fn ten_thousand_earns_cost_a_few_bytes_each_also_if_half_are_refused() {
        let outcomes = |refused: bool| {
            let outcomes = (0..10_000_u32).map(|n| CustomerEarn {
                customer: i64::from(500_000_000 + n * 7).try_into().unwrap(),
                outcome: if refused && n % 2 == 0 {
                    EarnOutcome::Refused(reason(2))
                } else {
                    EarnOutcome::Earned(neighbour(n).into(), Some(neighbour(2 * n).into()))
                },
            });
            encode(&Answer::Earned(earns(outcomes.collect())))
                .unwrap()
                .len()
        };
        assert!(outcomes(false) < 51_000, "{}", outcomes(false));
        assert!(outcomes(true) < 51_000, "{}", outcomes(true));
    }

    #[test]
    fn the_stored_form_of_an_earn_is_pinned() {
        let outcomes = vec![
            CustomerEarn {
                customer: 3.try_into().unwrap(),
                outcome: EarnOutcome::Refused(Rejection {
                    code: Code::NotEnrolled,
                    message: "no".to_owned(),
                    field: None,
                }),
            },
            CustomerEarn {
                customer: 4.try_into().unwrap(),
                outcome: EarnOutcome::Earned(neighbour(5).into(), Some(neighbour(6).into())),
            },
        ];
        let answer = EarnAnswer {
            triggered_by: None,
            ..earns(outcomes)
        };
        let bytes = encode(&Answer::Earned(answer)).unwrap();
        let expected = [
            b"\x03\x00".as_slice(),
            "66276dc68fe258516a88ff8e"
                .parse::<ObjectId>()
                .unwrap()
                .as_bytes(),
            b"\x00",
            b"\x80\x8c\x8d\x9e\x02\x80\x84\xaf\x5f\x80\x88\xde\xbe\x01",
            b"\x02\x06\x02",
            b"\x01\x01abcdefghi\0\0\x05",
            b"\x01\x01\x01abcdefghi\0\0\x06",
            b"\x01\x00\x00",
            b"\x01\xab\x06\x02no\x00",
            b"\x01\x01\x06nobody",
        ]
        .concat();
        assert_eq!(bytes, expected);
    }
}
