//! The badges of the org, found by what they are.

use accolade_application::answer::BadgeView;
use accolade_application::badges;
use accolade_application::ports::PageOf;
use accolade_domain::operator::Permission;
use accolade_domain::owner::OwnerType;
use accolade_wire::badge::query as badge_query;
use accolade_wire::query::Query;
use askama::Template;

use crate::form::Form;
use crate::frame::{Frame, Problem, show};
use crate::moment::{Moment, Moments};
use crate::parts::{Choice, Pager};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

/// How many badges a page has.
const SIZE: &str = "25";

#[derive(Template)]
#[template(path = "badges.html")]
struct BadgesPage {
    frame: Frame,
    name: String,
    statuses: Vec<Choice>,
    actions: Vec<Choice>,
    types: Vec<Choice>,
    owners: Vec<Choice>,
    sorts: Vec<Choice>,
    is_filtered: bool,
    may_define: bool,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    href: String,
    number: String,
    name: String,
    group: Option<String>,
    status: &'static str,
    kind: &'static str,
    earn_type: &'static str,
    starts: Moment,
    ends: Moment,
    issued: u64,
    earned: u64,
}

pub(super) async fn list_badges(visit: Visit) -> Answered {
    let asked = &visit.query;
    let mut query = Query::parse(&asked.with("size", SIZE).without(&["done"]).query());
    let wanted = badge_query::read(&mut query, visit.now());
    let report = query.finish();
    let problems = report.problems.iter().map(Problem::from).collect();
    let of = PageOf {
        page: wanted.page,
        size: wanted.size,
    };
    let found = visit
        .look_up(move |ports, caller| badges::list(ports, caller, &wanted))
        .await?;
    let moments = visit.moments();
    let page = BadgesPage {
        frame: visit
            .frame(t::BADGES)
            .telling(asked.typed("done"))
            .with_problems_of(problems, &["name"]),
        name: asked.typed("name").to_owned(),
        statuses: Choice::of(t::BADGE_STATUSES.iter().copied(), asked.typed("status")),
        actions: Choice::of(t::BADGE_ACTIONS.iter().copied(), asked.typed("action")),
        types: Choice::of(t::EARN_TYPES.iter().copied(), asked.typed("earnType")),
        owners: owners(asked.typed("owner")),
        sorts: Choice::of(t::BADGE_SORTS.iter().copied(), asked.typed("sortOn")),
        is_filtered: is_filtered(asked),
        may_define: visit.may(Permission::Define),
        rows: found
            .badges
            .iter()
            .map(|it| Row::new(it, &moments))
            .collect(),
        pager: Pager::new("/console/badges", asked, of, found.total),
    };
    show(&page)
}

/// Every owner, and all of them.
fn owners(chosen: &str) -> Vec<Choice> {
    let every = OwnerType::ALL.iter();
    let every = every.map(|it| (it.name(), t::owner_type(*it)));
    let all = [("", t::ANY.to_owned())].into_iter().chain(every);
    Choice::of(all, chosen)
}

fn is_filtered(asked: &Form) -> bool {
    let by = ["name", "status", "action", "earnType", "owner"];
    by.iter().any(|name| asked.given(name).is_some())
}

impl Row {
    fn new(view: &BadgeView, moments: &Moments) -> Self {
        let (badge, definition) = (&view.badge, &view.badge.definition);
        let status = definition.period.status(view.now);
        Self {
            href: format!("/console/badges/{}", badge.id),
            number: view.number.map(|it| it.to_string()).unwrap_or_default(),
            name: definition.name.to_string(),
            group: view.group.as_ref().map(|group| group.name.to_string()),
            status: if badge.active {
                t::badge_is(status)
            } else {
                t::BADGE_OFF
            },
            kind: super::describe::kind(badge.active, status),
            earn_type: t::earn_type(definition.earn_mode.earn_type()),
            starts: moments.show(definition.period.starts_on()),
            ends: moments.show(definition.period.expires_on()),
            issued: view.counts.issued,
            earned: view.counts.earned,
        }
    }
}
