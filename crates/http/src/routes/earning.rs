//! Earning a badge, revoking an earned one, and importing earned ones from elsewhere.

use accolade_application::access::AccessGroup;
use accolade_application::earning::ImportCustomerBadges;
use accolade_domain::rejection::Rejection;
use accolade_wire::earning::answer::{EarnedBody, EarnedBulkBody, RevokedEarnBody};
use accolade_wire::earning::import::ImportedEnvelopeBody;
use accolade_wire::earning::import_request::{self, ImportRowBody};
use accolade_wire::earning::request::{
    EarnBulkRequestBody, EarnRequestBody, RevokeEarnRequestBody,
};
use accolade_wire::json::Parsed;
use actix_web::{HttpResponse, web};

use crate::failure::Failure;
use crate::operation::{Operation, Success, SuccessUnlessErased, example, post, put};
use crate::routes::call::Call;
use crate::state::AppState;

/// What letting customers earn can answer, one or many.
const EARN_CODES: &[u32] = &[
    404, 714, 716, 717, 750, 804, 809, 810, 811, 812, 815, 816, 817, 818, 1026, 1028, 1901, 1991,
];

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        post("/customer/earn", earn_badge)
            .named("earnBadge", "Earning", "Let a customer earn a badge")
            .about(
                "\
Checked in this order: the shape of the body, 804, 1026, 809, 404, 1901, 714, 810, 750, 815, 816
for a badge that is earned directly or else 811, 817, 818. The message of 817 and 818 tells which
limit it is and when it opens again; the refusal can be looked up later beside the customer's
badge. An enrolment is not used up: only limits say how often a badge is earned.",
            )
            .needs(AccessGroup::BadgesIssue)
            .dry_run("Every check")
            .header("requestId", "The id of the request, if the body has none.")
            .identifiers("`customerId` is an identifier")
            .json_body::<EarnRequestBody>(example!("earn.request"))
            .answers::<SuccessUnlessErased<EarnedBody>>("Earned.", example!("earned"))
            .may_be_held()
            .codes(EARN_CODES)
            .codes(&[1994]),
        post("/customer/earnBulk", earn_badge_bulk)
            .named("earnBadgeBulk", "Earning", "Let customers earn a badge")
            .about(
                "\
All of a request is one transaction; each customer has an outcome of its own. What room there is
under limits the customers get in the order of the request. Checked as for one customer, where
811, 817, 818 and 1026 are errors of the element: it has `customerId` and `error` only. The outcomes
stand in the answer twice, because there are clients for either form: in `earnedBadgesList` and
`failedEarnBadgeErrorList` with their counts, and all together in `issuedBadges`.",
            )
            .needs(AccessGroup::BadgesIssue)
            .dry_run("Every check and every outcome")
            .header("requestId", "The id of the request, if the body has none.")
            .identifiers("`customerIds` are identifiers")
            .json_body::<EarnBulkRequestBody>(example!("earn-bulk.request"))
            .answers::<Success<EarnedBulkBody>>(
                "Carried out: an outcome for each customer.",
                example!("earned-bulk"),
            )
            .may_be_held()
            .codes(EARN_CODES)
            .codes(&[1905, 1992, 1993, 1994]),
        post("/customer/revokeEarn", revoke_earn)
            .named("revokeEarn", "Earning", "Revoke an earned badge")
            .about(
                "\
Its place under every limit is free again. Checked in this order: the shape of the body, 1026,
809, 404, 814.",
            )
            .needs(AccessGroup::BadgesIssue)
            .dry_run("Every check")
            .header("requestId", "The id of the request, if the body has none.")
            .identifiers("`customerId` is an identifier")
            .json_body::<RevokeEarnRequestBody>(example!("revoke-earn.request"))
            .answers::<SuccessUnlessErased<RevokedEarnBody>>(
                "The customer does not have it any more.",
                example!("revoked-earn"),
            )
            .may_be_held()
            .codes(&[404, 809, 812, 814, 1026, 1028, 1994]),
        import(
            put("/import/customerBadges", import_customer_badges)
                .named("importCustomerBadges", "Earning", "Import earned badges")
                .about(
                    "\
Takes over what was earned elsewhere: no enrolment is needed, badges may be deactivated and dates
past, and no limit refuses it, but it counts under fixed values and fixed windows from now on. The
answer is an array of envelopes in the order of the request: an element that is wrong fails alone.
Also as POST.",
                ),
        ),
        import(
            post("/import/customerBadges", post_customer_badges)
                .named(
                    "postCustomerBadges",
                    "Earning",
                    "Import earned badges by POST",
                )
                .about("The same as by PUT."),
        ),
    ]
}

/// What both ways to import have in common.
fn import(operation: Operation) -> Operation {
    operation
        .needs(AccessGroup::BadgesIssue)
        .dry_run("Every check and every outcome")
        .header(
            "requestId",
            "The id of the request; one is made if it is absent. Elements have it with `_1`, \
             `_2`, ….",
        )
        .identifiers("`customerId` is an identifier")
        .json_list_body::<ImportRowBody>(example!("import.request"))
        .answers::<Vec<ImportedEnvelopeBody>>(
            "Carried out: an envelope for each element.",
            example!("imported"),
        )
        .may_be_held()
        .codes(&[809, 812, 1026, 1028, 1054, 1905, 1991, 1994])
}

async fn earn_badge(call: Call, state: web::Data<AppState>) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let command = call.read_in_context(EarnRequestBody::parse).await?;
    call.execute_in_group(command, &state.earns).await
}

async fn earn_badge_bulk(call: Call, state: web::Data<AppState>) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let command = call.read_in_context(EarnBulkRequestBody::parse).await?;
    call.execute_in_group(command, &state.earns).await
}

async fn revoke_earn(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let revocation = call.read_in_context(RevokeEarnRequestBody::parse).await?;
    call.execute(revocation).await
}

async fn import_customer_badges(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let import = call
        .read_in_context(|body, context| {
            let request_id = context
                .header_request_id()
                .map_err(|message| vec![Rejection::unreadable(message).at_field("requestId")])?;
            let rows = import_request::read(body, context)?;
            Ok(Parsed {
                value: ImportCustomerBadges {
                    rows: rows.value,
                    request_id,
                },
                warnings: rows.warnings,
            })
        })
        .await?;
    call.execute(import).await
}

async fn post_customer_badges(call: Call) -> Result<HttpResponse, Failure> {
    import_customer_badges(call).await
}
