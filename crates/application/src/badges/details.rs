//! What a badge takes from what its org has: its group and its custom fields.

use accolade_domain::badge::BadgeDraft;
use accolade_domain::catalogue::{Group, custom_values};
use accolade_domain::rejection::{Code, Rejection};

use crate::access::Caller;
use crate::error::UseCaseError;
use crate::ports::Ports;

/// Completes `draft` by the defaults of mandatory custom fields. Gives its group, and
/// what does not fit what the org has: 404 for a group that the org does not have or
/// has no more, 745 and 746 for values of custom fields.
pub(crate) fn complete(
    ports: &Ports,
    caller: &Caller,
    draft: &mut BadgeDraft,
) -> Result<(Option<Group>, Vec<Rejection>), UseCaseError> {
    let mut problems = Vec::new();
    let mut group = None;
    if let Some(id) = draft.group {
        group = ports
            .stores
            .catalogue
            .group(caller.org, id)?
            .filter(|group| group.active);
        if group.is_none() {
            problems.push(
                Rejection::new(Code::NotFound)
                    .with_message(format!(
                        "Badge group {id} not found, or it was removed. Check the id."
                    ))
                    .at_field("badgeGroupId"),
            );
        }
    }
    let fields = ports.stores.catalogue.active_fields(caller.org)?;
    match custom_values(&fields, std::mem::take(&mut draft.custom_values)) {
        Ok(values) => draft.custom_values = values,
        Err(unfit) => problems.extend(unfit),
    }
    Ok((group, problems))
}
