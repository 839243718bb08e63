//! What a definition is held to beside the rules of the domain: what its org has, and how long it may
//! be.

use accolade_domain::badge::{BadgeDefinition, BadgeDraft};
use accolade_domain::catalogue::{CustomField, CustomValues, Group, custom_values};
use accolade_domain::rejection::{Code, Rejection};

use crate::access::Caller;
use crate::error::UseCaseError;
use crate::ports::Ports;

/// The most bytes that a definition may have, written as JSON as it is kept.
const MOST_BYTES: usize = 64 * 1024;

/// What an org has of what a definition speaks of.
pub(crate) struct OrgParts {
    /// The group that the badge is to be in.
    pub(crate) group: Option<Group>,
    fields: Vec<CustomField>,
    /// 404 for a group that the org does not have, or has no more.
    unfit: Vec<Rejection>,
}

impl OrgParts {
    /// Those that `draft` speaks of.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn of(
        ports: &Ports,
        caller: &Caller,
        draft: &BadgeDraft,
    ) -> Result<Self, UseCaseError> {
        let catalogue = &ports.stores.catalogue;
        let mut unfit = Vec::new();
        let mut group = None;
        if let Some(id) = draft.group {
            let found = catalogue.group(caller.org, id)?;
            group = found.filter(|group| group.active);
            if group.is_none() {
                let message =
                    format!("Badge group {id} not found, or it was removed. Check the id.");
                let problem = Rejection::new(Code::NotFound).with_message(message);
                unfit.push(problem.at_field("badgeGroupId"));
            }
        }
        Ok(Self {
            group,
            fields: catalogue.active_fields(caller.org)?,
            unfit,
        })
    }

    /// Completes `draft` by the defaults of mandatory custom fields, if the badge has the values `kept`. Gives
    /// what does not fit: also 745 and 746 for values of custom fields.
    pub(crate) fn complete(&self, draft: &mut BadgeDraft, kept: &CustomValues) -> Vec<Rejection> {
        let mut unfit = self.unfit.clone();
        let sent = std::mem::take(&mut draft.custom_values);
        match custom_values(&self.fields, kept, sent) {
            Ok(values) => draft.custom_values = values,
            Err(more) => unfit.extend(more),
        }
        unfit
    }
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
