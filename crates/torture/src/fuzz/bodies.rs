//! Bodies, before the parser of every operation.

use accolade_application::ports::IdentifierKind;
use accolade_domain::rejection::Rejection;
use accolade_wire::badge::claim::OwnerRequestBody;
use accolade_wire::badge::request::{self as badge_request, NewId};
use accolade_wire::catalogue::custom_field::{CustomFieldChangeBody, CustomFieldRequestBody};
use accolade_wire::catalogue::group::{GroupChangeBody, GroupRequestBody};
use accolade_wire::customer::named::ParseContext;
use accolade_wire::directory::{CustomersRequestBody, IdentifiersBody};
use accolade_wire::earning::import_request;
use accolade_wire::earning::request::{
    EarnBulkRequestBody, EarnRequestBody, RevokeEarnRequestBody,
};
use accolade_wire::enrolment::request::EnrolmentRequestBody;
use accolade_wire::enrolment::revocation_request::RevocationRequestBody;
use accolade_wire::job::request::JobRequestBody;
use accolade_wire::json::Parsed;
use accolade_wire::people::MergeRequestBody;
use accolade_wire::webhook::request::{WebhookChangeBody, WebhookRequestBody};
use accolade_wire::webhook::resend::ResendRequestBody;

use crate::fuzz::{Verdict, agree};

/// The most problems that one answer tells.
const MOST_PROBLEMS: usize = 50;

pub(super) fn check(body: &[u8]) -> Verdict {
    for named_by in [None, Some(IdentifierKind::Mobile)] {
        let context = ParseContext {
            max_customers: 100,
            request_id: Some(b"header"),
            named_by,
        };
        twice(|| EnrolmentRequestBody::parse(body, context))?;
        twice(|| EarnRequestBody::parse(body, context))?;
        twice(|| EarnBulkRequestBody::parse(body, context))?;
        twice(|| RevokeEarnRequestBody::parse(body, context))?;
        twice(|| RevocationRequestBody::parse(body, context))?;
        twice(|| CustomersRequestBody::parse(body, context))?;
        twice(|| MergeRequestBody::parse(body, context))?;
        twice(|| import_request::read(body, context))?;
    }
    twice(|| badge_request::read(body, NewId::Made))?;
    twice(|| badge_request::read(body, NewId::TakenOver))?;
    twice(|| OwnerRequestBody::parse(body))?;
    twice(|| GroupRequestBody::parse(body))?;
    twice(|| GroupChangeBody::parse(body))?;
    twice(|| CustomFieldRequestBody::parse(body))?;
    twice(|| CustomFieldChangeBody::parse(body))?;
    twice(|| IdentifiersBody::parse(body))?;
    twice(|| JobRequestBody::parse(body))?;
    twice(|| WebhookRequestBody::parse(body))?;
    twice(|| WebhookChangeBody::parse(body))?;
    twice(|| ResendRequestBody::parse(body))
}

/// Reads the body twice: it says the same, and if something is wrong with it, what, within the bound.
fn twice<T: std::fmt::Debug>(read: impl Fn() -> Result<Parsed<T>, Vec<Rejection>>) -> Verdict {
    let told = || {
        read()
            .map(|it| format!("{:?} {:?}", it.value, it.warnings))
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let once = told();
    agree("a body", &once, &told())?;
    match once {
        Err(problems) if problems.is_empty() => Err("refused without a reason".to_owned()),
        Err(problems) if problems.len() > MOST_PROBLEMS => {
            Err(format!("{} problems", problems.len()))
        }
        _ => Ok(()),
    }
}
