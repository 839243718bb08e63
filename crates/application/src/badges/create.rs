//! Creating a badge.

use accolade_domain::audit::telling;
use accolade_domain::badge::{Badge, BadgeDraft, Defining};
use accolade_domain::catalogue::CustomValues;
use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::{Code, Rejection};

use crate::answer::{Answer, BadgeCounts, BadgeView};
use crate::approvals::Approval;
use crate::badges::definition::{OrgParts, check_size};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{CreateBadgeError, Ports};
use crate::request::Request;

/// Creates a badge, without claims.
///
/// Refused with all that is wrong with the definition; 400 if its id is taken, 725 if its name is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateBadge {
    /// What it is to be.
    pub draft: BadgeDraft,
    /// What could not be read of it: refused together with what the rules object to.
    pub unread: Vec<Rejection>,
    /// Whether it is on.
    pub active: bool,
    /// Whether it is taken over from elsewhere, so that its dates may be past.
    pub migrating: bool,
    /// The id that it is to have; a new one if `None`.
    pub id: Option<BadgeId>,
}

impl Command for CreateBadge {
    const APPROVAL: Approval<Self> = Approval::Exempt(
        "nobody has a new badge, and it can be updated only with approval once it is live",
    );

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (now, caller) = (ports.clock.now(), &request.caller);
        let mut draft = self.draft;
        let mut problems = self.unread;
        let of_org = OrgParts::of(ports, caller, &draft)?;
        let unfit = of_org.complete(&mut draft, &CustomValues::new());
        let defining = Defining {
            now,
            zone: &caller.zone,
            migrating: self.migrating,
        };
        let definition = match draft.define(defining, || ports.ids.uuid()) {
            Ok(definition) if problems.is_empty() && unfit.is_empty() => definition,
            defined => {
                problems = merge(problems, defined.err().unwrap_or_default());
                problems.extend(unfit);
                return Err(problems.into());
            }
        };
        check_size(&definition)?;
        let view = BadgeView {
            earning_ends_on: definition.earning_ends_on(&caller.zone),
            badge: Badge {
                id: self.id.unwrap_or_else(|| ports.ids.object_id().into()),
                org: caller.org,
                definition,
                active: self.active,
                claims: Vec::new(),
                created_on: now,
                created_by: caller.actor,
                updated_on: now,
                updated_by: caller.actor,
            },
            number: None,
            group: of_org.group,
            counts: BadgeCounts::default(),
            now,
        };
        let record = request.record(&Answer::BadgeCreated(Box::new(view.clone())));
        let told = [telling::badge_created(
            &view.badge,
            &request.attribution(now),
        )];
        match (ports.stores.badges).create(&view.badge, record.as_ref(), &told) {
            Ok(number) => Ok(Answer::BadgeCreated(Box::new(BadgeView {
                number: Some(number),
                ..view
            }))),
            Err(CreateBadgeError::IdTaken) => {
                let message = "Another badge of the organisation has this id. Update that one, or \
                     leave the id out.";
                Err(Rejection::unreadable(message).at_field("id").into())
            }
            Err(CreateBadgeError::NameTaken) => {
                Err(Rejection::new(Code::NameTaken).at_field("name").into())
            }
            Err(CreateBadgeError::IdempotencyKeyUsed) => Err(UseCaseError::IdempotencyKeyUsed),
            Err(CreateBadgeError::Store(error)) => Err(error.into()),
        }
    }
}

/// What could not be read, and what is wrong besides: a part that could not be
/// read is missing from the draft, which need not be said again.
pub(crate) fn merge(unread: Vec<Rejection>, broken: Vec<Rejection>) -> Vec<Rejection> {
    let said = |field: &str| {
        unread
            .iter()
            .filter_map(|rejection| rejection.field.as_deref())
            .any(|path| {
                path.strip_prefix(field)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                // A list that is missing as a whole, and a twin of a date.
                || field.starts_with(path)
                || path.strip_suffix("ISO") == Some(field)
            })
    };
    let more: Vec<_> = broken
        .into_iter()
        .filter(|rejection| rejection.field.as_deref().is_none_or(|field| !said(field)))
        .collect();
    unread.into_iter().chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_read_is_not_reported_as_missing_too() {
        let at = |path: &str| Rejection::new(Code::Unreadable).at_field(path);
        let unread = vec![
            at("startOnISO"),
            at("earnedBadgeExpiry.value"),
            at("ownership"),
        ];
        let broken = vec![
            at("name"),
            at("startOn"),
            at("earnedBadgeExpiry"),
            at("ownership.restrictedToOwners"),
        ];
        let merged: Vec<_> = merge(unread, broken)
            .into_iter()
            .filter_map(|r| r.field)
            .collect();
        assert_eq!(
            merged,
            ["startOnISO", "earnedBadgeExpiry.value", "ownership", "name"]
        );
    }
}
