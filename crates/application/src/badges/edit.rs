//! Reading a badge, deciding, and writing, until nobody came between.

use accolade_domain::badge::Badge;
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::Answer;
use crate::badges::not_found;
use crate::error::UseCaseError;
use crate::ports::{
    BadgeEdit, BadgeEditRequest, EditBadgeError, IdempotencyGuard, IdempotencyKeyUsed,
    IdempotencyRecord, Ports,
};

/// How often a decision is made anew because somebody else was faster. Each time
/// somebody made progress, so this ends early unless something is broken.
pub(crate) const ATTEMPTS: usize = 100;

/// What to do with a badge, and what to answer.
pub(crate) struct Decision {
    /// The change; `None` if it is already as it should be.
    pub(crate) edit: Option<BadgeEdit>,
    /// The answer.
    pub(crate) answer: Answer,
}

/// Makes the edit that `decide` chooses, on the badge as it is when the edit is
/// written, at the moment that it is told, and gives the answer, which is remembered under the idempotency key.
///
/// # Errors
/// 404 if there is no such badge; 725 if its new name is taken; those of `decide`.
pub(crate) fn edit(
    ports: &Ports,
    caller: &Caller,
    badge: BadgeId,
    idempotency: Option<&IdempotencyGuard>,
    decide: impl Fn(&Badge, Instant) -> Result<Decision, UseCaseError>,
) -> Result<Answer, UseCaseError> {
    for _ in 0..ATTEMPTS {
        let found = ports
            .stores
            .badges
            .find(caller.org, badge)?
            .ok_or_else(|| not_found(badge))?;
        let now = ports.clock.now();
        let Decision { edit, answer } = decide(&found.badge, now)?;
        let record = idempotency.map(|guard| IdempotencyRecord {
            guard: guard.clone(),
            answer: answer.clone(),
        });
        let Some(edit) = edit else {
            if let Some(record) = record {
                ports
                    .stores
                    .idempotency
                    .remember(&record)?
                    .map_err(|IdempotencyKeyUsed| UseCaseError::IdempotencyKeyUsed)?;
            }
            return Ok(answer);
        };
        let request = BadgeEditRequest {
            org: caller.org,
            badge,
            version: found.version,
            edit,
            now,
            by: caller.actor,
            idempotency: record,
        };
        match ports.stores.badges.edit(&request) {
            Ok(()) => return Ok(answer),
            Err(EditBadgeError::Changed) => {}
            Err(EditBadgeError::NameTaken) => {
                return Err(Rejection::of(Code::NameTaken).at("name").into());
            }
            Err(EditBadgeError::IdempotencyKeyUsed) => {
                return Err(UseCaseError::IdempotencyKeyUsed);
            }
            Err(EditBadgeError::Store(error)) => return Err(error.into()),
        }
    }
    Err(UseCaseError::unexpected(anyhow!(
        "badge {badge} changed {ATTEMPTS} times in a row"
    )))
}
