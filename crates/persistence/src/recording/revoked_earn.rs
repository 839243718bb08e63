//! Revoking an earned badge, which gives its place under every limit back.

use accolade_application::ports::{RecordError, RevokeEarnRequest};
use accolade_domain::event::{EarnFact, EventKind};
use accolade_domain::ids::CustomerId;

use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::mapping::instant;
use crate::recording::lost_commit::Trace;
use crate::recording::sql::{BadgeKey, EarnGrowth, RecordingSql, Revocation};
use crate::recording::{Concluded, Recording, Steps};
use crate::retry::WorkError;

/// The steps of the revocation of an earned badge.
#[derive(Default)]
pub(crate) struct RevokedEarn {
    /// What was revoked.
    revoked: Option<EarnFact>,
}

impl<'a, C: RecordingSql> Steps<'a, C> for RevokedEarn {
    type Request = RevokeEarnRequest;

    fn customers(request: &RevokeEarnRequest) -> Vec<CustomerId> {
        vec![request.customer]
    }

    fn begin(
        _: &mut C,
        recording: &mut Recording<'a, RevokeEarnRequest>,
    ) -> Result<Self, WorkError> {
        recording.expect(0, ());
        Ok(Self::default())
    }

    fn record(
        &mut self,
        connection: &mut C,
        recording: &mut Recording<'a, RevokeEarnRequest>,
    ) -> Result<Vec<Concluded<RevokeEarnRequest>>, WorkError> {
        let request = recording.only()?;
        let key = recording.key(request.badge);
        connection.lock_earns_to_revoke(key)?;
        recording.badges.insert(key);
        let Some(active) = connection.active_earn(key, request.customer, request.earned)? else {
            let refused = RecordError::Refused(RevokeEarnRequest::none_active());
            return Ok(vec![(0, Err(refused))]);
        };
        // Whoever else revokes it waits for the lock.
        let revoked_on = request.context.now;
        let revocation = Revocation::new(&request.context, request.reason.as_ref());
        connection.revoke_earn(key, request.customer, active.ordinal, revocation)?;
        let growth = EarnGrowth {
            key,
            event_on: active.event_on,
            rolls_on: (!active.imported).then_some(active.earned_on),
            earns: -1,
        };
        recording.growths.push(growth.of_badge());
        connection.grow_earns(growth)?;
        self.revoked = Some(fact(connection, request, key, active.ordinal)?);
        recording.trace = Some(Trace {
            is_earn: true,
            badge: key,
            customer: request.customer,
            ordinal: active.ordinal,
            revoked_on,
        });
        Ok(Vec::new())
    }

    fn told(&self, recording: &Recording<'a, RevokeEarnRequest>) -> anyhow::Result<Vec<FeedRow>> {
        let Some(fact) = &self.revoked else {
            return Ok(Vec::new());
        };
        let now = recording.only()?.context.now;
        let data = Data::RevokedEarn(Box::new(fact.clone()));
        let row = FeedRow::new(now, EventKind::EarnRevoked, 1, &data)?;
        Ok(row.into_iter().collect())
    }
}

/// What the feed says of the earned badge with this ordinal, which `request` revokes.
fn fact<C: RecordingSql>(
    connection: &mut C,
    request: &RevokeEarnRequest,
    key: BadgeKey,
    ordinal: i32,
) -> Result<EarnFact, WorkError> {
    let origin = connection.earn_origin(key, request.customer, ordinal)?;
    Ok(EarnFact {
        badge: request.badge,
        customer: request.customer,
        earned: request.earned,
        enrolment: origin.enrolment,
        event_on: instant(origin.event_on)?,
        expires_on: instant(origin.expires_on)?,
        triggered_by: origin.triggered_by,
        request_id: request.request_id.clone(),
        actor: Some(request.context.actor),
        reason: request.reason.clone(),
        limits: Vec::new(),
    })
}
