//! Answers as they are stored.
//!
//! The first byte says which form follows, so that forms can be added and old rows stay
//! readable:
//!
//! - 1: an enrolment; 3: earns; 4: revoked enrolments; 5: an import. They are compact: ten
//!   thousand customers cost a few bytes each. What follows from the row that holds the
//!   answer, such as the id of the request, is not in it.
//! - 2: any other answer, as JSON.

mod earning;
mod enrolment;
pub(crate) mod parts;

use accolade_application::answer::Answer;
use accolade_domain::text::RequestId;
use anyhow::{Context as _, bail};

use crate::answers::earning::{StoredEarns, StoredImport, StoredRevocations};
use crate::answers::enrolment::StoredEnrolment;

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

/// The answer in `bytes`; `request_id` is that of the ledger's row, if it is from there.
pub(crate) fn decode(bytes: &[u8], request_id: Option<&RequestId>) -> anyhow::Result<Answer> {
    match (bytes.split_first(), request_id) {
        (Some((&ENROLMENT, rest)), Some(request_id)) => {
            enrolment::decode(rest, request_id).map(Answer::Enrolment)
        }
        (Some((&EARNS, rest)), Some(request_id)) => postcard::from_bytes::<StoredEarns>(rest)?
            .answer(request_id)
            .map(Answer::Earned),
        (Some((&REVOCATIONS, rest)), request_id) => {
            let stored: StoredRevocations = postcard::from_bytes(rest)?;
            let (badge, outcomes, unknown) = stored.answer()?;
            Ok(Answer::EnrolmentsRevoked {
                badge,
                outcomes,
                unknown,
                request_id: request_id.cloned(),
            })
        }
        (Some((&IMPORT, rest)), Some(request_id)) => Ok(Answer::Imported {
            request_id: request_id.clone(),
            outcomes: postcard::from_bytes::<StoredImport>(rest)?.answer()?,
        }),
        (Some((&JSON, rest)), _) => Ok(serde_json::from_slice(rest)?),
        (form, _) => bail!("a stored answer has the form {:?}", form.map(|it| it.0)),
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
