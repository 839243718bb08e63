//! Reading a badge, deciding, and writing, until nobody came between.

use accolade_domain::badge::Badge;
use accolade_domain::ids::BadgeId;
use accolade_domain::rejection::Rejection;
use anyhow::anyhow;

use crate::access::Caller;
use crate::answer::Answer;
use crate::badges::not_found;
use crate::error::UseCaseError;
use crate::ports::{
    BadgeEdit, BadgeEditRequest, EditBadgeError, IdempotencyGuard, IdempotencyRecord, Ports,
};

/// How often a decision is made anew because somebody else was faster. Each time
/// somebody made progress, so this ends early unless something is broken.
pub(crate) const ATTEMPTS: usize = 100;

/// Makes the edit that `decide` chooses, on the badge as it is when the edit is written;
/// `None` changes nothing. Either way `answer` is remembered under the key, if there is one.
///
/// # Errors
/// 404 if there is no such badge; those of `decide`.
pub(crate) fn edit(
    ports: &Ports,
    caller: &Caller,
    badge: BadgeId,
    idempotency: Option<IdempotencyGuard>,
    answer: &Answer,
    decide: impl Fn(&Badge) -> Result<Option<BadgeEdit>, Rejection>,
) -> Result<(), UseCaseError> {
    let idempotency = idempotency.map(|guard| IdempotencyRecord {
        guard,
        answer: answer.clone(),
    });
    for _ in 0..ATTEMPTS {
        let found = ports
            .badges
            .find(caller.org, badge)?
            .ok_or_else(|| not_found(badge))?;
        let before = &found.badge;
        let (edit, now, by) = match decide(before)? {
            Some(edit) => (edit, ports.clock.now(), caller.client),
            None if idempotency.is_none() => return Ok(()),
            // The key must be remembered all the same: sets what is set, and
            // leaves who updated the badge and when.
            None => (
                BadgeEdit::Activity(before.active),
                before.updated_on,
                before.updated_by,
            ),
        };
        let request = BadgeEditRequest {
            org: caller.org,
            badge,
            version: found.version,
            edit,
            now,
            by,
            idempotency: idempotency.clone(),
        };
        match ports.badges.edit(&request) {
            Ok(()) => return Ok(()),
            Err(EditBadgeError::Changed) => {}
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
