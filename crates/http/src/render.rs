//! Answers, from the words of the domain to bytes: the one place that does it.
//!
//! An answer that is given again, because its request was sent again or asked for, goes
//! the same way and is the same to the byte.

use accolade_application::answer::{Answer, BadgeView};
use accolade_application::badges::BadgeList;
use accolade_application::ports::{BadgeQuery, LedgerEntry};
use accolade_domain::rejection::Rejection;
use serde_json::Result;
use serde_json::value::{RawValue, to_raw_value};

use crate::wire::badge::BadgeBody;
use crate::wire::claim::{ActivityBody, ClaimedBody, UnclaimedBody};
use crate::wire::enrolment::EnrolmentBody;
use crate::wire::envelope::{Errors, success};
use crate::wire::list::{BadgeListBody, RecordedRequest, RequestsBody};

/// The body that gives the answer of an operation that writes.
///
/// # Errors
/// A benefit that is stored is no JSON.
pub(crate) fn answer(answer: &Answer, warnings: &[Rejection]) -> Result<Vec<u8>> {
    match answer {
        Answer::Enrolment(enrolment) => {
            success(&EnrolmentBody::from(enrolment), Errors::Empty, warnings)
        }
        Answer::Badge(view) => badge(view, warnings),
        Answer::Claimed { badge, owner } => {
            success(&ClaimedBody::of(*badge, owner), Errors::Null, warnings)
        }
        Answer::Unclaimed { owner } => success(&UnclaimedBody::from(owner), Errors::Null, warnings),
        Answer::Activity { badge, active } => {
            let (id, is_active) = (*badge, *active);
            success(&ActivityBody { id, is_active }, Errors::Empty, warnings)
        }
    }
}

/// The body that shows one badge.
///
/// # Errors
/// A benefit that is stored is no JSON.
pub(crate) fn badge(view: &BadgeView, warnings: &[Rejection]) -> Result<Vec<u8>> {
    success(&BadgeBody::of(view)?, Errors::Empty, warnings)
}

/// The body that shows the page `list`, which `query` asked for.
///
/// # Errors
/// A benefit that is stored is no JSON.
pub(crate) fn badges(
    list: &BadgeList,
    query: &BadgeQuery,
    warnings: &[Rejection],
) -> Result<Vec<u8>> {
    success(&BadgeListBody::of(list, query)?, Errors::Empty, warnings)
}

/// The body that tells what became of earlier requests.
///
/// # Errors
/// A benefit that is stored is no JSON.
pub(crate) fn requests(entries: &[LedgerEntry], warnings: &[Rejection]) -> Result<Vec<u8>> {
    let requests = entries
        .iter()
        .map(|entry| Ok(RecordedRequest::of(entry, data(&entry.answer)?)))
        .collect::<Result<_>>()?;
    success(&RequestsBody { requests }, Errors::Empty, warnings)
}

fn data(answer: &Answer) -> Result<Box<RawValue>> {
    match answer {
        Answer::Enrolment(enrolment) => to_raw_value(&EnrolmentBody::from(enrolment)),
        Answer::Badge(view) => to_raw_value(&BadgeBody::of(view)?),
        Answer::Claimed { badge, owner } => to_raw_value(&ClaimedBody::of(*badge, owner)),
        Answer::Unclaimed { owner } => to_raw_value(&UnclaimedBody::from(owner)),
        Answer::Activity { badge, active } => to_raw_value(&ActivityBody {
            id: *badge,
            is_active: *active,
        }),
    }
}
