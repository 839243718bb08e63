//! Revising a badge.

use accolade_domain::approval::RuledOperation;
use accolade_domain::badge::{Badge, BadgeDraft, Defining};
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::answer::{Answer, BadgeView};
use crate::approvals::Approval;
use crate::badges::create::merge;
use crate::badges::definition::{OrgParts, check_size};
use crate::badges::edit::{BadgeChange, Decision, edit};
use crate::badges::{etag, not_found};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{BadgeEdit, Ports};
use crate::request::Request;

/// Replaces a badge's definition. Its claims stay.
///
/// Refused with 404; 1944 if the badge has none of the tags; all that is wrong with the new
/// definition; 725 if its name is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl Command for UpdateBadge {
    const APPROVAL: Approval<Self> =
        Approval::Ruled(RuledOperation::UpdateBadge, |it| Ok(it.into()));

    const HAS_DRY_RUN: bool = true;

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let revision = Revision {
            of_org: OrgParts::of(ports, &request.caller, &self.draft)?,
            command: self,
        };
        edit(ports, request, &revision)
    }
}

/// A command, and what the org has of what it speaks of.
struct Revision {
    command: UpdateBadge,
    of_org: OrgParts,
}

impl BadgeChange for Revision {
    fn badge(&self) -> BadgeId {
        self.command.badge
    }

    fn decide(
        &self,
        ports: &Ports,
        caller: &Caller,
        badge: &Badge,
        now: Instant,
    ) -> Result<Decision, UseCaseError> {
        let command = &self.command;
        if let Some(tags) = &command.if_match
            && !tags.contains(&etag(badge)?)
        {
            return Err(Rejection::new(Code::PreconditionFailed).into());
        }
        let defining = Defining {
            now,
            zone: &caller.zone,
            migrating: command.migrating,
        };
        let mut draft = command.draft.clone();
        let unfit = (self.of_org).complete(&mut draft, &badge.definition.custom_values);
        let definition = match badge.revise(draft, defining, || ports.ids.uuid()) {
            Ok(definition) if command.unread.is_empty() && unfit.is_empty() => definition,
            revised => {
                let broken = revised.err().unwrap_or_default();
                let mut problems = merge(command.unread.clone(), broken);
                problems.extend(unfit);
                return Err(problems.into());
            }
        };
        check_size(&definition)?;
        let counted = ports
            .stores
            .badges
            .find_counted(caller.org, command.badge)?
            .ok_or_else(|| not_found(command.badge))?;
        let view = BadgeView {
            earning_ends_on: definition.earning_ends_on(&caller.zone),
            badge: Badge {
                definition: definition.clone(),
                active: command.active.unwrap_or(badge.active),
                updated_on: now,
                updated_by: caller.actor,
                ..badge.clone()
            },
            number: Some(counted.number),
            group: self.of_org.group.clone(),
            counts: counted.counts,
            now,
        };
        let edit = BadgeEdit::Definition {
            definition: Box::new(definition),
            active: command.active,
        };
        Ok(Decision {
            edit: Some(edit),
            warning: None,
            answer: Answer::Badge(Box::new(view)),
        })
    }
}
