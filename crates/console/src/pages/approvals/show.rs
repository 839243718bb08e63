//! The page of a change: what it is to do, what it would do, who has voted.

use accolade_application::approvals::{self, ChangeView, HeldCommand, may_vote};
use accolade_application::ports::ActorRecord;
use accolade_domain::approval::{ChangeId, ChangeState, Decision};
use accolade_domain::operator::Permission;
use accolade_http::pages::Failure;
use accolade_wire::change::answer::ChangeBody;
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::Value;

use super::list::kind;
use crate::frame::{Frame, Problem, show_with};
use crate::moment::{Moment, Moments};
use crate::pages::difference::{Difference, of_changes};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, nothing_there};

#[derive(Template)]
#[template(path = "approval.html")]
struct ApprovalPage {
    frame: Frame,
    id: ChangeId,
    state: &'static str,
    kind: &'static str,
    maker: String,
    reason: Option<String>,
    created: Moment,
    expires: Moment,
    ended: Option<Moment>,
    needed: u8,
    votes: Vec<VoteLine>,
    request: String,
    body: String,
    /// Whether the fields that differ tell what it does, so that its body need not.
    is_told: bool,
    effects: Vec<EffectShown>,
    comment: String,
    may_vote: bool,
    may_withdraw: bool,
    key: String,
}

struct VoteLine {
    on: Moment,
    who: String,
    what: &'static str,
    kind: &'static str,
    why: Option<String>,
}

/// What a change would do, or did.
struct EffectShown {
    title: &'static str,
    status: Option<String>,
    text: String,
    differences: Vec<Difference>,
}

/// The id in the path.
pub(super) fn id(visit: &Visit) -> Result<ChangeId, Failure> {
    let text: String = visit.path("change")?;
    text.parse().map_err(|_| nothing_there().into())
}

pub(super) async fn show_change(visit: Visit) -> Answered {
    shown(&visit, "", Vec::new(), StatusCode::OK).await
}

/// The page, with what was typed and is to be mended.
pub(super) async fn shown(
    visit: &Visit,
    comment: &str,
    problems: Vec<Problem>,
    status: StatusCode,
) -> Answered {
    let id = id(visit)?;
    let view = visit.look_up(move |ports, caller| approvals::change(ports, caller, id));
    let view = view.await?;
    let moments = visit.moments();
    let body = ChangeBody::new(&view, &visit.session.org.zone);
    let body = body.and_then(serde_json::to_value).unwrap_or_default();
    let operator = &visit.session.operator;
    let herself = ActorRecord::Operator {
        number: operator.number,
        name: operator.name.clone(),
        login: operator.login.clone(),
        over_on: operator.disabled_on,
    };
    // What a client of hers made is hers, too.
    let is_hers = view.maker.principal() == herself.principal();
    let effects = effects(&body, &moments);
    let page = ApprovalPage {
        frame: visit
            .frame(t::change(&t::word(view.operation.name())))
            .telling(visit.query.typed("done"))
            .with_problems(problems),
        id,
        state: t::change_state(view.state),
        kind: kind(view.state),
        maker: view.maker.name().to_owned(),
        reason: (view.command.as_ref())
            .and_then(HeldCommand::reason)
            .map(ToString::to_string),
        created: moments.show(view.created_on),
        expires: moments.show(view.expires_on),
        ended: moments.maybe(view.ended_on),
        needed: view.approvals,
        votes: votes(&view, &moments),
        request: request(&body["command"]),
        body: pretty(&body["command"]["body"]),
        is_told: effects.iter().any(|it| !it.differences.is_empty()),
        effects,
        comment: comment.to_owned(),
        may_vote: visit.may(Permission::Vote) && may_vote(&view, &herself),
        may_withdraw: is_hers && view.state == ChangeState::Pending,
        key: visit.new_key(),
    };
    show_with(status, &page)
}

fn votes(view: &ChangeView, moments: &Moments) -> Vec<VoteLine> {
    let line = view.votes.iter().map(|it| {
        let (what, kind) = match it.decision {
            Decision::Approved => (t::HAS_APPROVED, "good"),
            Decision::Rejected => (t::HAS_REJECTED, "bad"),
        };
        VoteLine {
            on: moments.show(it.voted_on),
            who: it.actor.name().to_owned(),
            what,
            kind,
            why: it.comment.as_ref().map(ToString::to_string),
        }
    });
    line.collect()
}

/// The request that would do it at once.
fn request(command: &Value) -> String {
    let text = |name: &str| command[name].as_str().unwrap_or_default().to_owned();
    format!("{} {}", text("method"), text("path"))
}

fn pretty(value: &Value) -> String {
    if value.is_null() {
        return String::new();
    }
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn effects(body: &Value, moments: &Moments) -> Vec<EffectShown> {
    // Told once where nothing has changed.
    let mut all = if body["then"] == body["now"] {
        vec![("now", t::THEN_AND_NOW)]
    } else {
        vec![("then", t::THEN), ("now", t::NOW)]
    };
    all.push(("result", t::CAME_OF_IT));
    let shown = all.into_iter().filter_map(|(name, title)| {
        let effect = &body[name];
        if effect.is_null() {
            return None;
        }
        let changes = effect["changes"].as_array();
        Some(EffectShown {
            title,
            status: effect["status"].as_u64().map(|it| it.to_string()),
            text: pretty(&effect["body"]),
            differences: changes.map_or_else(Vec::new, |it| of_changes(it, moments)),
        })
    });
    shown.collect()
}
