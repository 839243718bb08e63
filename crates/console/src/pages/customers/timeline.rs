//! What happened to a customer, the latest first.

use std::collections::BTreeMap;

use accolade_application::access::Caller;
use accolade_application::customers::{TimelineEntry, timeline};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{ActorRecord, Happening, HistoryPlace, Ports};
use accolade_domain::actor::Actor;
use accolade_domain::ids::CustomerId;
use accolade_domain::instant::Instant;
use askama::Template;

use crate::frame::{Frame, show};
use crate::moment::{Moment, Moments};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

/// How much of it a page has.
const SIZE: u32 = 50;

/// One line of it.
pub(super) struct Line {
    pub(super) on: Moment,
    pub(super) kind: &'static str,
    pub(super) what: &'static str,
    pub(super) why: Option<String>,
    pub(super) badge: String,
    pub(super) href: String,
    pub(super) id: Option<String>,
    pub(super) by: String,
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct TimelinePage {
    frame: Frame,
    customer: CustomerId,
    lines: Vec<Line>,
    earlier: Option<String>,
}

pub(super) async fn show_timeline(visit: Visit) -> Answered {
    let customer: CustomerId = visit.path("customer")?;
    let after = place(visit.query.typed("after"));
    let found = visit
        .look_up(move |ports, caller| timeline(ports, caller, customer, after, SIZE))
        .await?;
    let path = format!("/console/customers/{customer}/timeline");
    show(&TimelinePage {
        frame: visit.frame(t::timeline_of(customer)),
        customer,
        lines: lines(customer, &found.entries, &visit.moments()),
        earlier: found
            .next
            .map(|it| format!("{path}?after={}-{}", it.on.unix_micros(), it.passed)),
    })
}

/// The place that the address of a page names.
fn place(text: &str) -> Option<HistoryPlace> {
    let (on, passed) = text.rsplit_once('-')?;
    Some(HistoryPlace {
        on: Instant::from_unix_micros(on.parse().ok()?).ok()?,
        passed: passed.parse().ok()?,
    })
}

/// The lines of `entries`.
pub(super) fn lines(
    customer: CustomerId,
    entries: &[TimelineEntry],
    moments: &Moments,
) -> Vec<Line> {
    let line = |it: &TimelineEntry| {
        let entry = &it.entry;
        Line {
            on: moments.show(entry.on),
            kind: kind(&entry.what),
            what: what(&entry.what),
            why: why(&entry.what, moments),
            badge: it
                .badge_name
                .as_ref()
                .map_or_else(|| entry.badge.to_string(), ToString::to_string),
            href: format!("/console/customers/{customer}/badges/{}", entry.badge),
            id: id(&entry.what),
            by: by(it),
        }
    };
    entries.iter().map(line).collect()
}

/// What the actors are called; the system is called so by [`t::SYSTEM`].
///
/// # Errors
/// The store failed.
pub(crate) fn names(
    ports: &Ports,
    caller: &Caller,
    actors: impl Iterator<Item = Actor>,
) -> Result<BTreeMap<Actor, String>, UseCaseError> {
    let mut actors: Vec<_> = actors.filter(|it| *it != Actor::SYSTEM).collect();
    actors.sort_unstable();
    actors.dedup();
    let mut names = BTreeMap::from([(Actor::SYSTEM, t::SYSTEM.to_owned())]);
    if !actors.is_empty() {
        let found = ports.stores.actors.find_all(caller.org, &actors)?;
        names.extend(found.iter().map(|it| (it.actor(), it.name().to_owned())));
    }
    Ok(names)
}

/// Who did it: by which module, and which client or operator.
fn by(it: &TimelineEntry) -> String {
    let module = it.entry.triggered_by.as_ref().map(t::owner);
    let who = it.actor.as_ref().map(|actor| match actor {
        ActorRecord::System => t::SYSTEM.to_owned(),
        known => known.name().to_owned(),
    });
    let parts: Vec<_> = module.into_iter().chain(who).collect();
    parts.join(" · ")
}

const fn kind(what: &Happening) -> &'static str {
    match what {
        Happening::Enrolled(_) | Happening::Earned(_) | Happening::Imported(_) => "good",
        Happening::Refused(..) => "bad",
        Happening::EnrolmentRevoked(..) | Happening::EarnRevoked(..) => "odd",
        Happening::EnrolmentExpired(_) | Happening::EarnExpired(_) => "over",
    }
}

const fn what(what: &Happening) -> &'static str {
    match what {
        Happening::Enrolled(_) => t::WAS_ENROLLED,
        Happening::Earned(_) => t::HAS_EARNED,
        Happening::Imported(_) => t::WAS_TAKEN_OVER,
        Happening::Refused(..) => t::WAS_REFUSED,
        Happening::EnrolmentRevoked(..) => t::ENROLMENT_WAS_REVOKED,
        Happening::EarnRevoked(..) => t::EARN_WAS_REVOKED,
        Happening::EnrolmentExpired(_) => t::ENROLMENT_HAS_EXPIRED,
        Happening::EarnExpired(_) => t::EARN_HAS_EXPIRED,
    }
}

fn id(what: &Happening) -> Option<String> {
    match what {
        Happening::Refused(..) => None,
        Happening::Enrolled(id)
        | Happening::EnrolmentRevoked(id, _)
        | Happening::EnrolmentExpired(id) => Some(id.to_string()),
        Happening::Earned(id)
        | Happening::Imported(id)
        | Happening::EarnRevoked(id, _)
        | Happening::EarnExpired(id) => Some(id.to_string()),
    }
}

fn why(what: &Happening, moments: &Moments) -> Option<String> {
    match what {
        Happening::Refused(code, message) => {
            let message = moments.within(message);
            Some(t::coded(&message, code.number()))
        }
        Happening::EnrolmentRevoked(_, reason) | Happening::EarnRevoked(_, reason) => {
            reason.as_ref().map(ToString::to_string)
        }
        _ => None,
    }
}
