//! Answers, from the words of the domain to bytes: the one place that does it.
//!
//! An answer that is given again, because its request was sent again or asked for, goes
//! the same way and is the same to the byte.

use accolade_application::answer::{Answer, BadgeView};
use accolade_application::badges::{BadgeList, etag};
use accolade_application::customers::ShownDetails;
use accolade_application::earning::FixedWindows;
use accolade_application::error::UseCaseError;
use accolade_application::ports::{
    BadgeQuery, CustomFieldQuery, LedgerEntry, Page, PageOf, StoreError,
};
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::customer_view::{CustomerBadge, CustomerBadgeQuery};
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_domain::rejection::Rejection;
use accolade_domain::zone::Zone;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::badge::answer::BadgeBody;
use crate::badge::claim::{ActivityBody, ClaimedBody, UnclaimedBody};
use crate::badge::list::BadgeListBody;
use crate::catalogue::custom_field::{CustomFieldBody, CustomFieldListBody};
use crate::catalogue::group::{GroupBody, GroupListBody};
use crate::customer::badges::{CustomerBadgesBody, ManagedBadgesBody};
use crate::customer::details::DetailsBody;
use crate::directory::{CustomerBody, CustomersBody};
use crate::earning::answer::{EarnedBody, EarnedBulkBody, RevokedEarnBody};
use crate::earning::import::envelopes;
use crate::earning::windows::FixedWindowsBody;
use crate::enrolment::answer::EnrolmentBody;
use crate::enrolment::revocation::RevokedEnrolmentsBody;
use crate::envelope::{Errors, success};
use crate::request::recorded::{RecordedRequest, RequestsBody};

/// An answer as it is sent.
#[derive(Debug)]
pub struct Rendered {
    /// The bytes.
    pub body: Vec<u8>,
    /// The entity tag of the badge that it shows, without quotes.
    pub etag: Option<String>,
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
            let body = serde_json::to_vec(&envelopes).map_err(unwritable)?;
            return Ok(Rendered { body, etag: None });
        }
        _ => Errors::Empty,
    };
    let etag = match answer {
        Answer::Badge(view) => Some(etag(&view.badge)?),
        _ => None,
    };
    let write = Enveloped {
        errors,
        warnings: context.warnings,
    };
    let body = data(answer, context.zone, write).map_err(unwritable)?;
    Ok(Rendered { body, etag })
}

/// The answer that shows one badge.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn badge(view: &BadgeView, context: Context<'_>) -> Result {
    let body = BadgeBody::of(view, context.zone).map_err(unwritable)?;
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
    let body = BadgeListBody::of(list, query).map_err(unwritable)?;
    enveloped(&body, context)
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
            Ok(RecordedRequest::of(entry, answer))
        })
        .collect::<Result<_>>()?;
    enveloped(&RequestsBody { requests }, context)
}

/// The answer that shows the page of a customer's badges which `query` asked for.
///
/// # Errors
/// It cannot be written.
pub fn customer_badges(
    page: &Page<CustomerBadge>,
    query: &CustomerBadgeQuery,
    context: Context<'_>,
) -> Result {
    enveloped(&CustomerBadgesBody::of(page, query, context.zone), context)
}

/// The same for the care desk.
///
/// # Errors
/// It cannot be written.
pub fn managed_badges(
    page: &Page<CustomerBadge>,
    query: &CustomerBadgeQuery,
    context: Context<'_>,
) -> Result {
    enveloped(&ManagedBadgesBody::of(page, query), context)
}

/// The answer that shows everything between a customer and a badge.
///
/// # Errors
/// It cannot be written.
pub fn details(shown: &ShownDetails, statistics: bool, context: Context<'_>) -> Result {
    enveloped(&DetailsBody::of(shown, statistics, context.zone), context)
}

/// The answer that shows the page `asked` of the fixed windows of `badge`.
///
/// # Errors
/// It cannot be written.
pub fn fixed_windows(
    org: OrgId,
    badge: BadgeId,
    windows: &FixedWindows,
    asked: PageOf,
    context: Context<'_>,
) -> Result {
    enveloped(&FixedWindowsBody::of(org, badge, windows, asked), context)
}

/// The answer that shows one group.
///
/// # Errors
/// It cannot be written.
pub fn group(group: &Group, context: Context<'_>) -> Result {
    enveloped(&GroupBody::from(group), context)
}

/// The answer that shows the page `asked` of groups.
///
/// # Errors
/// It cannot be written.
pub fn groups(page: &Page<Group>, asked: PageOf, context: Context<'_>) -> Result {
    enveloped(&GroupListBody::of(page, asked), context)
}

/// The answer that shows one custom field.
///
/// # Errors
/// It cannot be written.
pub fn custom_field(field: &CustomField, context: Context<'_>) -> Result {
    enveloped(&CustomFieldBody::from(field), context)
}

/// The answer that shows the page of custom fields which `query` asked for.
///
/// # Errors
/// It cannot be written.
pub fn custom_fields(
    page: &Page<CustomField>,
    query: &CustomFieldQuery,
    context: Context<'_>,
) -> Result {
    enveloped(&CustomFieldListBody::of(page, query), context)
}

fn enveloped(data: &impl Serialize, context: Context<'_>) -> Result {
    let body = success(data, Errors::Empty, context.warnings).map_err(unwritable)?;
    Ok(Rendered { body, etag: None })
}

/// What becomes of the `data` of an answer.
trait Write {
    type Written;

    fn write(self, data: &impl Serialize) -> serde_json::Result<Self::Written>;
}

struct Raw;

impl Write for Raw {
    type Written = Box<RawValue>;

    fn write(self, data: &impl Serialize) -> serde_json::Result<Box<RawValue>> {
        to_raw_value(data)
    }
}

struct Enveloped<'a> {
    errors: Errors,
    warnings: &'a [Rejection],
}

impl Write for Enveloped<'_> {
    type Written = Vec<u8>;

    fn write(self, data: &impl Serialize) -> serde_json::Result<Vec<u8>> {
        success(data, self.errors, self.warnings)
    }
}

/// The `data` of `answer`, or of an import its envelopes, as `to` writes it.
fn data<W: Write>(answer: &Answer, zone: &Zone, to: W) -> serde_json::Result<W::Written> {
    match answer {
        Answer::Enrolment(enrolment) => to.write(&EnrolmentBody::from(enrolment)),
        Answer::Earned(earned) if earned.single => to.write(&EarnedBody::of(earned)?),
        Answer::Earned(earned) => to.write(&EarnedBulkBody::from(earned)),
        Answer::EarnRevoked {
            badge,
            customer,
            earned,
        } => to.write(&RevokedEarnBody::of(*badge, *customer, *earned)),
        Answer::EnrolmentsRevoked {
            badge,
            outcomes,
            unknown,
            request_id,
        } => to.write(&RevokedEnrolmentsBody::of(
            *badge,
            outcomes,
            unknown,
            request_id.as_ref(),
        )),
        Answer::Imported {
            request_id,
            outcomes,
        } => to.write(&envelopes(outcomes, request_id, true, &[])),
        Answer::Group(group) => to.write(&GroupBody::from(group)),
        Answer::CustomField(field) => to.write(&CustomFieldBody::from(field)),
        Answer::Directory(directory) => match directory.entries.as_slice() {
            [entry] if directory.single => to.write(&CustomerBody::from(entry)),
            entries => to.write(&CustomersBody::of(entries)),
        },
        Answer::Badge(view) => to.write(&BadgeBody::of(view, zone)?),
        Answer::Claimed { badge, owner } => to.write(&ClaimedBody::of(*badge, owner)),
        Answer::Unclaimed { owner } => to.write(&UnclaimedBody::from(owner)),
        Answer::Activity { badge, active } => to.write(&ActivityBody {
            id: *badge,
            is_active: *active,
        }),
    }
}

fn unwritable(error: serde_json::Error) -> UseCaseError {
    UseCaseError::Store(StoreError::Unexpected(error.into()))
}
