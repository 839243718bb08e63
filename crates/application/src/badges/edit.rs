//! Reading a badge, deciding, and writing, when it is one's turn, until no other server came between.

use accolade_domain::audit::{Attribution, Entry, telling};
use accolade_domain::badge::Badge;
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};

use crate::access::Caller;
use crate::answer::Answer;
use crate::badges::{etag, not_found};
use crate::error::UseCaseError;
use crate::ports::{BadgeEdit, BadgeEditRequest, EditBadgeError, IdempotencyKeyUsed, Ports};
use crate::request::Request;
use crate::turns::MOST_ROUNDS;

/// A change of a badge that is decided from the badge as it is.
pub(crate) trait BadgeChange {
    /// The badge.
    fn badge(&self) -> BadgeId;

    /// What to do with `badge` at `now`, and what to answer.
    ///
    /// # Errors
    /// The badge does not allow it.
    fn decide(
        &self,
        ports: &Ports,
        caller: &Caller,
        badge: &Badge,
        now: Instant,
    ) -> Result<Decision, UseCaseError>;
}

/// What to do with a badge, and what to answer.
pub(crate) struct Decision {
    /// The change; `None` if it is already as it should be.
    pub(crate) edit: Option<BadgeEdit>,
    /// What the caller is warned of if nothing has to be changed.
    pub(crate) warning: Option<Rejection>,
    /// The answer.
    pub(crate) answer: Answer,
}

/// Makes `change` on the badge as it is when it is written, and gives the answer, which is remembered
/// under the request's key.
///
/// # Errors
/// 404 if there is no such badge; 725 if its new name is taken; those of the decision.
pub(crate) fn edit(
    ports: &Ports,
    request: &mut Request,
    change: &impl BadgeChange,
) -> Result<Answer, UseCaseError> {
    let (badge, caller) = (change.badge(), &request.caller);
    let _turn = (!request.dry_run).then(|| ports.turns.wait([(caller.org, badge.0)]));
    for _ in 0..MOST_ROUNDS {
        let found = ports
            .stores
            .badges
            .find(caller.org, badge)?
            .ok_or_else(|| not_found(badge))?;
        // Of a change, the badge must be the one that was looked at.
        if let Some(basis) = &request.basis
            && *basis != etag(&found.badge)?
        {
            return Err(Rejection::new(Code::Stale).into());
        }
        let now = ports.clock.now();
        let Decision {
            edit,
            warning,
            answer,
        } = change.decide(ports, caller, &found.badge, now)?;
        if request.dry_run {
            request.warnings.extend(warning);
            return Ok(answer);
        }
        let Some(edit) = edit else {
            request.warnings.extend(warning);
            if let Some(record) = request.record(&answer) {
                ports
                    .stores
                    .idempotency
                    .remember(&record)?
                    .map_err(|IdempotencyKeyUsed| UseCaseError::IdempotencyKeyUsed)?;
            }
            return Ok(answer);
        };
        let edit = BadgeEditRequest {
            org: caller.org,
            badge,
            version: found.version,
            entries: entries(&found.badge, &edit, &request.attribution(now)),
            edit,
            now,
            by: caller.actor,
            idempotency: request.record(&answer),
        };
        match ports.stores.badges.edit(&edit) {
            Ok(()) => return Ok(answer),
            Err(EditBadgeError::Changed) => {}
            Err(EditBadgeError::NameTaken) => {
                return Err(Rejection::new(Code::NameTaken).at_field("name").into());
            }
            Err(EditBadgeError::IdempotencyKeyUsed) => {
                return Err(UseCaseError::IdempotencyKeyUsed);
            }
            Err(EditBadgeError::Store(error)) => return Err(error.into()),
        }
    }
    Err(UseCaseError::overtaken(format_args!("badge {badge}")))
}

/// What the audit trail tells of `edit`, which changes `badge`.
fn entries(badge: &Badge, edit: &BadgeEdit, by: &Attribution) -> Vec<Entry> {
    let after = match edit {
        BadgeEdit::Claim(claim) => return vec![telling::badge_claimed(badge, claim, by)],
        BadgeEdit::Activity(active) => Badge {
            active: *active,
            ..badge.clone()
        },
        BadgeEdit::Definition { definition, active } => Badge {
            definition: definition.as_ref().clone(),
            active: active.unwrap_or(badge.active),
            ..badge.clone()
        },
    };
    telling::badge_revised(badge, &after, by)
}
