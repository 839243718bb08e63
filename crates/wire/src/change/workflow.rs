//! The request workflow of the API family: what its clients send, and how a change looks to them.

use accolade_application::approvals::{ChangeView, Effect, HeldCommand, VoteView};
use accolade_application::ports::{Page, PageOf, RequestQuery, RequestSort, SortOrder};
use accolade_domain::actor::Actor;
use accolade_domain::approval::{ChangeId, ChangeState, Decision, RuledOperation};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Reason;
use accolade_domain::zone::Zone;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::command::command;
use super::effect::AnswerBody;
use crate::answer::answer;
use crate::customer::named::ParseContext;
use crate::earning::request::EarnRequestBody;
use crate::enrolment::request::EnrolmentRequestBody;
use crate::envelope::Notice;
use crate::json::{self, Fields, Parsed, sentence};
use crate::query::{Query, number, words};

/// Where the task stands in what is handed in.
const TASK: &str = "IntouchAPITask-Payload";

/// Where the decision stands in what decides it.
const DECISION: &str = "AdminTask-Payload";

/// The only thing that is done with a request.
const ACTION: &str = "AdminTask";

/// How many requests a page has unless told otherwise.
const DEFAULT_LIMIT: u32 = 10;

/// The most that it may have.
const MAX_LIMIT: u32 = 100;

/// The types of requests.
pub const TYPES: &[(RuledOperation, &str, &str)] = &[
    (RuledOperation::Enrol, "ISSUE-BADGE", "issue-badge"),
    (RuledOperation::Earn, "EARN-BADGE", "earn-badge"),
];

/// The operation that `text`, a part of a path, names as a type of request.
///
/// # Errors
/// 2009.
pub fn operation(text: &str) -> Result<RuledOperation, Rejection> {
    let found = TYPES.iter().find(|it| it.1.eq_ignore_ascii_case(text));
    found
        .map(|it| it.0)
        .ok_or_else(|| Rejection::new(Code::WorkflowType))
}

/// What the family calls what such a change does.
pub(crate) fn request_type(operation: RuledOperation) -> &'static str {
    let found = TYPES.iter().find(|it| it.0 == operation);
    found.map_or(operation.name(), |it| it.2)
}

/// What the family calls this state.
pub(crate) const fn request_state(state: ChangeState) -> &'static str {
    match state {
        ChangeState::Pending => ACTION,
        ChangeState::Approved => "approved",
        ChangeState::Rejected | ChangeState::Withdrawn | ChangeState::Expired => "rejected",
        ChangeState::Failed => "failed",
    }
}

/// The path of the operation that a request of this type asks for.
const fn task_path(operation: RuledOperation) -> &'static str {
    match operation {
        RuledOperation::Earn => "/api_gateway/v1/badges/customer/earn",
        _ => "/api_gateway/v1/badges/badgeMeta/customer/issueBulk",
    }
}

/// What is described of a request to be handed in: what `read_submission` reads.
#[derive(Debug, ToSchema)]
#[schema(as = WorkflowSubmission)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "its fields are described, not kept"
)]
pub struct SubmissionBody {
    /// Where it comes from: not read.
    #[schema(value_type = Option<Object>)]
    entityInfo: Option<()>,
    /// What it asks for.
    payload: SubmissionPayload,
}

/// What a request asks for.
#[derive(Debug, ToSchema)]
#[schema(as = WorkflowSubmissionPayload)]
#[allow(dead_code, reason = "its fields are described, not kept")]
pub struct SubmissionPayload {
    /// The operation that waits for approval.
    #[schema(rename = "IntouchAPITask-Payload")]
    task: SubmittedTask,
}

/// The operation that waits for approval.
#[derive(Debug, ToSchema)]
#[schema(as = WorkflowSubmittedTask)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "its fields are described, not kept"
)]
pub struct SubmittedTask {
    /// Its path, as the type of the request says.
    #[schema(example = "/api_gateway/v1/badges/badgeMeta/customer/issueBulk")]
    path: String,
    /// POST.
    method: Option<String>,
    /// Its body.
    #[schema(value_type = Object)]
    body: (),
    /// Ignored: the path has none.
    #[schema(value_type = Option<Object>)]
    pathParams: Option<()>,
    /// Ignored.
    #[schema(value_type = Option<Object>)]
    queryParams: Option<()>,
    /// Ignored.
    hostname: Option<String>,
    /// Ignored, and never stored.
    #[schema(value_type = Option<Object>)]
    headers: Option<()>,
}

/// What could be read of a request before its task's body is.
struct Submitted<'a> {
    body: &'a RawValue,
}

/// The command that a request of type `operation` asks for. Of its body only the shape is checked.
///
/// # Errors
/// Everything that is wrong: 2008 for the payload.
pub fn read_submission(
    body: &[u8],
    operation: RuledOperation,
    max_customers: usize,
) -> Result<Parsed<HeldCommand>, Vec<Rejection>> {
    let submitted = json::read(body, |fields| submitted(fields, operation))
        .map_err(|problems| problems.into_iter().map(of_payload).collect::<Vec<_>>())?;
    let context = ParseContext {
        max_customers,
        request_id: None,
        named_by: None,
    };
    let bytes = submitted.value.body.get().as_bytes();
    let parsed = match operation {
        RuledOperation::Earn => EarnRequestBody::parse(bytes, context).map(|it| it.map(Into::into)),
        _ => EnrolmentRequestBody::parse(bytes, context).map(|it| it.map(Into::into)),
    };
    let place = format!("payload.{TASK}.body");
    let below = |it: Rejection| it.below(&place);
    match parsed {
        Ok(Parsed { value, warnings }) => {
            let mut all = submitted.warnings;
            all.extend(warnings.into_iter().map(below));
            Ok(Parsed {
                value,
                warnings: all,
            })
        }
        Err(problems) => Err(problems.into_iter().map(below).map(of_payload).collect()),
    }
}

/// A problem with the payload: whatever its code was, clients know it as 2008.
fn of_payload(problem: Rejection) -> Rejection {
    let is_of_payload = |field: &str| field.starts_with("payload");
    if problem.field.as_deref().is_some_and(is_of_payload) {
        Rejection {
            code: Code::WorkflowPayload,
            ..problem
        }
    } else {
        problem
    }
}

fn submitted<'a>(fields: &mut Fields<'a, '_>, operation: RuledOperation) -> Option<Submitted<'a>> {
    fields.accept(&["entityInfo"]);
    let mut payload = fields.field("payload").required().object()?;
    let task = payload.field(TASK).required().object();
    payload.finish();
    let mut task = task?;
    let path = task.field("path").required();
    let at = path.path();
    let is_path = path.read(|raw| {
        let text: String = serde_json::from_str(raw.get()).map_err(sentence)?;
        let expected = task_path(operation);
        if text.trim_end_matches('/') == expected {
            Ok(())
        } else {
            Err(format!("Must be {expected}."))
        }
    });
    let _ = at;
    let method = task.field("method");
    let is_method = if method.is_present() {
        method.read(|raw| match raw.get() {
            r#""POST""# | r#""post""# => Ok(()),
            _ => Err("Must be POST.".to_owned()),
        })
    } else {
        Some(())
    };
    let body = task.field("body").required().raw();
    for name in ["pathParams", "queryParams"] {
        let ignored = task.field(name);
        let is_empty = ignored.raw().is_none_or(|raw| is_empty(raw.get()));
        if !is_empty {
            let warning = Rejection::new(Code::FieldIgnored);
            task.warn(warning.at_field(ignored.path()));
        }
    }
    task.ignore_all(
        &["hostname", "headers"],
        "Ignored, and not kept: who approves the request has it carried out here.",
    );
    task.finish();
    is_path?;
    is_method?;
    Some(Submitted { body: body? })
}

/// Whether `json` is an object without fields.
fn is_empty(json: &str) -> bool {
    let inner = json.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
    inner.is_some_and(|inner| inner.trim().is_empty())
}

/// What is described of a decision: what `read_decision` reads.
#[derive(Debug, ToSchema)]
#[schema(as = WorkflowDecision)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "its fields are described, not kept"
)]
pub struct DecisionBody {
    /// The request.
    #[schema(example = "ef1bc378-a4d4-41ee-b2a9-462516199fc5")]
    requestId: String,
    /// `AdminTask`.
    #[schema(example = "AdminTask")]
    actionName: String,
    /// The decision.
    payload: DecisionPayload,
}

/// A decision.
#[derive(Debug, ToSchema)]
#[schema(as = WorkflowDecisionPayload)]
#[allow(dead_code, reason = "its fields are described, not kept")]
pub struct DecisionPayload {
    /// The decision.
    #[schema(rename = "AdminTask-Payload")]
    task: DecidedTask,
}

/// A decision.
#[derive(Debug, ToSchema)]
#[schema(as = WorkflowDecidedTask)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "its fields are described, not kept"
)]
pub struct DecidedTask {
    /// `approved` or `rejected`.
    #[schema(example = "approved")]
    actionDecision: String,
    /// Why, 1 to 255 characters.
    actionMessage: Option<String>,
}

/// What a decision is, and on what.
pub type Decided = (ChangeId, Decision, Option<Reason>);

/// The decision in `body`.
///
/// # Errors
/// Everything that is wrong: 2007 for a request or an action that is none, 2008 for the payload.
pub fn read_decision(body: &[u8]) -> Result<Parsed<Decided>, Vec<Rejection>> {
    let read = json::read(body, |fields| {
        let change = change(fields);
        let action = action(fields);
        let decided = decision(fields);
        action?;
        let (decision, comment) = decided?;
        Some((change?, decision, comment))
    });
    read.map_err(|problems| problems.into_iter().map(of_payload).collect())
}

fn change(fields: &mut Fields<'_, '_>) -> Option<ChangeId> {
    let field = fields.field("requestId").required();
    let text: String = serde_json::from_str(field.raw()?.get())
        .ok()
        .unwrap_or_default();
    let change = text.parse().ok();
    if change.is_none() {
        field.refuse(Rejection::new(Code::WorkflowUnknown));
    }
    change
}

fn action(fields: &mut Fields<'_, '_>) -> Option<()> {
    let field = fields.field("actionName").required();
    let text: String = serde_json::from_str(field.raw()?.get())
        .ok()
        .unwrap_or_default();
    if text.eq_ignore_ascii_case(ACTION) {
        return Some(());
    }
    let message = "There is no such action: use AdminTask.";
    field.refuse(Rejection::new(Code::WorkflowUnknown).with_message(message));
    None
}

fn decision(fields: &mut Fields<'_, '_>) -> Option<(Decision, Option<Reason>)> {
    let mut payload = fields.field("payload").required().object()?;
    let task = payload.field(DECISION).required().object();
    payload.finish();
    let mut task = task?;
    let decision = task.field("actionDecision").required();
    let decision = decision.word(Decision::ALL, Decision::name);
    let message = task.field("actionMessage");
    let is_said = message.raw().is_some_and(|raw| raw.get() != "\"\"");
    let comment = if is_said { message.text() } else { None };
    task.finish();
    Some((decision?, comment))
}

/// What a list of requests is to have, as `query` asks for it, of how they are at `now` in an org of this
/// zone. What is wrong with it is remembered there.
pub fn read_query(query: &mut Query, now: Instant, zone: &Zone) -> RequestQuery {
    let states = query.read("states", states).unwrap_or_default();
    let operation = query.read("requestType", |text| {
        let found = TYPES.iter();
        let mut found = found.filter(|it| it.1.eq_ignore_ascii_case(text));
        let unknown = || Rejection::new(Code::WorkflowType);
        found.next().map(|it| it.0).ok_or_else(unknown)
    });
    let operations = match operation {
        Some(operation) => vec![operation],
        None => TYPES.iter().map(|it| it.0).collect(),
    };
    let day = |text: &str| words::day(text, zone);
    RequestQuery {
        now,
        states,
        operations,
        maker: query.read("userId", actor),
        from: query.read("startDate", day).map(|(first, _)| first),
        to: query.read("endDate", day).map(|(_, next)| next),
        sort: query
            .read("sortBy", |text| words::meaning(text, SORTS))
            .unwrap_or_default(),
        order: query
            .read("sortOrder", |text| words::meaning(text, ORDERS))
            .unwrap_or_default(),
        page: PageOf {
            page: words::page_number(query, "PageNo"),
            size: query
                .read("limit", number(1, MAX_LIMIT))
                .unwrap_or(DEFAULT_LIMIT),
        },
    }
}

const SORTS: &words::Words<RequestSort> = &[
    (RequestSort::Started, "STARTDATE"),
    (RequestSort::Ended, "ENDDATE"),
];

const ORDERS: &words::Words<SortOrder> = &[
    (SortOrder::Descending, "DESC"),
    (SortOrder::Ascending, "ASC"),
];

/// Words of the family, and the states that they mean.
const STATES: &[(&[ChangeState], &str)] = &[
    (&[ChangeState::Pending], "ADMINTASK"),
    (&[ChangeState::Approved], "APPROVED"),
    (
        &[
            ChangeState::Rejected,
            ChangeState::Withdrawn,
            ChangeState::Expired,
        ],
        "REJECTED",
    ),
    (&[ChangeState::Failed], "FAILED"),
];

fn states(list: &str) -> Result<Vec<ChangeState>, Rejection> {
    let words = words::list_of(list, STATES, |it| it.1)?;
    Ok(words.into_iter().flat_map(|it| it.0).copied().collect())
}

fn actor(text: &str) -> Result<Actor, Rejection> {
    let wrong = "Must be the number of an actor: a whole number.";
    text.parse().map_err(|_| Rejection::unreadable(wrong))
}

answer! {
    /// A change, as clients of the request workflow know it.
    #[schema(as = WorkflowRequest)]
    pub struct WorkflowBody<'a> {
        /// The change.
        #[schema(example = "ef1bc378-a4d4-41ee-b2a9-462516199fc5")]
        requestId: String = change.id.to_string(),
        /// The number of who made it.
        #[schema(example = 1)]
        userId: i64 = change.maker.actor().number(),
        /// Its name.
        userName: &'a str = change.maker.name(),
        /// `issue-badge` or `earn-badge`.
        #[schema(example = "issue-badge")]
        requestType: &'static str = request_type(change.operation),
        /// `AdminTask` while it waits, `approved`, `rejected` or `failed`.
        #[schema(example = "AdminTask")]
        state: &'static str = request_state(change.state),
        /// When it was made, in the organisation's local time.
        #[schema(example = "2026-05-01T02:23:23")]
        startTime: String = zone.local_text(change.created_on),
        /// When it was decided, in the organisation's local time; null while it waits.
        #[schema(required, example = "2026-05-01T02:24:01")]
        endTime: Option<String> = change.ended_on.map(|on| zone.local_text(on)),
        /// What was asked, and what became of it.
        details: DetailsBody<'a> = DetailsBody::new(change, zone)?,
    }
    new(change: &'a ChangeView, zone: &Zone) -> serde_json::Result<Self> as Ok {}
}

/// What was asked, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowDetails)]
pub struct DetailsBody<'a> {
    /// The operation.
    #[serde(rename = "IntouchAPITask-Payload")]
    task: TaskBody,
    /// Whether who made it may make it.
    #[serde(rename = "ValidateMakerAccess_Output")]
    maker: bool,
    /// Whether its shape is good.
    #[serde(rename = "ValidatePayload_Output")]
    payload: bool,
    /// The last decision.
    #[serde(rename = "AdminTask-Payload", skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionEcho<'a>>,
    /// The same.
    #[serde(rename = "AdminTask_Output", skip_serializing_if = "Option::is_none")]
    decided: Option<&'static str>,
    /// Whether who decided it may.
    #[serde(
        rename = "ValidateCheckerAccess_Output",
        skip_serializing_if = "Option::is_none"
    )]
    checker: Option<bool>,
    /// What came of it.
    #[serde(
        rename = "IntouchAPITask_Output",
        skip_serializing_if = "Option::is_none"
    )]
    output: Option<AnswerBody>,
}

/// The operation that waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowTask)]
#[serde(rename_all = "camelCase")]
pub struct TaskBody {
    /// Its path; null once all of it was about customers who were erased since.
    #[schema(required)]
    path: Option<String>,
    /// Its method.
    #[schema(required)]
    method: Option<&'static str>,
    /// Always empty.
    #[schema(value_type = Object)]
    path_params: Empty,
    /// Always empty.
    #[schema(value_type = Object)]
    query_params: Empty,
    /// Its body; null once all of it was about customers who were erased since.
    #[schema(required, value_type = Option<Object>)]
    body: Option<Box<RawValue>>,
}

/// An object without fields.
#[derive(Debug, Serialize)]
struct Empty {}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowDecisionEcho)]
#[serde(rename_all = "camelCase")]
pub struct DecisionEcho<'a> {
    /// `approved` or `rejected`.
    action_decision: &'static str,
    /// Why; null if it was not said.
    #[schema(required)]
    action_message: Option<&'a str>,
}

const fn decided(decision: Decision) -> &'static str {
    match decision {
        Decision::Approved => "approved",
        Decision::Rejected => "rejected",
    }
}

impl<'a> DetailsBody<'a> {
    fn new(change: &'a ChangeView, zone: &Zone) -> serde_json::Result<Self> {
        let asked = change.command.as_ref();
        let asked = asked.map(|held| command(held, zone)).transpose()?;
        let (method, path, body) =
            asked.map_or((None, None, None), |it| (it.method, it.path, it.body));
        let vote = change.votes.last();
        let echo = |vote: &'a VoteView| DecisionEcho {
            action_decision: decided(vote.decision),
            action_message: vote.comment.as_ref().map(Reason::as_str),
        };
        let output = |effect: &Effect| AnswerBody::new(effect, zone);
        Ok(Self {
            task: TaskBody {
                path,
                method,
                path_params: Empty {},
                query_params: Empty {},
                body,
            },
            maker: true,
            payload: true,
            decision: vote.map(echo),
            decided: vote.map(|vote| decided(vote.decision)),
            checker: vote.map(|_| true),
            output: change.result.as_ref().map(output).transpose()?,
        })
    }
}

/// A page of requests: beside its data, unlike other answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowRequests)]
pub struct WorkflowListBody<'a> {
    /// The requests.
    data: Vec<WorkflowBody<'a>>,
    /// Which page it is.
    pagination: WorkflowPagination,
    /// None.
    #[schema(max_items = 0, value_type = Vec<Notice>)]
    errors: [(); 0],
    /// What is odd about the request.
    #[schema(value_type = Vec<Notice>)]
    warnings: Vec<Notice<'a>>,
}

/// Which page it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkflowPagination)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowPagination {
    /// How many requests there are.
    total_elements: u64,
    /// How many pages they are.
    total_pages: u64,
    /// How many the page has.
    number_of_elements: usize,
    /// Its number, from 0.
    number: u32,
}

impl<'a> WorkflowListBody<'a> {
    /// How `page`, which was `asked` for, looks in an org of this zone.
    ///
    /// # Errors
    /// A part that is stored cannot be written.
    pub fn new(
        page: &'a Page<ChangeView>,
        asked: PageOf,
        zone: &Zone,
        warnings: &'a [Rejection],
    ) -> serde_json::Result<Self> {
        let items = page.items.iter();
        let data = items.map(|it| WorkflowBody::new(it, zone));
        Ok(Self {
            data: data.collect::<serde_json::Result<_>>()?,
            pagination: WorkflowPagination {
                total_elements: page.total,
                total_pages: page.total.div_ceil(u64::from(asked.size)),
                number_of_elements: page.items.len(),
                number: asked.page,
            },
            errors: [],
            warnings: warnings.iter().map(Notice::from).collect(),
        })
    }
}
