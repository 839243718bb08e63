//! What a definition is held to beside the rules of the domain: what its org has, and how long it may
//! be.

use accolade_domain::badge::{BadgeDefinition, BadgeDraft};
use accolade_domain::catalogue::{Group, custom_values};
use accolade_domain::rejection::{Code, Rejection};

use crate::access::Caller;
use crate::error::UseCaseError;
use crate::ports::Ports;

/// The most bytes that a definition may have, written as JSON as it is kept.
const MOST_BYTES: usize = 64 * 1024;

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

/// Checks that `definition` is not too long to be kept, read with every request and shown in lists.
///
/// # Errors
/// 400 if it is longer than 64 KiB, its past configurations of fixed windows included.
pub(crate) fn check_size(definition: &BadgeDefinition) -> Result<(), UseCaseError> {
    let json =
        serde_json::to_vec(definition).map_err(|error| UseCaseError::unexpected(error.into()))?;
    if json.len() > MOST_BYTES {
        let message = format!(
            "The definition takes {} bytes; at most {MOST_BYTES} are accepted. Shorten texts, or leave \
             benefits, images or tags out.",
            json.len()
        );
        return Err(Rejection::unreadable(message).into());
    }
    Ok(())
}
