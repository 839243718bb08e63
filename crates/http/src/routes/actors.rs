//! Who `createdBy` and `lastUpdatedBy` are.

use accolade_application::access::{AccessGroup, actor};
use accolade_wire::actor::ActorBody;
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{Operation, Success, example, get};
use crate::routes::call::Call;

/// What is said of a number that nobody has.
const NOT_FOUND: &str = "Actor not found. Take the number from a createdBy or lastUpdatedBy.";

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        get("/actors/{number}", get_actor)
            .named("getActor", "Access", "Who created or changed something")
            .about(
                "\
An API client of the organisation keeps its number when it is revoked, and an operator of the console hers
when she is disabled. 0 is the server itself, or
its command line.",
            )
            .needs(AccessGroup::BadgesRead)
            .path_parameter("number", "The number in `createdBy` or `lastUpdatedBy`.")
            .answers::<Success<ActorBody>>("Who it is.", example!("actor"))
            .codes(&[404])
            .not_found(NOT_FOUND),
    ]
}

async fn get_actor(call: Call) -> Result<HttpResponse, Failure> {
    let number = call.id("number", NOT_FOUND);
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        let record = actor(ports, caller, number?)?;
        render::enveloped(&ActorBody::new(&record), context)
    })
    .await
}
