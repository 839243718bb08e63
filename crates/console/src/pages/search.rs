//! Finding a customer by anything that is known of her.

use accolade_application::customers::{Match, MatchKind, search};
use accolade_domain::operator::Permission;
use askama::Template;

use crate::frame::{Frame, show};
use crate::router::{Answered, Page, get};
use crate::texts as t;
use crate::visit::{Visit, lead_to};

pub(super) fn pages() -> Vec<Page> {
    vec![get("/console/customers", Permission::Look, find)]
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: Frame,
    asked: bool,
    found: Vec<Found>,
}

struct Found {
    what: &'static str,
    customer: String,
    href: String,
}

async fn find(visit: Visit) -> Answered {
    let asked = visit.query.given("q").map(std::borrow::Cow::into_owned);
    let found = match asked.clone() {
        None => Vec::new(),
        Some(asked) => {
            let found = visit.look_up(move |ports, caller| search(ports, caller, &asked));
            found.await?
        }
    };
    if let Some(only) = only_place(&found) {
        return Ok(lead_to(only));
    }
    let mut frame = visit.frame(t::CUSTOMERS);
    frame.searched = asked.clone().unwrap_or_default();
    show(&SearchPage {
        frame,
        asked: asked.is_some(),
        found: found
            .iter()
            .map(|it| Found {
                what: what(it.kind),
                customer: t::customer(it.customer),
                href: place(it),
            })
            .collect(),
    })
}

/// Where the matches lead, if all of them lead to one customer.
fn only_place(found: &[Match]) -> Option<String> {
    let first = found.first()?;
    let is_one = found.iter().all(|it| it.customer == first.customer);
    is_one.then(|| place(first))
}

/// The page of what was found: of a customer, or of what she has of a badge.
fn place(found: &Match) -> String {
    let customer = format!("/console/customers/{}", found.customer);
    match found.badge {
        Some(badge) => format!("{customer}/badges/{badge}"),
        None => customer,
    }
}

const fn what(kind: MatchKind) -> &'static str {
    match kind {
        MatchKind::Customer => t::CUSTOMER_NUMBER,
        MatchKind::Identifier(kind) => t::identifier(kind),
        MatchKind::Enrolment => t::ISSUED_ID,
        MatchKind::Earn => t::EARNED_BADGE_ID,
        MatchKind::Request => t::REQUEST_ID,
    }
}
