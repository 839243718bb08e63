//! Answers as they are stored.
//!
//! The first byte says which form follows, so that forms can be added and old rows stay
//! readable:
//!
//! - 1: an enrolment, compact. Ten thousand customers cost two to five bytes each:
//!   customers are stored as differences, the ids of those who were enrolled follow from
//!   the first of the block, and only who was refused has an entry of its own, whose id is
//!   a difference too where it can be.
//! - 2: any other answer, as JSON.

use accolade_application::answer::{Answer, EnrolmentAnswer};
use accolade_application::ports::EnrolmentRequest;
use accolade_domain::enrolment::{CustomerOutcome, EnrolmentStatus, Outcome};
use accolade_domain::ids::{CustomerId, EnrolmentId, IdBlock, ObjectId};
use accolade_domain::owner::Owner;
use accolade_domain::text::RequestId;
use anyhow::{Context as _, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::mapping::{badge_id, instant, owner_type, stored};

const ENROLMENT: u8 = 1;
const JSON: u8 = 2;

/// A customer whom an earlier enrolment stands in the way of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The customer's position in the request.
    pub(crate) position: usize,
    /// The earlier enrolment.
    pub(crate) existing: EnrolmentId,
    /// Its state.
    pub(crate) status: EnrolmentStatus,
}

/// What became of `request`, whose customers were all enrolled but those `refused`, who are
/// in the order of their positions.
pub(crate) fn outcomes(
    request: &EnrolmentRequest,
    refused: &[Refused],
) -> anyhow::Result<Vec<CustomerOutcome>> {
    let status = EnrolmentStatus::of(request.hold, request.now);
    merge(&request.customers, &request.ids, status, refused)
}

fn merge(
    customers: &[CustomerId],
    ids: &IdBlock,
    status: EnrolmentStatus,
    refused: &[Refused],
) -> anyhow::Result<Vec<CustomerOutcome>> {
    let mut refused = refused.iter().peekable();
    customers
        .iter()
        .enumerate()
        .map(|(position, customer)| {
            let (outcome, status) = match refused.next_if(|it| it.position == position) {
                Some(it) => (Outcome::AlreadyEnrolled(it.existing), it.status),
                None => {
                    let id = ids.get(position).context("a request has too few ids")?;
                    (Outcome::Enrolled(id.into()), status)
                }
            };
            Ok(CustomerOutcome {
                customer: *customer,
                outcome,
                status,
            })
        })
        .collect()
}

/// Form 1. The request's id is in the ledger's row.
#[derive(Serialize, Deserialize)]
struct StoredEnrolment<'a> {
    badge: [u8; 12],
    #[serde(borrow)]
    triggered_by: Option<(i16, &'a str)>,
    expires_on: i64,
    /// Of those who were enrolled.
    status: u8,
    first_id: [u8; 12],
    /// Each as the difference to the one before, the first to 0.
    customers: Vec<i64>,
    refused: Vec<StoredRefusal>,
}

#[derive(Serialize, Deserialize)]
struct StoredRefusal {
    /// The customers between the one before and this one.
    gap: u32,
    existing: StoredId,
    status: u8,
}

#[derive(Serialize, Deserialize)]
enum StoredId {
    /// So much more than the id of the refusal before.
    Near(i32),
    /// Whatever it is.
    Far([u8; 12]),
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

/// The counter in the last three bytes, and what stands before it.
fn split(id: &[u8; 12]) -> ([u8; 9], i32) {
    let [prefix @ .., a, b, c] = *id;
    (prefix, i32::from_be_bytes([0, a, b, c]))
}

impl StoredId {
    fn of(id: [u8; 12], before: [u8; 12]) -> Self {
        let ((prefix, counter), (prefix_before, counter_before)) = (split(&id), split(&before));
        if prefix == prefix_before {
            Self::Near(counter - counter_before)
        } else {
            Self::Far(id)
        }
    }

    fn id(self, before: [u8; 12]) -> anyhow::Result<[u8; 12]> {
        match self {
            Self::Far(id) => Ok(id),
            Self::Near(difference) => {
                let (prefix, counter) = split(&before);
                let counter = counter
                    .checked_add(difference)
                    .filter(|counter| (0..1 << 24).contains(counter))
                    .context("a stored id runs over")?;
                let [_, a, b, c] = counter.to_be_bytes();
                let mut id = [0; 12];
                id[..9].copy_from_slice(&prefix);
                id[9..].copy_from_slice(&[a, b, c]);
                Ok(id)
            }
        }
    }
}

/// The stored answer to `request`.
pub(crate) fn encode_enrolment(
    request: &EnrolmentRequest,
    refused: &[Refused],
) -> anyhow::Result<Vec<u8>> {
    let mut before = 0;
    let customers = request
        .customers
        .iter()
        .map(|customer| customer.get() - std::mem::replace(&mut before, customer.get()))
        .collect();
    let first_id = request.ids.first().map_or([0; 12], |id| *id.as_bytes());
    let (mut next, mut id_before) = (0, first_id);
    let refused = refused
        .iter()
        .map(|it| {
            let id = *it.existing.0.as_bytes();
            let stored = StoredRefusal {
                gap: u32::try_from(it.position - next)?,
                existing: StoredId::of(id, std::mem::replace(&mut id_before, id)),
                status: status_number(it.status),
            };
            next = it.position + 1;
            Ok(stored)
        })
        .collect::<anyhow::Result<_>>()?;
    let stored = StoredEnrolment {
        badge: *request.badge.0.as_bytes(),
        triggered_by: request
            .triggered_by
            .as_ref()
            .map(|owner| (owner.owner_type.number(), owner.reference.as_str())),
        expires_on: request.hold.expires_on().unix_micros(),
        status: status_number(EnrolmentStatus::of(request.hold, request.now)),
        first_id,
        customers,
        refused,
    };
    Ok(postcard::to_extend(&stored, vec![ENROLMENT])?)
}

fn decode_enrolment(bytes: &[u8], request_id: &RequestId) -> anyhow::Result<EnrolmentAnswer> {
    let stored: StoredEnrolment<'_> = postcard::from_bytes(bytes)?;
    let mut before = 0_i64;
    let customers = stored
        .customers
        .iter()
        .map(|difference| {
            before = before.wrapping_add(*difference);
            self::stored(before)
        })
        .collect::<anyhow::Result<Vec<CustomerId>>>()?;
    let ids = IdBlock::new(
        ObjectId::from_bytes(stored.first_id),
        u32::try_from(customers.len())?,
    )
    .context("stored ids run over")?;
    let (mut next, mut id_before) = (0, stored.first_id);
    let refused = stored
        .refused
        .into_iter()
        .map(|it| {
            id_before = it.existing.id(id_before)?;
            let position = next + it.gap as usize;
            next = position + 1;
            Ok(Refused {
                position,
                existing: ObjectId::from_bytes(id_before).into(),
                status: status_of_number(it.status)?,
            })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(EnrolmentAnswer {
        badge: badge_id(&stored.badge)?,
        triggered_by: stored
            .triggered_by
            .map(|(number, reference)| {
                anyhow::Ok(Owner {
                    owner_type: owner_type(number)?,
                    reference: self::stored(reference)?,
                })
            })
            .transpose()?,
        expires_on: instant(stored.expires_on)?,
        outcomes: merge(&customers, &ids, status_of_number(stored.status)?, &refused)?,
        request_id: request_id.clone(),
    })
}

/// Any answer but that of an enrolment, which is in the request ledger.
pub(crate) fn encode(answer: &Answer) -> anyhow::Result<Vec<u8>> {
    let mut bytes = vec![JSON];
    serde_json::to_writer(&mut bytes, answer)?;
    Ok(bytes)
}

/// The answer in `bytes`; `request_id` is that of the ledger's row, if it is from there.
pub(crate) fn decode(bytes: &[u8], request_id: Option<&RequestId>) -> anyhow::Result<Answer> {
    match (bytes.split_first(), request_id) {
        (Some((&ENROLMENT, rest)), Some(request_id)) => {
            decode_enrolment(rest, request_id).map(Answer::Enrolment)
        }
        (Some((&JSON, rest)), _) => Ok(serde_json::from_slice(rest)?),
        (form, _) => bail!("a stored answer has the form {:?}", form.map(|it| it.0)),
    }
    .context("a stored answer")
}

#[cfg(test)]
mod tests {
    use accolade_application::ports::BadgeVersion;
    use accolade_domain::enrolment::Hold;
    use accolade_domain::instant::Instant;
    use accolade_domain::owner::OwnerType;
    use proptest::prelude::*;

    use super::*;

    fn request(customers: Vec<i64>, first: [u8; 12]) -> EnrolmentRequest {
        let at = |seconds| Instant::from_unix_seconds(seconds).unwrap();
        EnrolmentRequest {
            org: 1.try_into().unwrap(),
            badge: "66276dc68fe258516a88ff8e".parse().unwrap(),
            version: BadgeVersion(1),
            request_id: "21390".try_into().unwrap(),
            triggered_by: Some(Owner {
                owner_type: OwnerType::Loyalty,
                reference: "123694".try_into().unwrap(),
            }),
            hold: Hold::new(at(100), at(200)).unwrap(),
            ids: IdBlock::new(
                ObjectId::from_bytes(first),
                u32::try_from(customers.len()).unwrap(),
            )
            .unwrap(),
            customers: customers
                .into_iter()
                .map(|it| it.try_into().unwrap())
                .collect(),
            now: at(150),
            by: 1.try_into().unwrap(),
            idempotency: None,
        }
    }

    fn assert_comes_back(request: &EnrolmentRequest, refused: &[Refused]) {
        let bytes = encode_enrolment(request, refused).unwrap();
        let answer = EnrolmentAnswer {
            badge: request.badge,
            triggered_by: request.triggered_by.clone(),
            expires_on: request.hold.expires_on(),
            outcomes: outcomes(request, refused).unwrap(),
            request_id: request.request_id.clone(),
        };
        let decoded = decode(&bytes, Some(&request.request_id)).unwrap();
        assert_eq!(decoded, Answer::Enrolment(answer));
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
            let mut request = request(customers.iter().map(|it| it.0).collect(), first);
            if by_hand {
                request.triggered_by = None;
            }
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
            assert_comes_back(&request, &refused);
        }

        #[test]
        fn damaged_bytes_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let id = RequestId::try_from("1").unwrap();
            let _ = decode(&bytes, Some(&id));
            let mut enrolment = vec![ENROLMENT];
            enrolment.extend(bytes);
            let _ = decode(&enrolment, Some(&id));
        }
    }

    #[test]
    fn the_stored_form_of_an_enrolment_is_pinned() {
        let mut request = request(vec![62_090_013, 123], *b"abcdefghi\0\0\x01");
        let refused = [Refused {
            position: 1,
            existing: ObjectId::from_bytes(*b"abcdefghi\0\0\x09").into(),
            status: EnrolmentStatus::Active,
        }];
        let bytes = encode_enrolment(&request, &refused).unwrap();
        assert_eq!(
            hex(&bytes),
            "01 66276dc68fe258516a88ff8e 01 02 06 313233363934 8088debe01 01 616263646566676869000001 02 baac9b3b c3aa9b3b 01 01 00 10 01"
                .replace(' ', "")
        );
        request.triggered_by = None;
        assert_comes_back(&request, &refused);
    }

    #[test]
    fn ten_thousand_neighbours_cost_little_whether_they_are_enrolled_or_refused() {
        let customers: Vec<i64> = (0..10_000).map(|n| 500_000_000 + n * 7).collect();
        let request = request(customers, *b"abcdefghi\0\0\x01");
        assert_eq!(encode_enrolment(&request, &[]).unwrap().len(), 10_047);
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
        assert_eq!(encode_enrolment(&request, &refused).unwrap().len(), 50_059);
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
