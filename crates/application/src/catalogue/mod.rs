//! The catalogue: groups of badges, and custom fields.

mod custom_fields;
mod groups;

pub use custom_fields::{CreateCustomField, UpdateCustomField, field, fields};
pub use groups::{CreateGroup, RemoveGroup, UpdateGroup, group, groups};

use accolade_domain::rejection::{Code, Rejection};

use crate::error::UseCaseError;
use crate::ports::SaveError;

fn not_found(what: &str, id: impl std::fmt::Display) -> Rejection {
    Rejection::new(Code::NotFound).with_message(format!("{what} {id} not found. Check the id."))
}

/// What a failure to save means; `None`: it changed meanwhile, decide again.
fn refused(error: SaveError, name_taken: Code) -> Option<UseCaseError> {
    match error {
        SaveError::Changed => None,
        SaveError::NameTaken => Some(Rejection::new(name_taken).at_field("name").into()),
        SaveError::IdempotencyKeyUsed => Some(UseCaseError::IdempotencyKeyUsed),
        SaveError::Store(error) => Some(error.into()),
    }
}
