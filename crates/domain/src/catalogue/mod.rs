//! The catalogue around badges: groups that rank them, and an org's custom fields.

mod custom_field;
mod group;

pub use custom_field::{
    CustomField, CustomFieldChange, CustomFieldDraft, CustomFieldValue, CustomValues, DataType,
    custom_values,
};
pub use group::{Group, GroupChange};
