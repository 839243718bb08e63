//! What a list is sorted by.

use std::sync::Arc;

use accolade_domain::badge::{EarnMode, Rank};
use accolade_domain::catalogue::Group;
use accolade_domain::customer_view::{CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType};
use accolade_domain::listing::SortOrder;

use crate::scene::{Scene, all, hour, now, period};

use CustomerBadgeType::{Available, AvailableToIssue, Earned, Expired};

#[test]
fn ranks_sort_by_group_then_by_badge_then_by_expiry_whatever_the_order() {
    let mut scene = Scene::default();
    let [first, second] = [1, 2].map(|rank| scene.group(rank));
    let mut badge = |name: &str, group: Option<&Arc<Group>>, rank: Option<i64>, ends: i64| {
        let id = scene.badge(name, |badge| {
            badge.definition.rank = rank.map(|rank| Rank::try_from(rank).unwrap());
            badge.definition.period = period(hour(-100), hour(ends));
        });
        if let Some(group) = group {
            scene.put_in(id, group);
        }
    };
    badge("11", None, None, 10);
    badge("10", None, None, 11);
    badge("8", None, Some(1), 11);
    badge("7", None, Some(1), 12);
    badge("9", None, Some(3), 10);
    badge("6", Some(&second), None, 10);
    badge("5", Some(&second), Some(9), 10);
    badge("4", Some(&first), None, 10);
    badge("3", Some(&first), Some(5), 10);
    badge("2", Some(&first), Some(5), 11);
    badge("1", Some(&first), Some(2), 10);
    badge("0", Some(&first), Some(2), 10);
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        let query = CustomerBadgeQuery {
            sort: CustomerBadgeSort::Rank,
            order,
            ..all(AvailableToIssue)
        };
        let expected = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
        assert_eq!(scene.names(&query), expected);
    }
}

#[test]
fn every_sort_has_what_it_lacks_last_and_equal_ones_by_id_descending() {
    let mut scene = Scene::default();
    let [a, b, c, d, _] = ["a", "b", "c", "d", "e"].map(|name| {
        scene.badge(name, |badge| {
            badge.definition.earn_mode = EarnMode::Direct;
            let ends = if name == "c" { 50 } else { 60 };
            badge.definition.period = period(hour(-100), hour(ends));
            badge.updated_on = hour(if name == "d" { 9 } else { 8 });
        })
    });
    scene.enrol_on(a, hour(-9), hour(-8), hour(-7));
    scene.enrol_on(b, hour(-9), hour(-8), hour(-3));
    scene.enrol_on(b, hour(-5), hour(-4), hour(-7));
    scene.enrol_on(d, hour(-9), hour(-8), hour(-3));
    // Event, recorded, expires.
    scene.earn_on(a, hour(-20), hour(-10), hour(-5));
    scene.earn_on(a, hour(-30), hour(-12), hour(10));
    scene.earn_on(b, hour(-10), hour(-20), hour(-6));
    scene.earn_on(c, hour(-15), hour(-20), hour(10));
    scene.earn_on(d, hour(-15), hour(-10), hour(-5));
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
            assert_eq!(scene.names(&query).concat(), expected, "{sort:?} {order:?}");
        }
    }
}

#[test]
fn an_earn_that_expires_now_has_expired() {
    let mut scene = Scene::default();
    let [gold, silver] = ["Gold", "Silver"].map(|name| scene.direct(name));
    scene.earn(gold, now());
    scene.earn(silver, hour(-1));
    let query = CustomerBadgeQuery {
        sort: CustomerBadgeSort::LastExpired,
        ..all(Expired)
    };
    assert_eq!(scene.names(&query), ["Gold", "Silver"]);
}

#[test]
fn revoked_earns_neither_show_nor_sort() {
    let mut scene = Scene::default();
    let [gold, silver] = ["Gold", "Silver"].map(|name| scene.direct(name));
    scene.earn_on(gold, hour(-1), hour(-1), hour(5));
    scene.earn_on(silver, hour(-2), hour(-2), hour(5));
    scene.earn_on(silver, hour(0), hour(0), hour(1));
    let query = CustomerBadgeQuery {
        sort: CustomerBadgeSort::LastEarnedOn,
        ..all(Earned)
    };
    assert_eq!(scene.names(&query), ["Silver", "Gold"]);
    scene.shelf(silver).earns[1].revoked_on = Some(now());
    assert_eq!(scene.names(&query), ["Gold", "Silver"]);
}
