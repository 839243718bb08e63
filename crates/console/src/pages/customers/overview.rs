//! The page of a customer: four tabs, and what happened last.

use accolade_application::access::Caller;
use accolade_application::customers::{
    KnownCatalogues, badges, current_one, identifiers, room, timeline,
};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{Identifiers, Ports};
use accolade_domain::badge::BadgeStatus;
use accolade_domain::customer_view::{CustomerBadge, CustomerBadgeQuery, CustomerBadgeType};
use accolade_domain::ids::CustomerId;
use accolade_domain::instant::Instant;
use accolade_domain::listing::{Page, PageOf};
use accolade_domain::operator::Permission;
use askama::Template;

use super::timeline::{Line, lines};
use crate::frame::{Frame, show};
use crate::moment::{Moment, Moments};
use crate::parts::{Bar, Pager};
use crate::router::Answered;
use crate::texts as t;
use crate::visit::{Visit, lead_to};

/// How many badges a page of a tab has.
const SIZE: u32 = 20;

/// How much of what happened is shown beside the tabs.
const LATEST: u32 = 10;

/// The tabs: the word in the address, what it is called, and which badges it has.
const TABS: &[(&str, &str, CustomerBadgeType)] = &[
    ("enrol", t::TAB_ENROL, CustomerBadgeType::AvailableToIssue),
    ("earn", t::TAB_EARN, CustomerBadgeType::Available),
    ("earned", t::TAB_EARNED, CustomerBadgeType::Earned),
    ("expired", t::TAB_EXPIRED, CustomerBadgeType::Expired),
];

#[derive(Template)]
#[template(path = "customer.html")]
struct CustomerPage {
    frame: Frame,
    customer: CustomerId,
    identifiers: Vec<(&'static str, String)>,
    tabs: Vec<Tab>,
    shown: &'static str,
    empty: &'static str,
    rows: Vec<Row>,
    pager: Pager,
    lines: Vec<Line>,
    has_earlier: bool,
}

struct Tab {
    word: &'static str,
    text: &'static str,
    count: u64,
    is_here: bool,
}

struct Row {
    href: String,
    name: String,
    group: Option<String>,
    ends: Moment,
    standing: Vec<String>,
    until: Option<Moment>,
    last_earned: Option<Moment>,
    bars: Vec<Bar>,
    /// What can be done, and where.
    deed: Option<(&'static str, String)>,
}

/// What is looked up for the page.
struct Found {
    customer: CustomerId,
    identifiers: Identifiers,
    counts: Vec<u64>,
    page: Page<CustomerBadge>,
    bars: Vec<Vec<Bar>>,
    lines: Vec<Line>,
    has_earlier: bool,
}

/// What is asked for.
struct Asked {
    customer: CustomerId,
    badge_type: CustomerBadgeType,
    page: PageOf,
    now: Instant,
    moments: Moments,
}

pub(super) async fn show_customer(visit: Visit) -> Answered {
    let customer: CustomerId = visit.path("customer")?;
    let (word, _, badge_type) = tab(visit.query.typed("tab"));
    let page = PageOf {
        page: visit.asks("page").unwrap_or(0),
        size: SIZE,
    };
    let asked = Asked {
        customer,
        badge_type,
        page,
        now: visit.now(),
        moments: visit.moments(),
    };
    let catalogues = visit.context.catalogues().clone();
    let found = visit
        .look_up(move |ports, caller| find(ports, caller, &catalogues, &asked))
        .await?;
    if found.customer != customer {
        let place = format!("/console/customers/{}?done=merged", found.customer);
        return Ok(lead_to(place));
    }
    let path = format!("/console/customers/{customer}");
    let pager = Pager::new(&path, &visit.query, page, found.page.total);
    let moments = visit.moments();
    let serves = visit.may(Permission::Serve);
    let rows = found.page.items.iter().zip(found.bars).map(|(it, bars)| {
        let row = Row::new(customer, it, bars, visit.now(), &moments);
        row.with_deed(word, serves)
    });
    let page = CustomerPage {
        frame: visit
            .frame(t::customer(customer))
            .telling(visit.query.typed("done")),
        customer,
        identifiers: found
            .identifiers
            .iter()
            .map(|(kind, text)| (t::identifier(kind), text.to_string()))
            .collect(),
        tabs: TABS
            .iter()
            .zip(found.counts)
            .map(|((known, text, _), count)| Tab {
                word: known,
                text,
                count,
                is_here: *known == word,
            })
            .collect(),
        shown: word,
        empty: t::empty_tab(word),
        rows: rows.collect(),
        pager,
        lines: found.lines,
        has_earlier: found.has_earlier,
    };
    show(&page)
}

/// The tab that is called so, else the first.
fn tab(word: &str) -> (&'static str, &'static str, CustomerBadgeType) {
    let found = TABS.iter().find(|it| it.0 == word);
    *found.unwrap_or(&TABS[0])
}

fn find(
    ports: &Ports,
    caller: &Caller,
    catalogues: &KnownCatalogues,
    asked: &Asked,
) -> Result<Found, UseCaseError> {
    let customer = current_one(ports, caller, asked.customer)?;
    let query = |badge_type, page| CustomerBadgeQuery {
        page,
        shows_enrolments: true,
        ..CustomerBadgeQuery::new(customer, badge_type, asked.now)
    };
    let page = badges(
        ports,
        catalogues,
        caller,
        &query(asked.badge_type, asked.page),
    )?;
    let mut counts = Vec::new();
    for (_, _, badge_type) in TABS {
        counts.push(if *badge_type == asked.badge_type {
            page.total
        } else {
            let least = PageOf { page: 0, size: 1 };
            badges(ports, catalogues, caller, &query(*badge_type, least))?.total
        });
    }
    let mut bars = Vec::new();
    for it in &page.items {
        bars.push(if asked.badge_type == CustomerBadgeType::Available {
            let rooms = room(ports, caller, customer, it.badge.id)?;
            let bars = rooms.iter();
            let bar = bars.map(|it| {
                let (limit, opens_on) = (&it.limit, it.opens_on);
                Bar::new(limit, it.counted, opens_on, &asked.moments)
            });
            bar.collect()
        } else {
            Vec::new()
        });
    }
    let happened = timeline(ports, caller, customer, None, LATEST)?;
    Ok(Found {
        customer,
        identifiers: identifiers(ports, caller, customer)?,
        counts,
        page,
        bars,
        lines: lines(customer, &happened.entries, &asked.moments),
        has_earlier: happened.next.is_some(),
    })
}

impl Row {
    fn new(
        customer: CustomerId,
        it: &CustomerBadge,
        bars: Vec<Bar>,
        now: Instant,
        moments: &Moments,
    ) -> Self {
        let (badge, standing) = (&it.badge, &it.standing);
        let mut said = Vec::new();
        match badge.definition.period.status(now) {
            BadgeStatus::Upcoming => said.push(t::BADGE_UPCOMING.to_owned()),
            BadgeStatus::Expired => said.push(t::BADGE_ENDED.to_owned()),
            BadgeStatus::Live => {}
        }
        if !badge.active {
            said.push(t::BADGE_OFF.to_owned());
        }
        if let Some(enrolment) = &standing.enrolment {
            said.push(t::enrolment_is(enrolment.status(now)).to_owned());
        }
        if standing.earned > 0 {
            said.push(t::earned_times(standing.earned, standing.earned_unexpired));
        }
        let until = standing.enrolment.map(|it| it.hold.expires_on());
        Self {
            href: format!("/console/customers/{customer}/badges/{}", badge.id),
            name: badge.definition.name.to_string(),
            group: it.group.as_ref().map(|group| group.name.to_string()),
            ends: moments.show(badge.definition.period.expires_on()),
            standing: said,
            until: moments.maybe(until),
            last_earned: moments.maybe(standing.last_earned_on),
            bars,
            deed: None,
        }
    }

    /// The same with what can be done in the tab `word`, if she serves customers.
    fn with_deed(self, word: &str, serves: bool) -> Self {
        let deed = match word {
            "enrol" => Some((t::ENROL, format!("{}/enrol", self.href))),
            "earn" => Some((t::EARN, format!("{}/earn", self.href))),
            _ => None,
        };
        Self {
            deed: deed.filter(|_| serves),
            ..self
        }
    }
}
