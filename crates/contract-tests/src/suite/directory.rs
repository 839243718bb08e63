//! The customer directory.

use accolade_application::ports::{DirectoryEntry, DirectoryError, IdentifierKind, Identifiers};
use accolade_domain::ids::{CustomerId, OrgId};

use crate::fixtures::customer;
use crate::race::{only_winner, race};
use crate::{Stores, World};

use IdentifierKind::{CardNumber, Email, ExternalId, Mobile};

/// A customer with these identifiers.
fn entry(number: i64, identifiers: &[(IdentifierKind, &str)]) -> DirectoryEntry {
    let get = |kind| {
        let found = identifiers.iter().find(|(other, _)| *other == kind);
        found.map(|(_, text)| (*text).try_into().unwrap())
    };
    DirectoryEntry {
        customer: customer(number),
        identifiers: Identifiers {
            email: get(Email),
            mobile: get(Mobile),
            external_id: get(ExternalId),
            card_number: get(CardNumber),
        },
    }
}

fn put(world: &World, entries: &[DirectoryEntry]) -> Result<(), DirectoryError> {
    world
        .stores
        .directory
        .put(world.tenant.org, entries, &world.tenant.by(None), None)
}

/// Which identifiers were taken; panics if something else was wrong.
fn taken(result: Result<(), DirectoryError>) -> Vec<(usize, IdentifierKind)> {
    match result {
        Ok(()) => Vec::new(),
        Err(DirectoryError::Taken(taken)) => taken,
        Err(error) => panic!("{error:?}"),
    }
}

fn resolved(stores: &Stores, org: OrgId, kind: IdentifierKind, texts: &[&str]) -> Vec<Option<i64>> {
    let texts: Vec<_> = texts.iter().map(|&text| text.to_owned()).collect();
    let found = stores.directory.resolve(org, kind, &texts).unwrap();
    let numbers = found.into_iter().map(|found| found.map(CustomerId::get));
    numbers.collect()
}

fn who(world: &World, kind: IdentifierKind, texts: &[&str]) -> Vec<Option<i64>> {
    resolved(&world.stores, world.tenant.org, kind, texts)
}

fn identifiers_of_every_kind_name_their_customer_by_position(world: &World) {
    let long = "𝄞".repeat(255);
    let kinds = [
        (Email, "a@x"),
        (Mobile, "1"),
        (ExternalId, long.as_str()),
        (CardNumber, "%_'"),
    ];
    put(
        world,
        &[entry(i64::MAX, &kinds), entry(2, &[(Mobile, "2")])],
    )
    .unwrap();
    for (kind, text) in kinds {
        assert_eq!(
            who(world, kind, &["?", text, "", text]),
            [None, Some(i64::MAX), None, Some(i64::MAX)]
        );
    }
    assert_eq!(who(world, Mobile, &["2", "1"]), [Some(2), Some(i64::MAX)]);
    assert_eq!(who(world, Mobile, &[]), []);
}

fn one_text_may_be_an_identifier_of_each_kind(world: &World) {
    put(
        world,
        &[
            entry(1, &[(Email, "x")]),
            entry(2, &[(Mobile, "x")]),
            entry(3, &[(ExternalId, "x")]),
            entry(4, &[(CardNumber, "x")]),
        ],
    )
    .unwrap();
    let found: Vec<_> = IdentifierKind::ALL
        .iter()
        .flat_map(|kind| who(world, *kind, &["x"]))
        .collect();
    assert_eq!(found, [Some(1), Some(2), Some(3), Some(4)]);
}

fn identifiers_are_the_same_if_they_have_the_same_characters(world: &World) {
    put(
        world,
        &[
            entry(
                1,
                &[(Mobile, "a"), (ExternalId, "é"), (CardNumber, "12 34")],
            ),
            entry(2, &[(Mobile, "A")]),
        ],
    )
    .unwrap();
    assert_eq!(who(world, Mobile, &["a", "A"]), [Some(1), Some(2)]);
    assert_eq!(
        who(world, ExternalId, &["é", "e\u{301}", "É"]),
        [Some(1), None, None]
    );
    assert_eq!(
        who(world, CardNumber, &["12 34", " 12 34", "1234"]),
        [Some(1), None, None]
    );
}

fn what_an_entry_leaves_out_the_customer_loses(world: &World) {
    put(
        world,
        &[
            entry(1, &[(Email, "a"), (Mobile, "1")]),
            entry(2, &[(Email, "b")]),
        ],
    )
    .unwrap();
    put(world, &[entry(1, &[(Mobile, "2"), (CardNumber, "9")])]).unwrap();
    assert_eq!(who(world, Email, &["a", "b"]), [None, Some(2)]);
    assert_eq!(who(world, Mobile, &["1", "2"]), [None, Some(1)]);
    put(world, &[entry(1, &[])]).unwrap();
    assert_eq!(who(world, Mobile, &["2"]), [None]);
    put(world, &[entry(3, &[(Mobile, "2"), (Email, "a")])]).unwrap();
    assert_eq!(who(world, Mobile, &["2"]), [Some(3)]);
}

fn the_same_entry_may_be_put_again(world: &World) {
    let entries = [
        entry(1, &[(Email, "a"), (Mobile, "1")]),
        entry(2, &[(Email, "b")]),
    ];
    for _ in 0..2 {
        put(world, &entries).unwrap();
    }
    assert_eq!(who(world, Email, &["a", "b"]), [Some(1), Some(2)]);
}

fn identifiers_may_move_between_customers_of_one_request(world: &World) {
    put(
        world,
        &[
            entry(1, &[(Email, "a"), (Mobile, "1")]),
            entry(2, &[(Email, "b"), (Mobile, "2")]),
            entry(3, &[(Email, "c")]),
        ],
    )
    .unwrap();
    // In a circle, and in either order of the entries.
    put(
        world,
        &[
            entry(1, &[(Email, "b"), (Mobile, "2")]),
            entry(2, &[(Email, "c"), (Mobile, "1")]),
            entry(3, &[(Email, "a")]),
        ],
    )
    .unwrap();
    assert_eq!(
        who(world, Email, &["a", "b", "c"]),
        [Some(3), Some(1), Some(2)]
    );
    assert_eq!(who(world, Mobile, &["1", "2"]), [Some(2), Some(1)]);
    // From one who loses it.
    put(world, &[entry(4, &[(Email, "a")]), entry(3, &[])]).unwrap();
    assert_eq!(who(world, Email, &["a"]), [Some(4)]);
}

fn every_identifier_that_is_taken_is_named_and_nothing_is_written(world: &World) {
    put(
        world,
        &[entry(1, &[(Email, "a"), (Mobile, "1"), (CardNumber, "9")])],
    )
    .unwrap();
    let result = put(
        world,
        &[
            entry(2, &[(Email, "b"), (Mobile, "1"), (CardNumber, "9")]),
            entry(3, &[(Mobile, "3")]),
            entry(4, &[(Email, "a"), (ExternalId, "x")]),
        ],
    );
    assert_eq!(taken(result), [(0, Mobile), (0, CardNumber), (2, Email)]);
    assert_eq!(who(world, Email, &["a", "b"]), [Some(1), None]);
    assert_eq!(who(world, Mobile, &["1", "3"]), [Some(1), None]);
    assert_eq!(who(world, ExternalId, &["x"]), [None]);
}

fn of_two_entries_with_one_identifier_the_later_is_named(world: &World) {
    put(world, &[entry(9, &[(Mobile, "7")])]).unwrap();
    let result = put(
        world,
        &[
            entry(1, &[(Email, "a"), (Mobile, "7")]),
            entry(2, &[(Email, "b")]),
            entry(3, &[(Email, "a"), (Mobile, "7")]),
            entry(4, &[(Email, "a")]),
        ],
    );
    assert_eq!(
        taken(result),
        [(0, Mobile), (2, Email), (2, Mobile), (3, Email)]
    );
    assert_eq!(who(world, Email, &["a", "b"]), [None, None]);
}

fn each_org_has_a_directory_of_its_own(world: &World) {
    let other = world.tenant(7).org;
    let directory = &world.stores.directory;
    put(world, &[entry(1, &[(Email, "a")])]).unwrap();
    directory
        .put(
            other,
            &[entry(2, &[(Email, "a")]), entry(1, &[])],
            &world.tenant.by(None),
            None,
        )
        .unwrap();
    assert_eq!(who(world, Email, &["a"]), [Some(1)]);
    assert_eq!(resolved(&world.stores, other, Email, &["a"]), [Some(2)]);
}

fn a_put_is_remembered_under_its_key_which_comes_before_what_is_taken(world: &World) {
    let record = world.record("key");
    let org = world.tenant.org;
    let put = |entries: &[DirectoryEntry], key: &str| {
        let record = world.record(key);
        world
            .stores
            .directory
            .put(org, entries, &world.tenant.by(None), Some(&record))
    };
    let directory = &world.stores.directory;
    directory
        .put(
            org,
            &[entry(1, &[(Email, "a")])],
            &world.tenant.by(None),
            Some(&record),
        )
        .unwrap();
    assert_eq!(world.remembered("key"), Some(record));
    for entries in [[entry(2, &[(Email, "a")])], [entry(2, &[(Email, "b")])]] {
        let result = put(&entries, "key");
        assert!(
            matches!(result, Err(DirectoryError::IdempotencyKeyUsed)),
            "{result:?}"
        );
    }
    assert_eq!(
        taken(put(&[entry(2, &[(Email, "a")])], "other")),
        [(0, Email)]
    );
    assert_eq!(world.remembered("other"), None);
    assert_eq!(who(world, Email, &["a", "b"]), [Some(1), None]);
}

fn of_puts_that_race_for_one_identifier_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let org = world.tenant.org;
    for round in 0..10 {
        let email = format!("{round}@x");
        let results = race(8, |i| {
            let number = i64::try_from(i).unwrap() + 1;
            let others = format!("{round} {i}");
            let mut entries = vec![
                entry(number * 100, &[(Mobile, &others)]),
                entry(number, &[(Email, &email), (CardNumber, &others)]),
            ];
            if i % 3 == 0 {
                entries.reverse();
            }
            servers[i % 2]
                .directory
                .put(org, &entries, &world.tenant.by(None), None)
        });
        let winner = only_winner(&results, |error| matches!(error, DirectoryError::Taken(_)));
        assert_eq!(
            who(world, Email, &[&email]),
            [Some(i64::try_from(winner).unwrap() + 1)]
        );
        for racer in 0..8 {
            let others = format!("{round} {racer}");
            let is_written = who(world, Mobile, &[&others]) != [None];
            assert_eq!(is_written, racer == winner, "all or nothing");
        }
        put(world, &[entry(i64::try_from(winner).unwrap() + 1, &[])]).unwrap();
    }
}

fn puts_that_cross_leave_each_identifier_with_one_customer(world: &World) {
    let servers = world.servers();
    let org = world.tenant.org;
    let emails: Vec<_> = (0..20).map(|i| format!("{i}@x")).collect();
    race(6, |i| {
        for step in 0..5 {
            // Everybody turns the identifiers round by another angle.
            let mut entries: Vec<_> = (0..20)
                .map(|number| {
                    let email = &emails[(number + i + step * 7) % 20];
                    entry(i64::try_from(number).unwrap() + 1, &[(Email, email)])
                })
                .collect();
            if i % 2 == 1 {
                entries.reverse();
            }
            servers[i % 2]
                .directory
                .put(org, &entries, &world.tenant.by(None), None)
                .unwrap();
        }
    });
    let texts: Vec<_> = emails.iter().map(String::as_str).collect();
    let owners = who(world, Email, &texts);
    let first = owners[0].unwrap();
    for (index, owner) in (0..).zip(&owners) {
        // One of the turns, whole.
        assert_eq!(
            *owner,
            Some((first - 1 + index).rem_euclid(20) + 1),
            "{owners:?}"
        );
    }
}

fn ten_thousand_customers_are_put_and_found_at_once(world: &World) {
    let emails: Vec<_> = (1..=10_000).map(|number| format!("{number}@x")).collect();
    let entries: Vec<_> = (1..)
        .zip(&emails)
        .map(|(number, email)| entry(number, &[(Email, email), (Mobile, email)]))
        .collect();
    put(world, &entries).unwrap();
    put(world, &entries).unwrap();
    let texts: Vec<_> = emails.iter().map(String::as_str).collect();
    let expected: Vec<_> = (1..=10_000).map(Some).collect();
    assert_eq!(who(world, Email, &texts), expected);
    let strangers: Vec<_> = (2..)
        .zip(&emails)
        .map(|(n, email)| entry(n * 10_001, &[(Mobile, email)]))
        .collect();
    assert_eq!(taken(put(world, &strangers)).len(), 10_000);
}

sentences! {
    identifiers_of_every_kind_name_their_customer_by_position
    one_text_may_be_an_identifier_of_each_kind
    identifiers_are_the_same_if_they_have_the_same_characters
    what_an_entry_leaves_out_the_customer_loses
    the_same_entry_may_be_put_again
    identifiers_may_move_between_customers_of_one_request
    every_identifier_that_is_taken_is_named_and_nothing_is_written
    of_two_entries_with_one_identifier_the_later_is_named
    each_org_has_a_directory_of_its_own
    a_put_is_remembered_under_its_key_which_comes_before_what_is_taken
    of_puts_that_race_for_one_identifier_exactly_one_wins
    puts_that_cross_leave_each_identifier_with_one_customer
    ten_thousand_customers_are_put_and_found_at_once
}
