//! Random lists of random badges are what a slow and plain reading of the rules says.

use accolade_domain::badge::{BadgeStatus, EarnMode, Rank};
use accolade_domain::customer_view::{CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType};
use accolade_domain::listing::{PageOf, SortOrder};
use accolade_domain::owner::{OwnerType, Owners};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::naive;
use crate::scene::{Scene, all, claim, hour, now, period};

const OWNERS: &[OwnerType] = &[
    OwnerType::Loyalty,
    OwnerType::Journeys,
    OwnerType::Milestones,
];

/// A badge: its state, its ranks, and what the customer has of it, in hours around now.
#[derive(Debug, Clone)]
struct Plan {
    name: &'static str,
    active: bool,
    direct: bool,
    starts: i64,
    lasts: i64,
    updated: i64,
    group: Option<usize>,
    rank: Option<i64>,
    owners: Vec<OwnerType>,
    claims: Vec<(OwnerType, bool)>,
    /// From, for, recorded, revoked.
    enrolments: Vec<(i64, i64, i64, bool)>,
    /// Event, recorded, expires, revoked.
    earns: Vec<(i64, i64, i64, bool)>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let state = (
        select(&["Gold", "gold", "Ärger", "50% off"][..]),
        prop::bool::weighted(0.8),
        any::<bool>(),
        -6..4_i64,
        1..8_i64,
        -3..3_i64,
    );
    let place = (
        prop::option::of(0..2_usize),
        prop::option::of(1..4_i64),
        subsequence(OWNERS, 1..=3),
        vec((select(OWNERS), any::<bool>()), 0..3),
    );
    let enrolments = vec((-4..4_i64, 1..4_i64, -4..1_i64, any::<bool>()), 0..3);
    let earns = vec((-4..4_i64, -4..1_i64, -3..4_i64, any::<bool>()), 0..4);
    (state, place, enrolments, earns).prop_map(|(state, place, enrolments, earns)| {
        let (name, active, direct, starts, lasts, updated) = state;
        let (group, rank, owners, claims) = place;
        Plan {
            name,
            active,
            direct,
            starts,
            lasts,
            updated,
            group,
            rank,
            owners,
            claims,
            enrolments,
            earns,
        }
    })
}

fn scene(plans: Vec<Plan>) -> Scene {
    let mut scene = Scene::default();
    let groups = [1, 2].map(|rank| scene.group(rank));
    for plan in plans {
        let id = scene.badge(plan.name, |badge| {
            badge.active = plan.active;
            badge.updated_on = hour(plan.updated);
            badge.claims = (plan.claims.iter())
                .map(|(owner, active)| claim(*owner, *active))
                .collect();
            let definition = &mut badge.definition;
            definition.period = period(hour(plan.starts), hour(plan.starts + plan.lasts));
            definition.rank = plan.rank.map(|rank| Rank::try_from(rank).unwrap());
            definition.owners = Owners::try_from(plan.owners).unwrap();
            if plan.direct {
                definition.earn_mode = EarnMode::Direct;
            }
        });
        if let Some(group) = plan.group {
            scene.put_in(id, &groups[group]);
        }
        for (from, lasts, recorded, revoked) in plan.enrolments {
            scene.enrol_on(id, hour(from), hour(from + lasts), hour(recorded));
            let enrolment = scene.shelf(id).enrolments.last_mut().unwrap();
            enrolment.0.revoked_on = revoked.then(now);
        }
        for (event, recorded, expires, revoked) in plan.earns {
            scene.earn_on(id, hour(event), hour(recorded), hour(expires));
            let earned = scene.shelf(id).earns.last_mut().unwrap();
            earned.revoked_on = revoked.then(now);
        }
    }
    scene
}

fn query() -> impl Strategy<Value = CustomerBadgeQuery> {
    use CustomerBadgeSort::{
        ExpiresOn, LastEarnedEvent, LastEarnedOn, LastExpired, LastIssued, LastModified, Rank,
    };
    use CustomerBadgeType::{Available, AvailableToIssue, Earned, Expired};
    let rare = || prop::option::weighted(0.1, -6..6_i64);
    let what = (
        select(&[AvailableToIssue, Available, Earned, Expired][..]),
        any::<bool>(),
        -2..3_i64,
        prop::option::weighted(0.1, vec(select(BadgeStatus::ALL), 1..3)),
        prop::option::weighted(0.1, any::<bool>()),
    );
    let filters = (
        prop::option::weighted(0.1, select(OWNERS)),
        prop::option::weighted(0.1, select(OWNERS)),
        prop::option::weighted(0.2, select(&["", "O", "ÄR", "%", "_"][..])),
        (rare(), rare(), rare(), rare()),
        prop::option::weighted(0.1, 0..2_usize),
    );
    let sorts = [
        Rank,
        ExpiresOn,
        LastModified,
        LastIssued,
        LastExpired,
        LastEarnedOn,
        LastEarnedEvent,
    ];
    let how = (
        select(sorts.to_vec()),
        select(&[SortOrder::Ascending, SortOrder::Descending][..]),
        (0..3_u32, 1..5_u32),
    );
    (what, filters, how).prop_map(|(what, filters, how)| {
        let (badge_type, include_expired, moment, statuses, active) = what;
        let (owner, claimed_by, name, moments, group) = filters;
        let (sort, order, (page, size)) = how;
        let mut groups = Scene::default();
        let groups = [1, 2].map(|rank| groups.group(rank).id);
        CustomerBadgeQuery {
            now: hour(moment),
            include_expired,
            statuses: statuses.unwrap_or_default(),
            active,
            owner,
            claimed_by,
            name_contains: name.map(str::to_owned),
            starts_after: moments.0.map(hour),
            starts_before: moments.1.map(hour),
            ends_after: moments.2.map(hour),
            ends_before: moments.3.map(hour),
            group: group.map(|it| groups[it]),
            sort,
            order,
            page: PageOf { page, size },
            ..all(badge_type)
        }
    })
}

proptest! {
    #[test]
    fn a_list_is_what_a_plain_reading_of_the_rules_says(
        plans in vec(plan(), 0..12),
        queries in vec(query(), 1..12),
    ) {
        let scene = scene(plans);
        for query in queries {
            prop_assert_eq!(scene.page(&query), naive::page(&scene, &query), "{:?}", query);
        }
    }
}
