//! Revoking an earned badge, which gives its place under every limit back.

use accolade_application::ports::{RecordError, RevokeEarnRequest};
use anyhow::Context as _;

use crate::recording::sql::{EarnGrowth, RecordingSql};
use crate::recording::{Recorded, Recording, Trace};
use crate::retry::WorkError;

/// Revokes what the only request of `recording` asks for.
pub(crate) fn revoke<'a, C: RecordingSql>(
    connection: &mut C,
    mut recording: Recording<'a, RevokeEarnRequest>,
) -> Result<Recorded<'a, RevokeEarnRequest>, WorkError> {
    let request = recording.requests.first().context("an empty batch")?;
    let key = recording.key(request.badge);
    recording.expect(0, ());
    recording.reserve(connection)?;
    if !recording.is_open(0) {
        return recording.recorded([key], false);
    }
    connection.lock_earns(&[key])?;
    let Some(active) = connection.active_earn(key, request.customer, request.earned)? else {
        let refused = RecordError::Refused(RevokeEarnRequest::none_active());
        recording.conclude(connection, vec![(0, Err(refused))])?;
        return recording.recorded([key], false);
    };
    // Whoever else revokes it waits for the lock.
    let revoked_on = request.context.now;
    connection.revoke_earn(key, request.customer, active.ordinal, revoked_on)?;
    connection.grow_earns(EarnGrowth {
        key,
        event_on: active.event_on,
        rolls_on: (!active.imported).then_some(active.earned_on),
        earns: -1,
    })?;
    let trace = Trace {
        is_earn: true,
        badge: key,
        customer: request.customer,
        ordinal: active.ordinal,
        revoked_on,
    };
    Ok(recording.recorded([key], false)?.with_trace(Some(trace)))
}
