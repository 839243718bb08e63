//! Enrolling customers, and revoking enrolments.

use accolade_application::access::AccessGroup;
use accolade_wire::enrolment::answer::EnrolmentBody;
use accolade_wire::enrolment::request::EnrolmentRequestBody;
use accolade_wire::enrolment::revocation::RevokedEnrolmentsBody;
use accolade_wire::enrolment::revocation_request::RevocationRequestBody;
use actix_web::{HttpResponse, web};

use crate::failure::Failure;
use crate::operation::{Operation, Success, example, post};
use crate::routes::call::Call;
use crate::state::AppState;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        post("/badgeMeta/customer/issueBulk", enrol_customers)
            .named("enrolCustomers", "Enrolment", "Enrol customers for a badge")
            .about(
                "\
All of a request is one transaction; each customer has an outcome of its own. Checked in this
order: credentials, access group, `Idempotency-Key`, the shape of the body, 809, 404, 1901,
1902, 714, 810, 816, 1903, and then for each customer 1040. A customer whose identifier nobody
has is 1026, with the identifier as its `customerId` and without a status.",
            )
            .needs(AccessGroup::BadgesIssue)
            .dry_run("Every check and every outcome")
            .header("requestId", "The id of the request, if the body has none.")
            .identifiers("`customers` are identifiers")
            .json_body::<EnrolmentRequestBody>(example!("enrolment.request"))
            .answers::<Success<EnrolmentBody>>(
                "Carried out: an outcome for each customer.",
                example!("enrolment"),
            )
            .may_be_held()
            .codes(&[
                404, 714, 716, 717, 809, 810, 812, 816, 1026, 1028, 1040, 1901, 1902, 1903, 1905,
                1991, 1992, 1994,
            ]),
        post("/badgeMeta/customer/revokeIssue", revoke_enrolments)
            .named("revokeEnrolments", "Enrolment", "Revoke enrolments")
            .about(
                "\
All that customers have of the badge, or up to 20 that are named by their ids. Once this has
answered, nothing is earned by virtue of them. Checked in this order: the shape of the body,
1051, 809, 404, and then for each element 404.",
            )
            .needs(AccessGroup::BadgesIssue)
            .dry_run("Every check and every outcome")
            .header("requestId", "The id of the request, if the body has none.")
            .identifiers("customers are named by identifiers")
            .json_body::<RevocationRequestBody>(example!("revoke-enrolments.request"))
            .answers::<Success<RevokedEnrolmentsBody>>(
                "Carried out: an outcome for each enrolment.",
                example!("revoked-enrolments"),
            )
            .may_be_held()
            .codes(&[404, 809, 812, 1026, 1028, 1051, 1905, 1992, 1993, 1994]),
    ]
}

async fn enrol_customers(call: Call, state: web::Data<AppState>) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let command = call.read_in_context(EnrolmentRequestBody::parse).await?;
    call.execute_in_group(command, &state.enrolments).await
}

async fn revoke_enrolments(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let revocation = call.read_in_context(RevocationRequestBody::parse).await?;
    call.execute(revocation).await
}
