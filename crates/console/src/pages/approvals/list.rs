//! What waits for approval, and what did.

use accolade_application::approvals::{self, ChangeView};
use accolade_domain::approval::{ChangeState, RuledOperation};
use accolade_domain::operator::Permission;
use accolade_wire::change::answer::ChangeListBody;
use accolade_wire::change::query as change_query;
use accolade_wire::query::Query;
use askama::Template;

use crate::frame::{Frame, Problem, show};
use crate::moment::{Moment, Moments};
use crate::parts::Choice;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

/// How many changes a page has.
const SIZE: &str = "50";

#[derive(Template)]
#[template(path = "approvals.html")]
struct ApprovalsPage {
    frame: Frame,
    states: Vec<Choice>,
    operations: Vec<Choice>,
    may_rule: bool,
    rows: Vec<Row>,
    older: Option<String>,
}

struct Row {
    id: String,
    operation: String,
    state: &'static str,
    kind: &'static str,
    maker: String,
    created: Moment,
    expires: Moment,
    votes: String,
}

pub(super) async fn list_changes(visit: Visit) -> Answered {
    let asked = visit.query.clone();
    // Unless told otherwise, what somebody has to do something about.
    let asked = if asked.says("state") {
        asked
    } else {
        asked.with("state", ChangeState::Pending.name())
    };
    let mut query = Query::parse(&asked.with("limit", SIZE).without(&["done"]).query());
    let wanted = change_query::read(&mut query, visit.now());
    let problems = query.finish().problems;
    let found = visit.look_up(move |ports, caller| approvals::changes(ports, caller, &wanted));
    let found = found.await?;
    let body = serde_json::to_value(ChangeListBody::new(&found)).unwrap_or_default();
    let older = body["next"].as_str().map(|next| {
        let query = asked.with("after", next).query();
        format!("/console/approvals?{query}")
    });
    let moments = visit.moments();
    let any = ("", t::ANY.to_owned());
    let states = ChangeState::ALL.iter();
    let states = states.map(|it| (it.name(), t::change_state(*it).to_owned()));
    let operations = RuledOperation::ALL.iter();
    let operations = operations.map(|it| (it.name(), t::word(it.name())));
    let page = ApprovalsPage {
        frame: visit
            .frame(t::APPROVALS)
            .telling(visit.query.typed("done"))
            .with_problems(problems.iter().map(Problem::from).collect()),
        states: Choice::of(
            [any.clone()].into_iter().chain(states),
            asked.typed("state"),
        ),
        operations: Choice::of(
            [any].into_iter().chain(operations),
            asked.typed("operation"),
        ),
        may_rule: visit.may(Permission::Rules),
        rows: found.changes.iter().map(|it| row(it, &moments)).collect(),
        older,
    };
    show(&page)
}

fn row(view: &ChangeView, moments: &Moments) -> Row {
    let approved = view.votes.len();
    Row {
        id: view.id.to_string(),
        operation: t::word(view.operation.name()),
        state: t::change_state(view.state),
        kind: kind(view.state),
        maker: view.maker.name().to_owned(),
        created: moments.show(view.created_on),
        expires: moments.show(view.expires_on),
        votes: t::votes(approved, view.approvals),
    }
}

/// How the state of a change looks.
pub(super) const fn kind(state: ChangeState) -> &'static str {
    match state {
        ChangeState::Pending => "soon",
        ChangeState::Approved => "good",
        ChangeState::Rejected | ChangeState::Failed => "bad",
        ChangeState::Withdrawn | ChangeState::Expired => "odd",
    }
}
