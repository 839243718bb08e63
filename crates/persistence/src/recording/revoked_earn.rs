//! Revoking an earned badge, which gives its place under every limit back.

use accolade_application::ports::{RecordError, RevokeEarnRequest};

use crate::recording::lost_commit::Trace;
use crate::recording::sql::{EarnGrowth, RecordingSql, Revocation};
use crate::recording::{Concluded, Recording, Steps};
use crate::retry::WorkError;

/// The steps of the revocation of an earned badge.
pub(crate) struct RevokedEarn;

impl<'a, C: RecordingSql> Steps<'a, C> for RevokedEarn {
    type Request = RevokeEarnRequest;

    fn begin(
        _: &mut C,
        recording: &mut Recording<'a, RevokeEarnRequest>,
    ) -> Result<Self, WorkError> {
        recording.expect(0, ());
        Ok(Self)
    }

    fn record(
        &mut self,
        connection: &mut C,
        recording: &mut Recording<'a, RevokeEarnRequest>,
    ) -> Result<Vec<Concluded<RevokeEarnRequest>>, WorkError> {
        let request = recording.only()?;
        let key = recording.key(request.badge);
        connection.lock_earns(&[key])?;
        recording.badges.insert(key);
        let Some(active) = connection.active_earn(key, request.customer, request.earned)? else {
            let refused = RecordError::Refused(RevokeEarnRequest::none_active());
            return Ok(vec![(0, Err(refused))]);
        };
        // Whoever else revokes it waits for the lock.
        let revoked_on = request.context.now;
        let revocation = Revocation::new(&request.context, request.reason.as_ref());
        connection.revoke_earn(key, request.customer, active.ordinal, revocation)?;
        connection.grow_earns(EarnGrowth {
            key,
            event_on: active.event_on,
            rolls_on: (!active.imported).then_some(active.earned_on),
            earns: -1,
        })?;
        recording.trace = Some(Trace {
            is_earn: true,
            badge: key,
            customer: request.customer,
            ordinal: active.ordinal,
            revoked_on,
        });
        Ok(Vec::new())
    }
}
