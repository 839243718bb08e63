//! Groups and custom fields.

use accolade_application::answer::Answer;
use accolade_application::catalogue::{
    CreateCustomField, CreateGroup, UpdateCustomField, UpdateGroup, create_field, create_group,
    field, group, groups, remove_group, update_field, update_group,
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
        idempotency: None,
    };
    create_group(&world.ports, &world.caller, command).map(a_group)
}

fn a_group(answer: Answer) -> Group {
    match answer {
        Answer::Group(group) => group,
        other => panic!("{other:?}"),
    }
}

fn change_group(world: &World, group: GroupId, change: GroupChange) -> Result<Group, UseCaseError> {
    let command = UpdateGroup {
        group,
        change,
        idempotency: None,
    };
    update_group(&world.ports, &world.caller, &command).map(a_group)
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
        idempotency: None,
    };
    create_field(&world.ports, &world.caller, command).map(a_field)
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
    let command = UpdateCustomField {
        field,
        change,
        idempotency: None,
    };
    update_field(&world.ports, &world.caller, &command).map(a_field)
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

