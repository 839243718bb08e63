//! Groups and custom fields.

use accolade_application::answer::Answer;
use accolade_application::catalogue::{CreateCustomField, UpdateCustomField, field};
use accolade_application::error::UseCaseError;
use accolade_domain::badge::BadgeDraft;
use accolade_domain::catalogue::{CustomField, CustomFieldChange, CustomFieldDraft, DataType};
use accolade_domain::ids::CustomFieldId;

use crate::world::{World, codes, direct, faults};

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
        Answer::CustomFieldCreated(field) | Answer::CustomField(field) => field,
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
