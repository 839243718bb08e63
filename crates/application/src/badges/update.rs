//! Revising a badge.

use accolade_domain::badge::{Badge, BadgeDraft, Defining};
use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::{Code, Rejection};

use crate::access::Caller;
use crate::answer::{Answer, BadgeView};
use crate::badges::create::merge;
use crate::badges::details::complete;
use crate::badges::edit::{Decision, edit};
use crate::badges::{etag, not_found};
use crate::error::UseCaseError;
use crate::ports::{BadgeEdit, IdempotencyGuard, Ports};

/// What a badge is to be from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateBadge {
    /// The badge.
    pub badge: BadgeId,
    /// What it is to be.
    pub draft: BadgeDraft,
    /// What could not be read of it: refused together with what the rules object to.
    pub unread: Vec<Rejection>,
    /// On, or off; as it is if `None`.
    pub active: Option<bool>,
    /// Whether it is taken over from elsewhere, so that its dates may be past.
    pub migrating: bool,
    /// The entity tags of which the badge must have one; any will do if `None`.
    pub if_match: Option<Vec<String>>,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyGuard>,
}

/// Replaces a badge's definition. Its claims stay.
///
/// # Errors
/// 404; 1944 if the badge has none of the tags; all that is wrong with the new
/// definition; 725 if its name is taken.
pub fn update(
    ports: &Ports,
    caller: &Caller,
    command: UpdateBadge,
) -> Result<Answer, UseCaseError> {
    let id = command.badge;
    let mut draft = command.draft;
    let (group, unfit) = complete(ports, caller, &mut draft)?;
    let key = command.idempotency.as_ref();
    edit(ports, caller, id, key, |badge, now| {
        if let Some(tags) = &command.if_match
            && !tags.contains(&etag(badge)?)
        {
            return Err(Rejection::of(Code::PreconditionFailed).into());
        }
        let defining = Defining {
            now,
            zone: &caller.zone,
            migrating: command.migrating,
        };
        let revised = badge.revise(draft.clone(), defining, || ports.ids.uuid());
        let definition = match revised {
            Ok(definition) if command.unread.is_empty() && unfit.is_empty() => definition,
            revised => {
                let broken = revised.err().unwrap_or_default();
                let mut problems = merge(command.unread.clone(), broken);
                problems.extend(unfit.clone());
                return Err(problems.into());
            }
        };
        let counts = ports
            .stores
            .badges
            .find_counted(caller.org, id)?
            .ok_or_else(|| not_found(id))?
            .counts;
        let view = BadgeView {
            earning_ends_on: definition.earning_ends_on(&caller.zone),
            badge: Badge {
                definition: definition.clone(),
                active: command.active.unwrap_or(badge.active),
                updated_on: now,
                updated_by: caller.actor,
                ..badge.clone()
            },
            group: group.clone(),
            counts,
            now,
        };
        let edit = BadgeEdit::Definition {
            definition: Box::new(definition),
            active: command.active,
        };
        Ok(Decision {
            edit: Some(edit),
            answer: Answer::Badge(Box::new(view)),
        })
    })
}
