//! Replacing the definition of a badge, and what else an update needs.

use accolade_application::ports::{
    BadgeEdit, BadgeEditRequest, EditBadgeError, IdempotencyKeyUsed,
};
use accolade_domain::badge::{Badge, EarnMode};
use accolade_domain::owner::OwnerType;

use crate::World;
use crate::earning::{daily, in_all};
use crate::fixtures::{at, claim, owner, period};
use crate::race::{only_winner, race};
use crate::world::was_changed;

fn edit(world: &World, request: &BadgeEditRequest) -> Result<(), EditBadgeError> {
    world.stores.badges.edit(request)
}

fn renaming(world: &World, badge: &Badge, name: &str) -> BadgeEditRequest {
    let edit = world.redefinition(badge, |definition| {
        definition.name = name.try_into().unwrap();
    });
    world.edit_request(badge, edit)
}

fn assert_taken(result: &Result<(), EditBadgeError>) {
    assert!(
        matches!(result, Err(EditBadgeError::NameTaken)),
        "{result:?}"
    );
}

fn a_definition_is_replaced_as_a_whole_and_claims_and_activity_stay(world: &World) {
    let badge = Badge {
        active: false,
        claims: vec![claim(OwnerType::Loyalty, "1", true)],
        ..world.draft("Gold")
    };
    world.create(&badge);
    let mut definition = world.draft("Silver").definition;
    definition.description = Some("A text".try_into().unwrap());
    definition.period = period("2025-01-01T00:00:00Z", "2031-01-01T00:00:00Z");
    definition.earn_mode = EarnMode::Direct;
    definition.customer_constraints = vec![in_all(1), daily(1, 2)];
    definition.badge_constraints = vec![daily(2, 3)];
    definition.default_till = Some(7);
    definition.custom_values = [("tier".try_into().unwrap(), "7".try_into().unwrap())].into();
    let request = BadgeEditRequest {
        now: at("2026-05-02T00:00:00.000009Z"),
        by: world.tenant(7).actor,
        ..world.edit_request(
            &badge,
            BadgeEdit::Definition {
                definition: Box::new(definition.clone()),
                active: None,
            },
        )
    };
    let before = world.version(&badge);
    edit(world, &request).unwrap();
    let expected = Badge {
        definition,
        updated_on: request.now,
        updated_by: request.by,
        ..badge.clone()
    };
    assert_eq!(world.found(&badge).badge, expected);
    assert_eq!(world.counted(&badge).badge, expected);
    assert!(world.version(&badge) > before);
}

fn custom_values_are_kept_when_a_badge_is_created(world: &World) {
    let mut badge = world.draft("Gold");
    badge.definition.custom_values = [
        ("𝄞", "𝄞".repeat(4000)),
        ("a", String::new()),
        ("A", "x".into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.try_into().unwrap(), value.try_into().unwrap()))
    .collect();
    world.create(&badge);
    assert_eq!(world.found(&badge).badge, badge);
}

fn a_definition_may_come_with_an_activity(world: &World) {
    let badge = world.badge("Gold");
    for active in [false, true, true] {
        let edit = BadgeEdit::Definition {
            definition: Box::new(badge.definition.clone()),
            active: Some(active),
        };
        world.edit(&badge, edit);
        assert_eq!(world.found(&badge).badge.active, active);
    }
}

fn counts_stay_when_a_definition_is_replaced(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [1, 2])).unwrap();
    world
        .import(&world.importing(&badge, &[(1, at("2026-01-01T00:00:00Z"))]))
        .unwrap();
    edit(world, &renaming(world, &badge, "Silver")).unwrap();
    let counts = world.counted(&badge).counts;
    assert_eq!((counts.issued, counts.earned), (2, 1));
}

fn a_badge_cannot_get_the_name_of_another_of_its_org_but_may_keep_its_own(world: &World) {
    let gold = world.badge("Gold");
    let silver = Badge {
        active: false,
        ..world.draft("Silver")
    };
    world.create(&silver);
    world.badge_of(world.tenant(7), "Bronze");
    let request = BadgeEditRequest {
        idempotency: Some(world.record("key")),
        ..renaming(world, &gold, "Silver")
    };
    let before = world.found(&gold);
    assert_taken(&edit(world, &request));
    assert_eq!(world.found(&gold), before);
    assert_eq!(world.remembered("key"), None);
    for name in ["Gold", "silver", "Bronze", "Gold"] {
        edit(world, &renaming(world, &gold, name)).unwrap();
        assert_eq!(world.found(&gold).badge.definition.name.as_str(), name);
    }
}

fn a_name_that_a_badge_gave_up_is_free(world: &World) {
    let gold = world.badge("Gold");
    edit(world, &renaming(world, &gold, "Silver")).unwrap();
    world.badge("Gold");
    assert_taken(&edit(world, &renaming(world, &gold, "Gold")));
}

fn a_changed_badge_comes_before_a_taken_name_and_a_used_key_before_both(world: &World) {
    let gold = world.badge("Gold");
    world.badge("Silver");
    let mut request = renaming(world, &gold, "Silver");
    request.version.0 -= 1;
    assert!(was_changed(edit(world, &request)));
    let used = BadgeEditRequest {
        idempotency: Some(world.record("key")),
        ..renaming(world, &gold, "Bronze")
    };
    edit(world, &used).unwrap();
    assert_eq!(world.remembered("key"), used.idempotency);
    for version in [0, 99] {
        request.version.0 = version;
        request.idempotency = Some(world.record("key"));
        let result = edit(world, &request);
        assert!(
            matches!(result, Err(EditBadgeError::IdempotencyKeyUsed)),
            "{result:?}"
        );
    }
}

fn of_badges_that_race_for_one_new_name_exactly_one_wins(world: &World) {
    let servers = world.servers();
    for round in 0..10 {
        let name = format!("Name {round}");
        let badges: Vec<_> = (0..6)
            .map(|i| world.badge(&format!("Badge {round} {i}")))
            .collect();
        let requests: Vec<_> = badges
            .iter()
            .map(|badge| renaming(world, badge, &name))
            .collect();
        let new: Vec<_> = (0..2).map(|_| world.draft(&name)).collect();
        let results = race(8, |i| {
            let badges = &servers[i % 2].badges;
            match i.checked_sub(6) {
                None => badges.edit(&requests[i]).map_err(|error| error.to_string()),
                Some(i) => badges
                    .create(&new[i], None, &[])
                    .map(drop)
                    .map_err(|error| error.to_string()),
            }
        });
        only_winner(&results, |error| error == "the name is taken");
    }
}

fn definitions_and_claims_that_race_are_all_made_by_who_decides_again(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    race(6, |i| {
        let again = || {
            let edit = if i % 2 == 0 {
                world.redefinition(&badge, |definition| {
                    let limit = in_all(i64::try_from(i).unwrap() + 1);
                    definition.customer_constraints.push(limit);
                })
            } else {
                BadgeEdit::Claim(claim(OwnerType::Loyalty, &i.to_string(), true))
            };
            // The version is read after the definition: read both again until they agree.
            world.edit_request(&badge, edit)
        };
        loop {
            let before = world.version(&badge);
            let request = again();
            if request.version == before && !was_changed(servers[i % 2].badges.edit(&request)) {
                return;
            }
        }
    });
    let found = world.found(&badge).badge;
    assert_eq!(found.claims.len(), 3);
    assert_eq!(found.definition.customer_constraints.len(), 3);
    assert!(found.is_claimed_by(&owner(OwnerType::Loyalty, "1")));
}

fn several_badges_are_found_at_once_each_once_and_only_the_orgs_own(world: &World) {
    let badges: Vec<_> = (0..3).map(|i| world.badge(&format!("Badge {i}"))).collect();
    let theirs = world.badge_of(world.tenant(7), "Theirs");
    let never = world.draft("Never");
    world.edit(
        &badges[1],
        BadgeEdit::Claim(claim(OwnerType::Loyalty, "1", true)),
    );
    let asked = [
        badges[1].id,
        never.id,
        theirs.id,
        badges[0].id,
        badges[1].id,
    ];
    let mut found = world
        .stores
        .badges
        .find_all(world.tenant.org, &asked)
        .unwrap();
    found.sort_by_key(|found| found.badge.id);
    assert_eq!(found, [world.found(&badges[0]), world.found(&badges[1])]);
    assert_eq!(
        world.stores.badges.find_all(world.tenant.org, &[]).unwrap(),
        []
    );
}

fn a_request_that_had_nothing_to_change_is_remembered_once(world: &World) {
    let remember = |key: &str| {
        let record = world.record(key);
        (world.stores.idempotency.remember(&record).unwrap(), record)
    };
    let (first, record) = remember("key");
    assert_eq!(first, Ok(()));
    assert_eq!(world.remembered("key"), Some(record.clone()));
    assert_eq!(remember("key").0, Err(IdempotencyKeyUsed));
    assert_eq!(world.remembered("key"), Some(record));
    assert_eq!(remember("Key").0, Ok(()));
}

fn an_expired_key_is_replaced_by_what_is_remembered(world: &World) {
    let mut record = world.record("key");
    record.guard.expires_on = at("2026-05-02T00:00:00Z");
    let idempotency = &world.stores.idempotency;
    idempotency.remember(&record).unwrap().unwrap();
    record.guard.used_on = at("2026-05-01T23:59:59.999999Z");
    record.guard.expires_on = at("2026-06-01T00:00:00Z");
    assert_eq!(
        idempotency.remember(&record).unwrap(),
        Err(IdempotencyKeyUsed)
    );
    record.guard.used_on = at("2026-05-02T00:00:00Z");
    assert_eq!(idempotency.remember(&record).unwrap(), Ok(()));
    assert_eq!(world.remembered("key"), Some(record));
}

fn of_requests_with_one_key_that_had_nothing_to_change_exactly_one_is_remembered(world: &World) {
    let servers = world.servers();
    for round in 0..10 {
        let records: Vec<_> = (0..8)
            .map(|_| world.record(&format!("key {round}")))
            .collect();
        let results = race(8, |i| {
            servers[i % 2].idempotency.remember(&records[i]).unwrap()
        });
        let winner = only_winner(&results, |_| true);
        assert_eq!(
            world.remembered(&format!("key {round}")),
            Some(records[winner].clone())
        );
    }
}

sentences! {
    a_definition_is_replaced_as_a_whole_and_claims_and_activity_stay
    custom_values_are_kept_when_a_badge_is_created
    a_definition_may_come_with_an_activity
    counts_stay_when_a_definition_is_replaced
    a_badge_cannot_get_the_name_of_another_of_its_org_but_may_keep_its_own
    a_name_that_a_badge_gave_up_is_free
    a_changed_badge_comes_before_a_taken_name_and_a_used_key_before_both
    of_badges_that_race_for_one_new_name_exactly_one_wins
    definitions_and_claims_that_race_are_all_made_by_who_decides_again
    several_badges_are_found_at_once_each_once_and_only_the_orgs_own
    a_request_that_had_nothing_to_change_is_remembered_once
    an_expired_key_is_replaced_by_what_is_remembered
    of_requests_with_one_key_that_had_nothing_to_change_exactly_one_is_remembered
}
