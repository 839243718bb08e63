//! Looking up one badge.

use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;

use crate::access::Caller;
use crate::answer::BadgeView;
use crate::badges::not_found;
use crate::error::UseCaseError;
use crate::ports::{CountedBadge, Ports};

/// The badge as it is now, with exact counts.
///
/// # Errors
/// 404 if the caller's org has no such badge.
pub fn get(ports: &Ports, caller: &Caller, badge: BadgeId) -> Result<BadgeView, UseCaseError> {
    let found = ports
        .stores
        .badges
        .find_counted(caller.org, badge)?
        .ok_or_else(|| not_found(badge))?;
    Ok(view(found, caller, ports.clock.now()))
}

/// How `found` looks to `caller` at `now`.
pub(crate) fn view(found: CountedBadge, caller: &Caller, now: Instant) -> BadgeView {
    BadgeView {
        earning_ends_on: found.badge.definition.earning_ends_on(&caller.zone),
        badge: found.badge,
        number: Some(found.number),
        group: found.group,
        counts: found.counts,
        now,
    }
}
