//! The request workflow of the API family: enrolling and earning that wait for approval.

use accolade_application::access::AccessGroup;
use accolade_application::approvals::{
    self, DecideRequest, SubmitRequest, change_id, unknown_request,
};
use accolade_domain::approval::RuledOperation;
use accolade_domain::rejection::Rejection;
use accolade_wire::change::workflow::{
    self, DecisionBody, SubmissionBody, WorkflowBody, WorkflowListBody, read_decision,
    read_submission,
};
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{Bare, Operation, Success, example, get, post, put};
use crate::routes::call::Call;

/// The chapter of the document.
const TAG: &str = "Request workflow";

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        post("/{type}", submit)
            .named("submitRequest", TAG, "Hand a request in")
            .about(
                "\
`type` is ISSUE-BADGE or EARN-BADGE. The request waits for approval with or without a rule, then for one
approval. Of its body only the shape is checked; everything else is when it is approved.",
            )
            .needs(AccessGroup::BadgesIssue)
            .of_workflow()
            .of_type()
            .json_body::<SubmissionBody>(example!("workflow-submission.request"))
            .answers::<Success<WorkflowBody>>("It waits.", example!("workflow-submitted"))
            .codes(&[1967, 1993, 2008]),
        put("/{type}", decide)
            .named("decideRequest", TAG, "Decide a request")
            .about(
                "\
The last approval that it needs has it carried out as who made it. The answer has the outcome as
`IntouchAPITask_Output`.",
            )
            .needs(AccessGroup::BadgesApprove)
            .of_workflow()
            .of_type()
            .json_body::<DecisionBody>(example!("workflow-decision.request"))
            .answers::<Success<WorkflowBody>>("It is decided.", example!("workflow-approved"))
            .codes(&[2002, 2007, 2008]),
        get("/requests", list)
            .named("listRequests", TAG, "List requests")
            .about("Changes that enrol or let earn, whichever way they were made.")
            .needs(AccessGroup::BadgesRead)
            .of_workflow()
            .query(
                "states",
                "Comma list: AdminTask, approved, rejected, failed.",
            )
            .query("requestType", "ISSUE-BADGE or EARN-BADGE.")
            .query("userId", "The number of who made it.")
            .query("startDate", "Made on this local day or later, such as 2026-05-01.")
            .query("endDate", "Made on this local day or earlier.")
            .query("sortBy", "startDate (default) or endDate.")
            .query("sortOrder", "desc (default) or asc.")
            .number("limit", "1 to 100, default 10.")
            .number("PageNo", "Which page, from 0.")
            .answers::<Bare<WorkflowListBody>>("One page.", example!("workflow-requests"))
            .codes(&[400, 2001, 2009]),
        get("/requests/{id}", look_up)
            .named("getRequest", TAG, "Look up a request")
            .needs(AccessGroup::BadgesRead)
            .of_workflow()
            .path_parameter("id", "The id of the request.")
            .answers::<Success<WorkflowBody>>("The request.", example!("workflow-submitted"))
            .codes(&[2001, 2007]),
    ]
}

impl Operation {
    /// Makes it about requests of the type in its path.
    fn of_type(self) -> Self {
        self.path_parameter("type", "ISSUE-BADGE or EARN-BADGE.")
            .codes(&[2001, 2009])
    }
}

async fn submit(call: Call) -> Result<HttpResponse, Failure> {
    let operation = operation(&call);
    let mut call = call.open().await?;
    let most = call.context.max_customers;
    let command = match operation {
        Ok(operation) => {
            let read = move |body: &[u8]| read_submission(body, operation, most);
            call.read(read).await?
        }
        Err(unknown) => Err(unknown.into()),
    };
    let command = command.map(|command| SubmitRequest { command });
    call.execute(command).await
}

async fn decide(call: Call) -> Result<HttpResponse, Failure> {
    let operation = operation(&call);
    let mut call = call.open().await?;
    let decided = match operation {
        Ok(operation) => (call.read(read_decision).await?).map(|decided| (operation, decided)),
        Err(unknown) => Err(unknown.into()),
    };
    let command = decided.map(|(operation, (change, decision, comment))| DecideRequest {
        operation,
        change,
        decision,
        comment,
    });
    call.execute(command).await
}

async fn list(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open_lookup().await?;
    let (now, zone) = (call.now(), call.caller.zone.clone());
    let asked = workflow::read_query(&mut call.query, now, &zone);
    call.answer(move |ports, caller, context| {
        let page = approvals::requests(ports, caller, &asked)?;
        render::workflow_requests(&page, asked.page, context)
    })
    .await
}

async fn look_up(call: Call) -> Result<HttpResponse, Failure> {
    let part = call.path_part("id");
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        let text = part.map_err(|_| unknown_request())?;
        let id = change_id(&text).map_err(|_| unknown_request())?;
        let found = approvals::request(ports, caller, id)?;
        render::workflow_request(&found.ok_or_else(unknown_request)?, context)
    })
    .await
}

/// What the type in the path stands for.
fn operation(call: &Call) -> Result<RuledOperation, Rejection> {
    let text = call.path_part("type").unwrap_or_default();
    workflow::operation(&text)
}
