//! The audit trail: who changed what.

use accolade_application::audit::{self, TracedEntry};
use accolade_application::ports::AuditQuery;
use accolade_domain::actor::Actor;
use accolade_domain::audit::{Action, EntityKind, EntryId};
use accolade_domain::instant::Instant;
use accolade_domain::operator::Permission;
use actix_web::http::StatusCode;
use askama::Template;

use super::difference::{Difference, of_entries};
use crate::frame::{Frame, Problem, show_with};
use crate::moment::{Moment, Moments};
use crate::parts::Choice;
use crate::router::{Answered, Page, get};
use crate::texts as t;
use crate::visit::Visit;

/// How many entries a page has.
const SIZE: u32 = 50;

pub(super) fn pages() -> Vec<Page> {
    vec![get("/console/audit", Permission::Audit, list)]
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    kinds: Vec<Choice>,
    actions: Vec<Choice>,
    entity: String,
    actor: String,
    from: String,
    to: String,
    rows: Vec<Row>,
    older: Option<String>,
}

struct Row {
    on: Moment,
    who: String,
    action: String,
    what: String,
    id: String,
    href: Option<String>,
    reason: Option<String>,
    request: Option<String>,
    differences: Vec<Difference>,
}

async fn list(visit: Visit) -> Answered {
    let (moments, mut problems) = (visit.moments(), Vec::new());
    let wanted = wanted(&visit, &moments, &mut problems);
    let list = visit.look_up(move |ports, caller| audit::trail(ports, caller, &wanted));
    let list = list.await?;
    let differences = of_entries(&list, &moments)?;
    let rows = list.entries.iter().zip(differences);
    let query = &visit.query;
    let older = list.next.map(|next| {
        let query = query.with("after", next.to_string());
        format!("/console/audit?{}", query.query())
    });
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    let every = ("", t::ANY.to_owned());
    let kinds = EntityKind::ALL.iter();
    let kinds = kinds.map(|it| (it.name(), t::entity_kind(it.name())));
    let actions = Action::ALL.iter().map(|it| (it.name(), t::word(it.name())));
    let page = AuditPage {
        frame: visit.frame(t::AUDIT).with_problems(problems),
        kinds: Choice::of(
            [every.clone()].into_iter().chain(kinds),
            query.typed("entityType"),
        ),
        actions: Choice::of([every].into_iter().chain(actions), query.typed("action")),
        entity: query.typed("entityId").to_owned(),
        actor: query.typed("actor").to_owned(),
        from: query.typed("from").to_owned(),
        to: query.typed("to").to_owned(),
        rows: rows.map(|(it, told)| row(it, told, &moments)).collect(),
        older,
    };
    show_with(status, &page)
}

/// What is asked for; what cannot be read is a problem, and left out.
fn wanted(visit: &Visit, moments: &Moments, problems: &mut Vec<Problem>) -> AuditQuery {
    let query = &visit.query;
    let kind = EntityKind::ALL.iter();
    let action = Action::ALL.iter();
    let mut moment = |name: &str| -> Option<Instant> {
        let read = moments.read(query.typed(name));
        read.unwrap_or_else(|_| {
            problems.push(Problem::at(name, t::NO_MOMENT));
            None
        })
    };
    let (from, to) = (moment("from"), moment("to"));
    let actor: Option<Actor> = visit.asks("actor");
    if actor.is_none() && query.given("actor").is_some() {
        problems.push(Problem::at("actor", t::NO_ACTOR));
    }
    AuditQuery {
        kinds: kind
            .filter(|it| it.name() == query.typed("entityType"))
            .copied()
            .collect(),
        entity_id: query.given("entityId").map(std::borrow::Cow::into_owned),
        actor,
        actions: action
            .filter(|it| it.name() == query.typed("action"))
            .copied()
            .collect(),
        from,
        to,
        after: visit.asks::<EntryId>("after"),
        limit: SIZE,
    }
}

fn row(traced: &TracedEntry, differences: Vec<Difference>, moments: &Moments) -> Row {
    let entry = &traced.entry;
    let id = entry.entity.id().to_owned();
    let href = match entry.entity.kind() {
        EntityKind::Badge => Some(format!("/console/badges/{id}")),
        EntityKind::Customer => Some(format!("/console/customers/{id}")),
        EntityKind::Job => Some(format!("/console/jobs/{id}")),
        EntityKind::Webhook => Some(format!("/console/webhooks/{id}")),
        // They are found as a customer is.
        EntityKind::Enrolment | EntityKind::Earn => Some(format!("/console/customers?q={id}")),
        _ => None,
    };
    Row {
        on: moments.show(entry.by.on),
        who: traced.actor.name().to_owned(),
        action: t::word(entry.action.name()),
        what: t::entity_kind(entry.entity.kind().name()),
        id,
        href,
        reason: entry.reason.as_ref().map(ToString::to_string),
        request: entry.by.tag.as_ref().map(|it| it.as_str().to_owned()),
        differences,
    }
}
