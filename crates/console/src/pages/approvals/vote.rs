//! Voting on a change, and withdrawing it.

use accolade_application::Command;
use accolade_application::approvals::{CastVote, WithdrawChange};
use accolade_domain::approval::{ChangeId, Decision};
use accolade_domain::text::Reason;
use actix_web::http::StatusCode;

use super::show::{id, shown};
use crate::form::Form;
use crate::frame::{Problem, problems_of};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

/// The field that says why.
const COMMENT: &str = "comment";

pub(super) async fn approve(visit: Visit) -> Answered {
    vote(visit, Decision::Approved, "approved").await
}

pub(super) async fn reject(visit: Visit) -> Answered {
    vote(visit, Decision::Rejected, "rejected").await
}

async fn vote(visit: Visit, decision: Decision, done: &str) -> Answered {
    let command = move |change, comment| CastVote {
        change,
        decision,
        comment,
    };
    answer(visit, command, done).await
}

pub(super) async fn withdraw(visit: Visit) -> Answered {
    let command = |change, comment| WithdrawChange { change, comment };
    answer(visit, command, "withdrawn").await
}

async fn answer<C: Command + Send + 'static>(
    mut visit: Visit,
    command: impl FnOnce(ChangeId, Option<Reason>) -> C,
    done: &str,
) -> Answered {
    let form = visit.form().await?;
    let change = id(&visit)?;
    let comment = match comment(&form) {
        Ok(comment) => comment,
        Err(problem) => {
            let typed = form.typed(COMMENT);
            return shown(&visit, typed, vec![problem], StatusCode::BAD_REQUEST).await;
        }
    };
    match visit.carry_out(&form, command(change, comment)).await {
        Ok(_) => Ok(lead_to(format_args!(
            "/console/approvals/{change}?done={done}"
        ))),
        Err(failure) => {
            let typed = form.typed(COMMENT);
            shown(&visit, typed, problems_of(&failure), failure.status()).await
        }
    }
}

fn comment(form: &Form) -> Result<Option<Reason>, Problem> {
    let Some(text) = form.given(COMMENT) else {
        return Ok(None);
    };
    let read = Reason::try_from(text.as_ref());
    read.map(Some)
        .map_err(|error| Problem::at(COMMENT, t::unfit(error)))
}
