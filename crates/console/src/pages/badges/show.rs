//! The page of a badge.

use std::collections::BTreeMap;

use accolade_application::access::Caller;
use accolade_application::answer::BadgeView;
use accolade_application::badges;
use accolade_application::error::UseCaseError;
use accolade_application::ports::Ports;
use accolade_domain::actor::Actor;
use accolade_domain::badge::EarnMode;
use accolade_domain::badge::constraint::Constraint;
use accolade_domain::earning::{Scope, limits};
use accolade_domain::ids::BadgeId;
use accolade_domain::operator::Permission;
use accolade_domain::owner::Claim;
use askama::Template;

use super::calendar::Calendar;
use super::describe;
use crate::chart::{self, Chart};
use crate::frame::{Frame, show};
use crate::moment::{Moment, Moments};
use crate::pages::customers::names;
use crate::parts::Bar;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "badge.html")]
struct BadgePage {
    frame: Frame,
    badge: BadgeId,
    number: String,
    description: String,
    status: &'static str,
    kind: &'static str,
    active: bool,
    group: Option<String>,
    rank: Option<i64>,
    earn_type: &'static str,
    starts: Moment,
    ends: Moment,
    expiries: Vec<(&'static str, String, Option<Moment>)>,
    issued: u64,
    earned: u64,
    limits: Vec<(&'static str, String)>,
    bars: Vec<Bar>,
    claims: Vec<ClaimLine>,
    details: Vec<(String, String)>,
    created: (Moment, String),
    updated: (Moment, String),
    calendar: Calendar,
    chart: Option<Chart>,
    may_define: bool,
    key: String,
}

struct ClaimLine {
    owner: String,
    owner_type: &'static str,
    reference: String,
    active: bool,
}

struct Found {
    view: BadgeView,
    bars: Vec<Bar>,
    names: BTreeMap<Actor, String>,
    chart: Option<Chart>,
}

pub(super) async fn show_badge(visit: Visit) -> Answered {
    let badge: BadgeId = visit.path("badge")?;
    let moments = visit.moments();
    let found = visit
        .look_up({
            let moments = moments.clone();
            move |ports, caller| find(ports, caller, badge, &moments)
        })
        .await?;
    let Found {
        view,
        bars,
        names,
        chart,
    } = found;
    let (badge, definition) = (&view.badge, &view.badge.definition);
    let status = definition.period.status(view.now);
    let name = |actor| names.get(&actor).cloned().unwrap_or_default();
    let month = visit.query.typed("month");
    let page = BadgePage {
        frame: visit
            .frame(definition.name.to_string())
            .telling(visit.query.typed("done")),
        badge: badge.id,
        number: view.number.map(|it| it.to_string()).unwrap_or_default(),
        description: text(definition.description.as_ref()),
        status: t::badge_is(status),
        kind: describe::kind(true, status),
        active: badge.active,
        group: view.group.as_ref().map(|it| it.name.to_string()),
        rank: definition.rank.map(Into::into),
        earn_type: t::earn_type(definition.earn_mode.earn_type()),
        starts: moments.show(definition.period.starts_on()),
        ends: moments.show(definition.period.expires_on()),
        expiries: expiries(&view, &moments),
        issued: view.counts.issued,
        earned: view.counts.earned,
        limits: limits_said(&view),
        bars,
        claims: badge.claims.iter().map(claim).collect(),
        details: details(&view),
        created: (moments.show(badge.created_on), name(badge.created_by)),
        updated: (moments.show(badge.updated_on), name(badge.updated_by)),
        calendar: Calendar::new(definition, month, view.now, &moments),
        chart,
        may_define: visit.may(Permission::Define),
        key: visit.new_key(),
    };
    show(&page)
}

fn find(
    ports: &Ports,
    caller: &Caller,
    badge: BadgeId,
    moments: &Moments,
) -> Result<Found, UseCaseError> {
    let view = badges::get(ports, caller, badge)?;
    let definition = &view.badge.definition;
    let mut limits = limits(definition, &caller.zone, view.now, view.now);
    limits.retain(|limit| limit.scope == Scope::Badge);
    let counted = if limits.is_empty() {
        Vec::new()
    } else {
        let earning = &ports.stores.earning;
        earning.counted(caller.org, badge, None, &limits)?
    };
    let bars = limits.iter().zip(counted);
    let actors = [view.badge.created_by, view.badge.updated_by];
    Ok(Found {
        bars: bars
            .map(|(limit, counted)| Bar::new(limit, counted, None, moments))
            .collect(),
        names: names(ports, caller, actors.into_iter())?,
        chart: chart::of_badge(ports, caller, &view)?,
        view,
    })
}

fn text(text: Option<&impl ToString>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

fn expiries(view: &BadgeView, moments: &Moments) -> Vec<(&'static str, String, Option<Moment>)> {
    let definition = &view.badge.definition;
    let mut expiries = Vec::new();
    if let EarnMode::EnrolThenEarn { enrolment_expiry } = definition.earn_mode {
        let (text, on) = describe::expiry(enrolment_expiry, moments);
        expiries.push((t::ENROLMENT_ENDS, text, on));
    }
    let (text, on) = describe::expiry(definition.earned_expiry, moments);
    expiries.push((t::EARN_ENDS, text, on));
    expiries
}

/// What limits say, and whose they are.
fn limits_said(view: &BadgeView) -> Vec<(&'static str, String)> {
    let definition = &view.badge.definition;
    let lines = |scope, constraints: &[Constraint]| {
        let lines: Vec<_> = constraints.iter().flat_map(describe::constraint).collect();
        lines.into_iter().map(move |line| (t::whose(scope), line))
    };
    let customer = lines(Scope::Customer, &definition.customer_constraints);
    let badge = lines(Scope::Badge, &definition.badge_constraints);
    customer.chain(badge).collect()
}

fn claim(claim: &Claim) -> ClaimLine {
    ClaimLine {
        owner: t::owner_type(claim.owner.owner_type),
        owner_type: claim.owner.owner_type.name(),
        reference: claim.owner.reference.to_string(),
        active: claim.active,
    }
}

/// What is kept and given back: owners, custom fields, tags, pictures, benefits, the till.
fn details(view: &BadgeView) -> Vec<(String, String)> {
    let definition = &view.badge.definition;
    let owners = definition.owners.as_slice().iter();
    let owners: Vec<_> = owners.map(|it| t::owner_type(*it)).collect();
    let mut details = vec![(t::OWNERS.to_owned(), owners.join(", "))];
    for (name, value) in &definition.custom_values {
        details.push((name.to_string(), value.to_string()));
    }
    for tag in &definition.tags {
        details.push((t::tag(tag.name.as_str()), text(tag.value.as_ref())));
    }
    for image in &definition.images {
        let parts = [
            text(image.name.as_ref()),
            text(image.url.as_ref()),
            text(image.file_svc_handle.as_ref()),
        ];
        let parts: Vec<_> = parts.into_iter().filter(|it| !it.is_empty()).collect();
        details.push((t::image(image.tag), parts.join(" · ")));
    }
    for benefit in &definition.benefits {
        details.push((t::BENEFIT.to_owned(), benefit.json().to_owned()));
    }
    if let Some(till) = definition.default_till {
        details.push((t::DEFAULT_TILL.to_owned(), till.to_string()));
    }
    details
}
