//! Earning a badge, revoking an earned one, and importing earned ones from elsewhere.

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::answer::Answer;
use accolade_application::badges::KnownBadges;
use accolade_application::earning::{
    EarnBadge, ImportCustomerBadges, ImportRow, RevokeEarn, earn, earn_group, import, preview,
    preview_revoke, revoke,
};
use accolade_application::error::UseCaseError;
use accolade_application::idempotency::Carried;
use accolade_application::ports::{IdempotencyGuard, Operation, Ports};
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::earning::answer::{EarnedBody, EarnedBulkBody, RevokedEarnBody};
use accolade_wire::earning::import::ImportedEnvelopeBody;
use accolade_wire::earning::import_request::{self, ImportRowBody, Row, Rows};
use accolade_wire::earning::request::{
    self as earn_request, BULK_SHAPE, Earn, EarnBulkRequest, EarnRequestBody,
    RevokeEarnRequestBody, RevokedEarn,
};
use accolade_wire::json::Parsed;
use accolade_wire::query::Query;
use accolade_wire::request::batch::Batch;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::group::Grouped;
use crate::metrics::Metrics;
use crate::openapi::success::Success;
use crate::routes::call::{Call, DRY_RUN};
use crate::routes::identifier;
use crate::routes::write::{BodyKind, Gathered, Job, Recording, Write, together};

/// Let a customer earn a badge
///
/// Checked in this order: the shape of the body, 804, 1920, 809, 404, 1901, 714, 810, 750, 815, 816
/// for a badge that is earned directly or else 811, 817, 818. The message of 817 and 818 tells which
/// limit it is and when it opens again; the refusal can be looked up later beside the customer's
/// badge. An enrolment is not used up: only limits say how often a badge is earned.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/customer/earn",
    operation_id = "earnBadge",
    tag = "Earning",
    params(
        ("dryRun" = Option<bool>, Query, description = "Every check, nothing recorded; idempotency keys are ignored."),
        ("requestId" = Option<String>, Header, description = "The id of the request, if the body has none."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerId` is an identifier of this kind."),
    ),
    request_body(
        content = EarnRequestBody,
        example = json!({
            "badgeMetaId": "66276dc68fe258516a88ff8e",
            "customerId": 62_090_013,
            "requestId": "2132",
            "earnEventDate": "2023-11-03T21:51:00.192Z",
            "triggeredBy": {"ownerType": "Loyalty", "referenceId": "123694"},
        }),
    ),
    responses((
        status = 200,
        description = "Earned.",
        body = Success<EarnedBody>,
        example = json!({
            "data": {
                "badgeMetaId": "66da90348bdb494a4f06576f",
                "customerId": 11231,
                "earnedBadgeId": "66da90618bdb494a4f065774",
                "expiresOn": 1_726_809_439,
                "expiresOnISO": "2024-09-20T05:17:19Z",
                "requestId": "NaYAzxXfJhHvRm4l7KiD",
                "issuedId": "66da903a8bdb494a4f065770",
            },
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn earn_badge(call: Call) -> Result<HttpResponse, Failure> {
    let reading = call.reading();
    let read = move |body: &[u8], query: &mut Query| {
        query.flag(DRY_RUN);
        let reading = reading.clone().map_err(|problem| vec![problem])?;
        earn_request::read_earn(reading.by(), body)
    };
    let command = |ports: &Ports, caller: &Caller, asked: Earn| {
        let customer = identifier::one(ports, caller, asked.customer, Some("customerId"))?;
        let command = EarnBadge {
            operation: Operation::Earn,
            badge: asked.badge,
            customers: vec![customer],
            unknown: Vec::new(),
            request_id: asked.request_id,
            event_on: asked.event_on,
            triggered_by: asked.triggered_by,
            idempotency: None,
        };
        let warnings = Vec::new();
        Ok(Parsed {
            value: command,
            warnings,
        })
    };
    answer(call, read, |asked| asked.event_on, command).await
}

/// Let customers earn a badge
///
/// All of a request is one transaction; each customer has an outcome of its own. What room there is
/// under limits the customers get in the order of the request. Checked as for one customer, where
/// 811, 817, 818 and 1920 are errors of the element: it has `customerId` and `error` only.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/customer/earnBulk",
    operation_id = "earnBadgeBulk",
    tag = "Earning",
    params(
        ("dryRun" = Option<bool>, Query, description = "Every check and every outcome, nothing recorded; idempotency keys are ignored."),
        ("requestId" = Option<String>, Header, description = "The id of the request, if the body has none."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerIds` are identifiers of this kind."),
    ),
    request_body(
        content = EarnBulkRequest,
        example = json!({
            "badgeMetaId": "653de334b3cda7078c7c68eb",
            "customerIds": [62_090_013, 553_162_563],
            "requestId": "1234",
            "earnEventDate": "2023-11-03T21:51:00.192Z",
            "triggeredBy": {"ownerType": "Loyalty", "referenceId": "123457"},
        }),
    ),
    responses((
        status = 200,
        description = "Carried out: an outcome for each customer.",
        body = Success<EarnedBulkBody>,
        example = json!({
            "data": {
                "badgeMetaId": "653de334b3cda7078c7c68eb",
                "triggeredBy": {"ownerType": "Loyalty", "referenceId": "123457"},
                "expiresOn": 1_717_935_013,
                "expiresOnISO": "2024-06-09T12:10:13Z",
                "issuedBadges": [
                    {
                        "customerId": 62_090_013,
                        "issuedId": "661681a535bc684e9e72553b",
                        "status": "LIVE",
                    },
                    {
                        "customerId": 553_162_563,
                        "error": {
                            "code": 817,
                            "message": "The customer has reached its limit: once in all. It does not open again unless an earned badge is revoked.",
                            "reference": null,
                        },
                    },
                ],
                "requestId": "1234",
            },
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn earn_badge_bulk(call: Call) -> Result<HttpResponse, Failure> {
    let reading = call.reading();
    let read = move |body: &[u8], query: &mut Query| {
        query.flag(DRY_RUN);
        let reading = reading.clone().map_err(|problem| vec![problem])?;
        reading.by().batch::<EarnBulkRequest<'_>>(BULK_SHAPE, body)
    };
    let command = |ports: &Ports, caller: &Caller, asked: Batch| {
        let found = identifier::several(ports, caller, asked.customers, BULK_SHAPE.customers)?;
        let command = EarnBadge {
            operation: Operation::EarnBulk,
            badge: asked.badge,
            customers: found.customers,
            unknown: found.unknown,
            // The reader has refused a body that has none.
            request_id: asked
                .request_id
                .ok_or_else(|| Rejection::of(Code::RequestIdMissing).at("requestId"))?,
            event_on: asked.event_on,
            triggered_by: asked.triggered_by,
            idempotency: None,
        };
        Ok(Parsed {
            value: command,
            warnings: found.warnings,
        })
    };
    answer(call, read, |asked| asked.event_on, command).await
}

/// Answers `call`, in which `read` reads what is asked for and `command` finds who is meant.
///
/// Earns that happened on a date that `event_on` finds share no terms with others, so they would
/// only queue behind each other: they go their own way.
async fn answer<A: Gathered>(
    call: Call,
    read: impl Fn(&[u8], &mut Query) -> Result<Parsed<A>, Vec<Rejection>> + Send + 'static,
    event_on: impl FnOnce(&A) -> Option<Instant>,
    command: impl FnOnce(&Ports, &Caller, A) -> Result<Parsed<EarnBadge>, UseCaseError> + Send + 'static,
) -> Result<HttpResponse, Failure> {
    let dry_run = call.is_dry_run();
    let state = call.state.clone();
    let write = Write {
        group: AccessGroup::BadgesIssue,
        body: BodyKind::Json,
        recording: Recording::unless(dry_run),
    };
    let opened = write.open(call).await?;
    if let Some(parsed) = opened.gathered(&read)
        && event_on(&parsed.value).is_none()
    {
        return opened.answer_in_group(parsed, command, &state.earns).await;
    }
    let execute = move |ports: &Ports, caller: &Caller, command, idempotency| {
        if dry_run {
            return preview(ports, caller, command);
        }
        let ended = earn(ports, caller, keyed(command, idempotency));
        count(&state.metrics, ended.as_ref());
        ended
    };
    opened.answer(read, command, execute).await
}

/// Those of one badge share transactions.
impl Grouped for Job<EarnBadge> {
    type Kind = (OrgId, BadgeId);

    fn kind(&self) -> Self::Kind {
        (self.caller.org, self.command.badge)
    }
}

/// Carries out what several ask for at once; gives each its end, by position.
pub(crate) fn earn_together(
    ports: &Ports,
    known: &KnownBadges,
    metrics: &Metrics,
    jobs: &[Job<EarnBadge>],
) -> Vec<Result<Carried, UseCaseError>> {
    together(
        ports,
        jobs,
        keyed,
        |asked| earn_group(ports, Some(known), asked),
        |ended| count(metrics, ended),
    )
}

/// The same under a key.
fn keyed(command: EarnBadge, idempotency: Option<IdempotencyGuard>) -> EarnBadge {
    EarnBadge {
        idempotency,
        ..command
    }
}

fn count(metrics: &Metrics, ended: Result<&Answer, &UseCaseError>) {
    match ended {
        Ok(Answer::Earned(earned)) => metrics.earned(&earned.outcomes),
        Err(UseCaseError::Refused(rejections)) => {
            for rejection in rejections {
                metrics.refused(rejection.code);
            }
        }
        Ok(_) | Err(_) => {}
    }
}

/// Revoke an earned badge
///
/// Its place under every limit is free again. Checked in this order: the shape of the body, 1920,
/// 809, 404, 814.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/customer/revokeEarn",
    operation_id = "revokeEarn",
    tag = "Earning",
    params(
        ("dryRun" = Option<bool>, Query, description = "Every check, nothing recorded; idempotency keys are ignored."),
        ("requestId" = Option<String>, Header, description = "The id of the request, if the body has none."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerId` is an identifier of this kind."),
    ),
    request_body(
        content = RevokeEarnRequestBody,
        example = json!({
            "badgeMetaId": "653ddb33b3cda7078c7c68e9",
            "customerId": 62_090_013,
            "earnedBadgeId": "654cbea06bccde1274b6d3a2",
        }),
    ),
    responses((
        status = 200,
        description = "The customer does not have it any more.",
        body = Success<RevokedEarnBody>,
        example = json!({
            "data": {
                "badgeMetaId": "653ddb33b3cda7078c7c68e9",
                "customerId": 62_090_013,
                "earnedBadgeId": "654cbea06bccde1274b6d3a2",
                "isActive": false,
            },
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn revoke_earn(call: Call) -> Result<HttpResponse, Failure> {
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
            earn_request::read_revocation(reading.by(), body)
        },
        |ports, caller, asked: RevokedEarn| {
            let customer = identifier::one(ports, caller, asked.customer, Some("customerId"))?;
            let command = RevokeEarn {
                badge: asked.badge,
                customer,
                earned: asked.earned,
                request_id: asked.request_id,
                idempotency: None,
            };
            let warnings = Vec::new();
            Ok(Parsed {
                value: command,
                warnings,
            })
        },
        move |ports, caller, command, idempotency| {
            if dry_run {
                return preview_revoke(ports, caller, &command);
            }
            let command = RevokeEarn {
                idempotency,
                ..command
            };
            revoke(ports, caller, command)
        },
    )
    .await
}

/// Import earned badges
///
/// Takes over what was earned elsewhere: no enrolment is needed, badges may be deactivated and dates
/// past, and no limit refuses it, but it counts under fixed values and fixed windows from now on. The
/// answer is an array of envelopes in the order of the request: an element that is wrong fails alone.
/// Also as POST.
#[utoipa::path(
    put,
    path = "/api_gateway/v1/badges/import/customerBadges",
    operation_id = "importCustomerBadges",
    tag = "Earning",
    params(
        ("dryRun" = Option<bool>, Query, description = "Every check and every outcome, nothing recorded; idempotency keys are ignored."),
        ("requestId" = Option<String>, Header, description = "The id of the request; one is made if it is absent. Elements have it with `_1`, `_2`, …."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerId` is an identifier of this kind."),
    ),
    request_body(content = Vec<ImportRowBody>, example = json!(crate::openapi::example::import_request())),
    responses((
        status = 200,
        description = "Carried out: an envelope for each element.",
        body = Vec<ImportedEnvelopeBody>,
        example = json!(crate::openapi::example::import()),
    )),
)]
pub(crate) async fn import_customer_badges(call: Call) -> Result<HttpResponse, Failure> {
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
            let reading = reading.by();
            let request_id = reading
                .header_request_id()
                .map_err(|message| vec![Rejection::unreadable(message).at("requestId")])?;
            let rows = import_request::read(body, reading.max_customers, reading.named_by)?;
            Ok(Parsed {
                value: (rows.value, request_id),
                warnings: rows.warnings,
            })
        },
        move |ports, caller, (rows, request_id): (Rows, _)| {
            let command = ImportCustomerBadges {
                rows: found(ports, caller, rows)?,
                request_id,
                dry_run,
                idempotency: None,
            };
            let warnings = Vec::new();
            Ok(Parsed {
                value: command,
                warnings,
            })
        },
        |ports, caller, command, idempotency| {
            let command = ImportCustomerBadges {
                idempotency,
                ..command
            };
            import(ports, caller, command)
        },
    )
    .await
}

/// Import earned badges by POST
///
/// The same as by PUT.
#[utoipa::path(
    post,
    path = "/api_gateway/v1/badges/import/customerBadges",
    operation_id = "postCustomerBadges",
    tag = "Earning",
    params(
        ("dryRun" = Option<bool>, Query, description = "Every check and every outcome, nothing recorded; idempotency keys are ignored."),
        ("requestId" = Option<String>, Header, description = "The id of the request; one is made if it is absent. Elements have it with `_1`, `_2`, …."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerId` is an identifier of this kind."),
    ),
    request_body(content = Vec<ImportRowBody>, example = json!(crate::openapi::example::import_request())),
    responses((
        status = 200,
        description = "Carried out: an envelope for each element.",
        body = Vec<ImportedEnvelopeBody>,
        example = json!(crate::openapi::example::import()),
    )),
)]
pub(crate) async fn post_customer_badges(call: Call) -> Result<HttpResponse, Failure> {
    import_customer_badges(call).await
}

/// The rows with their customers found; one whose identifier nobody has fails alone.
fn found(
    ports: &Ports,
    caller: &Caller,
    rows: Rows,
) -> Result<Vec<Result<ImportRow, Vec<Rejection>>>, UseCaseError> {
    let named = rows.iter().flatten().map(|row| row.customer.clone());
    let mut found = identifier::each(ports, caller, named.collect())?.into_iter();
    let unknown = || vec![Rejection::of(Code::IdentifierUnknown).at("customerId")];
    let row = |row: Result<Row, _>| {
        let row = row?;
        let customer = found.next().and_then(Result::ok).ok_or_else(unknown)?;
        Ok(ImportRow {
            badge: row.badge,
            customer,
            event_on: row.event_on,
            expires_on: row.expires_on,
        })
    };
    Ok(rows.into_iter().map(row).collect())
}
