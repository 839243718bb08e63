//! What became of earlier requests.

use accolade_application::access::AccessGroup;
use accolade_application::enrolment::requests;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::RequestId;
use accolade_wire::render;
use accolade_wire::request::recorded::RequestsBody;
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
answered. 404 means that it was not: it can be sent again.",
            )
            .needs(AccessGroup::BadgesRead)
            .path_parameter("requestId", "The id of the request, percent-encoded.")
            .answers::<Success<RequestsBody>>(
                "One element for each operation that carried the id out, oldest first.",
                example!("requests"),
            )
            .codes(&[404]),
    ]
}

async fn get_requests(call: Call) -> Result<HttpResponse, Failure> {
    let request_id = call.path_part("requestId");
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        let request_id = RequestId::try_from(request_id?).map_err(|_| {
            // No request can have had it.
            let message =
                "No request has such a requestId: it has 1 to 255 characters and is not blank.";
            Rejection::of(Code::NotFound).saying(message)
        })?;
        render::requests(&requests(ports, caller, &request_id)?, context)
    })
    .await
}
