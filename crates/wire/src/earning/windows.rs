//! The fixed windows of a badge: which ones are asked for, and how they look in an answer.

use accolade_application::earning::{FixedWindowQuery, FixedWindows, WindowCount, WindowScope};
use accolade_application::ports::{IdentifierKind, PageOf};
use accolade_domain::earning::Scope;
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use uuid::Uuid;

use crate::answer::answer;
use crate::badge::constraint::WindowBody;
use crate::customer::named::NamedCustomer;
use crate::page::Pagination;
use crate::query::Query;
use crate::query::words::{self as words, Words, meaning};

/// How many windows a page has unless told otherwise.
const DEFAULT_SIZE: u32 = 10;

const SCOPES: &Words<WindowScope> = &[
    (WindowScope::Of(Scope::Badge), "BADGE"),
    (WindowScope::Of(Scope::Customer), "CUSTOMER"),
    (WindowScope::All, "ALL"),
];

/// Which windows a caller wants to see, its customer as it names it.
#[derive(Debug)]
pub struct Asked {
    badge: Option<BadgeId>,
    scope: WindowScope,
    customer: Option<NamedCustomer>,
    reference: Option<Uuid>,
    counts: bool,
    starts_on: Option<Instant>,
    ends_on: Option<Instant>,
    page: PageOf,
}

impl Asked {
    /// The customer.
    pub fn customer(&self) -> Option<&NamedCustomer> {
        self.customer.as_ref()
    }

    /// Which page.
    pub fn page(&self) -> PageOf {
        self.page
    }

    /// The same in the words of the use case; `None` if no badge is named.
    pub fn query(
        &self,
        customer: Option<accolade_domain::ids::CustomerId>,
    ) -> Option<FixedWindowQuery> {
        Some(FixedWindowQuery {
            badge: self.badge?,
            scope: self.scope,
            customer,
            reference: self.reference,
            counts: self.counts,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            page: self.page,
        })
    }
}

/// Which windows `query` asks for. What is wrong with it is remembered there.
pub fn read(query: &mut Query, named_by: Option<IdentifierKind>) -> Asked {
    let badge = query.required("badgeMetaId", |text| {
        text.parse()
            .map_err(|_| Rejection::unreadable("Must be an id of 24 hexadecimal digits."))
    });
    let scope = query
        .read("constraintType", |text| meaning(text, SCOPES))
        .unwrap_or(WindowScope::All);
    let counts = query.flag("includeEarnCount").unwrap_or(false);
    let is_named = query.has("customerId");
    let customer = query.read("customerId", |text| words::customer(text, named_by));
    if counts && !is_named && scope != WindowScope::Of(Scope::Badge) {
        let message = "Is required to count the earns of CUSTOMER windows.";
        query.refuse(
            Rejection::new(Code::CustomerMissing)
                .with_message(message)
                .at_field("customerId"),
        );
    }
    Asked {
        badge,
        scope,
        customer,
        reference: query.read("fixedWindowCycleReferenceId", |text| {
            Uuid::try_parse(text).map_err(|_| Rejection::unreadable("Must be a UUID."))
        }),
        counts,
        starts_on: query.read("startDate", words::moment),
        ends_on: query.read("endDate", words::moment),
        page: words::page(query, DEFAULT_SIZE),
    }
}

answer! {
    /// A page of a badge's fixed windows.
    #[schema(as = FixedWindows)]
    pub struct FixedWindowsBody {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = badge,
        /// The organisation that it belongs to.
        orgId: i64 = org.get(),
        /// The time that the badge's windows tile.
        #[serde(flatten)]
        whole: WindowBody = WindowBody::new(windows.whole),
        /// The windows of the page: those of customer limits first, each configuration in the order of
        /// time.
        fixedWindowCycles: Vec<CycleBody> = windows.windows.iter().map(CycleBody::new).collect(),
        /// Which page it is.
        pagination: Pagination = Pagination::new(asked, windows.total),
    }
    new(org: OrgId, badge: BadgeId, windows: &FixedWindows, asked: PageOf) {}
}

answer! {
    /// One window.
    #[schema(as = FixedWindowCycle)]
    pub struct CycleBody {
        /// Names the configuration.
        #[schema(value_type = String, example = "e6791ec9-e92f-34af-bdc3-be2607fdf82c")]
        fixedWindowCycleReferenceId: Uuid = window.reference,
        /// From when until when.
        #[serde(flatten)]
        window: WindowBody = WindowBody::new(window.window),
        /// BADGE or CUSTOMER: whose earns it limits.
        constraintType: &'static str = level(window.scope),
        /// How many earns count in it, if that was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        earnCount: Option<u64> = window.earned,
    }
    new(window: &WindowCount) {}
}

/// How the scope of a limit is spelt.
pub const fn level(scope: Scope) -> &'static str {
    match scope {
        Scope::Customer => "CUSTOMER",
        Scope::Badge => "BADGE",
    }
}
