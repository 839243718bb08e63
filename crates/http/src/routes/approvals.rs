//! Approvals: the rules of an org, and the changes that wait by them.

use accolade_application::access::{AccessGroup, AccessGroups};
use accolade_application::approvals::{
    self, CastVote, PutApprovalRules, WithdrawChange, change_id,
};
use accolade_application::error::UseCaseError;
use accolade_domain::approval::{ApprovalRules, ChangeId, Decision};
use accolade_domain::rejection::Rejection;
use accolade_domain::text::Reason;
use accolade_wire::change::answer::{ChangeBody, ChangeListBody};
use accolade_wire::change::query;
use accolade_wire::change::request::VoteRequestBody;
use accolade_wire::change::rules::{RulesBody, RulesRequestBody};
use accolade_wire::json::Parsed;
use accolade_wire::render;
use actix_web::HttpResponse;

use crate::failure::Failure;
use crate::operation::{Operation, Success, example, get, post, put};
use crate::routes::call::Call;
use crate::routes::mutation::Mutation;

/// The chapter of the document.
const TAG: &str = "Approvals";

pub(crate) fn operations() -> Vec<Operation> {
    [rules(), lists(), votes()].into_iter().flatten().collect()
}

fn rules() -> Vec<Operation> {
    vec![
        put("/approvalRules", put_rules)
            .named("putApprovalRules", TAG, "Say what waits for approval")
            .about(
                "\
Replaces the rules. A command that a rule names is answered 202 from then on, on every server, and waits:
see `POST /changes/{id}/approve`. What a command about so many customers or rows as `aboveRows` asks for
is done at once. Without a rule nothing waits. The rule `RULES` holds changes of these rules.",
            )
            .needs(AccessGroup::Admin)
            .json_body::<RulesRequestBody>(example!("approval-rules.request"))
            .answers::<Success<RulesBody>>("They hold.", example!("approval-rules"))
            .may_be_held(),
        get("/approvalRules", get_rules)
            .named("getApprovalRules", TAG, "What waits for approval")
            .needs(AccessGroup::Admin)
            .answers::<Success<RulesBody>>("The rules.", example!("approval-rules")),
    ]
}

fn lists() -> Vec<Operation> {
    vec![
        get("/changes", list)
            .named("listChanges", TAG, "List changes")
            .about("What waits for approval, or did; the newest first.")
            .needs(AccessGroup::BadgesRead)
            .query("state", "Comma list of states, such as PENDING,FAILED.")
            .query("operation", "Comma list of operations, such as ENROL,EARN.")
            .query("after", "The `next` of the answer before.")
            .number("limit", "The most changes: 1 to 1 000, default 100.")
            .answers::<Success<ChangeListBody>>("One page.", example!("changes"))
            .codes(&[400]),
        get("/changes/{id}", get_change)
            .named("getChange", TAG, "Look up a change")
            .about(
                "\
What it is to do, what it would have done when it was made (`then`), what it would do now (`now`, while it
waits), and what came of it (`result`).",
            )
            .needs(AccessGroup::BadgesRead)
            .of_change()
            .answers::<Success<ChangeBody>>("The change.", example!("change")),
    ]
}

fn votes() -> Vec<Operation> {
    vec![
        post("/changes/{id}/approve", approve)
            .named("approveChange", TAG, "Approve a change")
            .about(
                "\
The last approval that it needs has it carried out as its maker, in the transaction of the vote, after all
of its checks were made again. What then fails as a whole makes it FAILED, which is 200, too. A badge that
has changed since the change was made fails with 1968. Who made it cannot vote on it, and nobody twice:
clients with one owner are one person.",
            )
            .needs(AccessGroup::BadgesApprove)
            .of_change()
            .json_body::<VoteRequestBody>(example!("vote.request"))
            .answers::<Success<ChangeBody>>("The vote counts.", example!("change-approved"))
            .codes(&[1963, 1966]),
        post("/changes/{id}/reject", reject)
            .named("rejectChange", TAG, "Reject a change")
            .about("One rejection ends it.")
            .needs(AccessGroup::BadgesApprove)
            .of_change()
            .json_body::<VoteRequestBody>(example!("vote.request"))
            .answers::<Success<ChangeBody>>("It is rejected.", example!("change-rejected"))
            .codes(&[1963, 1966]),
        post("/changes/{id}/withdraw", withdraw)
            .named("withdrawChange", TAG, "Take a change back")
            .about("Only who made it can.")
            .needs(AccessGroups::ALL)
            .of_change()
            .json_body::<VoteRequestBody>(example!("vote.request"))
            .answers::<Success<ChangeBody>>("It is withdrawn.", example!("change-withdrawn"))
            .codes(&[1931, 1963]),
    ]
}

impl Operation {
    /// Makes it about the change in its path.
    fn of_change(self) -> Self {
        self.path_parameter("id", "The id of the change.")
            .codes(&[1962])
    }
}

async fn put_rules(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open().await?;
    let rules = call.read(RulesRequestBody::parse).await?;
    let command = rules.and_then(|rules| {
        let rules = ApprovalRules::new(rules)?;
        Ok(PutApprovalRules { rules })
    });
    call.execute(command).await
}

async fn get_rules(call: Call) -> Result<HttpResponse, Failure> {
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        let rules = approvals::rules(ports, caller)?;
        render::enveloped(&RulesBody::new(&rules), context)
    })
    .await
}

async fn list(call: Call) -> Result<HttpResponse, Failure> {
    let mut call = call.open_lookup().await?;
    let now = call.now();
    let asked = query::read(&mut call.query, now);
    call.answer(move |ports, caller, context| {
        let list = approvals::changes(ports, caller, &asked)?;
        render::enveloped(&ChangeListBody::new(&list), context)
    })
    .await
}

async fn get_change(call: Call) -> Result<HttpResponse, Failure> {
    let id = id(&call);
    let call = call.open_lookup().await?;
    call.answer(move |ports, caller, context| {
        let change = approvals::change(ports, caller, id?)?;
        render::change(&change, context)
    })
    .await
}

async fn approve(call: Call) -> Result<HttpResponse, Failure> {
    vote(call, Decision::Approved).await
}

async fn reject(call: Call) -> Result<HttpResponse, Failure> {
    vote(call, Decision::Rejected).await
}

async fn vote(call: Call, decision: Decision) -> Result<HttpResponse, Failure> {
    let (call, said) = said(call).await?;
    let command = said.map(|(change, comment)| CastVote {
        change,
        decision,
        comment,
    });
    // What is approved may be a webhook, whose receiver is looked up.
    call.execute_with_names(command).await
}

async fn withdraw(call: Call) -> Result<HttpResponse, Failure> {
    let (call, said) = said(call).await?;
    let command = said.map(|(change, comment)| WithdrawChange { change, comment });
    call.execute(command).await
}

/// Which change it is about, and what is said of it.
type Said = Result<(ChangeId, Option<Reason>), UseCaseError>;

/// The opened call, the change in its path, and what its body says, which may be absent.
async fn said(call: Call) -> Result<(Mutation, Said), Failure> {
    let id = id(&call);
    let mut call = call.open().await?;
    let read = |body: &[u8]| {
        if body.trim_ascii().is_empty() {
            return Ok(Parsed {
                value: None,
                warnings: Vec::new(),
            });
        }
        VoteRequestBody::parse(body)
    };
    let comment = call.read(read).await?;
    let said = comment.and_then(|comment| Ok((id?, comment)));
    Ok((call, said))
}

fn id(call: &Call) -> Result<ChangeId, Rejection> {
    let part = call.path_part("id");
    let text = part.map_err(|_| approvals::no_such_change())?;
    change_id(&text)
}
