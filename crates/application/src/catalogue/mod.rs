//! The catalogue: groups of badges, and custom fields.

mod custom_fields;
mod groups;

pub use custom_fields::{CreateCustomField, UpdateCustomField, field, fields};
pub use groups::{CreateGroup, RemoveGroup, UpdateGroup, group, groups};

use accolade_domain::rejection::{Code, Rejection};

use crate::error::UseCaseError;
use crate::ports::SaveError;

fn not_found(what: &str, id: impl std::fmt::Display) -> Rejection {
    Rejection::of(Code::NotFound).saying(format!("{what} {id} not found. Check the id."))
}

/// What a failure to save means; `None`: it changed meanwhile, decide again.
fn refused(error: SaveError, name_taken: Code) -> Option<UseCaseError> {
    match error {
        SaveError::Changed => None,
        SaveError::NameTaken => Some(Rejection::of(name_taken).at("name").into()),
        SaveError::IdempotencyKeyUsed => Some(UseCaseError::IdempotencyKeyUsed),
        SaveError::Store(error) => Some(error.into()),
    }
}
