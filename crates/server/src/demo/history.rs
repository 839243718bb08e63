//! What has happened in the demo: customers who were enrolled, earned, lost something and were refused, each
//! some time ago, a job, and a merge of two customers that waits for approval.
//!
//! `history.json` has the steps in the API's own bodies. They are carried out once, at a clock that is as
//! far behind as each says; what is repeated after a start that was cut off is refused by its request id, and
//! the merge, which has none, is held once under its idempotency key.

use std::sync::Arc;

use accolade_application::access::Caller;
use accolade_application::approvals::PutApprovalRules;
use accolade_application::customers::PutCustomers;
use accolade_application::error::UseCaseError;
use accolade_application::jobs::{CreateJob, JobLimits};
use accolade_application::ports::{
    Clock, Fingerprint, IdempotencyGuard, IdempotencyKey, Operation, Ports,
};
use accolade_application::{Request, execute};
use accolade_domain::approval::ApprovalRules;
use accolade_domain::ids::ObjectId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Code;
use accolade_domain::text::RequestId;
use accolade_wire::change::rules::RulesRequestBody;
use accolade_wire::customer::named::ParseContext;
use accolade_wire::directory::CustomersRequestBody;
use accolade_wire::earning::request::{EarnRequestBody, RevokeEarnRequestBody};
use accolade_wire::enrolment::request::EnrolmentRequestBody;
use accolade_wire::enrolment::revocation_request::RevocationRequestBody;
use accolade_wire::job::request::JobRequestBody;
use accolade_wire::people::MergeRequestBody;
use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::value::RawValue;
use time::Duration;

use super::{body, executed, is_refused, with_id};

/// What `history.json` holds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct History {
    customers: Box<RawValue>,
    steps: Vec<Step>,
    job: Job,
}

/// Something that somebody did.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    /// How long ago.
    hours_ago: i64,
    /// What.
    operation: StepOperation,
    /// The id that is given, if a later step needs it.
    #[serde(default)]
    id: Option<ObjectId>,
    body: Box<RawValue>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum StepOperation {
    Enrol,
    Earn,
    RevokeEarn,
    RevokeEnrolments,
    PutRules,
    Merge,
}

/// A job with its file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    body: Box<RawValue>,
    file: Vec<String>,
}

/// How much there may be: the demo's job is small.
const LIMITS: JobLimits = JobLimits {
    most_open: 100,
    most_bytes: 64 * 1024,
};

/// How bodies are read: customers are named by their numbers.
const CONTEXT: ParseContext<'static> = ParseContext {
    max_customers: 100,
    request_id: None,
    named_by: None,
};

/// The request id of the last step: who finds it used has nothing to do.
const LAST: &str = "demo-last";

/// The idempotency key of the merge.
const MERGE: &str = "accolade-demo-merge";

/// Makes sure that all of it has happened, once.
///
/// # Errors
/// The database does not answer, or something else of the org is in the way.
pub(super) fn ensure(ports: &Ports, caller: &Caller) -> Result<()> {
    let last = RequestId::try_from(LAST)?;
    if (ports.stores.requests).is_used(caller.org, Operation::IssueBulk, &last)? {
        return Ok(());
    }
    let history: History =
        serde_json::from_str(include_str!("history.json")).context("history.json")?;
    let customers = body(CustomersRequestBody::parse(
        history.customers.get().as_bytes(),
        CONTEXT,
    ))?;
    executed(ports, caller, PutCustomers::Several(customers)).context("the demo's customers")?;
    start(ports, caller, &history.job).context("the demo's job")?;
    for (place, step) in history.steps.iter().enumerate() {
        take(ports, caller, step).with_context(|| format!("the demo's step {place}"))?;
    }
    Ok(())
}

/// Does what the step says, as if it were the moment that it says. That somebody is refused may be meant.
fn take(ports: &Ports, caller: &Caller, step: &Step) -> Result<()> {
    let mut ports = Ports {
        clock: Arc::new(Past {
            clock: Arc::clone(&ports.clock),
            behind: Duration::hours(step.hours_ago),
        }),
        ..ports.clone()
    };
    if let Some(id) = step.id {
        ports = with_id(&ports, id);
    }
    let bytes = step.body.get().as_bytes();
    let taken = match step.operation {
        StepOperation::Enrol => {
            let command = body(EnrolmentRequestBody::parse(bytes, CONTEXT))?;
            executed(&ports, caller, command)
        }
        StepOperation::Earn => {
            let command = body(EarnRequestBody::parse(bytes, CONTEXT))?;
            executed(&ports, caller, command)
        }
        StepOperation::RevokeEarn => {
            let command = body(RevokeEarnRequestBody::parse(bytes, CONTEXT))?;
            executed(&ports, caller, command)
        }
        StepOperation::RevokeEnrolments => {
            let command = body(RevocationRequestBody::parse(bytes, CONTEXT))?;
            executed(&ports, caller, command)
        }
        StepOperation::PutRules => {
            let rules = body(RulesRequestBody::parse(bytes))?;
            let rules = ApprovalRules::new(rules).map_err(UseCaseError::from)?;
            executed(&ports, caller, PutApprovalRules { rules })
        }
        StepOperation::Merge => {
            let command = body(MergeRequestBody::parse(bytes, CONTEXT))?;
            let request = Request {
                key: Some(guard(&ports, caller)?),
                ..Request::new(caller.clone())
            };
            execute(&ports, request, command)
        }
    };
    match taken {
        Ok(_) | Err(UseCaseError::Refused(_)) => {}
        Err(error) => return Err(error.into()),
    }
    // As the server does from day to day.
    ports.stores.housekeeping.note_counts(ports.clock.now())?;
    Ok(())
}

/// The key under which the merge is held once, by however many servers that start.
fn guard(ports: &Ports, caller: &Caller) -> Result<IdempotencyGuard> {
    let used_on = ports.clock.now();
    Ok(IdempotencyGuard {
        org: caller.org,
        actor: caller.actor,
        key: IdempotencyKey::try_from(MERGE.to_owned())?,
        // The key stands for this one request.
        fingerprint: Fingerprint([0; 32]),
        warnings: Vec::new(),
        used_on,
        expires_on: used_on + Duration::days(30),
    })
}

/// Starts the job, which the worker carries out; not again if it is there.
fn start(ports: &Ports, caller: &Caller, job: &Job) -> Result<()> {
    let asked = body(JobRequestBody::parse(job.body.get().as_bytes()))?;
    let command = CreateJob {
        id: asked.id,
        settings: asked.settings,
        file: Some(job.file.join("\n").into_bytes()),
        start: true,
        limits: LIMITS,
    };
    match executed(ports, caller, command) {
        Ok(_) => Ok(()),
        Err(error) if is_refused(&error, Code::RequestIdUsed) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A clock that is behind another one.
struct Past {
    clock: Arc<dyn Clock>,
    behind: Duration,
}

impl Clock for Past {
    fn now(&self) -> Instant {
        self.clock.now() - self.behind
    }
}
