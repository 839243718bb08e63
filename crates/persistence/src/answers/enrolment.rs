//! The answer of an enrolment, as it is stored.
//!
//! Customers are stored as differences, the ids of those who were enrolled follow from the first
//! of the block, and only who was refused has an entry of its own, whose id is a difference too
//! where it can be.

use accolade_application::answer::EnrolmentAnswer;
use accolade_domain::enrolment::{CustomerOutcome, EnrolmentStatus, Outcome};
use accolade_domain::ids::{CustomerId, EnrolmentId, IdBlock, ObjectId};
use accolade_domain::people::Person;
use accolade_domain::text::RequestId;
use anyhow::{Context as _, anyhow, bail, ensure};
use serde::{Deserialize, Serialize};

use super::parts::{
    Differences, NO_ID, Neighbour, StoredId, StoredOwner, StoredUnknown, before, changed_ids,
};
use super::{ForgottenPlace, closed_up};
use crate::mapping::{badge_id, instant};

/// A customer whom an earlier enrolment stands in the way of.
struct Refused {
    /// The customer's position in the request.
    position: usize,
    /// The earlier enrolment.
    existing: EnrolmentId,
    /// Its state.
    status: EnrolmentStatus,
}

/// What became of each customer, and the places of those who were forgotten.
fn merge(
    customers: &[Option<CustomerId>],
    ids: &IdBlock,
    status: EnrolmentStatus,
    refused: &[Refused],
) -> anyhow::Result<(Vec<CustomerOutcome>, Vec<ForgottenPlace>)> {
    let mut refused = refused.iter().peekable();
    let (mut outcomes, mut forgotten) = (Vec::with_capacity(customers.len()), Vec::new());
    for (place, customer) in customers.iter().enumerate() {
        let refused = refused.next_if(|it| it.position == place);
        let Some(customer) = *customer else {
            forgotten.push(ForgottenPlace {
                place,
                was_recorded: refused.is_none(),
                import: None,
            });
            continue;
        };
        let (outcome, status) = if let Some(it) = refused {
            (Outcome::AlreadyEnrolled(it.existing), it.status)
        } else {
            let id = ids.get(place).context("a request has too few ids")?;
            (Outcome::Enrolled(id.into()), status)
        };
        outcomes.push(CustomerOutcome {
            customer,
            outcome,
            status,
        });
    }
    Ok((outcomes, forgotten))
}

/// Form 1. The request's id is in the ledger's row.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredEnrolment {
    badge: [u8; 12],
    triggered_by: Option<StoredOwner>,
    expires_on: i64,
    /// Of those who were enrolled.
    status: u8,
    first_id: [u8; 12],
    customers: Differences,
    refused: Vec<StoredRefusal>,
    unknown: StoredUnknown,
}

#[derive(Serialize, Deserialize)]
struct StoredRefusal {
    /// The customers between the one before and this one.
    gap: u32,
    existing: StoredId,
    status: u8,
}

const fn status_number(status: EnrolmentStatus) -> u8 {
    match status {
        EnrolmentStatus::Active => 1,
        EnrolmentStatus::Upcoming => 2,
        EnrolmentStatus::Expired => 3,
        EnrolmentStatus::Revoked => 4,
    }
}

fn status_of_number(number: u8) -> anyhow::Result<EnrolmentStatus> {
    EnrolmentStatus::ALL
        .iter()
        .copied()
        .find(|status| status_number(*status) == number)
        .ok_or_else(|| anyhow!("a stored status is {number}"))
}

impl StoredEnrolment {
    /// Those who were enrolled have ids of one block, each by its position.
    pub(super) fn from_answer(answer: &EnrolmentAnswer) -> anyhow::Result<Self> {
        let mut enrolled = answer.outcomes.iter().enumerate();
        let enrolled = enrolled.find_map(|(position, it)| match it.outcome {
            Outcome::Enrolled(id) => Some((before(id.0, position), it.status)),
            _ => None,
        });
        // If nobody was enrolled, neither is looked at.
        let (first_id, status) = enrolled.unwrap_or((Some([0; 12]), EnrolmentStatus::Active));
        let first_id = first_id.context("an id that is of no block")?;
        let (mut next, mut neighbour) = (0, Neighbour::from(first_id));
        let mut refused = Vec::new();
        for (position, it) in answer.outcomes.iter().enumerate() {
            match it.outcome {
                Outcome::Enrolled(id) => ensure!(
                    before(id.0, position) == Some(first_id) && it.status == status,
                    "the ids of an enrolment are no block"
                ),
                Outcome::AlreadyEnrolled(existing) => {
                    refused.push(StoredRefusal {
                        gap: u32::try_from(position - next)?,
                        existing: neighbour.store(existing.0),
                        status: status_number(it.status),
                    });
                    next = position + 1;
                }
                Outcome::WouldEnrol => bail!("a dry run is not stored"),
            }
        }
        Ok(Self {
            badge: *answer.badge.0.as_bytes(),
            triggered_by: answer.triggered_by.as_ref().map(StoredOwner::new),
            expires_on: answer.expires_on.unix_micros(),
            status: status_number(status),
            first_id,
            customers: answer.outcomes.iter().map(|it| it.customer.get()).collect(),
            refused,
            unknown: StoredUnknown::new(&answer.unknown),
        })
    }

    /// Takes `person` out; whether there was anything of hers.
    pub(super) fn forget(&mut self, person: &Person) -> anyhow::Result<bool> {
        let hers = self.customers.forget(person);
        if !hers.is_empty() {
            let mut next = 0;
            let positions = self.refused.iter().map(|it| {
                let position = next + it.gap as usize;
                next = position + 1;
                position
            });
            let positions: Vec<_> = positions.collect();
            let ids = self.refused.iter().map(|it| it.existing);
            let ids: Vec<_> = ids.collect();
            let is_hers = |index: usize| hers.binary_search(&positions[index]).is_ok();
            let first = Neighbour::from(self.first_id);
            let ids = changed_ids(first, &ids, |index| is_hers(index).then_some(NO_ID))?;
            for (refused, id) in self.refused.iter_mut().zip(ids) {
                refused.existing = id;
            }
        }
        Ok(self.unknown.forget(person) || !hers.is_empty())
    }
}

pub(super) fn decode(
    bytes: &[u8],
    request_id: &RequestId,
) -> anyhow::Result<(EnrolmentAnswer, Vec<ForgottenPlace>)> {
    let stored: StoredEnrolment = postcard::from_bytes(bytes)?;
    let customers = stored.customers.customers();
    let customers = customers.collect::<anyhow::Result<Vec<_>>>()?;
    let ids = IdBlock::new(
        ObjectId::from_bytes(stored.first_id),
        u32::try_from(customers.len())?,
    )
    .context("stored ids run over")?;
    let (mut next, mut neighbour) = (0, Neighbour::from(stored.first_id));
    let refused = stored
        .refused
        .iter()
        .map(|it| {
            let position = next + it.gap as usize;
            next = position + 1;
            Ok(Refused {
                position,
                existing: neighbour.read(&it.existing)?.into(),
                status: status_of_number(it.status)?,
            })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let status = status_of_number(stored.status)?;
    let (outcomes, forgotten) = merge(&customers, &ids, status, &refused)?;
    let answer = EnrolmentAnswer {
        badge: badge_id(&stored.badge)?,
        triggered_by: stored.triggered_by.map(StoredOwner::owner).transpose()?,
        expires_on: instant(stored.expires_on)?,
        outcomes,
        unknown: closed_up(stored.unknown, &forgotten),
        request_id: request_id.clone(),
    };
    Ok((answer, forgotten))
}

#[cfg(test)]
mod tests {
    use accolade_application::answer::{Answer, UnknownCustomer};
    use accolade_domain::instant::Instant;
    use accolade_domain::owner::{Owner, OwnerType};
    use proptest::prelude::*;

    use super::*;
    use crate::answers::{decode, encode};

    /// The answer to a request whose customers get ids from `first` on, but for those who are
    /// `refused`.
    fn answer(customers: &[i64], first: [u8; 12], refused: &[Refused]) -> EnrolmentAnswer {
        let customers: Vec<_> = customers
            .iter()
            .map(|it| Some((*it).try_into().unwrap()))
            .collect();
        let len = u32::try_from(customers.len()).unwrap();
        let ids = IdBlock::new(ObjectId::from_bytes(first), len).unwrap();
        EnrolmentAnswer {
            badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
            triggered_by: Some(Owner {
                owner_type: OwnerType::Loyalty,
                reference: "123694".try_into().unwrap(),
            }),
            expires_on: Instant::from_unix_seconds(200).unwrap(),
            outcomes: merge(&customers, &ids, EnrolmentStatus::Active, refused)
                .unwrap()
                .0,
            unknown: vec![UnknownCustomer {
                position: 0,
                identifier: "x".to_owned(),
            }],
            request_id: "21390".try_into().unwrap(),
        }
    }

    fn assert_comes_back(answer: EnrolmentAnswer) {
        let request_id = answer.request_id.clone();
        let answer = Answer::Enrolment(answer);
        let bytes = encode(&answer).unwrap();
        assert_eq!(decode(&bytes, Some(&request_id)).unwrap(), answer);
    }

    fn statuses() -> impl Strategy<Value = EnrolmentStatus> {
        prop::sample::select(EnrolmentStatus::ALL)
    }

    proptest! {
        #[test]
        fn an_enrolment_comes_back_as_it_was(
            customers in prop::collection::vec((1..=i64::MAX, any::<Option<[u8; 12]>>(), 0..64_u8, statuses()), 1..40),
            mut first in any::<[u8; 12]>(),
            by_hand in any::<bool>(),
        ) {
            // The counter needs room for the block.
            first[9] &= 0x7f;
            let numbers: Vec<_> = customers.iter().map(|it| it.0).collect();
            let refused: Vec<_> = customers
                .iter()
                .enumerate()
                .filter_map(|(position, (_, existing, near, status))| {
                    let mut id = (*existing)?;
                    if *near < 32 {
                        id[..9].copy_from_slice(&first[..9]);
                    }
                    Some(Refused {
                        position,
                        existing: ObjectId::from_bytes(id).into(),
                        status: *status,
                    })
                })
                .collect();
            let mut answer = answer(&numbers, first, &refused);
            if by_hand {
                answer.triggered_by = None;
            }
            assert_comes_back(answer);
        }
    }

    #[test]
    fn the_stored_form_of_an_enrolment_is_pinned() {
        let refused = [Refused {
            position: 1,
            existing: ObjectId::from_bytes(*b"abcdefghi\0\0\x09").into(),
            status: EnrolmentStatus::Active,
        }];
        let mut answer = answer(&[62_090_013, 123], *b"abcdefghi\0\0\x01", &refused);
        let badge = answer.badge;
        let bytes = encode(&Answer::Enrolment(answer.clone())).unwrap();
        assert_eq!(
            bytes,
            [
                b"\x01".as_slice(),
                badge.0.as_bytes(),
                b"\x01\x02\x06123694",
                b"\x80\x88\xde\xbe\x01",
                b"\x01abcdefghi\0\0\x01",
                b"\x02\xba\xac\x9b\x3b\xc3\xaa\x9b\x3b",
                b"\x01\x01\0\x10\x01",
                b"\x01\0\x01x",
            ]
            .concat()
        );
        answer.triggered_by = None;
        assert_comes_back(answer);
    }

    #[test]
    fn the_stored_form_of_other_answers_is_pinned() {
        let badge = "66276dc68fe258516a88ff8e".parse().unwrap();
        let answer = Answer::Activity {
            badge,
            active: false,
        };
        let bytes = encode(&answer).unwrap();
        assert_eq!(
            bytes,
            b"\x02{\"Activity\":{\"badge\":\"66276dc68fe258516a88ff8e\",\"active\":false}}"
        );
        assert_eq!(decode(&bytes, None).unwrap(), answer);
    }

    #[test]
    fn ten_thousand_neighbours_cost_little_whether_they_are_enrolled_or_refused() {
        let customers: Vec<i64> = (0..10_000).map(|n| 500_000_000 + n * 7).collect();
        let len = |refused: &[Refused]| {
            let answer = answer(&customers, *b"abcdefghi\0\0\x01", refused);
            encode(&Answer::Enrolment(answer)).unwrap().len()
        };
        assert_eq!(len(&[]), 10_051);
        let refused: Vec<_> = (0..10_000_u32)
            .map(|n| {
                let [_, a, b, c] = (n + 77).to_be_bytes();
                let mut id = *b"ABCDEFGHI\0\0\0";
                id[9..].copy_from_slice(&[a, b, c]);
                Refused {
                    position: n as usize,
                    existing: ObjectId::from_bytes(id).into(),
                    status: EnrolmentStatus::Active,
                }
            })
            .collect();
        assert_eq!(len(&refused), 50_063);
    }
}
