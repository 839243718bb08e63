//! Everything between a customer and a badge.

use accolade_application::access::Caller;
use accolade_application::customers::{details, room};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{
    CustomerBadgeDetails, DetailsQuery, EarnRecord, EnrolmentRecord, Ports, Refusal,
};
use accolade_domain::badge::{BadgeStatus, EarnMode};
use accolade_domain::earning::EarnedStatus;
use accolade_domain::enrolment::EnrolmentStatus;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::listing::PageOf;
use accolade_domain::operator::Permission;
use accolade_domain::owner::Owner;
use askama::Template;

use super::timeline::names;
use crate::frame::{Frame, show};
use crate::moment::{Moment, Moments};
use crate::parts::Bar;
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

/// How many enrolments and earns are shown; the latest.
const SIZE: u32 = 100;

#[derive(Template)]
#[template(path = "customer_badge.html")]
struct CustomerBadgePage {
    frame: Frame,
    customer: CustomerId,
    badge: BadgeId,
    group: Option<String>,
    said: Vec<String>,
    starts: Moment,
    ends: Moment,
    bars: Vec<Bar>,
    deeds: Vec<(&'static str, String)>,
    enrolments: Vec<Line>,
    earns: Vec<Line>,
    refusals: Vec<RefusalLine>,
    more: Vec<String>,
}

/// An enrolment or an earn.
struct Line {
    id: String,
    status: &'static str,
    kind: &'static str,
    from: Moment,
    until: Moment,
    recorded: Moment,
    by: String,
    revoked: Option<Revoked>,
    /// Where it can be revoked.
    revoke: Option<String>,
}

struct Revoked {
    on: Moment,
    by: Option<String>,
    why: Option<String>,
}

struct RefusalLine {
    on: Moment,
    event_on: Moment,
    why: String,
}

struct Found {
    details: CustomerBadgeDetails,
    bars: Vec<Bar>,
    revokers: std::collections::BTreeMap<accolade_domain::actor::Actor, String>,
}

pub(super) async fn show_badge(visit: Visit) -> Answered {
    let (customer, badge): (CustomerId, BadgeId) = (visit.path("customer")?, visit.path("badge")?);
    let (now, moments) = (visit.now(), visit.moments());
    let asked = DetailsQuery {
        customer,
        badge,
        now,
        enrolments: PageOf {
            page: 0,
            size: SIZE,
        },
        earns: PageOf {
            page: 0,
            size: SIZE,
        },
    };
    let found = visit
        .look_up({
            let moments = moments.clone();
            move |ports, caller| find(ports, caller, &asked, &moments)
        })
        .await?;
    let path = format!(
        "/console/customers/{}/badges/{badge}",
        found.details.customer
    );
    if found.details.customer != customer {
        return Ok(lead_to(format_args!("{path}?done=merged")));
    }
    let details = &found.details;
    let definition = &details.badge.badge.definition;
    let serves = visit.may(Permission::Serve);
    let line = Lines {
        path: &path,
        now,
        moments: &moments,
        revokers: &found.revokers,
        serves,
    };
    let page = CustomerBadgePage {
        frame: visit
            .frame(definition.name.to_string())
            .telling(visit.query.typed("done")),
        customer,
        badge,
        group: details.badge.group.as_ref().map(|it| it.name.to_string()),
        said: said(details, now),
        starts: moments.show(definition.period.starts_on()),
        ends: moments.show(definition.period.expires_on()),
        bars: found.bars,
        deeds: if serves {
            deeds(details, now, &path)
        } else {
            Vec::new()
        },
        enrolments: details
            .enrolments
            .items
            .iter()
            .map(|it| line.of_enrolment(it))
            .collect(),
        earns: details
            .earns
            .items
            .iter()
            .map(|it| line.of_earn(it))
            .collect(),
        refusals: details
            .refusals
            .iter()
            .map(|it| refusal(it, &moments))
            .collect(),
        more: more(details),
    };
    show(&page)
}

fn find(
    ports: &Ports,
    caller: &Caller,
    asked: &DetailsQuery,
    moments: &Moments,
) -> Result<Found, UseCaseError> {
    let details = details(ports, caller, asked, false)?.details;
    let rooms = room(ports, caller, details.customer, asked.badge)?;
    let bars = rooms
        .iter()
        .map(|it| Bar::new(&it.limit, it.counted, it.opens_on, moments));
    let enrolments = details
        .enrolments
        .items
        .iter()
        .filter_map(|it| it.revoked_by);
    let earns = details.earns.items.iter().filter_map(|it| it.revoked_by);
    Ok(Found {
        revokers: names(ports, caller, enrolments.chain(earns))?,
        bars: bars.collect(),
        details,
    })
}

/// What the badge is, and how the customer stands to it.
fn said(details: &CustomerBadgeDetails, now: Instant) -> Vec<String> {
    let badge = &details.badge.badge;
    let mut said = vec![match badge.definition.earn_mode {
        EarnMode::EnrolThenEarn { .. } => t::ENROL_THEN_EARN.to_owned(),
        EarnMode::Direct => t::EARNED_DIRECTLY.to_owned(),
    }];
    said.push(t::badge_is(badge.definition.period.status(now)).to_owned());
    if !badge.active {
        said.push(t::BADGE_OFF.to_owned());
    }
    if let Some(enrolment) = details.badge.standing.enrolment {
        said.push(t::enrolment_is(enrolment.status(now)).to_owned());
    }
    said
}

/// What can be done: what cannot be is not offered.
fn deeds(details: &CustomerBadgeDetails, now: Instant, path: &str) -> Vec<(&'static str, String)> {
    let badge = &details.badge.badge;
    let is_upcoming = badge.definition.period.status(now) == BadgeStatus::Upcoming;
    if !badge.active || is_upcoming {
        return Vec::new();
    }
    let enrol = (t::ENROL, format!("{path}/enrol"));
    let earn = (t::EARN, format!("{path}/earn"));
    match badge.definition.earn_mode {
        EarnMode::Direct => vec![earn],
        EarnMode::EnrolThenEarn { .. } if details.badge.standing.enrolment.is_some() => {
            vec![earn, enrol]
        }
        EarnMode::EnrolThenEarn { .. } => vec![enrol],
    }
}

/// How lines are made of what is recorded.
struct Lines<'a> {
    path: &'a str,
    now: Instant,
    moments: &'a Moments,
    revokers: &'a std::collections::BTreeMap<accolade_domain::actor::Actor, String>,
    serves: bool,
}

impl Lines<'_> {
    fn of_enrolment(&self, it: &EnrolmentRecord) -> Line {
        let enrolment = &it.enrolment;
        let status = enrolment.status(self.now);
        let revoked = enrolment.revoked_on.map(|on| Revoked {
            on: self.moments.show(on),
            by: it.revoked_by.and_then(|it| self.revokers.get(&it).cloned()),
            why: it.revoke_reason.as_ref().map(ToString::to_string),
        });
        let revoke = format!("{}/enrolments/{}/revoke", self.path, enrolment.id);
        Line {
            id: enrolment.id.to_string(),
            status: t::enrolment_is(status),
            kind: match status {
                EnrolmentStatus::Active | EnrolmentStatus::Upcoming => "good",
                EnrolmentStatus::Expired => "over",
                EnrolmentStatus::Revoked => "odd",
            },
            from: self.moments.show(enrolment.hold.event_on()),
            until: self.moments.show(enrolment.hold.expires_on()),
            recorded: self.moments.show(it.recorded_on),
            by: by(it.triggered_by.as_ref()),
            revoke: (self.serves && revoked.is_none()).then_some(revoke),
            revoked,
        }
    }

    fn of_earn(&self, it: &EarnRecord) -> Line {
        let earned = &it.earned;
        let status = earned.status(self.now);
        let revoked = earned.revoked_on.map(|on| Revoked {
            on: self.moments.show(on),
            by: it.revoked_by.and_then(|it| self.revokers.get(&it).cloned()),
            why: it.revoke_reason.as_ref().map(ToString::to_string),
        });
        let revoke = format!("{}/earns/{}/revoke", self.path, earned.id);
        Line {
            id: earned.id.to_string(),
            status: t::earn_is(status),
            kind: match status {
                EarnedStatus::Active => "good",
                EarnedStatus::Expired => "over",
                EarnedStatus::Revoked => "odd",
            },
            from: self.moments.show(earned.event_on),
            until: self.moments.show(earned.expires_on),
            recorded: self.moments.show(earned.earned_on),
            by: by(it.triggered_by.as_ref()),
            revoke: (self.serves && revoked.is_none()).then_some(revoke),
            revoked,
        }
    }
}

fn by(owner: Option<&Owner>) -> String {
    owner.map_or_else(|| t::BY_HAND.to_owned(), t::owner)
}

fn refusal(it: &Refusal, moments: &Moments) -> RefusalLine {
    RefusalLine {
        on: moments.show(it.refused_on),
        event_on: moments.show(it.event_on),
        why: t::coded(
            &moments.within(&it.rejection.message),
            it.rejection.code.number(),
        ),
    }
}

/// What says that there are more than are shown.
fn more(details: &CustomerBadgeDetails) -> Vec<String> {
    [
        (details.enrolments.items.len(), details.enrolments.total),
        (details.earns.items.len(), details.earns.total),
    ]
    .into_iter()
    .map(|(shown, total)| {
        if (shown as u64) < total {
            t::latest_of(shown, total)
        } else {
            String::new()
        }
    })
    .collect()
}
