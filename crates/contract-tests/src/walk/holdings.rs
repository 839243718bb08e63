//! Steps of looking at what customers hold.

use accolade_application::ports::{CustomerBadgeDetails, HeldQuery, PageOf, SortOrder};
use accolade_domain::badge::{Badge, BadgeStatus};
use accolade_domain::customer_view::{
    Catalogue, CatalogueBadge, CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType,
    EarnTotals, EnrolmentsRead, Holding,
};
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use crate::fixtures::customer;
use crate::held::all_details;
use crate::walk::context::{CATALOGUE, Context};
use crate::walk::side::{Side, told};
use crate::walk::steps::{badge, customer as number, owner};

/// One step.
#[derive(Debug, Clone)]
pub(crate) enum HoldingsStep {
    List(Box<List>),
    Details {
        badge: usize,
        customer: i64,
        /// Hours around the step.
        moment: i64,
    },
}

/// What to list.
#[derive(Debug, Clone)]
pub(crate) struct List {
    customer: i64,
    /// Hours around the step, as all moments.
    moment: i64,
    badge_type: CustomerBadgeType,
    include_expired: bool,
    statuses: Option<Vec<BadgeStatus>>,
    active: Option<bool>,
    owner: Option<OwnerType>,
    claimed_by: Option<OwnerType>,
    name: Option<&'static str>,
    starts: (Option<i64>, Option<i64>),
    ends: (Option<i64>, Option<i64>),
    group: Option<usize>,
    sort: CustomerBadgeSort,
    order: SortOrder,
    page: PageOf,
    shows_enrolments: bool,
}

const TYPES: &[CustomerBadgeType] = &[
    CustomerBadgeType::AvailableToIssue,
    CustomerBadgeType::Available,
    CustomerBadgeType::Earned,
    CustomerBadgeType::Expired,
];

const SORTS: &[CustomerBadgeSort] = &[
    CustomerBadgeSort::Rank,
    CustomerBadgeSort::ExpiresOn,
    CustomerBadgeSort::LastModified,
    CustomerBadgeSort::LastIssued,
    CustomerBadgeSort::LastExpired,
    CustomerBadgeSort::LastEarnedOn,
    CustomerBadgeSort::LastEarnedEvent,
];

pub(crate) fn steps() -> impl Strategy<Value = HoldingsStep> {
    let details = (badge(), number(), -60..60_i64).prop_map(|(badge, customer, moment)| {
        HoldingsStep::Details {
            badge,
            customer,
            moment,
        }
    });
    prop_oneof![
        4 => list().prop_map(|list| HoldingsStep::List(Box::new(list))),
        3 => details,
    ]
}

fn list() -> impl Strategy<Value = List> {
    let rare = |hours: std::ops::Range<i64>| option::weighted(0.1, hours);
    let what = (
        number(),
        prop_oneof![2 => 0..2_i64, 1 => -60..60_i64],
        select(TYPES),
        any::<bool>(),
        option::weighted(0.1, vec(select(BadgeStatus::ALL), 1..3)),
    );
    let filters = (
        option::weighted(0.1, any::<bool>()),
        option::weighted(0.1, owner()),
        option::weighted(0.1, owner()),
        option::weighted(0.1, select(&["", "O", "ÄR", "%", "_", "e"][..])),
        (rare(-48..48), rare(-48..48)),
        (rare(-48..96), rare(-48..96)),
        option::weighted(0.1, 0..CATALOGUE),
    );
    let orders = select(&[SortOrder::Ascending, SortOrder::Descending][..]);
    let page = (prop_oneof![3 => Just(0_u32), 1 => 1..3_u32], 1..5_u32)
        .prop_map(|(page, size)| PageOf { page, size });
    let how = (select(SORTS), orders, page, any::<bool>());
    (what, filters, how).prop_map(|(what, filters, how)| {
        let (customer, moment, badge_type, include_expired, statuses) = what;
        let (active, owner, claimed_by, name, starts, ends, group) = filters;
        let (sort, order, page, shows_enrolments) = how;
        List {
            customer,
            moment,
            badge_type,
            include_expired,
            statuses,
            active,
            owner,
            claimed_by,
            name,
            starts,
            ends,
            group,
            sort,
            order,
            page,
            shows_enrolments,
        }
    })
}

impl Side {
    /// Does `step` and gives all that was answered.
    pub(crate) fn holdings(&self, step: &HoldingsStep, context: &Context) -> String {
        let badges = &self.stores.customer_badges;
        let org = context.tenant.org;
        match step {
            HoldingsStep::List(list) => {
                told(self.catalogues.list(&**badges, org, &query(list, context)))
            }
            HoldingsStep::Details {
                badge,
                customer: number,
                moment,
            } => {
                let moment = context.hours(*moment);
                let badge = context.badges[*badge];
                told(badges.details(org, &all_details(customer(*number), badge, moment)))
            }
        }
    }

    /// What customer `number` holds and the catalogue: as the store gives both together, and as the
    /// details of every badge say.
    pub(super) fn held_twice(
        &self,
        number: i64,
        context: &Context,
    ) -> ((Vec<Holding>, Catalogue), (Vec<Holding>, Catalogue)) {
        let query = HeldQuery {
            customer: customer(number),
            now: context.now,
            enrolments: EnrolmentsRead::WithRecording,
            known: None,
        };
        let badges = &self.stores.customer_badges;
        let held = badges.held(context.tenant.org, &query).unwrap();
        let mut holdings = held.holdings;
        holdings.sort_by_key(|holding| holding.badge);

        let details =
            (0..context.badges.len()).filter_map(|it| self.details_of(it, number, context));
        let details: Vec<_> = details.collect();
        let mut expected: Vec<_> = details.iter().map(|it| holding(it, query.now)).collect();
        expected.retain(|holding| *holding != Holding::empty(holding.badge));
        expected.sort_by_key(|holding| holding.badge);
        let catalogue = details.into_iter().map(|it| {
            let badge = Badge::clone(&it.badge.badge);
            CatalogueBadge::new(badge, it.badge.group)
        });
        let catalogue = Catalogue::new(catalogue.collect());
        ((holdings, held.catalogue.unwrap()), (expected, catalogue))
    }

    pub(super) fn details_of(
        &self,
        badge: usize,
        number: i64,
        context: &Context,
    ) -> Option<CustomerBadgeDetails> {
        let badges = &self.stores.customer_badges;
        let badge = context.badges[badge];
        let query = all_details(customer(number), badge, context.now);
        let found = badges.details(context.tenant.org, &query);
        found.unwrap()
    }
}

/// What is held of a badge of which these are all details.
fn holding(details: &CustomerBadgeDetails, now: Instant) -> Holding {
    let enrolments = &details.enrolments.items;
    Holding {
        badge: details.badge.badge.id,
        enrolments: enrolments.iter().rev().map(|it| it.enrolment).collect(),
        last_issued_on: enrolments.iter().map(|it| it.recorded_on).max(),
        earns: EarnTotals::new(details.earns.items.iter().map(|it| &it.earned), now),
    }
}

fn query(list: &List, context: &Context) -> CustomerBadgeQuery {
    let hours = |hours: Option<i64>| {
        hours.map(|hours| crate::fixtures::now() + time::Duration::hours(hours))
    };
    let (customer, now) = (customer(list.customer), context.hours(list.moment));
    CustomerBadgeQuery {
        include_expired: list.include_expired,
        statuses: list.statuses.clone().unwrap_or_default(),
        active: list.active,
        owner: list.owner,
        claimed_by: list.claimed_by,
        name_contains: list.name.map(str::to_owned),
        starts_after: hours(list.starts.0),
        starts_before: hours(list.starts.1),
        ends_after: hours(list.ends.0),
        ends_before: hours(list.ends.1),
        group: list.group.map(|group| context.groups[group]),
        sort: list.sort,
        order: list.order,
        page: list.page,
        shows_enrolments: list.shows_enrolments,
        ..CustomerBadgeQuery::new(customer, list.badge_type, now)
    }
}
