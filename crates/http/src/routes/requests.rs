//! What became of earlier requests.

use accolade_application::access::{AccessGroup, AccessGroups};
use accolade_application::enrolment::requests;
use accolade_wire::recorded::RequestsBody;
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{Operation, Success, example, get};
use crate::routes::call::Call;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        get("/requests/{requestId}", get_requests)
            .named(
                "getRequests",
                "Enrolment",
                "What became of an earlier request",
            )
            .about(
                "\
Tells a caller whose connection broke whether its request was carried out, and what was
answered. 404 means that it was not: it can be sent again. The id that an import made for one of its
elements finds the import.",
            )
            .needs(AccessGroups::from_iter([
                AccessGroup::BadgesRead,
                AccessGroup::BadgesIssue,
            ]))
            .path_parameter("requestId", "The id of the request, percent-encoded.")
            .answers::<Success<RequestsBody>>(
                "One element for each operation that carried the id out, oldest first.",
                example!("requests"),
            )
            .codes(&[404])
            .not_found("No request with this requestId was carried out. It can be sent again."),
    ]
}

async fn get_requests(call: Call) -> Result<HttpResponse, Failure> {
    let request_id = call.path_part("requestId");
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        render::requests(&requests(ports, caller, &request_id?)?, context)
    })
    .await
}
