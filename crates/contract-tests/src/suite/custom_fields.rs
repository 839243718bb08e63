//! Custom fields.

use accolade_application::ports::{CustomFieldQuery, IdSource as _, PageOf, SaveError, SortOrder};
use accolade_domain::catalogue::{CustomField, DataType};
use accolade_domain::ids::OrgId;
use time::Duration;

use crate::World;
use crate::fixtures::{at, now};
use crate::race::{only_winner, race};
use crate::world::Tenant;

fn draft(world: &World, tenant: Tenant, name: &str) -> CustomField {
    CustomField {
        id: world.ids.object_id().into(),
        org: tenant.org,
        name: name.try_into().unwrap(),
        data_type: DataType::String,
        mandatory: false,
        default: None,
        active: true,
        created_on: at("2026-01-01T00:00:00.000001Z"),
        created_by: tenant.actor,
        updated_on: now(),
        updated_by: tenant.actor,
    }
}

fn create(world: &World, field: CustomField) -> CustomField {
    world
        .stores
        .catalogue
        .create_field(&field, None, &[])
        .unwrap();
    field
}

pub(super) fn field(world: &World, name: &str) -> CustomField {
    create(world, draft(world, world.tenant, name))
}

fn found(world: &World, field: &CustomField) -> Option<CustomField> {
    world.stores.catalogue.field(field.org, field.id).unwrap()
}

fn save(world: &World, before: &CustomField, after: &CustomField) -> Result<(), SaveError> {
    world.stores.catalogue.save_field(before, after, None, &[])
}

fn renamed(field: &CustomField, name: &str) -> CustomField {
    CustomField {
        name: name.try_into().unwrap(),
        ..field.clone()
    }
}

fn disabled(field: &CustomField) -> CustomField {
    CustomField {
        active: false,
        ..field.clone()
    }
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

fn active_names(world: &World, org: OrgId) -> Vec<String> {
    let fields = world.stores.catalogue.active_fields(org).unwrap();
    let mut names: Vec<_> = fields.into_iter().map(|field| field.name.into()).collect();
    names.sort();
    names
}

fn a_field_of_every_type_is_found_as_it_was_created(world: &World) {
    for (number, data_type) in DataType::ALL.iter().enumerate() {
        for (mandatory, default) in [
            (false, None),
            (true, Some("")),
            (true, Some("𝄞".repeat(4000).as_str())),
        ] {
            let name = format!("{number} {mandatory} {}", default.map_or(0, str::len));
            let field = create(
                world,
                CustomField {
                    data_type: *data_type,
                    mandatory,
                    default: default.map(|text| text.try_into().unwrap()),
                    ..draft(world, world.tenant, &name)
                },
            );
            assert_eq!(found(world, &field), Some(field));
        }
    }
    assert_eq!(found(world, &draft(world, world.tenant, "Never")), None);
}

fn a_fields_name_is_unique_among_the_active_ones_of_its_org_by_code_point(world: &World) {
    let tier = field(world, "tier");
    assert_taken(world.stores.catalogue.create_field(
        &draft(world, world.tenant, "tier"),
        None,
        &[],
    ));
    for name in ["Tier", "ti er", "tíer"] {
        field(world, name);
    }
    create(world, draft(world, world.tenant(7), "tier"));
    save(world, &tier, &disabled(&tier)).unwrap();
    field(world, "tier");
    assert_eq!(found(world, &tier), Some(disabled(&tier)));
}

fn a_change_of_a_field_replaces_it_if_it_is_still_what_it_was(world: &World) {
    let tier = field(world, "tier");
    let changed = CustomField {
        mandatory: true,
        default: Some("gold".try_into().unwrap()),
        updated_on: at("2026-05-02T00:00:00.000009Z"),
        updated_by: world.tenant(7).actor,
        ..renamed(&tier, "level")
    };
    save(world, &tier, &changed).unwrap();
    assert_eq!(found(world, &tier), Some(changed.clone()));
    assert_changed(save(world, &tier, &renamed(&tier, "rank")));
    assert_changed(save(
        world,
        &CustomField {
            default: None,
            ..changed.clone()
        },
        &tier,
    ));
    assert_eq!(found(world, &tier), Some(changed));
}

fn a_field_that_does_not_exist_has_changed(world: &World) {
    let never = draft(world, world.tenant, "never");
    assert_changed(save(world, &never, &never));
    let theirs = CustomField {
        org: world.tenant(7).org,
        ..field(world, "tier")
    };
    assert_changed(save(world, &theirs, &theirs));
}

fn a_field_cannot_get_the_name_of_another_active_one_but_may_keep_its_own(world: &World) {
    let [tier, level] = ["tier", "level"].map(|name| field(world, name));
    assert_taken(save(world, &level, &renamed(&level, "tier")));
    let mandatory = CustomField {
        mandatory: true,
        ..tier.clone()
    };
    save(world, &tier, &mandatory).unwrap();
    save(world, &mandatory, &disabled(&mandatory)).unwrap();
    save(world, &level, &renamed(&level, "tier")).unwrap();
}

fn a_field_that_is_disabled_takes_no_name(world: &World) {
    let [tier, level] = ["tier", "level"].map(|name| field(world, name));
    save(world, &level, &disabled(&renamed(&level, "tier"))).unwrap();
    assert_eq!(found(world, &tier), Some(tier.clone()));
    save(world, &tier, &renamed(&tier, "level")).unwrap();
}

fn a_change_of_a_field_comes_before_a_taken_name_and_a_used_key_before_both(world: &World) {
    let [_, level] = ["tier", "level"].map(|name| field(world, name));
    let record = world.record("key");
    let catalogue = &world.stores.catalogue;
    let after = renamed(&level, "rank");
    catalogue
        .save_field(&level, &after, Some(&record), &[])
        .unwrap();
    assert_eq!(world.remembered("key"), Some(record));
    let wrong = renamed(&level, "tier");
    assert_changed(save(world, &level, &wrong));
    let again = world.record("key");
    assert_key_used(catalogue.save_field(&level, &wrong, Some(&again), &[]));
    assert_key_used(catalogue.create_field(&wrong, Some(&again), &[]));
    let fresh = world.record("fresh");
    assert_taken(catalogue.create_field(&draft(world, world.tenant, "tier"), Some(&fresh), &[]));
    assert_taken(catalogue.save_field(&after, &wrong, Some(&fresh), &[]));
    assert_eq!(world.remembered("fresh"), None);
    let new = draft(world, world.tenant, "new");
    catalogue.create_field(&new, Some(&fresh), &[]).unwrap();
    assert_eq!(world.remembered("fresh"), Some(fresh));
}

fn active_fields_are_those_of_the_org_that_are_not_disabled(world: &World) {
    let fields = ["tier", "level", "rank"].map(|name| field(world, name));
    let other = world.tenant(7);
    create(world, draft(world, other, "theirs"));
    save(world, &fields[1], &disabled(&fields[1])).unwrap();
    assert_eq!(active_names(world, world.tenant.org), ["rank", "tier"]);
    assert_eq!(active_names(world, other.org), ["theirs"]);
}

fn fields_are_listed_by_their_last_update_and_then_by_id_page_by_page(world: &World) {
    let updates = [3, 1, 3, 2, 1];
    let fields: Vec<_> = (0..)
        .zip(updates)
        .map(|(number, hours)| {
            create(
                world,
                CustomField {
                    updated_on: now() + Duration::hours(hours),
                    active: number != 3,
                    ..draft(world, world.tenant, &format!("field {number}"))
                },
            )
        })
        .collect();
    create(world, draft(world, world.tenant(7), "theirs"));
    let ascending = [1, 4, 3, 0, 2];
    for (active, order, expected) in [
        (None, SortOrder::Ascending, ascending.to_vec()),
        (None, SortOrder::Descending, vec![2, 0, 3, 4, 1]),
        (Some(true), SortOrder::Ascending, vec![1, 4, 0, 2]),
        (Some(false), SortOrder::Descending, vec![3]),
    ] {
        for size in [1, 2, 100] {
            let mut listed = Vec::new();
            for page in 0.. {
                let query = CustomFieldQuery {
                    active,
                    order,
                    page: PageOf { page, size },
                };
                let found = world
                    .stores
                    .catalogue
                    .fields(world.tenant.org, &query)
                    .unwrap();
                assert_eq!(found.total, expected.len() as u64);
                if found.items.is_empty() {
                    break;
                }
                listed.extend(found.items);
            }
            let expected: Vec<_> = expected
                .iter()
                .map(|index| fields[*index].clone())
                .collect();
            assert_eq!(listed, expected);
        }
    }
}

fn another_orgs_field_is_not_found(world: &World) {
    let tier = field(world, "tier");
    let other = world.tenant(7).org;
    assert_eq!(world.stores.catalogue.field(other, tier.id).unwrap(), None);
}

fn of_fields_that_race_for_one_name_exactly_one_wins(world: &World) {
    let servers = world.servers();
    for round in 0..10 {
        let name = format!("field {round}");
        let spare: Vec<_> = (0..4)
            .map(|i| field(world, &format!("spare {round} {i}")))
            .collect();
        let new: Vec<_> = (0..4).map(|_| draft(world, world.tenant, &name)).collect();
        let results = race(8, |i| {
            let catalogue = &servers[i % 2].catalogue;
            match i.checked_sub(4) {
                None => catalogue.create_field(&new[i], None, &[]),
                Some(i) => catalogue.save_field(&spare[i], &renamed(&spare[i], &name), None, &[]),
            }
        });
        only_winner(&results, |error| matches!(error, SaveError::NameTaken));
        let names = active_names(world, world.tenant.org);
        assert_eq!(names.iter().filter(|other| **other == name).count(), 1);
    }
}

fn of_changes_of_a_field_that_race_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let mut before = field(world, "tier");
    for round in 0..10 {
        let afters: Vec<_> = (0..8)
            .map(|i| renamed(&before, &format!("field {round} {i}")))
            .collect();
        let results = race(8, |i| {
            servers[i % 2]
                .catalogue
                .save_field(&before, &afters[i], None, &[])
        });
        let winner = only_winner(&results, |error| matches!(error, SaveError::Changed));
        assert_eq!(found(world, &before), Some(afters[winner].clone()));
        before = afters[winner].clone();
    }
}

sentences! {
    a_field_of_every_type_is_found_as_it_was_created
    a_fields_name_is_unique_among_the_active_ones_of_its_org_by_code_point
    a_change_of_a_field_replaces_it_if_it_is_still_what_it_was
    a_field_that_does_not_exist_has_changed
    a_field_cannot_get_the_name_of_another_active_one_but_may_keep_its_own
    a_field_that_is_disabled_takes_no_name
    a_change_of_a_field_comes_before_a_taken_name_and_a_used_key_before_both
    active_fields_are_those_of_the_org_that_are_not_disabled
    fields_are_listed_by_their_last_update_and_then_by_id_page_by_page
    another_orgs_field_is_not_found
    of_fields_that_race_for_one_name_exactly_one_wins
    of_changes_of_a_field_that_race_exactly_one_wins
}
