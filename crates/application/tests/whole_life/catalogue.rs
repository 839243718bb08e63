//! Groups and custom fields.

use accolade_application::answer::Answer;
use accolade_application::catalogue::{
    CreateCustomField, CreateGroup, RemoveGroup, UpdateCustomField, UpdateGroup, field, group,
    groups,
};
use accolade_application::error::UseCaseError;
use accolade_application::ports::PageOf;
use accolade_domain::badge::{BadgeDraft, Rank};
use accolade_domain::catalogue::{
    CustomField, CustomFieldChange, CustomFieldDraft, DataType, Group, GroupChange,
};
use accolade_domain::ids::{CustomFieldId, GroupId};

use crate::world::{World, at, codes, direct, faults};

fn rank(number: i64) -> Rank {
    Rank::try_from(number).unwrap()
}

fn new_group(world: &World, name: &str, number: i64) -> Result<Group, UseCaseError> {
    let command = CreateGroup {
        name: name.try_into().unwrap(),
        rank: rank(number),
    };
    world.run(command).map(a_group)
}

fn a_group(answer: Answer) -> Group {
    match answer {
        Answer::Group(group) => group,
        other => panic!("{other:?}"),
    }
}

fn change_group(world: &World, group: GroupId, change: GroupChange) -> Result<Group, UseCaseError> {
    let command = UpdateGroup { group, change };
    world.run(command).map(a_group)
}

fn new_field(
    world: &World,
    name: &str,
    default: Option<&str>,
) -> Result<CustomField, UseCaseError> {
    let command = CreateCustomField {
        draft: CustomFieldDraft {
            name: name.try_into().unwrap(),
            data_type: DataType::Integer,
            mandatory: default.is_some(),
            default: default.map(|text| text.try_into().unwrap()),
        },
    };
    world.run(command).map(a_field)
}

fn a_field(answer: Answer) -> CustomField {
    match answer {
        Answer::CustomField(field) => field,
        other => panic!("{other:?}"),
    }
}

fn change_field(
    world: &World,
    field: CustomFieldId,
    change: CustomFieldChange,
) -> Result<CustomField, UseCaseError> {
    let command = UpdateCustomField { field, change };
    world.run(command).map(a_field)
}

#[test]
fn a_group_is_changed_where_it_says_so_and_removed_for_good() {
    let world = World::new();
    let metals = new_group(&world, "Metals", 3).unwrap();
    world.clock.set(at("2026-05-11T00:00:00Z"));
    let change = GroupChange {
        rank: Some(rank(1)),
        ..GroupChange::default()
    };
    let changed = change_group(&world, metals.id, change.clone()).unwrap();
    let expected = Group {
        rank: rank(1),
        updated_on: at("2026-05-11T00:00:00Z"),
        ..metals.clone()
    };
    assert_eq!(changed, expected);
    assert_eq!(
        group(&world.ports, &world.caller, metals.id).unwrap(),
        expected
    );

    let removed = a_group(world.run(RemoveGroup { group: metals.id }).unwrap());
    assert!(!removed.active);
    for result in [
        group(&world.ports, &world.caller, metals.id).map(|_| ()),
        world.run(RemoveGroup { group: metals.id }).map(|_| ()),
        change_group(&world, metals.id, change).map(|_| ()),
    ] {
        assert_eq!(codes(&result), [404]);
    }
    let page = PageOf { page: 0, size: 10 };
    assert_eq!(groups(&world.ports, &world.caller, page).unwrap().items, []);
}

#[test]
fn a_groups_name_is_taken_by_an_active_one_only() {
    let world = World::new();
    let metals = new_group(&world, "Metals", 1).unwrap();
    let stones = new_group(&world, "Stones", 2).unwrap();
    assert_eq!(faults(&new_group(&world, "Metals", 3)), [(733, "name")]);
    let rename = GroupChange {
        name: Some("Metals".try_into().unwrap()),
        ..GroupChange::default()
    };
    assert_eq!(
        faults(&change_group(&world, stones.id, rename.clone())),
        [(733, "name")]
    );
    world.run(RemoveGroup { group: metals.id }).unwrap();
    change_group(&world, stones.id, rename).unwrap();
}

#[test]
fn a_badge_gets_the_defaults_of_mandatory_fields_that_it_omits() {
    let world = World::new();
    new_field(&world, "tier", Some("7")).unwrap();
    new_field(&world, "note", None).unwrap();
    let badge = world.found(world.badge(direct("Gold")));
    let values: Vec<_> = badge.definition.custom_values.iter().collect();
    assert_eq!(values.len(), 1);
    assert_eq!((values[0].0.as_str(), values[0].1.as_str()), ("tier", "7"));
}

#[test]
fn a_disabled_field_is_unknown_to_badges_keeps_its_id_and_gives_its_name_free() {
    let world = World::new();
    let tier = new_field(&world, "tier", Some("7")).unwrap();
    assert_eq!(faults(&new_field(&world, "tier", None)), [(741, "name")]);
    let off = CustomFieldChange {
        active: Some(false),
        ..CustomFieldChange::default()
    };
    let disabled = change_field(&world, tier.id, off.clone()).unwrap();
    assert_eq!(
        field(&world.ports, &world.caller, tier.id).unwrap(),
        disabled
    );
    assert_eq!(codes(&change_field(&world, tier.id, off)), [744]);
    let badge = world.found(world.badge(BadgeDraft {
        custom_values: [].into(),
        ..direct("Gold")
    }));
    assert!(badge.definition.custom_values.is_empty());
    new_field(&world, "tier", None).unwrap();
}

#[test]
fn what_the_org_does_not_have_is_not_found() {
    let world = World::new();
    let nobodys = "69381523cebb9648d8974501";
    let result = field(&world.ports, &world.caller, nobodys.parse().unwrap());
    assert_eq!(codes(&result), [404]);
    let result = change_field(
        &world,
        nobodys.parse().unwrap(),
        CustomFieldChange::default(),
    );
    assert_eq!(codes(&result), [404]);
    let result = group(&world.ports, &world.caller, nobodys.parse().unwrap());
    assert_eq!(codes(&result), [404]);
}

#[test]
fn another_orgs_group_and_field_are_not_found() {
    let world = World::new();
    let metals = new_group(&world, "Metals", 1).unwrap();
    let tier = new_field(&world, "tier", None).unwrap();
    let mut stranger = world.caller.clone();
    stranger.org = 7.try_into().unwrap();
    assert_eq!(codes(&group(&world.ports, &stranger, metals.id)), [404]);
    assert_eq!(
        codes(&world.run_as(&stranger, RemoveGroup { group: metals.id })),
        [404]
    );
    assert_eq!(codes(&field(&world.ports, &stranger, tier.id)), [404]);
}
