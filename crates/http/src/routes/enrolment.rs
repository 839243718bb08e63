//! Enrolling customers, and revoking enrolments.

use std::collections::HashSet;

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::answer::{Answer, UnknownCustomer};
use accolade_application::badges::KnownBadges;
use accolade_application::enrolment::{
    EnrolCustomers, RevokeEnrolments, enrol, enrol_group, preview, revoke,
};
use accolade_application::error::UseCaseError;
use accolade_application::idempotency::Carried;
use accolade_application::ports::{IdempotencyGuard, Ports, RevokeTarget};
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::ids::{CustomerId, EnrolmentId};
use accolade_wire::customer::named::NamedCustomer;
use accolade_wire::enrolment::answer::EnrolmentBody;
use accolade_wire::enrolment::request::{EnrolmentRequest, SHAPE};
use accolade_wire::enrolment::revocation::RevokedEnrolmentsBody;
use accolade_wire::enrolment::revocation_request::{
    self, Revocation, RevocationRequestBody, Which, repeated,
};
use accolade_wire::json::Parsed;
use accolade_wire::query::Query;
use accolade_wire::request::batch::Batch;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::group::Grouped;
use crate::metrics::{EnrolmentOutcome, Metrics};
use crate::openapi::success::Success;
use crate::routes::call::{Call, DRY_RUN};
use crate::routes::identifier;
use crate::routes::write::{BodyKind, Job, Recording, Write, together};

/// Enrol customers for a badge
///
/// All of a request is one transaction; each customer has an outcome of its own. Checked in this
/// order: credentials, access group, `Idempotency-Key`, the shape of the body, 809, 404, 1901,
/// 1902, 714, 810, 816, 1903, and then for each customer 1040. A customer whose identifier nobody
/// has is 1920, with the identifier as its `customerId`.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/badgeMeta/customer/issueBulk",
    operation_id = "enrolCustomers",
    tag = "Enrolment",
    params(
        ("dryRun" = Option<bool>, Query, description = "Every check and every outcome, nothing recorded; idempotency keys are ignored."),
        ("requestId" = Option<String>, Header, description = "The id of the request, if the body has none."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customers` are identifiers of this kind."),
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
    let dry_run = call.is_dry_run();
    let state = call.state.clone();
    let reading = call.reading();
    let read = move |body: &[u8], query: &mut Query| {
        query.flag(DRY_RUN);
        let reading = reading.clone().map_err(|problem| vec![problem])?;
        reading.by().batch::<EnrolmentRequest<'_>>(SHAPE, body)
    };
    let write = Write {
        group: AccessGroup::BadgesIssue,
        body: BodyKind::Json,
        recording: Recording::unless(dry_run),
    };
    let opened = write.open(call).await?;
    if let Some(parsed) = opened.gathered(&read) {
        return opened
            .answer_in_group(parsed, command, &state.enrolments)
            .await;
    }
    let execute = move |ports: &Ports, caller: &Caller, command, idempotency| {
        if dry_run {
            return preview(ports, caller, command);
        }
        let answer = enrol(ports, caller, keyed(command, idempotency))?;
        count(&state.metrics, &answer);
        Ok(answer)
    };
    opened.answer(read, command, execute).await
}

fn command(
    ports: &Ports,
    caller: &Caller,
    asked: Batch,
) -> Result<Parsed<EnrolCustomers>, UseCaseError> {
    let found = identifier::several(ports, caller, asked.customers, SHAPE.customers)?;
    let command = EnrolCustomers {
        badge: asked.badge,
        customers: found.customers,
        unknown: found.unknown,
        request_id: asked.request_id,
        event_on: asked.event_on,
        triggered_by: asked.triggered_by,
        idempotency: None,
    };
    Ok(Parsed {
        value: command,
        warnings: found.warnings,
    })
}

/// All share transactions.
impl Grouped for Job<EnrolCustomers> {
    type Kind = ();

    fn kind(&self) {}
}

/// Carries out what several ask for at once; gives each its end, by position.
pub(crate) fn enrol_together(
    ports: &Ports,
    known: &KnownBadges,
    metrics: &Metrics,
    jobs: &[Job<EnrolCustomers>],
) -> Vec<Result<Carried, UseCaseError>> {
    together(
        ports,
        jobs,
        keyed,
        |asked| enrol_group(ports, Some(known), asked),
        |ended| {
            if let Ok(answer) = ended {
                count(metrics, answer);
            }
        },
    )
}

/// The same under a key.
fn keyed(command: EnrolCustomers, idempotency: Option<IdempotencyGuard>) -> EnrolCustomers {
    EnrolCustomers {
        idempotency,
        ..command
    }
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

/// Revoke enrolments
///
/// All that customers have of the badge, or up to 20 that are named by their ids. Once this has
/// answered, nothing is earned by virtue of them. Checked in this order: the shape of the body,
/// 1051, 809, 404, and then for each element 404.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/badgeMeta/customer/revokeIssue",
    operation_id = "revokeEnrolments",
    tag = "Enrolment",
    params(
        ("dryRun" = Option<bool>, Query, description = "Every check and every outcome, nothing recorded; idempotency keys are ignored."),
        ("requestId" = Option<String>, Header, description = "The id of the request, if the body has none."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: customers are named by identifiers of this kind."),
    ),
    request_body(
        content = RevocationRequestBody,
        example = json!({
            "badgeMetaId": "654bb48766a87827bb61e631",
            "customers": [123, 62_090_013],
        }),
    ),
    responses((
        status = 200,
        description = "Carried out: an outcome for each enrolment.",
        body = Success<RevokedEnrolmentsBody>,
        example = json!({
            "data": {
                "badgeMetaId": "654bb48766a87827bb61e631",
                "revokedIssuedBadges": [
                    {"customerId": 123, "issuedId": "654cc02b6bccde1274b6d3a7", "error": null},
                    {
                        "customerId": 62_090_013,
                        "error": {
                            "code": 404,
                            "message": "Customer doesn't have issue instance",
                            "reference": null,
                        },
                    },
                ],
                "requestId": null,
            },
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn revoke_enrolments(call: Call) -> Result<HttpResponse, Failure> {
    let dry_run = call.is_dry_run();
    let reading = call.reading();
    Write {
        group: AccessGroup::BadgesIssue,
        body: BodyKind::Json,
        recording: Recording::unless(dry_run),
    }
    .answer_resolved(
        call,
        move |body, query| {
            query.flag(DRY_RUN);
            let reading = reading.map_err(|problem| vec![problem])?;
            revocation_request::read(reading.by(), body)
        },
        move |ports, caller, asked: Revocation| {
            let Parsed { value, warnings } = targets(ports, caller, asked.which)?;
            let (targets, unknown) = value;
            let command = RevokeEnrolments {
                badge: asked.badge,
                targets,
                unknown,
                request_id: asked.request_id,
                dry_run,
                idempotency: None,
            };
            Ok(Parsed {
                value: command,
                warnings,
            })
        },
        |ports, caller, command, idempotency| {
            let command = RevokeEnrolments {
                idempotency,
                ..command
            };
            revoke(ports, caller, command)
        },
    )
    .await
}

/// What is to be revoked, each once, and whose identifier nobody has, by its place among all.
type Targets = (Vec<RevokeTarget>, Vec<UnknownCustomer>);

fn targets(ports: &Ports, caller: &Caller, which: Which) -> Result<Parsed<Targets>, UseCaseError> {
    let named = match which {
        Which::All(customers) => {
            let found = identifier::several(ports, caller, customers, "customers")?;
            let all = |customer| RevokeTarget {
                customer,
                enrolment: None,
            };
            let targets = found.customers.into_iter().map(all).collect();
            return Ok(Parsed {
                value: (targets, found.unknown),
                warnings: found.warnings,
            });
        }
        Which::Named(named) => found_each(ports, caller, named)?,
    };
    let (mut targets, mut unknown, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for (position, (customer, enrolment)) in named.into_iter().enumerate() {
        if !seen.insert((customer.clone(), enrolment)) {
            warnings.push(repeated(position));
            continue;
        }
        match customer {
            Ok(customer) => targets.push(RevokeTarget {
                customer,
                enrolment: Some(enrolment),
            }),
            Err(identifier) => unknown.push(UnknownCustomer {
                position: u32::try_from(targets.len() + unknown.len()).unwrap_or(u32::MAX),
                identifier,
            }),
        }
    }
    let value = (targets, unknown);
    Ok(Parsed { value, warnings })
}

/// An enrolment, and whose it is or the identifier that nobody has.
type FoundIssual = (Result<CustomerId, String>, EnrolmentId);

fn found_each(
    ports: &Ports,
    caller: &Caller,
    named: Vec<(NamedCustomer, EnrolmentId)>,
) -> Result<Vec<FoundIssual>, UseCaseError> {
    let (customers, enrolments): (Vec<_>, Vec<_>) = named.into_iter().unzip();
    let found = identifier::each(ports, caller, customers)?;
    Ok(found.into_iter().zip(enrolments).collect())
}
