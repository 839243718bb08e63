//! Answers as they are stored.
//!
//! The first byte says which form follows, so that forms can be added and old rows stay
//! readable:
//!
//! - 1: an enrolment; 3: earns; 4: revoked enrolments; 5: an import. They are compact: ten
//!   thousand customers cost a few bytes each. What follows from the row that holds the
//!   answer, such as the id of the request, is not in it.
//! - 2: any other answer, as JSON.
//!
//! Who is forgotten is taken out of the stored form: in the place of the number is none, so that all
//! others keep their places, and with them the events that are read from the answer ([`forget`]).

mod earning;
mod enrolment;
pub(crate) mod parts;

use accolade_application::answer::{Answer, UnknownCustomer};
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::people::Person;
use accolade_domain::text::RequestId;
use anyhow::{Context as _, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answers::earning::{StoredEarns, StoredImport, StoredRevocations};
use crate::answers::enrolment::StoredEnrolment;
use crate::answers::parts::StoredUnknown;

const ENROLMENT: u8 = 1;
const JSON: u8 = 2;
const EARNS: u8 = 3;
const REVOCATIONS: u8 = 4;
const IMPORT: u8 = 5;

/// The stored form of `answer`, for the request ledger or for an idempotency key.
pub(crate) fn encode(answer: &Answer) -> anyhow::Result<Vec<u8>> {
    Ok(match answer {
        Answer::Enrolment(enrolment) => {
            postcard::to_extend(&StoredEnrolment::from_answer(enrolment)?, vec![ENROLMENT])?
        }
        Answer::Earned(earned) => {
            postcard::to_extend(&StoredEarns::from_answer(earned)?, vec![EARNS])?
        }
        Answer::EnrolmentsRevoked {
            badge,
            outcomes,
            unknown,
            ..
        } => {
            let stored = StoredRevocations::new(*badge, outcomes, unknown)?;
            postcard::to_extend(&stored, vec![REVOCATIONS])?
        }
        Answer::Imported { outcomes, .. } => {
            postcard::to_extend(&StoredImport::new(outcomes)?, vec![IMPORT])?
        }
        other => {
            let mut bytes = vec![JSON];
            serde_json::to_writer(&mut bytes, other)?;
            bytes
        }
    })
}

/// The place of a customer who was forgotten since among the outcomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ForgottenPlace {
    /// Where, among all.
    pub(crate) place: usize,
    /// Whether the request had recorded something: it still has its events, which say nothing.
    pub(crate) was_recorded: bool,
    /// The badge and the expiry of what an import had recorded.
    pub(crate) import: Option<(BadgeId, Instant)>,
}

/// One of the places of an answer.
pub(crate) enum Placed<'a, T> {
    /// What became of a customer.
    Outcome(&'a T),
    /// There was one, who was forgotten.
    Forgotten(&'a ForgottenPlace),
}

/// An answer as it is kept: without those who were forgotten, and where they were.
pub(crate) struct KeptAnswer {
    pub(crate) answer: Answer,
    forgotten: Vec<ForgottenPlace>,
}

impl KeptAnswer {
    /// All places, given what became of those who were not forgotten.
    pub(crate) fn places<'a, T: 'a>(
        &'a self,
        outcomes: impl IntoIterator<Item = &'a T>,
    ) -> impl Iterator<Item = Placed<'a, T>> {
        let mut outcomes = outcomes.into_iter();
        let mut forgotten = self.forgotten.iter();
        let mut next = forgotten.next();
        (0..).map_while(move |place| match next {
            Some(it) if it.place == place => {
                next = forgotten.next();
                Some(Placed::Forgotten(it))
            }
            _ => outcomes.next().map(Placed::Outcome),
        })
    }
}

/// The unknown customers at their places among those who were not forgotten.
fn closed_up(unknown: StoredUnknown, forgotten: &[ForgottenPlace]) -> Vec<UnknownCustomer> {
    let unknown = unknown.unknown();
    if forgotten.is_empty() {
        return unknown;
    }
    let gone: Vec<_> = forgotten.iter().map(|it| it.place).collect();
    UnknownCustomer::closed_up(&unknown, &gone, |_| false)
}

/// The answer in `bytes`; `request_id` is that of the ledger's row, if it is from there. Who was
/// forgotten since is left out.
pub(crate) fn decode(bytes: &[u8], request_id: Option<&RequestId>) -> anyhow::Result<Answer> {
    let kept = decode_kept(bytes, request_id)?;
    Ok(match kept.answer {
        Answer::Earned(answer) if answer.single && !kept.forgotten.is_empty() => Answer::Forgotten,
        answer => answer,
    })
}

/// The same with the places of those who were forgotten.
pub(crate) fn decode_kept(
    bytes: &[u8],
    request_id: Option<&RequestId>,
) -> anyhow::Result<KeptAnswer> {
    let (answer, forgotten) = match (bytes.split_first(), request_id) {
        (Some((&ENROLMENT, rest)), Some(request_id)) => {
            let (answer, forgotten) =
                enrolment::decode(rest, request_id).context("a stored answer")?;
            (Answer::Enrolment(answer), forgotten)
        }
        (Some((&EARNS, rest)), Some(request_id)) => {
            let stored: StoredEarns = postcard::from_bytes(rest).context("a stored answer")?;
            let (answer, forgotten) = stored.answer(request_id).context("a stored answer")?;
            (Answer::Earned(answer), forgotten)
        }
        (Some((&REVOCATIONS, rest)), request_id) => {
            let stored: StoredRevocations =
                postcard::from_bytes(rest).context("a stored answer")?;
            let (badge, outcomes, unknown) = stored.answer().context("a stored answer")?;
            let answer = Answer::EnrolmentsRevoked {
                badge,
                outcomes,
                unknown,
                request_id: request_id.cloned(),
            };
            (answer, Vec::new())
        }
        (Some((&IMPORT, rest)), Some(request_id)) => {
            let stored: StoredImport = postcard::from_bytes(rest).context("a stored answer")?;
            let (outcomes, forgotten) = stored.answer().context("a stored answer")?;
            let answer = Answer::Imported {
                request_id: request_id.clone(),
                outcomes,
            };
            (answer, forgotten)
        }
        (Some((&JSON, rest)), _) => {
            let answer = serde_json::from_slice(rest).context("a stored answer")?;
            (answer, Vec::new())
        }
        (form, _) => bail!("a stored answer has the form {:?}", form.map(|it| it.0)),
    };
    Ok(KeptAnswer { answer, forgotten })
}

/// The stored form of the answer in `bytes` without `person`; `None` if nothing of hers is in it.
pub(crate) fn forget(bytes: &[u8], person: &Person) -> anyhow::Result<Option<Vec<u8>>> {
    fn changed<T: Serialize + DeserializeOwned>(
        form: u8,
        rest: &[u8],
        forget: impl FnOnce(&mut T) -> anyhow::Result<bool>,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        let (mut stored, behind): (T, _) = postcard::take_from_bytes(rest)?;
        if !forget(&mut stored)? {
            return Ok(None);
        }
        let mut bytes = postcard::to_extend(&stored, vec![form])?;
        bytes.extend_from_slice(behind);
        Ok(Some(bytes))
    }
    match bytes.split_first() {
        Some((&ENROLMENT, rest)) => changed(ENROLMENT, rest, |it: &mut StoredEnrolment| {
            it.forget(person)
        }),
        Some((&EARNS, rest)) => changed(EARNS, rest, |it: &mut StoredEarns| it.forget(person)),
        Some((&REVOCATIONS, rest)) => changed(REVOCATIONS, rest, |it: &mut StoredRevocations| {
            it.forget(person)
        }),
        Some((&IMPORT, rest)) => changed(IMPORT, rest, |it: &mut StoredImport| it.forget(person)),
        Some((&JSON, rest)) => {
            let answer: Answer = serde_json::from_slice(rest)?;
            let left = answer.without(person);
            left.as_ref().map(encode).transpose()
        }
        form => bail!("a stored answer has the form {:?}", form.map(|it| it.0)),
    }
    .context("a stored answer")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use accolade_application::answer::{
        CustomerEarn, EarnAnswer, EarnOutcome, EnrolmentAnswer, Imported, RevokedEnrolment,
    };
    use accolade_domain::enrolment::{CustomerOutcome, EnrolmentStatus, Outcome};
    use accolade_domain::fixtures::{customer, second};
    use accolade_domain::identifier::IdentifierKind;
    use accolade_domain::ids::{IdBlock, ObjectId};
    use accolade_domain::rejection::{Code, Rejection};
    use proptest::prelude::*;

    use super::*;

    fn request_id() -> RequestId {
        RequestId::try_from("1").unwrap()
    }

    fn id(number: usize) -> ObjectId {
        let [a, b] = u16::try_from(number).unwrap().to_be_bytes();
        ObjectId::from_bytes([7, 7, 7, 7, 7, 7, 7, 7, 7, 0, a, b])
    }

    fn badge() -> BadgeId {
        ObjectId::from_bytes([9; 12]).into()
    }

    /// Customers, each once, and whether each is refused; and at which places nobody is known.
    type Shape = (Vec<(i64, bool)>, Vec<bool>);

    fn shape() -> impl Strategy<Value = Shape> {
        let customers = Just((1..=6_i64).collect::<Vec<_>>()).prop_shuffle();
        let refused = prop::collection::vec(any::<bool>(), 6);
        let some = (customers, refused, 0..=6_usize).prop_map(|(customers, refused, len)| {
            customers.into_iter().zip(refused).take(len).collect()
        });
        (some, prop::collection::vec(any::<bool>(), 12))
    }

    fn unknown((customers, places): &Shape) -> Vec<UnknownCustomer> {
        let mut unknown = Vec::new();
        let mut known = 0;
        for (place, is_unknown) in (0..).zip(places) {
            if *is_unknown {
                unknown.push(UnknownCustomer {
                    position: place,
                    identifier: format!("name {}", place % 4),
                });
            } else {
                known += 1;
                if known > customers.len() {
                    break;
                }
            }
        }
        unknown
    }

    fn rejection() -> Rejection {
        Rejection::new(Code::NotEnrolled)
    }

    /// An answer of each stored form.
    fn answers(shape: &Shape) -> Vec<Answer> {
        let customers = || shape.0.iter().enumerate();
        let len = u32::try_from(shape.0.len()).unwrap();
        let ids = IdBlock::new(id(100), len).unwrap();
        let enrolled = customers().map(|(place, (number, is_refused))| CustomerOutcome {
            customer: customer(*number),
            outcome: if *is_refused {
                Outcome::AlreadyEnrolled(id(place).into())
            } else {
                Outcome::Enrolled(ids.get(place).unwrap().into())
            },
            status: EnrolmentStatus::Active,
        });
        let earned = customers().map(|(place, (number, is_refused))| CustomerEarn {
            customer: customer(*number),
            outcome: if *is_refused {
                EarnOutcome::Refused(rejection())
            } else {
                EarnOutcome::Earned(id(place).into(), Some(id(2 * place).into()))
            },
        });
        let revoked = customers().map(|(place, (number, is_refused))| RevokedEnrolment {
            customer: customer(*number),
            enrolment: (place % 3 > 0).then(|| id(place).into()),
            refused: is_refused.then(rejection),
        });
        let imported = customers().map(|(place, (number, is_refused))| {
            if *is_refused {
                return Imported::Refused(vec![rejection()]);
            }
            Imported::Recorded {
                badge: badge(),
                customer: customer(*number),
                earned: id(place).into(),
                expires_on: second(*number),
            }
        });
        let first = shape.0.first().map_or(1, |it| it.0);
        let is_single = shape.0.len() == 1;
        vec![
            Answer::Enrolment(EnrolmentAnswer {
                badge: badge(),
                triggered_by: None,
                expires_on: second(1),
                outcomes: enrolled.collect(),
                unknown: unknown(shape),
                request_id: request_id(),
            }),
            Answer::Earned(EarnAnswer {
                single: is_single,
                badge: badge(),
                triggered_by: None,
                expires_on: second(3),
                event_on: second(2),
                outcomes: earned.collect(),
                // Who is alone and unknown is refused: there is no answer.
                unknown: if is_single {
                    Vec::new()
                } else {
                    unknown(shape)
                },
                request_id: request_id(),
                now: second(1),
            }),
            Answer::EnrolmentsRevoked {
                badge: badge(),
                outcomes: revoked.collect(),
                unknown: unknown(shape),
                request_id: Some(request_id()),
            },
            Answer::Imported {
                request_id: request_id(),
                outcomes: imported.collect(),
            },
            Answer::EarnRevoked {
                badge: badge(),
                customer: customer(first),
                earned: id(1).into(),
            },
        ]
    }

    proptest! {
        #[test]
        fn what_is_stored_without_a_person_reads_as_the_answer_without_her(
            shape in shape(),
            people in prop::collection::vec((prop::collection::btree_set(1..=6_i64, 1..3), 0..4_u8), 1..4),
        ) {
            for mut answer in answers(&shape) {
                let mut bytes = encode(&answer).unwrap();
                for (numbers, name) in &people {
                    let numbers: BTreeSet<_> = numbers.iter().map(|it| customer(*it)).collect();
                    let called = (IdentifierKind::Email, format!("name {name}"));
                    let person = Person::new(numbers, [called].into(), None);
                    let left = answer.without(&person);
                    let stored = forget(&bytes, &person).unwrap();
                    prop_assert_eq!(stored.is_some(), left.is_some(), "{:?}", answer);
                    answer = left.unwrap_or(answer);
                    bytes = stored.unwrap_or(bytes);
                    prop_assert_eq!(&decode(&bytes, Some(&request_id())).unwrap(), &answer);
                    prop_assert!(forget(&bytes, &person).unwrap().is_none());
                }
            }
        }
    }

    /// Servers of two releases may run beside each other.
    #[test]
    fn what_a_later_release_has_put_behind_an_answer_is_read_over_and_stays_when_somebody_is_forgotten()
     {
        let person = Person::new([customer(2)].into(), BTreeSet::new(), None);
        let shape = (vec![(1, false), (2, false)], vec![false; 12]);
        let compact = &answers(&shape)[..4];
        for answer in compact {
            let stored = encode(answer).unwrap();
            let later = [stored.as_slice(), b"later"].concat();
            assert_eq!(decode(&later, Some(&request_id())).unwrap(), *answer);
            let left = forget(&stored, &person).unwrap().unwrap();
            assert_eq!(
                forget(&later, &person).unwrap().unwrap(),
                [left.as_slice(), b"later"].concat()
            );
        }
    }

    proptest! {
        #[test]
        fn damaged_bytes_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let id = RequestId::try_from("1").unwrap();
            let _ = decode(&bytes, Some(&id));
            for form in [ENROLMENT, EARNS, REVOCATIONS, IMPORT] {
                let mut damaged = vec![form];
                damaged.extend(&bytes);
                let _ = decode(&damaged, Some(&id));
            }
        }
    }
}
