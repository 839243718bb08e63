//! Listing badges: each filter, each order, pages.

use accolade_application::ports::{BadgeEdit, BadgeQuery, BadgeSort, SortOrder};
use accolade_domain::badge::{Badge, BadgePeriod, BadgeStatus, EarnMode, EarnType};
use accolade_domain::owner::{OwnerType, Owners};

use crate::World;
use crate::fixtures::{at, claim, everything, period};

/// The names of the page, and how many there are on all pages.
fn page(world: &World, query: &BadgeQuery) -> (Vec<String>, u64) {
    let page = world.stores.badges.list(world.tenant.org, query).unwrap();
    let names = page.badges.into_iter();
    let names = names.map(|found| found.badge.definition.name.into());
    (names.collect(), page.total)
}

/// The names of all badges that `query` finds, which fit one page.
fn names(world: &World, query: &BadgeQuery) -> Vec<String> {
    let (names, total) = page(world, query);
    assert_eq!(total, names.len() as u64);
    names
}

fn add(world: &World, name: &str, change: impl FnOnce(&mut Badge)) -> Badge {
    let mut badge = world.draft(name);
    change(&mut badge);
    world.create(&badge);
    badge
}

fn add_period(world: &World, name: &str, period: BadgePeriod) {
    add(world, name, |badge| badge.definition.period = period);
}

fn an_org_without_badges_has_an_empty_list(world: &World) {
    assert_eq!(names(world, &everything()), [""; 0]);
}

fn a_listed_badge_is_whole_and_has_its_counts(world: &World) {
    let gold = add(world, "Gold", |badge| {
        badge.claims = vec![
            claim(OwnerType::Milestones, "2", true),
            claim(OwnerType::Loyalty, "1", false),
        ];
    });
    let silver = world.badge("Silver");
    world.edit(
        &silver,
        BadgeEdit::Claim(claim(OwnerType::Loyalty, "1", true)),
    );
    world.enrol(&world.request(&silver, [1, 2, 3])).unwrap();
    let listed = world.stores.badges.list(gold.org, &everything()).unwrap();
    assert_eq!(
        listed.badges,
        [world.counted(&gold), world.counted(&silver)]
    );
    assert_eq!(listed.badges[0].badge, gold);
    assert_eq!(listed.badges[1].counts.issued, 3);
}

fn statuses_refer_to_the_moment_of_the_query_and_any_of_them_may_apply(world: &World) {
    use BadgeStatus::{Expired, Live, Upcoming};
    add_period(
        world,
        "a",
        period("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
    );
    add_period(
        world,
        "b",
        period("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
    );
    add_period(
        world,
        "c",
        period("2026-02-01T00:00:00.000001Z", "2026-03-01T00:00:00Z"),
    );
    for (statuses, expected) in [
        (vec![], vec!["a", "b", "c"]),
        (vec![Expired], vec!["a"]),
        (vec![Live], vec!["b"]),
        (vec![Upcoming], vec!["c"]),
        (vec![Upcoming, Expired], vec!["a", "c"]),
        (vec![Live, Live], vec!["b"]),
        (BadgeStatus::ALL.to_vec(), vec!["a", "b", "c"]),
    ] {
        let now = at("2026-02-01T00:00:00Z");
        let query = BadgeQuery {
            now,
            statuses,
            ..everything()
        };
        assert_eq!(names(world, &query), expected, "{:?}", query.statuses);
    }
}

fn badges_are_filtered_by_earn_type_and_by_activity(world: &World) {
    add(world, "a", |badge| {
        badge.definition.earn_mode = EarnMode::Direct;
    });
    add(world, "b", |badge| badge.active = false);
    let c = world.badge("c");
    world.edit(&c, BadgeEdit::Activity(false));
    world.edit(&c, BadgeEdit::Activity(true));
    for (earn_type, active, expected) in [
        (Some(EarnType::Earn), None, vec!["a"]),
        (Some(EarnType::IssueEarn), None, vec!["b", "c"]),
        (None, Some(true), vec!["a", "c"]),
        (None, Some(false), vec!["b"]),
        (Some(EarnType::IssueEarn), Some(true), vec!["c"]),
        (Some(EarnType::Earn), Some(false), vec![]),
    ] {
        let query = BadgeQuery {
            earn_type,
            active,
            ..everything()
        };
        assert_eq!(names(world, &query), expected);
    }
}

fn badges_are_filtered_by_each_of_their_owners(world: &World) {
    for owner in OwnerType::ALL {
        add(world, owner.name(), |badge| {
            let owners = vec![OwnerType::Loyalty, *owner];
            badge.definition.owners = Owners::try_from(owners).unwrap();
        });
    }
    for owner in OwnerType::ALL {
        let query = BadgeQuery {
            owner: Some(*owner),
            ..everything()
        };
        let found = names(world, &query);
        if *owner == OwnerType::Loyalty {
            assert_eq!(found.len(), OwnerType::ALL.len());
        } else {
            assert_eq!(found, [owner.name()]);
        }
    }
}

fn only_active_claims_make_a_badge_claimed(world: &World) {
    let claimed = |name, claims: &[(OwnerType, &str, bool)]| {
        add(world, name, |badge| {
            badge.claims = (claims.iter())
                .map(|(owner, reference, active)| claim(*owner, reference, *active))
                .collect();
        })
    };
    let (loyalty, journeys) = (OwnerType::Loyalty, OwnerType::Journeys);
    claimed("a", &[]);
    claimed("b", &[(loyalty, "1", false)]);
    claimed("c", &[(loyalty, "1", true)]);
    claimed(
        "d",
        &[
            (loyalty, "1", false),
            (loyalty, "2", true),
            (journeys, "1", false),
        ],
    );
    let e = claimed("e", &[(loyalty, "1", true), (journeys, "1", true)]);
    world.edit(&e, BadgeEdit::Claim(claim(loyalty, "1", false)));
    for (claimed_by, unclaimed, expected) in [
        (Some(loyalty), None, vec!["c", "d"]),
        (Some(journeys), None, vec!["e"]),
        (Some(OwnerType::Milestones), None, vec![]),
        (None, Some(true), vec!["a", "b"]),
        (None, Some(false), vec!["c", "d", "e"]),
        (Some(loyalty), Some(false), vec!["c", "d"]),
        (Some(loyalty), Some(true), vec![]),
    ] {
        let query = BadgeQuery {
            claimed_by,
            unclaimed,
            ..everything()
        };
        assert_eq!(
            names(world, &query),
            expected,
            "{claimed_by:?} {unclaimed:?}"
        );
    }
}

fn a_start_then_or_later_and_an_end_then_or_earlier_are_included(world: &World) {
    add_period(
        world,
        "a",
        period("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"),
    );
    add_period(
        world,
        "b",
        period("2026-01-01T00:00:00.000001Z", "2026-05-01T00:00:00Z"),
    );
    let query = |from: Option<&str>, until: Option<&str>| BadgeQuery {
        starts_from: from.map(at),
        ends_until: until.map(at),
        ..everything()
    };
    for (from, until, expected) in [
        (Some("2026-01-01T00:00:00Z"), None, vec!["a", "b"]),
        (Some("2026-01-01T00:00:00.000001Z"), None, vec!["b"]),
        (Some("2026-01-01T00:00:00.000002Z"), None, vec![]),
        (None, Some("2026-06-01T00:00:00Z"), vec!["a", "b"]),
        (None, Some("2026-05-31T23:59:59.999999Z"), vec!["b"]),
        (None, Some("2026-04-30T23:59:59.999999Z"), vec![]),
        (
            Some("0001-01-01T00:00:00Z"),
            Some("9999-12-31T23:59:59.999999Z"),
            vec!["a", "b"],
        ),
    ] {
        assert_eq!(
            names(world, &query(from, until)),
            expected,
            "{from:?} {until:?}"
        );
    }
}

fn badges_that_start_at_one_moment_are_sorted_by_id_in_the_same_order(world: &World) {
    add_period(
        world,
        "c",
        period("2026-02-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    );
    add_period(
        world,
        "a",
        period("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    );
    add_period(
        world,
        "d",
        period("2026-02-01T00:00:00Z", "2028-01-01T00:00:00Z"),
    );
    add_period(
        world,
        "b",
        period("1926-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    );
    let sort = BadgeSort::StartDate;
    let order = SortOrder::Ascending;
    let ascending = names(
        world,
        &BadgeQuery {
            sort,
            order,
            ..everything()
        },
    );
    assert_eq!(ascending, ["b", "a", "c", "d"]);
    let order = SortOrder::Descending;
    let descending = names(
        world,
        &BadgeQuery {
            sort,
            order,
            ..everything()
        },
    );
    assert_eq!(descending, ["d", "c", "a", "b"]);
}

fn ids_are_sorted_by_their_bytes(world: &World) {
    let ids = [
        "7fffffffffffffffffffffff",
        "800000000000000000000000",
        "ff0000000000000000000000",
        "00ffffffffffffffffffffff",
        "0a0000000000000000000000",
    ];
    for id in ids {
        add(world, id, |badge| badge.id = id.parse().unwrap());
    }
    let mut expected = ids;
    expected.sort_unstable();
    assert_eq!(names(world, &everything()), expected);
    expected.reverse();
    let order = SortOrder::Descending;
    assert_eq!(
        names(
            world,
            &BadgeQuery {
                order,
                ..everything()
            }
        ),
        expected
    );
}

fn pages_follow_each_other_without_gap_and_end_empty(world: &World) {
    let mut expected: Vec<_> = (0..7).map(|i| format!("{i}")).collect();
    for name in &expected {
        world.badge(name);
    }
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        for size in [1, 2, 3, 7, 8] {
            let mut found = Vec::new();
            for number in 0..=7 {
                let query = BadgeQuery {
                    order,
                    size,
                    page: number,
                    ..everything()
                };
                let (names, total) = page(world, &query);
                assert_eq!(total, 7);
                let rest = 7_usize.saturating_sub(found.len());
                assert_eq!(names.len(), rest.min(size as usize));
                found.extend(names);
            }
            assert_eq!(found, expected, "{order:?}, pages of {size}");
        }
        expected.reverse();
    }
    let far = BadgeQuery {
        page: u32::MAX,
        ..everything()
    };
    assert_eq!(page(world, &far), (vec![], 7));
}

fn every_filter_must_apply_and_the_total_counts_what_all_pages_show(world: &World) {
    for i in 0..6 {
        add(world, &format!("Gold {i}"), |badge| {
            badge.active = i % 2 == 0;
        });
    }
    world.badge("Silver");
    let query = BadgeQuery {
        active: Some(true),
        name_contains: Some("gold".to_owned()),
        size: 2,
        ..everything()
    };
    let expected = vec!["Gold 0".to_owned(), "Gold 2".to_owned()];
    assert_eq!(page(world, &query), (expected, 3));
}

sentences! {
    an_org_without_badges_has_an_empty_list
    a_listed_badge_is_whole_and_has_its_counts
    statuses_refer_to_the_moment_of_the_query_and_any_of_them_may_apply
    badges_are_filtered_by_earn_type_and_by_activity
    badges_are_filtered_by_each_of_their_owners
    only_active_claims_make_a_badge_claimed
    a_start_then_or_later_and_an_end_then_or_earlier_are_included
    badges_that_start_at_one_moment_are_sorted_by_id_in_the_same_order
    ids_are_sorted_by_their_bytes
    pages_follow_each_other_without_gap_and_end_empty
    every_filter_must_apply_and_the_total_counts_what_all_pages_show
}
