//! Creating badges.

use accolade_application::answer::{Answer, BadgeCounts, BadgeView};
use accolade_application::ports::{CountedBadge, CreateBadgeError, IdempotencyRecord};
use accolade_domain::badge::Badge;
use accolade_domain::ids::BadgeNumber;
use accolade_domain::owner::OwnerType;

use crate::World;
use crate::fixtures::{badge, claim, now};
use crate::race::{only_winner, race};

fn assert_taken(result: &Result<BadgeNumber, CreateBadgeError>) {
    assert!(
        matches!(result, Err(CreateBadgeError::NameTaken)),
        "{result:?}"
    );
}

fn assert_id_taken(result: &Result<BadgeNumber, CreateBadgeError>) {
    assert!(
        matches!(result, Err(CreateBadgeError::IdTaken)),
        "{result:?}"
    );
}

fn assert_key_used(result: &Result<BadgeNumber, CreateBadgeError>) {
    let used = matches!(result, Err(CreateBadgeError::IdempotencyKeyUsed));
    assert!(used, "{result:?}");
}

fn is_found(world: &World, badge: &Badge) -> bool {
    let found = world.stores.badges.find(badge.org, badge.id).unwrap();
    found.is_some()
}

fn a_new_badge_has_its_claims_in_their_order_and_no_counts(world: &World) {
    let new = Badge {
        active: false,
        claims: vec![
            claim(OwnerType::Milestones, "z", false),
            claim(OwnerType::Loyalty, "b", true),
            claim(OwnerType::Loyalty, "a", true),
        ],
        ..world.draft("Gold")
    };
    world.create(&new);
    assert_eq!(world.found(&new).badge, new);
    let counts = BadgeCounts::default();
    assert_eq!(
        world.counted(&new),
        CountedBadge {
            badge: new,
            number: 1.try_into().unwrap(),
            group: None,
            counts
        }
    );
}

fn a_name_is_unique_in_its_org_even_if_the_badge_that_has_it_is_off(world: &World) {
    let off = Badge {
        active: false,
        ..world.draft("Gold")
    };
    world.create(&off);
    let refused = world.draft("Gold");
    assert_taken(&world.stores.badges.create(&refused, None, &[]));
    assert!(!is_found(world, &refused));
    assert_eq!(world.found(&off).badge, off);
    world.badge_of(world.tenant(7), "Gold");
}

fn an_id_is_unique_in_its_org_and_another_org_may_have_it(world: &World) {
    let first = world.badge("Gold");
    let again = Badge {
        id: first.id,
        ..world.draft("Silver")
    };
    assert_id_taken(&world.stores.badges.create(&again, None, &[]));
    assert_eq!(world.found(&first).badge, first);
    let elsewhere = Badge {
        id: first.id,
        ..world.draft_of(world.tenant(7), "Gold")
    };
    world.create(&elsewhere);
    assert_eq!(world.found(&elsewhere).badge, elsewhere);
    assert_eq!(world.found(&first).badge, first);
}

fn a_used_key_comes_before_a_taken_id_and_that_before_a_taken_name(world: &World) {
    let record = world.record("key");
    let first = world.draft("Gold");
    world
        .stores
        .badges
        .create(&first, Some(&record), &[])
        .unwrap();
    assert_key_used(&world.stores.badges.create(&first, Some(&record), &[]));
    assert_id_taken(&world.stores.badges.create(&first, None, &[]));
}

fn names_differ_by_every_code_point(world: &World) {
    let names = [
        "Gold",
        "gold",
        "GOLD",
        "Go ld",
        "Go  ld",
        "G\u{f6}ld",
        "Gold\u{200b}",
    ];
    for name in names {
        let badge = world.badge(name);
        assert_eq!(world.found(&badge).badge.definition.name.as_str(), name);
        assert_taken(&world.stores.badges.create(&world.draft(name), None, &[]));
    }
}

fn what_is_to_be_remembered_is_remembered_with_the_badge(world: &World) {
    let record = world.record("key");
    let badge = world.draft("Gold");
    world
        .stores
        .badges
        .create(&badge, Some(&record), &[])
        .unwrap();
    assert!(is_found(world, &badge));
    assert_eq!(world.remembered("key"), Some(record));
}

fn a_used_key_is_refused_and_its_record_stays(world: &World) {
    let record = world.record("key");
    let first = world.draft("Gold");
    world
        .stores
        .badges
        .create(&first, Some(&record), &[])
        .unwrap();
    let second = world.draft("Silver");
    let other = world.record("key");
    assert_key_used(&world.stores.badges.create(&second, Some(&other), &[]));
    assert!(!is_found(world, &second));
    assert_eq!(world.remembered("key"), Some(record));
}

fn a_used_key_comes_before_a_taken_name(world: &World) {
    let record = world.record("key");
    let first = world.draft("Gold");
    world
        .stores
        .badges
        .create(&first, Some(&record), &[])
        .unwrap();
    let again = world.draft("Gold");
    assert_key_used(&world.stores.badges.create(&again, Some(&record), &[]));
}

fn a_badge_that_is_refused_leaves_its_key_and_its_id_unused(world: &World) {
    world.badge("Gold");
    let record = world.record("key");
    let refused = world.draft("Gold");
    assert_taken(&world.stores.badges.create(&refused, Some(&record), &[]));
    assert_eq!(world.remembered("key"), None);
    let tenant = world.tenant;
    let mended = badge(refused.id, tenant.org, tenant.actor, "Silver");
    world
        .stores
        .badges
        .create(&mended, Some(&record), &[])
        .unwrap();
    assert_eq!(world.found(&mended).badge, mended);
}

fn of_badges_that_race_for_one_name_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let badges: Vec<_> = (0..8).map(|_| world.draft("Gold")).collect();
    let results = race(8, |i| servers[i % 2].badges.create(&badges[i], None, &[]));
    let winner = only_winner(&results, |error| {
        matches!(error, CreateBadgeError::NameTaken)
    });
    for (number, badge) in badges.iter().enumerate() {
        assert_eq!(is_found(world, badge), number == winner);
    }
}

fn of_badges_that_race_for_one_id_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let first = world.draft("Gold");
    let badges: Vec<_> = (0..8)
        .map(|i| Badge {
            id: first.id,
            ..world.draft(&format!("Badge {i}"))
        })
        .collect();
    let results = race(8, |i| servers[i % 2].badges.create(&badges[i], None, &[]));
    let winner = only_winner(&results, |error| matches!(error, CreateBadgeError::IdTaken));
    assert_eq!(world.found(&first).badge, badges[winner]);
}

fn of_badges_that_race_under_one_key_exactly_one_is_created(world: &World) {
    let servers = world.servers();
    let record = world.record("key");
    let badges: Vec<_> = (0..8).map(|i| world.draft(&format!("Badge {i}"))).collect();
    let results = race(8, |i| {
        servers[i % 2].badges.create(&badges[i], Some(&record), &[])
    });
    let winner = only_winner(&results, |error| {
        matches!(error, CreateBadgeError::IdempotencyKeyUsed)
    });
    for (number, badge) in badges.iter().enumerate() {
        assert_eq!(is_found(world, badge), number == winner);
    }
}

fn badges_of_one_name_in_many_orgs_do_not_get_in_each_others_way(world: &World) {
    let servers = world.servers();
    let badges: Vec<_> = (1..=8)
        .map(|org| world.draft_of(world.tenant(org), "Gold"))
        .collect();
    let results = race(8, |i| servers[i % 2].badges.create(&badges[i], None, &[]));
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

/// The number that the badge has got.
fn number(created: Result<BadgeNumber, CreateBadgeError>) -> i64 {
    created.unwrap().get()
}

fn the_badges_of_an_org_are_numbered_in_the_order_of_their_creation(world: &World) {
    let other = world.tenant(7);
    for expected in 1..=3 {
        for tenant in [world.tenant, other] {
            let badge = world.draft_of(tenant, &format!("Badge {expected}"));
            assert_eq!(
                number(world.stores.badges.create(&badge, None, &[])),
                expected
            );
            assert_eq!(world.counted(&badge).number.get(), expected);
        }
    }
}

fn a_badge_that_is_refused_uses_no_number_up(world: &World) {
    let record = world.record("key");
    let create = |name: &str, record| world.stores.badges.create(&world.draft(name), record, &[]);
    assert_eq!(number(create("Gold", Some(&record))), 1);
    assert_taken(&create("Gold", None));
    assert_key_used(&create("Silver", Some(&record)));
    assert_eq!(number(create("Silver", None)), 2);
}

fn what_is_remembered_shows_the_number(world: &World) {
    let badge = world.draft("Gold");
    let view = |number| BadgeView {
        badge: badge.clone(),
        number,
        group: None,
        counts: BadgeCounts::default(),
        earning_ends_on: None,
        now: now(),
    };
    let record = |number| IdempotencyRecord {
        answer: Answer::BadgeCreated(Box::new(view(number))),
        ..world.record("key")
    };
    let created = world.stores.badges.create(&badge, Some(&record(None)), &[]);
    let numbered = record(Some(created.unwrap()));
    assert_eq!(world.remembered("key"), Some(numbered));
}

fn badges_that_are_created_at_once_have_each_number_once_and_leave_none_out(world: &World) {
    let servers = world.servers();
    // Of those with one name seven are refused.
    let badges: Vec<_> = (0..24)
        .map(|i| world.draft(&format!("Badge {}", if i % 3 == 0 { 0 } else { i })))
        .collect();
    let results = race(badges.len(), |i| {
        servers[i % 2].badges.create(&badges[i], None, &[])
    });
    let mut numbers: Vec<_> = results
        .into_iter()
        .flatten()
        .map(BadgeNumber::get)
        .collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(1..=17), "{numbers:?}");
}

sentences! {
    the_badges_of_an_org_are_numbered_in_the_order_of_their_creation
    a_badge_that_is_refused_uses_no_number_up
    what_is_remembered_shows_the_number
    badges_that_are_created_at_once_have_each_number_once_and_leave_none_out
    a_new_badge_has_its_claims_in_their_order_and_no_counts
    a_name_is_unique_in_its_org_even_if_the_badge_that_has_it_is_off
    an_id_is_unique_in_its_org_and_another_org_may_have_it
    names_differ_by_every_code_point
    what_is_to_be_remembered_is_remembered_with_the_badge
    a_used_key_is_refused_and_its_record_stays
    a_used_key_comes_before_a_taken_name
    a_used_key_comes_before_a_taken_id_and_that_before_a_taken_name
    a_badge_that_is_refused_leaves_its_key_and_its_id_unused
    of_badges_that_race_for_one_name_exactly_one_wins
    of_badges_that_race_for_one_id_exactly_one_wins
    of_badges_that_race_under_one_key_exactly_one_is_created
    badges_of_one_name_in_many_orgs_do_not_get_in_each_others_way
}
