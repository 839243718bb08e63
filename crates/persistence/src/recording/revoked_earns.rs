//! Revoking earned badges, which gives their places under every limit back.
//!
//! The earned badges of a batch are of one badge, whose earns it locks against everybody. What is
//! revoked is known before anything is written of it.

use std::collections::BTreeMap;

use accolade_application::ports::{RecordError, RevokeEarnRequest};
use accolade_domain::event::{EarnFact, EventKind};
use accolade_domain::ids::CustomerId;

use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::mapping::instant;
use crate::recording::lost_commit::Trace;
use crate::recording::sql::{ActiveEarn, EarnCount, RecordingSql, Revocation};
use crate::recording::{Concluded, Recording, Steps};
use crate::retry::WorkError;

/// The steps of the revocation of earned badges.
#[derive(Default)]
pub(crate) struct RevokedEarns {
    /// What was revoked, with the positions of the requests.
    revoked: Vec<(usize, EarnFact)>,
}

impl<'a, C: RecordingSql> Steps<'a, C> for RevokedEarns {
    type Request = RevokeEarnRequest;

    const BEGIN_REFUSES: bool = false;

    fn customers(request: &RevokeEarnRequest) -> Vec<CustomerId> {
        vec![request.customer]
    }

    fn rows(_: &RevokeEarnRequest) -> usize {
        1
    }

    fn begin(
        _: &mut C,
        recording: &mut Recording<'a, RevokeEarnRequest>,
    ) -> Result<Self, WorkError> {
        for request in 0..recording.requests.len() {
            recording.expect(request, ());
        }
        Ok(Self::default())
    }

    fn record(
        &mut self,
        connection: &mut C,
        recording: &mut Recording<'a, RevokeEarnRequest>,
    ) -> Result<Vec<Concluded<RevokeEarnRequest>>, WorkError> {
        let open: Vec<_> = recording.open().collect();
        let requests = recording.requests;
        let Some(any) = open.first().map(|it| &requests[*it]) else {
            return Ok(Vec::new());
        };
        let key = recording.key(any.badge);
        connection.lock_earns_to_revoke(key)?;
        recording.badges.insert(key);
        let named = open
            .iter()
            .map(|it| (requests[*it].customer, requests[*it].earned));
        let named: Vec<_> = named.collect();
        let (mut active, mut refused) = (Vec::new(), Vec::new());
        for (request, found) in open.into_iter().zip(connection.active_earns(key, &named)?) {
            if let Some(earn) = found {
                active.push((request, earn));
            } else {
                let rejection = RevokeEarnRequest::none_active();
                refused.push((request, Err(RecordError::Refused(rejection))));
            }
        }
        // Whoever else revokes one of them waits for the lock.
        if let Some((request, first)) = active.first() {
            let which = active.iter();
            let which = which.map(|(request, earn)| (requests[*request].customer, earn.ordinal));
            let revocation = Revocation::new(&any.context, any.reason.as_ref());
            connection.revoke_earns(key, &which.collect::<Vec<_>>(), revocation)?;
            let earns = active.iter().map(|(_, earn)| earn);
            connection.count_earns(key.org, &counts(any, earns))?;
            recording.trace = Some(Trace {
                is_earn: true,
                badge: key,
                customer: requests[*request].customer,
                ordinal: first.ordinal,
                revoked_on: any.context.now,
            });
        }
        for (request, earn) in active {
            self.revoked
                .push((request, fact(&requests[request], earn)?));
        }
        Ok(refused)
    }

    fn told(&self, recording: &Recording<'a, RevokeEarnRequest>) -> anyhow::Result<Vec<FeedRow>> {
        let rows = self.revoked.iter().map(|(request, fact)| {
            let now = recording.requests[*request].context.now;
            let data = Data::RevokedEarn(Box::new(fact.clone()));
            FeedRow::new(now, EventKind::EarnRevoked, 1, &data)
        });
        rows.filter_map(Result::transpose).collect()
    }
}

/// By how much what counts falls, at each event date and moment of recording.
fn counts<'e>(
    any: &RevokeEarnRequest,
    earns: impl Iterator<Item = &'e ActiveEarn>,
) -> Vec<EarnCount> {
    let mut counts: BTreeMap<(i64, Option<i64>), i64> = BTreeMap::new();
    for earn in earns {
        let rolls_on = (!earn.imported).then_some(earn.earned_on);
        *counts.entry((earn.event_on, rolls_on)).or_default() -= 1;
    }
    let counts = counts
        .into_iter()
        .map(|((event_on, rolls_on), earns)| EarnCount {
            badge: any.badge,
            event_on,
            rolls_on,
            earns,
        });
    counts.collect()
}

/// What the feed says of the earned badge that `request` revokes.
fn fact(request: &RevokeEarnRequest, earn: ActiveEarn) -> anyhow::Result<EarnFact> {
    Ok(EarnFact {
        badge: request.badge,
        customer: request.customer,
        earned: request.earned,
        enrolment: earn.enrolment,
        event_on: instant(earn.event_on)?,
        expires_on: instant(earn.expires_on)?,
        triggered_by: earn.triggered_by,
        request_id: request.request_id.clone(),
        actor: Some(request.context.actor),
        reason: request.reason.clone(),
        limits: Vec::new(),
    })
}
