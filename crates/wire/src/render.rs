//! Answers, from the words of the domain to bytes: the one place that does it.
//!
//! An answer that is given again, because its request was sent again or asked for, goes
//! the same way and is the same to the byte.

use accolade_application::answer::{Answer, BadgeView};
use accolade_application::approvals::ChangeView;
use accolade_application::audit::AuditList;
use accolade_application::badges::{BadgeList, etag};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{BadgeQuery, LedgerEntry, Page, PageOf, StoreError};
use accolade_domain::rejection::Rejection;
use accolade_domain::zone::Zone;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::audit::answer::AuditBody;
use crate::badge::answer::BadgeBody;
use crate::badge::claim::{ActivityBody, ClaimedBody, UnclaimedBody};
use crate::badge::list::BadgeListBody;
use crate::catalogue::custom_field::CustomFieldBody;
use crate::catalogue::group::GroupBody;
use crate::change;
use crate::change::answer::HeldBody;
use crate::change::client::ClientBody;
use crate::change::rules::RulesBody;
use crate::change::workflow::{WorkflowBody, WorkflowListBody};
use crate::directory::{CustomerBody, CustomersBody};
use crate::earning::answer::{EarnedBody, EarnedBulkBody, RevokedEarnBody};
use crate::earning::import::envelopes;
use crate::enrolment::answer::EnrolmentBody;
use crate::enrolment::revocation::RevokedEnrolmentsBody;
use crate::envelope::{Errors, Notice, SuccessEnvelope};
use crate::job::answer::{JobBody, JobPartBody, JobReferenceBody};
use crate::people::{ErasedCustomerBody, MergedCustomersBody};
use crate::recorded::{RecordedRequestBody, RequestsBody};
use crate::webhook::answer::{WebhookBody, WebhookReferenceBody};
use crate::webhook::attempt::AttemptBody;

/// An answer as it is sent.
#[derive(Debug)]
pub struct Rendered {
    /// The bytes.
    pub body: Vec<u8>,
    /// The entity tag of the badge that it shows, without quotes.
    pub etag: Option<String>,
    /// Whether it was created now, which the status says of a badge and of a custom field only.
    pub created: bool,
    /// Whether it only says that the command waits for approval.
    pub held: bool,
}

impl Rendered {
    /// Bytes that are all there is to an answer.
    const fn new(body: Vec<u8>) -> Self {
        Self {
            body,
            etag: None,
            created: false,
            held: false,
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match (self.created, self.held) {
            (true, _) => 201,
            (false, true) => 202,
            (false, false) => 200,
        }
    }

    /// `value` without an envelope.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn bare(value: &impl Serialize) -> Result {
        serde_json::to_vec(value).map(Self::new).map_err(unwritable)
    }
}

/// What an answer is written with.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The zone of the caller's org, which never changes.
    pub zone: &'a Zone,
    /// What is odd about the request.
    pub warnings: &'a [Rejection],
}

/// An answer, or why it cannot be written, which should not happen.
pub type Result<T = Rendered> = std::result::Result<T, UseCaseError>;

/// Room for an answer about few things.
const ROOM: usize = 1_024;

/// Room for what an answer says of one customer, unless it was refused.
const ROOM_FOR_ONE: usize = 160;

/// Room for all of `answer`, about: one of a megabyte that grew step by step would be copied a dozen times,
/// each time to memory that nobody has touched.
fn room(answer: &Answer) -> usize {
    let customers = match answer {
        Answer::Enrolment(it) => it.outcomes.len(),
        Answer::Earned(it) => it.outcomes.len(),
        _ => 0,
    };
    ROOM + ROOM_FOR_ONE * customers
}

/// The answer of an operation that writes. A dry run has `recorded` nothing.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn answer(answer: &Answer, recorded: bool, context: Context<'_>) -> Result {
    let errors = match answer {
        Answer::Claimed { .. } | Answer::Unclaimed { .. } => Errors::Null,
        Answer::Imported {
            request_id,
            outcomes,
        } => {
            let envelopes = envelopes(outcomes, request_id, recorded, context.warnings);
            return Ok(Rendered::new(
                serde_json::to_vec(&envelopes).map_err(unwritable)?,
            ));
        }
        _ => Errors::Empty,
    };
    let etag = match answer {
        Answer::BadgeCreated(view) | Answer::Badge(view) => Some(etag(&view.badge)?),
        _ => None,
    };
    let write = Enveloped {
        errors,
        warnings: context.warnings,
        room: room(answer),
    };
    Ok(Rendered {
        body: data(answer, context.zone, write).map_err(unwritable)?,
        etag,
        created: matches!(
            answer,
            Answer::BadgeCreated(_) | Answer::CustomFieldCreated(_)
        ),
        held: matches!(answer, Answer::Held(_)),
    })
}

/// The answer that shows one badge.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn badge(view: &BadgeView, context: Context<'_>) -> Result {
    let body = BadgeBody::new(view, context.zone).map_err(unwritable)?;
    Ok(Rendered {
        etag: Some(etag(&view.badge)?),
        ..enveloped(&body, context)?
    })
}

/// The answer that shows the page `list`, which `query` asked for.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn badges(list: &BadgeList, query: &BadgeQuery, context: Context<'_>) -> Result {
    let body = BadgeListBody::new(list, query).map_err(unwritable)?;
    enveloped(&body, context)
}

/// The answer that shows entries of the audit trail.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn audit(list: &AuditList, context: Context<'_>) -> Result {
    let body = AuditBody::new(list, context.zone).map_err(unwritable)?;
    enveloped(&body, context)
}

/// The answer that shows one change.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn change(view: &ChangeView, context: Context<'_>) -> Result {
    let body = change::answer::ChangeBody::new(view, context.zone).map_err(unwritable)?;
    enveloped(&body, context)
}

/// The answer that shows one change to clients of the request workflow.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn workflow_request(view: &ChangeView, context: Context<'_>) -> Result {
    let body = WorkflowBody::new(view, context.zone).map_err(unwritable)?;
    enveloped(&body, context)
}

/// The answer that shows `page`, which was `asked` for, to clients of the request workflow.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn workflow_requests(page: &Page<ChangeView>, asked: PageOf, context: Context<'_>) -> Result {
    let body = WorkflowListBody::new(page, asked, context.zone, context.warnings);
    Rendered::bare(&body.map_err(unwritable)?)
}

/// The answer that tells what became of earlier requests.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn requests(entries: &[LedgerEntry], context: Context<'_>) -> Result {
    let requests = entries
        .iter()
        .map(|entry| {
            let answer = data(&entry.answer, context.zone, Raw).map_err(unwritable)?;
            Ok(RecordedRequestBody::new(entry, answer))
        })
        .collect::<Result<_>>()?;
    enveloped(&RequestsBody { requests }, context)
}

/// The answer that shows `data`.
///
/// # Errors
/// It cannot be written.
pub fn enveloped(data: &impl Serialize, context: Context<'_>) -> Result {
    let write = Enveloped {
        errors: Errors::Empty,
        warnings: context.warnings,
        room: ROOM,
    };
    write.write(data).map(Rendered::new).map_err(unwritable)
}

/// What becomes of the `data` of an answer.
trait Destination {
    type Written;

    fn write(self, data: &impl Serialize) -> serde_json::Result<Self::Written>;
}

struct Raw;

impl Destination for Raw {
    type Written = Box<RawValue>;

    fn write(self, data: &impl Serialize) -> serde_json::Result<Box<RawValue>> {
        to_raw_value(data)
    }
}

/// Around it, the envelope of an answer, which has room for so many bytes.
struct Enveloped<'a> {
    errors: Errors,
    warnings: &'a [Rejection],
    room: usize,
}

impl Destination for Enveloped<'_> {
    type Written = Vec<u8>;

    fn write(self, data: &impl Serialize) -> serde_json::Result<Vec<u8>> {
        let warnings = self.warnings.iter().map(Notice::from).collect();
        let mut bytes = Vec::with_capacity(self.room);
        let envelope = SuccessEnvelope::new(data, self.errors, warnings);
        serde_json::to_writer(&mut bytes, &envelope)?;
        Ok(bytes)
    }
}

/// The `data` of `answer`, or of an import its envelopes, as `to` writes it.
fn data<D: Destination>(answer: &Answer, zone: &Zone, to: D) -> serde_json::Result<D::Written> {
    match answer {
        Answer::Enrolment(enrolment) => to.write(&EnrolmentBody::new(enrolment)),
        Answer::Earned(earned) if earned.single => to.write(&EarnedBody::new(earned)?),
        Answer::Earned(earned) => to.write(&EarnedBulkBody::new(earned)),
        Answer::EarnRevoked {
            badge,
            customer,
            earned,
        } => to.write(&RevokedEarnBody::new(*badge, *customer, *earned)),
        Answer::EnrolmentsRevoked {
            badge,
            outcomes,
            unknown,
            request_id,
        } => to.write(&RevokedEnrolmentsBody::new(
            *badge,
            outcomes,
            unknown,
            request_id.as_ref(),
        )),
        Answer::Imported {
            request_id,
            outcomes,
        } => to.write(&envelopes(outcomes, request_id, true, &[])),
        Answer::Group(group) => to.write(&GroupBody::new(group)),
        Answer::CustomFieldCreated(field) | Answer::CustomField(field) => {
            to.write(&CustomFieldBody::new(field))
        }
        Answer::Directory(directory) => match directory.entries.as_slice() {
            [entry] if directory.single => to.write(&CustomerBody::new(entry)),
            entries => to.write(&CustomersBody::new(entries)),
        },
        Answer::BadgeCreated(view) | Answer::Badge(view) => to.write(&BadgeBody::new(view, zone)?),
        Answer::Claimed { badge, owner } => to.write(&ClaimedBody::new(*badge, owner)),
        Answer::Unclaimed { owner } => to.write(&UnclaimedBody::new(owner)),
        Answer::Activity { badge, active } => to.write(&ActivityBody {
            id: *badge,
            is_active: *active,
        }),
        Answer::Webhook(webhook) => to.write(&WebhookBody::new(webhook)),
        Answer::WebhookDeleted(webhook) | Answer::WebhookResent(webhook) => {
            to.write(&WebhookReferenceBody::new(*webhook))
        }
        Answer::Job(job) => to.write(&JobBody::new(job)),
        Answer::JobPart { job, part } => to.write(&JobPartBody::new(job, *part)),
        Answer::JobDeleted(job) => to.write(&JobReferenceBody::new(job)),
        // The first is shown to nobody, and nothing is left of the other.
        Answer::NotExecuted(_) | Answer::Forgotten => to.write(&()),
        Answer::CustomersMerged { from, to: second } => {
            to.write(&MergedCustomersBody::new(*from, *second))
        }
        Answer::CustomerErased(customer) => to.write(&ErasedCustomerBody::new(*customer)),
        Answer::Held(held) => to.write(&HeldBody::new(held)),
        Answer::Change(change) => to.write(&change::answer::ChangeBody::new(change, zone)?),
        Answer::Request(change) => to.write(&WorkflowBody::new(change, zone)?),
        Answer::ApprovalRules(rules) => to.write(&RulesBody::new(rules)),
        Answer::Client(client) => to.write(&ClientBody::new(client)),
        Answer::WebhookTested { event, result } => to.write(&AttemptBody::new(event, 1, result)),
    }
}

fn unwritable(error: serde_json::Error) -> UseCaseError {
    UseCaseError::Store(StoreError::Unexpected(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_domain::rejection::Code;

    fn written(data: &impl Serialize, errors: Errors, warnings: &[Rejection]) -> String {
        let envelope = Enveloped {
            errors,
            warnings,
            room: 0,
        };
        String::from_utf8(envelope.write(data).unwrap()).unwrap()
    }

    #[test]
    fn an_answer_is_compact_and_in_order() {
        assert_eq!(
            written(&[1, 2], Errors::Empty, &[]),
            r#"{"data":[1,2],"errors":[],"warnings":[]}"#
        );
        let warning = Rejection::new(Code::CustomerRepeated)
            .with_message("twice")
            .at_field("customers[1]");
        assert_eq!(
            written(&(), Errors::Null, &[warning]),
            r#"{"data":null,"errors":null,"warnings":[{"code":1992,"message":"twice","reference":"customers[1]"}]}"#
        );
    }
}
