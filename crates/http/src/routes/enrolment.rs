//! Enrolling customers.

use accolade_application::access::AccessGroup;
use accolade_application::answer::Answer;
use accolade_application::enrolment::{EnrolCustomers, enrol, preview};
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::rejection::Rejection;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::metrics::{EnrolmentOutcome, Metrics};
use crate::openapi::success::Success;
use crate::routes::call::Call;
use crate::routes::write::{BodyKind, Write};
use crate::wire::enrolment::EnrolmentBody;
use crate::wire::enrolment_request::{EnrolmentReading, EnrolmentRequest, EnrolmentRequestBody};

/// The header that tells by which kind of identifier customers are named.
const CUSTOMER_IDENTIFIER: &str = "X-CAP-CUSTOMER-IDENTIFIER";

/// Enrol customers for a badge
///
/// All of a request is one transaction; each customer has an outcome of its own. Checked in this
/// order: credentials, access group, `Idempotency-Key`, the shape of the body, 809, 404, 1901,
/// 1902, 714, 810, 816, 1903, and then for each customer 1040.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/badgeMeta/customer/issueBulk",
    operation_id = "enrolCustomers",
    tag = "Enrolment",
    params(
        ("dryRun" = Option<bool>, Query, description = "Every check and every outcome, nothing recorded; idempotency keys are ignored."),
        ("requestId" = Option<String>, Header, description = "The id of the request, if the body has none."),
    ),
    request_body(
        content = EnrolmentRequest,
        example = json!({
            "badgeMetaId": "66276dc68fe258516a88ff8e",
            "customers": [62_090_013],
            "requestId": "21390",
            "issueEventDate": 1_713_860_055,
            "issueEventDateISO": "2024-04-23T13:44:15+05:30",
            "triggeredBy": {"ownerType": "Loyalty", "referenceId": "123694"},
        }),
    ),
    responses((
        status = 200,
        description = "Carried out: an outcome for each customer.",
        body = Success<EnrolmentBody>,
        example = json!({
            "data": {
                "badgeMetaId": "66276dc68fe258516a88ff8e",
                "triggeredBy": {"ownerType": "Loyalty", "referenceId": "123694"},
                "expiresOn": 1_926_235_957,
                "expiresOnISO": "2031-01-15T09:32:37Z",
                "issuedBadges": [
                    {
                        "customerId": 62_090_013,
                        "issuedId": "69381605cebb9648d8974536",
                        "status": "ACTIVE",
                    },
                    {
                        "customerId": 123,
                        "issuedId": "69381523cebb9648d8974534",
                        "error": {
                            "code": 1040,
                            "message": "An active issue for the badge already exists.",
                            "reference": null,
                        },
                        "status": "ACTIVE",
                    },
                ],
                "requestId": "21390",
            },
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn enrol_customers(call: Call) -> Result<HttpResponse, Failure> {
    let dry_run = call.query().flag("dryRun") == Some(true);
    let metrics = call.state.metrics.clone();
    let max_customers = call.state.options.customers_per_request;
    let request_id = call.headers().get("requestId").cloned();
    let by_identifier = call.headers().contains_key(CUSTOMER_IDENTIFIER);
    Write {
        group: AccessGroup::BadgesIssue,
        body: BodyKind::Json,
        records: !dry_run,
    }
    .answer(
        call,
        move |body, query| {
            query.flag("dryRun");
            if by_identifier {
                return Err(vec![not_by_identifier()]);
            }
            let reading = EnrolmentReading {
                max_customers,
                request_id: request_id.as_ref(),
            };
            reading.read(body)
        },
        move |ports, caller, asked: EnrolmentRequestBody, idempotency| {
            let command = EnrolCustomers {
                badge: asked.badge,
                customers: asked.customers.into_customers(),
                request_id: asked.request_id,
                event_on: asked.event_on,
                triggered_by: asked.triggered_by,
                idempotency,
            };
            if dry_run {
                return preview(ports, caller, command);
            }
            let answer = enrol(ports, caller, command)?;
            count(&metrics, &answer);
            Ok(answer)
        },
    )
    .await
}

/// Better no answer than one about the wrong customers.
fn not_by_identifier() -> Rejection {
    let message =
        "Customers are named by their numeric ids. Send the ids, and leave this header out.";
    Rejection::unreadable(message).at(CUSTOMER_IDENTIFIER)
}

fn count(metrics: &Metrics, answer: &Answer) {
    let Answer::Enrolment(enrolment) = answer else {
        return;
    };
    let enrolled = |outcome: &&CustomerOutcome| matches!(outcome.outcome, Outcome::Enrolled(_));
    let all = enrolment.outcomes.len() as u64;
    let new = enrolment.outcomes.iter().filter(enrolled).count() as u64;
    metrics.enrolled(EnrolmentOutcome::Enrolled, new);
    metrics.enrolled(EnrolmentOutcome::AlreadyEnrolled, all - new);
}
