//! Groups of badges.

use accolade_application::ports::{IdSource as _, PageOf, SaveError, SortOrder};
use accolade_domain::badge::{Badge, Rank};
use accolade_domain::catalogue::Group;

use crate::World;
use crate::fixtures::{at, everything, now};
use crate::race::{only_winner, race};
use crate::world::Tenant;

fn draft(world: &World, tenant: Tenant, name: &str, rank: i64) -> Group {
    Group {
        id: world.ids.object_id().into(),
        org: tenant.org,
        name: name.try_into().unwrap(),
        rank: Rank::try_from(rank).unwrap(),
        active: true,
        created_on: at("2026-01-01T00:00:00.000001Z"),
        created_by: tenant.actor,
        updated_on: now(),
        updated_by: tenant.actor,
    }
}

fn group(world: &World, name: &str, rank: i64) -> Group {
    let group = draft(world, world.tenant, name, rank);
    world
        .stores
        .catalogue
        .create_group(&group, None, &[])
        .unwrap();
    group
}

fn found(world: &World, group: &Group) -> Option<Group> {
    world.stores.catalogue.group(group.org, group.id).unwrap()
}

fn save(world: &World, before: &Group, after: &Group) -> Result<(), SaveError> {
    world.stores.catalogue.save_group(before, after, None, &[])
}

fn renamed(group: &Group, name: &str) -> Group {
    Group {
        name: name.try_into().unwrap(),
        ..group.clone()
    }
}

fn removed(group: &Group) -> Group {
    group.removed(at("2026-05-03T00:00:00Z"), group.created_by)
}

fn assert_taken(result: Result<(), SaveError>) {
    match result {
        Err(SaveError::NameTaken) => {}
        other => panic!("{other:?}"),
    }
}

fn assert_changed(result: Result<(), SaveError>) {
    match result {
        Err(SaveError::Changed) => {}
        other => panic!("{other:?}"),
    }
}

fn assert_key_used(result: Result<(), SaveError>) {
    match result {
        Err(SaveError::IdempotencyKeyUsed) => {}
        other => panic!("{other:?}"),
    }
}

/// A badge that is to be in `group`, created.
fn badge_in(world: &World, group: &Group, name: &str) -> Badge {
    let mut badge = world.draft(name);
    badge.definition.group = Some(group.id);
    world.create(&badge);
    badge
}

fn a_group_is_found_as_it_was_created(world: &World) {
    for (name, rank) in [
        ("𝄞".repeat(255).as_str(), 1),
        (" '%_", i64::from(Rank::MAX)),
    ] {
        let group = group(world, name, rank);
        assert_eq!(found(world, &group), Some(group));
    }
    let never = draft(world, world.tenant, "Never", 1);
    assert_eq!(found(world, &never), None);
}

fn a_groups_name_is_unique_among_the_active_ones_of_its_org_by_code_point(world: &World) {
    let metals = group(world, "Metals", 1);
    assert_taken(world.stores.catalogue.create_group(
        &draft(world, world.tenant, "Metals", 2),
        None,
        &[],
    ));
    for name in ["metals", "Metals 2", "Métals"] {
        group(world, name, 1);
    }
    let other = world.tenant(7);
    world
        .stores
        .catalogue
        .create_group(&draft(world, other, "Metals", 1), None, &[])
        .unwrap();
    save(world, &metals, &removed(&metals)).unwrap();
    group(world, "Metals", 3);
}

fn a_change_of_a_group_replaces_it_if_it_is_still_what_it_was(world: &World) {
    let metals = group(world, "Metals", 1);
    let changed = Group {
        rank: Rank::try_from(9).unwrap(),
        updated_on: at("2026-05-02T00:00:00.000009Z"),
        updated_by: world.tenant(7).actor,
        ..renamed(&metals, "Stones")
    };
    save(world, &metals, &changed).unwrap();
    assert_eq!(found(world, &metals), Some(changed.clone()));
    assert_changed(save(world, &metals, &renamed(&metals, "Woods")));
    assert_changed(save(
        world,
        &Group {
            updated_on: now(),
            ..changed.clone()
        },
        &changed,
    ));
    assert_eq!(found(world, &metals), Some(changed.clone()));
    save(world, &changed, &changed).unwrap();
}

fn a_group_that_does_not_exist_has_changed(world: &World) {
    let never = draft(world, world.tenant, "Never", 1);
    assert_changed(save(world, &never, &never));
    let metals = group(world, "Metals", 1);
    let theirs = Group {
        org: world.tenant(7).org,
        ..metals
    };
    assert_changed(save(world, &theirs, &theirs));
}

fn a_group_cannot_get_the_name_of_another_active_one_but_may_keep_its_own(world: &World) {
    let metals = group(world, "Metals", 1);
    let stones = group(world, "Stones", 2);
    assert_taken(save(world, &stones, &renamed(&stones, "Metals")));
    assert_eq!(found(world, &stones), Some(stones.clone()));
    let ranked = Group {
        rank: Rank::try_from(5).unwrap(),
        ..metals.clone()
    };
    save(world, &metals, &ranked).unwrap();
    save(world, &ranked, &removed(&ranked)).unwrap();
    save(world, &stones, &renamed(&stones, "Metals")).unwrap();
}

fn a_group_that_is_removed_takes_no_name(world: &World) {
    let [metals, stones] = ["Metals", "Stones"].map(|name| group(world, name, 1));
    save(world, &stones, &removed(&renamed(&stones, "Metals"))).unwrap();
    assert_eq!(found(world, &metals), Some(metals.clone()));
    save(world, &metals, &renamed(&metals, "Stones")).unwrap();
}

fn a_change_of_a_group_comes_before_a_taken_name_and_a_used_key_before_both(world: &World) {
    let metals = group(world, "Metals", 1);
    let stones = group(world, "Stones", 2);
    let record = world.record("key");
    let catalogue = &world.stores.catalogue;
    let after = renamed(&stones, "Woods");
    catalogue
        .save_group(&stones, &after, Some(&record), &[])
        .unwrap();
    assert_eq!(world.remembered("key"), Some(record));
    let wrong = renamed(&stones, "Metals");
    assert_changed(save(world, &stones, &wrong));
    let again = world.record("key");
    assert_key_used(catalogue.save_group(&stones, &wrong, Some(&again), &[]));
    assert_key_used(catalogue.create_group(&wrong, Some(&again), &[]));
    let fresh = world.record("fresh");
    assert_taken(catalogue.create_group(
        &draft(world, world.tenant, "Metals", 1),
        Some(&fresh),
        &[],
    ));
    assert_taken(catalogue.save_group(&after, &wrong, Some(&fresh), &[]));
    assert_eq!(world.remembered("fresh"), None);
    let new = draft(world, world.tenant, "New", 1);
    catalogue.create_group(&new, Some(&fresh), &[]).unwrap();
    assert_eq!(world.remembered("fresh"), Some(fresh));
    assert_eq!(found(world, &metals), Some(metals));
}

fn a_removed_group_is_found_as_such_and_badges_lose_it_and_keep_their_rank(world: &World) {
    let metals = group(world, "Metals", 1);
    let mut badge = world.draft("Gold");
    badge.definition.group = Some(metals.id);
    badge.definition.rank = Some(Rank::try_from(7).unwrap());
    world.create(&badge);
    assert_eq!(world.counted(&badge).group, Some(metals.clone()));
    assert_eq!(
        world.details(&badge, 1).badge.group.as_deref(),
        Some(&metals)
    );
    save(world, &metals, &removed(&metals)).unwrap();
    assert_eq!(found(world, &metals), Some(removed(&metals)));
    assert_eq!(world.counted(&badge).group, None);
    assert_eq!(world.details(&badge, 1).badge.group, None);
    assert_eq!(world.found(&badge).badge, badge);
}

fn badges_show_their_group_as_it_is_now(world: &World) {
    let metals = group(world, "Metals", 1);
    let badge = badge_in(world, &metals, "Gold");
    let after = renamed(&metals, "Precious metals");
    save(world, &metals, &after).unwrap();
    assert_eq!(world.counted(&badge).group, Some(after.clone()));
    let listed = world.stores.badges.list(badge.org, &everything()).unwrap();
    assert_eq!(listed.badges[0].group, Some(after));
}

fn badges_are_filtered_by_their_group_while_it_is_active(world: &World) {
    let [metals, stones] = ["Metals", "Stones"].map(|name| group(world, name, 1));
    let gold = badge_in(world, &metals, "Gold");
    badge_in(world, &stones, "Ruby");
    world.badge("Oak");
    let listed = |group: &Group| {
        let mut query = everything();
        query.group = Some(group.id);
        let page = world.stores.badges.list(world.tenant.org, &query).unwrap();
        let ids: Vec<_> = page.badges.iter().map(|found| found.badge.id).collect();
        assert_eq!(page.total, ids.len() as u64);
        ids
    };
    assert_eq!(listed(&metals), [gold.id]);
    save(world, &metals, &removed(&metals)).unwrap();
    assert_eq!(listed(&metals), []);
    assert_eq!(listed(&stones).len(), 1);
}

fn active_groups_are_listed_by_rank_then_by_id_page_by_page(world: &World) {
    let ranks = [5, 1, 5, 3, 1, 9];
    let groups: Vec<_> = (0..)
        .zip(ranks)
        .map(|(number, rank)| group(world, &format!("Group {number}"), rank))
        .collect();
    let theirs = draft(world, world.tenant(7), "Theirs", 1);
    world
        .stores
        .catalogue
        .create_group(&theirs, None, &[])
        .unwrap();
    save(world, &groups[3], &removed(&groups[3])).unwrap();
    let expected = [1, 4, 0, 2, 5].map(|index| groups[index].clone());
    for size in [1, 2, 3, 100] {
        let mut listed = Vec::new();
        for page in 0.. {
            let found = world
                .stores
                .catalogue
                .groups(world.tenant.org, PageOf { page, size });
            let found = found.unwrap();
            assert_eq!(found.total, 5);
            if found.items.is_empty() {
                break;
            }
            assert!(found.items.len() <= size as usize);
            listed.extend(found.items);
        }
        assert_eq!(listed, expected);
    }
}

fn another_orgs_group_is_not_found(world: &World) {
    let metals = group(world, "Metals", 1);
    let other = world.tenant(7);
    let catalogue = &world.stores.catalogue;
    assert_eq!(catalogue.group(other.org, metals.id).unwrap(), None);
    let page = catalogue
        .groups(other.org, PageOf { page: 0, size: 10 })
        .unwrap();
    assert_eq!((page.items, page.total), (vec![], 0));
    let mut theirs = world.draft_of(other, "Gold");
    theirs.definition.group = Some(metals.id);
    world.create(&theirs);
    assert_eq!(world.counted(&theirs).group, None);
    let mut query = everything();
    query.group = Some(metals.id);
    query.order = SortOrder::Descending;
    assert_eq!(
        world.stores.badges.list(other.org, &query).unwrap().total,
        0
    );
}

fn of_groups_that_race_for_one_name_exactly_one_wins(world: &World) {
    let servers = world.servers();
    for round in 0..10 {
        let name = format!("Group {round}");
        let spare: Vec<_> = (0..4)
            .map(|i| group(world, &format!("Spare {round} {i}"), 1))
            .collect();
        let new: Vec<_> = (0..4)
            .map(|_| draft(world, world.tenant, &name, 1))
            .collect();
        let results = race(8, |i| {
            let catalogue = &servers[i % 2].catalogue;
            match i.checked_sub(4) {
                None => catalogue.create_group(&new[i], None, &[]),
                Some(i) => catalogue.save_group(&spare[i], &renamed(&spare[i], &name), None, &[]),
            }
        });
        only_winner(&results, |error| matches!(error, SaveError::NameTaken));
        let named = world
            .stores
            .catalogue
            .groups(world.tenant.org, PageOf { page: 0, size: 100 });
        let named = named
            .unwrap()
            .items
            .into_iter()
            .filter(|g| g.name.as_str() == name);
        assert_eq!(named.count(), 1);
    }
}

fn of_changes_of_a_group_that_race_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let mut before = group(world, "Metals", 1);
    for round in 0..10 {
        let afters: Vec<_> = (0..8)
            .map(|i| renamed(&before, &format!("Group {round} {i}")))
            .collect();
        let results = race(8, |i| {
            servers[i % 2]
                .catalogue
                .save_group(&before, &afters[i], None, &[])
        });
        let winner = only_winner(&results, |error| matches!(error, SaveError::Changed));
        assert_eq!(found(world, &before), Some(afters[winner].clone()));
        before = afters[winner].clone();
    }
}

sentences! {
    a_group_is_found_as_it_was_created
    a_groups_name_is_unique_among_the_active_ones_of_its_org_by_code_point
    a_change_of_a_group_replaces_it_if_it_is_still_what_it_was
    a_group_that_does_not_exist_has_changed
    a_group_cannot_get_the_name_of_another_active_one_but_may_keep_its_own
    a_group_that_is_removed_takes_no_name
    a_change_of_a_group_comes_before_a_taken_name_and_a_used_key_before_both
    a_removed_group_is_found_as_such_and_badges_lose_it_and_keep_their_rank
    badges_show_their_group_as_it_is_now
    badges_are_filtered_by_their_group_while_it_is_active
    active_groups_are_listed_by_rank_then_by_id_page_by_page
    another_orgs_group_is_not_found
    of_groups_that_race_for_one_name_exactly_one_wins
    of_changes_of_a_group_that_race_exactly_one_wins
}
