//! What an organisation orders its badges by: groups and custom fields.

pub mod custom_field;
pub mod group;
