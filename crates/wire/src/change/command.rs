//! A held command, as the request that would carry it out at once.

use accolade_application::approvals::HeldCommand;
use accolade_application::badges::UpdateBadge;
use accolade_application::customers::{NamedCustomer, NamedCustomers};
use accolade_application::earning::{EarnBadge, Earners, ImportRow};
use accolade_application::enrolment::{RevokeEnrolments, WhichEnrolments};
use accolade_application::webhooks::{CreateWebhook, UpdateWebhook};
use accolade_domain::badge::constraint::{Constraint, Cycle, FixedWindowDraft};
use accolade_domain::badge::{BadgeDraft, EarnType};
use accolade_domain::earning::Scope;
use accolade_domain::event::EventKind;
use accolade_domain::instant::Instant;
use accolade_domain::login::Login;
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::rejection::Rejection;
use accolade_domain::text::{BadgeName, Description, Reason, RequestId, UrlText};
use accolade_domain::webhook::{
    Batch, DeliveryFormat, DeliveryOrder, HeaderName, MaxInFlight, RatePerSecond, SignatureKind,
    WebhookDraft,
};
use accolade_domain::zone::{CalendarUnit, Zone};
use serde_json::value::{RawValue, to_raw_value};

use super::answer::CommandBody;
use super::body::Body;
use super::rules::RulesBody;
use crate::badge::answer::{all_benefits, all_images, all_tags};
use crate::badge::constraint::Kind;
use crate::badge::expiry::ExpiryBody;
use crate::enrolment::answer::OwnerBody;
use crate::instant::{WireInstant, WireIso};

/// What the paths of the API begin with.
const PREFIX: &str = "/api_gateway/v1/badges";

type Written<T> = serde_json::Result<T>;

/// `held` as a request: no secret is in it.
///
/// # Errors
/// A part that is stored cannot be written.
pub fn command(held: &HeldCommand, _zone: &Zone) -> Written<CommandBody> {
    let request = |method, path: String, body: Option<Body>| {
        Ok(CommandBody {
            method: Some(method),
            path: Some(format!("{PREFIX}/{path}")),
            body: body.map(|it| it.raw()).transpose()?,
        })
    };
    let with = |method, path: &str, body: Body| request(method, path.to_owned(), Some(body));
    match held {
        HeldCommand::Enrol(it) => {
            let body = Body::default()
                .with("badgeMetaId", &it.badge)?
                .with("customers", &numbers(&it.customers))?;
            let body = dated(body, ("issueEventDate", "issueEventDateISO"), it.event_on)?;
            let body = triggered(body, it.request_id.as_ref(), it.triggered_by.as_ref())?;
            with("POST", "badgeMeta/customer/issueBulk", body)
        }
        HeldCommand::Earn(it) => earn(it).and_then(|(path, body)| with("POST", path, body)),
        HeldCommand::RevokeEnrolments(it) => {
            with("POST", "badgeMeta/customer/revokeIssue", revoked(it)?)
        }
        HeldCommand::RevokeEarn(it) => {
            let body = Body::default()
                .with("badgeMetaId", &it.badge)?
                .with("customerId", &number(&it.customer))?
                .with("earnedBadgeId", &it.earned)?
                .maybe("requestId", it.request_id.as_ref().map(RequestId::as_str))?
                .maybe("reason", it.reason.as_ref().map(Reason::as_str))?;
            with("POST", "customer/revokeEarn", body)
        }
        HeldCommand::Import(it) => Ok(CommandBody {
            method: Some("POST"),
            path: Some(format!("{PREFIX}/import/customerBadges")),
            body: Some(imported(&it.rows)?),
        }),
        HeldCommand::UpdateBadge(it) => {
            request("PUT", format!("badgeMeta/{}", it.badge), Some(badge(it)?))
        }
        HeldCommand::SetActivity(it) => {
            let verb = if it.active { "activate" } else { "deactivate" };
            request("PUT", format!("badgeMeta/{}/{verb}", it.badge), None)
        }
        HeldCommand::StartJob(it) => {
            request("POST", format!("jobs/{}/start", it.job.as_str()), None)
        }
        HeldCommand::Merge(it) => {
            let body = Body::default()
                .with("fromCustomerId", &number(&it.from))?
                .with("toCustomerId", &number(&it.to))?
                .maybe("reason", it.reason.as_ref().map(Reason::as_str))?;
            with("POST", "customers/merge", body)
        }
        HeldCommand::Erase(it) => {
            let customer = number(&it.customer).unwrap_or_default();
            request("DELETE", format!("customers/{customer}"), None)
        }
        HeldCommand::CreateWebhook(it) => with("POST", "webhooks", new_webhook(it)?),
        HeldCommand::UpdateWebhook(it) => {
            let path = format!("webhooks/{}", it.webhook);
            request("PUT", path, Some(changed_webhook(it)?))
        }
        HeldCommand::MoveWebhook(it) => {
            let verb = if it.enable { "enable" } else { "pause" };
            request("POST", format!("webhooks/{}/{verb}", it.webhook), None)
        }
        HeldCommand::DeleteWebhook(it) => {
            request("DELETE", format!("webhooks/{}", it.webhook), None)
        }
        HeldCommand::Rules(it) => Ok(CommandBody {
            method: Some("PUT"),
            path: Some(format!("{PREFIX}/approvalRules")),
            body: Some(to_raw_value(&RulesBody::new(&it.rules))?),
        }),
        HeldCommand::AddClient(it) => {
            let body = Body::default()
                .with("name", it.name.as_str())?
                .with("groups", &it.groups.names())?
                .maybe("owner", it.owner.as_ref().map(Login::as_str))?;
            Ok(without_request(body.raw()?))
        }
        HeldCommand::BoundClient(it) => {
            let change = &it.change;
            let ends_on = change.ends_on.map(|on| on.map(WireInstant::from));
            let body = Body::default()
                .with("number", &it.client.get())?
                .maybe("requestsPerMinute", change.requests_per_minute)?
                .maybe("customersPerMinute", change.customers_per_minute)?
                .maybe("endsOn", ends_on)?;
            Ok(without_request(body.raw()?))
        }
    }
}

/// What no request of the API does.
const fn without_request(body: Box<RawValue>) -> CommandBody {
    CommandBody {
        method: None,
        path: None,
        body: Some(body),
    }
}

/// The customer's number: identifiers were resolved before.
fn number(customer: &NamedCustomer) -> Option<i64> {
    match customer {
        NamedCustomer::Number(customer) => Some(customer.get()),
        NamedCustomer::Identifier(..) => None,
    }
}

fn numbers(customers: &NamedCustomers) -> Vec<i64> {
    let numbers = customers.numbers().unwrap_or_default();
    numbers.iter().map(|customer| customer.get()).collect()
}

fn dated(
    body: Body,
    (name, iso): (&'static str, &'static str),
    on: Option<Instant>,
) -> Written<Body> {
    body.maybe(name, on.map(WireInstant::from))?
        .maybe(iso, on.map(WireIso::from))
}

fn triggered(
    body: Body,
    request_id: Option<&RequestId>,
    triggered_by: Option<&Owner>,
) -> Written<Body> {
    body.maybe("requestId", request_id.map(RequestId::as_str))?
        .maybe("triggeredBy", triggered_by.map(OwnerBody::new))
}

fn earn(it: &EarnBadge) -> Written<(&'static str, Body)> {
    let body = Body::default().with("badgeMetaId", &it.badge)?;
    let (path, body) = match &it.earners {
        Earners::One(customer) => ("customer/earn", body.with("customerId", &number(customer))?),
        Earners::Several(all) => (
            "customer/earnBulk",
            body.with("customerIds", &numbers(all))?,
        ),
    };
    let body = dated(body, ("earnEventDate", "earnEventDateISO"), it.event.on)?;
    let body = triggered(body, Some(&it.request_id), it.triggered_by.as_ref())?;
    Ok((path, body))
}

fn revoked(it: &RevokeEnrolments) -> Written<Body> {
    let body = Body::default().with("badgeMetaId", &it.badge)?;
    let body = match &it.which {
        WhichEnrolments::AllOf(customers) => body.with("customers", &numbers(customers))?,
        WhichEnrolments::Named(all) => {
            let issual = |(customer, enrolment): &(_, _)| {
                Body::default()
                    .with("customerId", &number(customer))?
                    .with("issueId", enrolment)
            };
            let issuals = all.iter().map(issual).collect::<Written<Vec<_>>>()?;
            body.with("revokeIssuals", &issuals)?
        }
    };
    body.maybe("requestId", it.request_id.as_ref().map(RequestId::as_str))?
        .maybe("reason", it.reason.as_ref().map(Reason::as_str))
}

/// The rows; null in the places of those that could not be read.
fn imported(rows: &[Result<ImportRow, Vec<Rejection>>]) -> Written<Box<RawValue>> {
    let row = |row: &Result<ImportRow, _>| {
        let Ok(row) = row else { return Ok(None) };
        let body = Body::default()
            .with("badgeMetaId", &row.badge)?
            .with("customerId", &number(&row.customer))?;
        let body = dated(
            body,
            ("earnEventDate", "earnEventDateISO"),
            Some(row.event_on),
        )?;
        dated(
            body,
            ("earnExpiresOn", "earnExpiresOnISO"),
            Some(row.expires_on),
        )
        .map(Some)
    };
    let rows = rows.iter().map(row).collect::<Written<Vec<_>>>()?;
    to_raw_value(&rows)
}

fn badge(it: &UpdateBadge) -> Written<Body> {
    let BadgeDraft {
        name,
        description,
        starts_on,
        expires_on,
        earn_type,
        enrolment_expiry,
        earned_expiry,
        owners,
        customer_constraints,
        badge_constraints,
        images,
        tags,
        benefits,
        rank,
        group,
        custom_values,
        default_till,
    } = &it.draft;
    let owners: Vec<_> = owners.iter().copied().map(OwnerType::name).collect();
    let constraints = |scope, all: &[_]| {
        let all = all.iter().map(|it| constraint(scope, it));
        all.collect::<Written<Vec<_>>>()
    };
    let body = Body::default()
        .with("id", &it.badge)?
        .maybe("name", name.as_ref().map(BadgeName::as_str))?
        .maybe("description", description.as_ref().map(Description::as_str))?;
    let body = dated(body, ("startOn", "startOnISO"), *starts_on)?;
    let body = dated(body, ("expiresOn", "expiresOnISO"), *expires_on)?;
    body.maybe("earnType", earn_type.map(EarnType::name))?
        .maybe("issuedBadgeExpiry", enrolment_expiry.map(ExpiryBody::from))?
        .maybe("earnedBadgeExpiry", earned_expiry.map(ExpiryBody::from))?
        .with(
            "ownership",
            &Body::default().with("restrictedToOwners", &owners)?,
        )?
        .with(
            "customerConstraints",
            &constraints(Scope::Customer, customer_constraints)?,
        )?
        .with(
            "badgeConstraints",
            &constraints(Scope::Badge, badge_constraints)?,
        )?
        .with("images", &all_images(images))?
        .with("tags", &all_tags(tags))?
        .with("benefits", &all_benefits(benefits)?)?
        .maybe("badgeGroupId", *group)?
        .maybe("badgeRank", rank.map(i64::from))?
        .with("customFields", custom_values)?
        .maybe("defaultTillId", *default_till)?
        .maybe("active", it.active)
}

fn constraint(scope: Scope, constraint: &Constraint<FixedWindowDraft>) -> Written<Body> {
    let of = |kind: Kind| Body::default().with("constraintType", kind.name(scope));
    match constraint {
        Constraint::NoLimit => of(Kind::NoLimit),
        Constraint::FixedValue(max) => of(Kind::FixedValue)?.with("maxEarnLimit", &max.get()),
        Constraint::FixedWindow(window) => {
            let (unit, length) = window.cycle.length();
            let begins = match window.cycle {
                Cycle::Weeks { starts_on } => Some(starts_on.name()),
                Cycle::Days { .. } | Cycle::Months => None,
            };
            of(Kind::FixedWindow)?
                .maybe("referenceId", window.reference)?
                .with("durationType", unit.name())?
                .maybe(
                    "refreshRate",
                    (unit == CalendarUnit::Days).then(|| length.get()),
                )?
                .maybe("startDayOfTheWeek", begins)?
                .with("maxEarnLimit", &window.max.get())
        }
        Constraint::RollingWindow(windows) => {
            let mut body = of(Kind::RollingWindow)?;
            for window in windows {
                let (max, length) = (window.max.get(), window.length.get());
                body = match (scope, window.unit) {
                    (Scope::Badge, unit) => body
                        .with("rollType", unit.name())?
                        .with("rollValue", &length)?
                        .with("maxEarnLimit", &max)?,
                    (Scope::Customer, CalendarUnit::Days) => body
                        .with("maxEarnForDays", &max)?
                        .with("rollForDays", &length)?,
                    (Scope::Customer, CalendarUnit::Weeks) => body
                        .with("maxEarnForWeeks", &max)?
                        .with("rollForWeeks", &length)?,
                    (Scope::Customer, CalendarUnit::Months) => body
                        .with("maxEarnForMonths", &max)?
                        .with("rollForMonths", &length)?,
                };
            }
            Ok(body)
        }
    }
}

fn new_webhook(it: &CreateWebhook) -> Written<Body> {
    let body = Body::default().with("url", it.url.as_str())?;
    let body = webhook(body, &it.draft)?;
    headers(body, it.headers.keys())
}

fn changed_webhook(it: &UpdateWebhook) -> Written<Body> {
    let url = it.draft.url.as_ref().map(UrlText::as_str);
    let body = webhook(Body::default().maybe("url", url)?, &it.draft)?;
    match &it.headers {
        Some(all) => headers(body, all.keys()),
        None => Ok(body),
    }
}

/// The names of headers: their values are never shown.
fn headers<'a>(body: Body, names: impl Iterator<Item = &'a HeaderName>) -> Written<Body> {
    let names: std::collections::BTreeMap<_, Option<()>> =
        names.map(|name| (name.as_str(), None)).collect();
    body.with("headers", &names)
}

fn webhook(body: Body, draft: &WebhookDraft) -> Written<Body> {
    let types = draft.kinds.as_ref().map(|kinds| {
        let types = kinds.iter();
        let types = types.map(|kind| format!("{}{}", EventKind::PREFIX, kind.name()));
        types.collect::<Vec<_>>()
    });
    let rate = (draft.rate_per_second).map(|rate| rate.map(RatePerSecond::get));
    let description = draft.description.as_ref();
    let description = description.map(|it| it.as_ref().map(Description::as_str));
    body.maybe("types", types)?
        .maybe("badgeMetaIds", draft.badges.as_ref())?
        .maybe("format", draft.format.map(DeliveryFormat::name))?
        .maybe("signature", draft.signature.map(SignatureKind::name))?
        .maybe("ordering", draft.order.map(DeliveryOrder::name))?
        .maybe("batch", draft.batch.map(Batch::get))?
        .maybe("maxInFlight", draft.max_in_flight.map(MaxInFlight::get))?
        .maybe("ratePerSecond", rate)?
        .maybe("description", description)
}
