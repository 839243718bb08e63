//! The audit trail.

use accolade_application::access::AccessGroup;
use accolade_application::audit::trail;
use accolade_wire::audit::answer::AuditBody;
use accolade_wire::audit::query as audit_query;
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{Operation, Success, example, get};
use crate::routes::call::Call;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        get("/audit", get_audit)
            .named("getAudit", "Access", "Who changed what")
            .about(
                "\
Entries are only ever added, in the transaction of what they tell; what changed nothing has none. The
newest comes first. `changes` name fields of the API's own bodies; of a customer's identifiers and of
secrets they have the name of the field and no value.",
            )
            .needs(AccessGroup::Admin)
            .query(
                "entityType",
                "Comma list of kinds of things, such as BADGE,GROUP.",
            )
            .query("entityId", "The id or number of one thing.")
            .query("actor", "The number of who did it; 0 is the system.")
            .query(
                "action",
                "Comma list of what was done, such as CREATE,UPDATE.",
            )
            .query("from", "Recorded then or later.")
            .query("to", "Recorded before.")
            .query("after", "The `next` of the answer before.")
            .number("limit", "The most entries: 1 to 1 000, default 100.")
            .answers::<Success<AuditBody>>("Entries, the newest first.", example!("audit"))
            .codes(&[400]),
    ]
}

async fn get_audit(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open_lookup().await?;
    let query = audit_query::read(&mut call.query);
    call.answer(move |ports, caller, context| {
        render::audit(&trail(ports, caller, &query)?, context)
    })
    .await
}
