//! What became of earlier requests.

use accolade_application::access::AccessGroup;
use accolade_application::enrolment::requests;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::RequestId;
use accolade_wire::render;
use accolade_wire::request::recorded::RequestsBody;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::openapi::success::Success;
use crate::routes::call::Call;
use crate::routes::read;

/// What became of an earlier request
///
/// Tells a caller whose connection broke whether its request was carried out, and what was
/// answered. 404 means that it was not: it can be sent again.
#[utoipa::path(
    get,
    path = "/api_gateway/v1/badges/requests/{requestId}",
    operation_id = "getRequests",
    tag = "Enrolment",
    params(("requestId" = String, Path, description = "The id of the request, percent-encoded.")),
    responses((
        status = 200,
        description = "One element for each operation that carried the id out, oldest first.",
        body = Success<RequestsBody>,
        example = json!({
            "data": {
                "requests": [{
                    "requestId": "21390",
                    "operation": "issueBulk",
                    "recordedOn": 1_926_235_957,
                    "recordedOnISO": "2031-01-15T09:32:37Z",
                    "answer": {
                        "badgeMetaId": "66276dc68fe258516a88ff8e",
                        "triggeredBy": null,
                        "expiresOn": 1_926_235_957,
                        "expiresOnISO": "2031-01-15T09:32:37Z",
                        "issuedBadges": [{
                            "customerId": 62_090_013,
                            "issuedId": "69381605cebb9648d8974536",
                            "status": "ACTIVE",
                        }],
                        "requestId": "21390",
                    },
                }],
            },
            "errors": [],
            "warnings": [],
        }),
    )),
)]
pub(crate) async fn get_requests(call: Call) -> Result<HttpResponse, Failure> {
    let request_id = RequestId::try_from(call.path_part("requestId")?);
    read::answer(
        call,
        AccessGroup::BadgesRead,
        |_| (),
        move |ports, caller, ()| {
            let request_id = request_id.map_err(|_| {
                // No request can have had it.
                let message = "No request has such a requestId: it has 1 to 255 characters.";
                Rejection::of(Code::NotFound).saying(message)
            })?;
            requests(ports, caller, &request_id)
        },
        |entries, (), context| render::requests(entries, context),
    )
    .await
}
