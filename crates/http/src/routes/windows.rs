//! The fixed windows of a badge.

use accolade_application::access::AccessGroup;
use accolade_application::earning::fixed_windows;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::earning::windows::{self as fixed_windows, FixedWindowsBody};
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::openapi::success::Success;
use crate::routes::call::Call;
use crate::routes::{identifier, read};

/// List a badge's fixed windows
///
/// In the order of the limits and then of time. A badge whose enrolments never expire has windows
/// without end: they are listed until `endDate`, or until the end of the badge.
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/badgeMeta/getFixedWindowDetails",
    operation_id = "getFixedWindowDetails",
    tag = "Badges",
    params(
        ("badgeMetaId" = String, Query, description = "The id of the badge."),
        ("constraintType" = Option<String>, Query, description = "BADGE, CUSTOMER or ALL (default)."),
        ("customerId" = Option<String>, Query, description = "Whose earns count in windows of CUSTOMER: required to count them."),
        ("fixedWindowCycleReferenceId" = Option<String>, Query, description = "Of this configuration only."),
        ("includeEarnCount" = Option<bool>, Query, description = "Whether to count earns. Default false."),
        ("startDate" = Option<String>, Query, description = "That end later than this."),
        ("endDate" = Option<String>, Query, description = "That start earlier than this."),
        ("page" = Option<u32>, Query, description = "From 0."),
        ("size" = Option<u32>, Query, description = "1 to 100, default 10; also `limit`."),
        ("X-CAP-CUSTOMER-IDENTIFIER" = Option<String>, Header, description = "email, mobile, externalId or cardNumber: `customerId` is an identifier of this kind."),
    ),
    responses((
        status = 200,
        description = "One page of windows.",
        body = Success<FixedWindowsBody>,
        example = json!({
            "data": {
                "badgeMetaId": "66276dc68fe258516a88ff8e",
                "orgId": 100_458,
                "startDate": 1_799_632_870,
                "startDateISO": "2027-01-11T02:01:10Z",
                "endDate": 1_828_754_110,
                "endDateISO": "2027-12-14T03:15:10Z",
                "fixedWindowCycles": [{
                    "fixedWindowCycleReferenceId": "e6791ec9-e92f-34af-bdc3-be2607fdf82c",
                    "startDate": 1_799_632_870,
                    "startDateISO": "2027-01-11T02:01:10Z",
                    "endDate": 1_801_440_000,
                    "endDateISO": "2027-02-01T00:00:00Z",
                    "constraintType": "CUSTOMER",
                    "earnCount": 1,
                }],
                "pagination": {"page": 0, "size": 10, "total": 12, "totalPages": 2},
            },
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn get_fixed_windows(call: Call) -> Result<HttpResponse, Failure> {
    let named_by = identifier::kind(call.headers());
    read::answer(
        call,
        AccessGroup::BadgesRead,
        |query| {
            let named_by = named_by.unwrap_or_else(|problem| {
                query.refuse(problem);
                None
            });
            fixed_windows::read(query, named_by)
        },
        |ports, caller, asked| {
            let customer = asked
                .customer()
                .map(|named| identifier::one(ports, caller, named.clone(), Some("customerId")))
                .transpose()?;
            let query = asked
                .by(customer)
                .ok_or_else(|| Rejection::of(Code::NotFound))?;
            let windows = fixed_windows(ports, caller, &query)?;
            Ok((caller.org, query.badge, windows))
        },
        |(org, badge, windows), asked, context| {
            render::fixed_windows(*org, *badge, windows, asked.page(), context)
        },
    )
    .await
}
