//! Custom fields: created, changed and looked up.

use accolade_domain::catalogue::{CustomField, CustomFieldChange, CustomFieldDraft};
use accolade_domain::ids::CustomFieldId;
use accolade_domain::rejection::Code;
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::Answer;
use crate::catalogue::{ATTEMPTS, not_found, refused};
use crate::error::UseCaseError;
use crate::ports::{CustomFieldQuery, IdempotencyGuard, IdempotencyRecord, Page, Ports};

/// A custom field to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCustomField {
    /// What it is to be.
    pub draft: CustomFieldDraft,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// A change of a custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateCustomField {
    /// The field.
    pub field: CustomFieldId,
    /// The change.
    pub change: CustomFieldChange,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Creates a custom field.
///
/// # Errors
/// 741 if an active field has its name; 742 and 745 for a default that does not fit.
pub fn create_field(
    ports: &Ports,
    caller: &Caller,
    command: CreateCustomField,
) -> Result<Answer, UseCaseError> {
    let now = ports.clock.now();
    let draft = command.draft.check()?;
    let field = CustomField {
        id: ports.ids.object_id().into(),
        org: caller.org,
        name: draft.name,
        data_type: draft.data_type,
        mandatory: draft.mandatory,
        default: draft.default,
        active: true,
        created_on: now,
        created_by: caller.actor,
        updated_on: now,
        updated_by: caller.actor,
    };
    let answer = Answer::CustomField(field.clone());
    let record = command.idempotency.map(|guard| IdempotencyRecord {
        guard,
        answer: answer.clone(),
    });
    match ports.stores.catalogue.create_field(&field, record.as_ref()) {
        Ok(()) => Ok(answer),
        Err(error) => Err(refused(error, Code::CustomFieldNameTaken)
            .unwrap_or_else(|| UseCaseError::unexpected(anyhow!("a new field had changed")))),
    }
}

/// Changes a custom field, or disables it for good.
///
/// # Errors
/// 404; 741; 742; 743; 744; 745.
pub fn update_field(
    ports: &Ports,
    caller: &Caller,
    command: &UpdateCustomField,
) -> Result<Answer, UseCaseError> {
    let id = command.field;
    for _ in 0..ATTEMPTS {
        let before = field(ports, caller, id)?;
        let after = before.changed(command.change.clone(), ports.clock.now(), caller.actor)?;
        let answer = Answer::CustomField(after.clone());
        let record = command.idempotency.clone().map(|guard| IdempotencyRecord {
            guard,
            answer: answer.clone(),
        });
        match ports
            .stores
            .catalogue
            .save_field(&before, &after, record.as_ref())
        {
            Ok(()) => return Ok(answer),
            Err(error) => {
                if let Some(failure) = refused(error, Code::CustomFieldNameTaken) {
                    return Err(failure);
                }
            }
        }
    }
    Err(UseCaseError::unexpected(anyhow!(
        "custom field {id} changed {ATTEMPTS} times in a row"
    )))
}

/// One custom field, active or not.
///
/// # Errors
/// 404.
pub fn field(
    ports: &Ports,
    caller: &Caller,
    field: CustomFieldId,
) -> Result<CustomField, UseCaseError> {
    ports
        .stores
        .catalogue
        .field(caller.org, field)?
        .ok_or_else(|| not_found("Custom field", field).into())
}

/// The page of the org's custom fields that `query` asks for.
///
/// # Errors
/// The store failed.
pub fn fields(
    ports: &Ports,
    caller: &Caller,
    query: &CustomFieldQuery,
) -> Result<Page<CustomField>, UseCaseError> {
    Ok(ports.stores.catalogue.fields(caller.org, query)?)
}
