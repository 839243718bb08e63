//! Custom fields: created, changed and looked up.

use accolade_domain::audit::telling;
use accolade_domain::catalogue::{CustomField, CustomFieldChange, CustomFieldDraft};
use accolade_domain::ids::CustomFieldId;
use accolade_domain::rejection::Code;
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::Answer;
use crate::approvals::Approval;
use crate::catalogue::{not_found, refused};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{CustomFieldQuery, Page, Ports};
use crate::request::Request;
use crate::turns::MOST_ROUNDS;

/// Creates a custom field.
///
/// Refused with 741 if an active field has its name; 742 and 745 for a default that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCustomField {
    /// What it is to be.
    pub draft: CustomFieldDraft,
}

/// Changes a custom field, or disables it for good.
///
/// Refused with 404; 741; 742; 743; 744; 745.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateCustomField {
    /// The field.
    pub field: CustomFieldId,
    /// The change.
    pub change: CustomFieldChange,
}

impl Command for CreateCustomField {
    const APPROVAL: Approval<Self> = Approval::Exempt("it changes no badge");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (now, caller) = (ports.clock.now(), &request.caller);
        let draft = self.draft.check()?;
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
        let answer = Answer::CustomFieldCreated(field.clone());
        let record = request.record(&answer);
        let told = [telling::field_created(&field, &request.attribution(now))];
        match (ports.stores.catalogue).create_field(&field, record.as_ref(), &told) {
            Ok(()) => Ok(answer),
            Err(error) => Err(refused(error, Code::CustomFieldNameTaken)
                .unwrap_or_else(|| UseCaseError::unexpected(anyhow!("a new field had changed")))),
        }
    }
}

impl Command for UpdateCustomField {
    const APPROVAL: Approval<Self> = Approval::Exempt("it changes no badge");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (id, caller) = (self.field, &request.caller);
        let _turn = ports.turns.wait([(caller.org, id.0)]);
        for _ in 0..MOST_ROUNDS {
            let before = field(ports, caller, id)?;
            let now = ports.clock.now();
            let after = before.changed(self.change.clone(), now, caller.actor)?;
            let answer = Answer::CustomField(after.clone());
            let record = request.record(&answer);
            let told = telling::field_changed(&before, &after, &request.attribution(now));
            let catalogue = &ports.stores.catalogue;
            match catalogue.save_field(&before, &after, record.as_ref(), &told) {
                Ok(()) => return Ok(answer),
                Err(error) => {
                    if let Some(failure) = refused(error, Code::CustomFieldNameTaken) {
                        return Err(failure);
                    }
                }
            }
        }
        Err(UseCaseError::overtaken(format_args!("custom field {id}")))
    }
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
