//! A customer's badges: what is shown of them, filtered, sorted and cut into pages.

use accolade_application::ports::{
    CustomerBadge, CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType, IdSource as _, PageOf,
    SortOrder, Standing,
};
use accolade_domain::badge::{Badge, BadgePeriod, BadgeStatus, EarnMode, Rank};
use accolade_domain::catalogue::Group;
use accolade_domain::enrolment::Hold;
use accolade_domain::instant::Instant;
use accolade_domain::owner::{OwnerType, Owners};
use time::Duration;

use crate::World;
use crate::customer_lists::all;
use crate::fixtures::{claim, now, second};

use CustomerBadgeType::{Available, AvailableToIssue, Earned};

fn hour(hours: i64) -> Instant {
    now() + Duration::hours(hours)
}

fn enrol(world: &World, badge: &Badge, from: i64, until: i64, recorded: i64) {
    let mut request = world.request(badge, [1]);
    request.hold = Hold::new(hour(from), hour(until)).unwrap();
    request.context.now = hour(recorded);
    world.enrol(&request).unwrap();
}

fn earn(world: &World, badge: &Badge, event: i64, recorded: i64, expires: i64) {
    let mut request = world.importing(badge, &[(1, hour(event))]);
    request.items[0].expires_on = hour(expires);
    request.context.now = hour(recorded);
    world.import(&request).unwrap();
}

fn group(world: &World, name: &str, rank: i64) -> Group {
    let group = Group {
        id: world.ids.object_id().into(),
        org: world.tenant.org,
        name: name.try_into().unwrap(),
        rank: Rank::try_from(rank).unwrap(),
        active: true,
        created_on: now(),
        created_by: world.tenant.actor,
        updated_on: now(),
        updated_by: world.tenant.actor,
    };
    world.stores.catalogue.create_group(&group, None).unwrap();
    group
}

/// The only badge of customer 1 as the list and as the details show it, which is the same.
fn shown(world: &World, badge: &Badge, badge_type: CustomerBadgeType) -> CustomerBadge {
    let page = world.customers_page(&all(badge_type));
    let listed = page
        .items
        .into_iter()
        .find(|s| s.badge.id == badge.id)
        .unwrap();
    assert_eq!(world.details(badge, 1).badge, listed);
    listed
}

pub fn a_badge_is_shown_whole_with_its_group_and_a_standing_of_nothing(world: &World) {
    let metals = group(world, "Metals", 1);
    let badge = world.badge_like("Gold", |badge| {
        badge.definition.group = Some(metals.id);
        badge.claims = vec![claim(OwnerType::Loyalty, "1", true)];
    });
    let expected = CustomerBadge {
        badge: badge.clone(),
        group: Some(metals),
        standing: Standing::default(),
    };
    assert_eq!(shown(world, &badge, AvailableToIssue), expected);
}

pub fn a_standing_has_the_enrolment_that_holds_now_else_the_one_recorded_last(world: &World) {
    let badge = world.badge("Gold");
    enrol(world, &badge, 10, 20, 5);
    enrol(world, &badge, -20, -10, 3);
    let standing = shown(world, &badge, AvailableToIssue).standing;
    let held = standing.enrolment.unwrap().hold;
    assert_eq!(
        (held.event_on(), standing.last_issued_on),
        (hour(-20), Some(hour(5)))
    );

    enrol(world, &badge, -1, 1, 1);
    enrol(world, &badge, 30, 40, 2);
    let standing = shown(world, &badge, Available).standing;
    let held = standing.enrolment.unwrap();
    assert_eq!(
        (held.hold.event_on(), standing.last_issued_on),
        (hour(-1), Some(hour(5)))
    );

    let revoking = world.unenrolling(&badge, &[(1, Some(held.id))]);
    world.unenrol(&revoking).unwrap();
    let standing = shown(world, &badge, AvailableToIssue).standing;
    assert_eq!(standing.enrolment.unwrap().hold.event_on(), hour(30));
    world
        .unenrol(&world.unenrolling(&badge, &[(1, None)]))
        .unwrap();
    let standing = shown(world, &badge, AvailableToIssue).standing;
    let last = standing.enrolment.unwrap();
    assert_eq!(
        (last.hold.event_on(), last.revoked_on),
        (hour(30), Some(now()))
    );
    assert_eq!(standing.last_issued_on, Some(hour(5)));
}

pub fn a_standing_counts_earns_that_are_not_revoked(world: &World) {
    let badge = world.badge("Gold");
    earn(world, &badge, -9, -2, 0);
    earn(world, &badge, -3, -5, 1);
    earn(world, &badge, -4, -4, 2);
    earn(world, &badge, 99, 99, 99);
    let last = world.details(&badge, 1).earns[0].earned.id;
    world.revoke_earn(&world.revoking(&badge, 1, last)).unwrap();
    let expected = Standing {
        enrolment: None,
        last_issued_on: None,
        earned: 3,
        earned_unexpired: 2,
        last_earned_on: Some(hour(-2)),
        last_event_on: Some(hour(-3)),
    };
    assert_eq!(shown(world, &badge, Earned).standing, expected);
}

pub fn a_list_refers_to_the_moment_that_is_asked_for(world: &World) {
    let badge = world.badge("Gold");
    enrol(world, &badge, 10, 20, 0);
    earn(world, &badge, 0, 0, 15);
    let at = |hours, badge_type| CustomerBadgeQuery {
        now: hour(hours),
        ..all(badge_type)
    };
    for (hours, available, earned) in [(9, 0, 1), (10, 1, 1), (15, 1, 0), (20, 0, 0)] {
        assert_eq!(
            world.names(&at(hours, Available)).len(),
            available,
            "{hours}"
        );
        assert_eq!(world.names(&at(hours, Earned)).len(), earned, "{hours}");
    }
}

pub fn every_filter_must_apply(world: &World) {
    let metals = group(world, "Metals", 1);
    let period = |from, until| BadgePeriod::new(hour(from), hour(until)).unwrap();
    let gold = world.badge_like("Gold 100%", |badge| {
        badge.definition.period = period(-2, 2);
        badge.definition.owners =
            Owners::try_from(vec![OwnerType::Loyalty, OwnerType::Journeys]).unwrap();
        badge.definition.group = Some(metals.id);
        badge.claims = vec![
            claim(OwnerType::Journeys, "1", true),
            claim(OwnerType::Loyalty, "1", false),
        ];
    });
    let silver = world.badge_like("Silber ÄÖ", |badge| {
        badge.definition.period = period(-4, -1);
        badge.active = false;
    });
    for badge in [&gold, &silver] {
        earn(world, badge, 0, 0, 9);
    }
    let query = || all(Earned);
    let both = vec!["Gold 100%", "Silber ÄÖ"];
    let gold = vec!["Gold 100%"];
    let silver = vec!["Silber ÄÖ"];
    let none = Vec::<&str>::new();
    let name = |part: &str| CustomerBadgeQuery {
        name_contains: Some(part.to_owned()),
        ..query()
    };
    let mut cases = vec![
        (query(), both.clone()),
        (name("%"), gold.clone()),
        (name("GOLD"), gold.clone()),
        (name("äö"), silver.clone()),
        (name("_"), none.clone()),
        (name(""), both.clone()),
    ];
    let mut add = |change: &dyn Fn(&mut CustomerBadgeQuery), expected: &Vec<&'static str>| {
        let mut query = query();
        change(&mut query);
        cases.push((query, expected.clone()));
    };
    add(&|q| q.statuses = vec![BadgeStatus::Live], &gold);
    add(
        &|q| q.statuses = vec![BadgeStatus::Expired, BadgeStatus::Upcoming],
        &silver,
    );
    add(&|q| q.statuses = BadgeStatus::ALL.to_vec(), &both);
    add(&|q| q.active = Some(true), &gold);
    add(&|q| q.active = Some(false), &silver);
    add(&|q| q.owner = Some(OwnerType::Loyalty), &both);
    add(&|q| q.owner = Some(OwnerType::Journeys), &gold);
    add(&|q| q.claimed_by = Some(OwnerType::Journeys), &gold);
    add(&|q| q.claimed_by = Some(OwnerType::Loyalty), &none);
    add(&|q| q.group = Some(metals.id), &gold);
    add(&|q| q.starts_after = Some(hour(-4)), &gold);
    add(&|q| q.starts_after = Some(hour(-5)), &both);
    add(&|q| q.starts_before = Some(hour(-2)), &silver);
    add(&|q| q.ends_after = Some(hour(-1)), &gold);
    add(&|q| q.ends_before = Some(hour(2)), &silver);
    add(&|q| q.ends_before = Some(hour(3)), &both);
    add(
        &|q| {
            q.ends_before = Some(hour(3));
            q.active = Some(false);
            q.owner = Some(OwnerType::Loyalty);
        },
        &silver,
    );
    for (query, expected) in cases {
        assert_eq!(world.sorted_names(&query), expected, "{query:?}");
        assert_eq!(world.customers_page(&query).total, expected.len() as u64);
    }
}

pub fn a_removed_group_has_no_badges(world: &World) {
    let metals = group(world, "Metals", 1);
    world.badge_like("Gold", |badge| badge.definition.group = Some(metals.id));
    let query = CustomerBadgeQuery {
        group: Some(metals.id),
        ..all(AvailableToIssue)
    };
    assert_eq!(world.names(&query), ["Gold"]);
    let removed = metals.removed(now(), metals.created_by);
    world
        .stores
        .catalogue
        .save_group(&metals, &removed, None)
        .unwrap();
    assert_eq!(world.names(&query), [""; 0]);
    assert_eq!(
        world.customers_page(&all(AvailableToIssue)).items[0].group,
        None
    );
}

pub fn ranks_sort_by_group_then_by_badge_then_by_expiry_whatever_the_order(world: &World) {
    let [first, second, gone] =
        [("first", 1), ("second", 2), ("gone", 1)].map(|(name, rank)| group(world, name, rank));
    let badge = |name: &str, group: Option<&Group>, rank: Option<i64>, ends: i64| {
        world.badge_like(name, |badge| {
            badge.definition.group = group.map(|group| group.id);
            badge.definition.rank = rank.map(|rank| Rank::try_from(rank).unwrap());
            badge.definition.period = BadgePeriod::new(hour(-100), hour(ends)).unwrap();
        });
    };
    badge("11", None, None, 10);
    badge("10", None, None, 11);
    badge("8", Some(&gone), Some(1), 11);
    badge("7", None, Some(1), 12);
    badge("9", None, Some(3), 10);
    badge("6", Some(&second), None, 10);
    badge("5", Some(&second), Some(9), 10);
    badge("4", Some(&first), None, 10);
    badge("3", Some(&first), Some(5), 10);
    badge("2", Some(&first), Some(5), 11);
    badge("1", Some(&first), Some(2), 10);
    badge("0", Some(&first), Some(2), 10);
    let removed = gone.removed(now(), gone.created_by);
    world
        .stores
        .catalogue
        .save_group(&gone, &removed, None)
        .unwrap();
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        let query = CustomerBadgeQuery {
            sort: CustomerBadgeSort::Rank,
            order,
            ..all(AvailableToIssue)
        };
        let expected = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
        assert_eq!(world.names(&query), expected);
    }
}

pub fn every_sort_has_what_it_lacks_last_and_equal_ones_by_id_descending(world: &World) {
    // In the order of their ids: names say when each thing happened, in hours.
    let badges = ["a", "b", "c", "d", "e"].map(|name| {
        world.badge_like(name, |badge| {
            badge.definition.earn_mode = EarnMode::Direct;
            let ends = if name == "c" { 50 } else { 60 };
            badge.definition.period = BadgePeriod::new(hour(-100), hour(ends)).unwrap();
            badge.updated_on = hour(if name == "d" { 9 } else { 8 });
        })
    });
    let [a, b, c, d, _] = &badges;
    enrol(world, a, -9, -8, -7);
    enrol(world, b, -9, -8, -3);
    enrol(world, b, -5, -4, -7);
    enrol(world, d, -9, -8, -3);
    // Event, recorded, expires.
    earn(world, a, -20, -10, -5);
    earn(world, a, -30, -12, 10);
    earn(world, b, -10, -20, -6);
    earn(world, c, -15, -20, 10);
    earn(world, d, -15, -10, -5);
    for (sort, descending, ascending) in [
        (CustomerBadgeSort::ExpiresOn, "edbac", "cedba"),
        (CustomerBadgeSort::LastModified, "decba", "ecbad"),
        (CustomerBadgeSort::LastIssued, "dbaec", "adbec"),
        (CustomerBadgeSort::LastExpired, "dabec", "bdaec"),
        (CustomerBadgeSort::LastEarnedOn, "dacbe", "cbdae"),
        (CustomerBadgeSort::LastEarnedEvent, "bdcae", "adcbe"),
    ] {
        for (order, expected) in [
            (SortOrder::Descending, descending),
            (SortOrder::Ascending, ascending),
        ] {
            let query = CustomerBadgeQuery {
                sort,
                order,
                ..all(Available)
            };
            assert_eq!(world.names(&query).concat(), expected, "{sort:?} {order:?}");
        }
    }
}

pub fn an_earn_that_expires_now_has_expired(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.direct(name));
    earn(world, &gold, -9, -9, 0);
    earn(world, &silver, -9, -9, -1);
    let query = CustomerBadgeQuery {
        sort: CustomerBadgeSort::LastExpired,
        ..all(CustomerBadgeType::Expired)
    };
    assert_eq!(world.names(&query), ["Gold", "Silver"]);
}

pub fn revoked_earns_neither_show_nor_sort(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.direct(name));
    earn(world, &gold, -1, -1, 5);
    earn(world, &silver, -2, -2, 5);
    earn(world, &silver, 0, 0, 1);
    let query = CustomerBadgeQuery {
        sort: CustomerBadgeSort::LastEarnedOn,
        ..all(Earned)
    };
    assert_eq!(world.names(&query), ["Silver", "Gold"]);
    let last = world.details(&silver, 1).earns[0].earned.id;
    world
        .revoke_earn(&world.revoking(&silver, 1, last))
        .unwrap();
    assert_eq!(world.names(&query), ["Gold", "Silver"]);
}

pub fn pages_of_a_customers_list_follow_each_other_and_end_empty(world: &World) {
    for number in 0..7 {
        world.badge(&format!("Badge {number}"));
    }
    for sort in [CustomerBadgeSort::Rank, CustomerBadgeSort::LastEarnedOn] {
        let query = |page, size| CustomerBadgeQuery {
            sort,
            page: PageOf { page, size },
            ..all(AvailableToIssue)
        };
        let whole = world.names(&query(0, 100));
        assert_eq!(whole.len(), 7);
        for size in [1, 3, 7] {
            let pages = (0..7).flat_map(|page| world.names(&query(page, size)));
            assert_eq!(pages.collect::<Vec<_>>(), whole);
        }
        let past = world.customers_page(&query(3, 3));
        assert_eq!((past.items, past.total), (vec![], 7));
        let far = world.customers_page(&query(u32::MAX, 100));
        assert_eq!((far.items, far.total), (vec![], 7));
    }
}

pub fn many_earns_of_many_badges_are_listed_with_their_counts(world: &World) {
    let badges: Vec<_> = (0..50)
        .map(|i| world.direct(&format!("Badge {i:02}")))
        .collect();
    let mut request = world.importing(&badges[0], &[]);
    for (index, badge) in (0..).zip(&badges) {
        let earns: Vec<_> = (0..=index % 20)
            .map(|n| (1, second(1_700_000_000 + n)))
            .collect();
        request.items.extend(world.importing(badge, &earns).items);
    }
    world.import(&request).unwrap();
    let query = CustomerBadgeQuery {
        sort: CustomerBadgeSort::LastEarnedEvent,
        ..all(Earned)
    };
    let page = world.customers_page(&query);
    assert_eq!(page.total, 50);
    for shown in page.items {
        let index = badges
            .iter()
            .position(|badge| badge.id == shown.badge.id)
            .unwrap();
        assert_eq!(shown.standing.earned, index as u64 % 20 + 1);
        assert_eq!(shown.standing.earned_unexpired, index as u64 % 20 + 1);
    }
}
