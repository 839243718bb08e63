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
    pub(crate) fn places<'a, T>(
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
        let mut stored: T = postcard::from_bytes(rest)?;
        if !forget(&mut stored)? {
            return Ok(None);
        }
        Ok(Some(postcard::to_extend(&stored, vec![form])?))
    }
    match bytes.split_first() {
        Some((&ENROLMENT, rest)) => {
            changed(ENROLMENT, rest, |it: &mut StoredEnrolment| it.forget(person))
        }
        Some((&EARNS, rest)) => changed(EARNS, rest, |it: &mut StoredEarns| it.forget(person)),
        Some((&REVOCATIONS, rest)) => {
            changed(REVOCATIONS, rest, |it: &mut StoredRevocations| it.forget(person))
        }
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
    use proptest::prelude::*;

    use super::*;

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
