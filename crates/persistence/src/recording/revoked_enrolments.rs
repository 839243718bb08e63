//! Revoking enrolments.
//!
//! It locks the badge against everybody: who earns holds that lock shared, so that no earn
//! rests on an enrolment whose revocation has returned, and earning needs no lock for each
//! enrolment. Revocations are rare, and short. What is revoked is known before anything is
//! written.

use accolade_application::answer::RevokedEnrolment;
use accolade_application::ports::{RevokeEnrolmentsRequest, RevokeTarget};
use accolade_domain::enrolment::{Enrolment, to_revoke};
use accolade_domain::event::{EnrolmentFact, EventKind};
use accolade_domain::ids::CustomerId;
use accolade_domain::owner::Owner;
use anyhow::Context as _;

use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::recording::existing::existing;
use crate::recording::lost_commit::Trace;
use crate::recording::sql::{EnrolmentSql, Growth, RecordingSql, Revocation};
use crate::recording::{Concluded, Recording, Steps};
use crate::retry::WorkError;

/// An enrolment of a badge, by customer and ordinal.
type Which = (CustomerId, i32);

/// What would be revoked.
pub(crate) struct Judged {
    /// What is answered: the targets one after the other.
    pub(crate) outcomes: Vec<RevokedEnrolment>,
    which: Vec<Which>,
    /// The same enrolments, as they were.
    enrolments: Vec<Enrolment>,
}

/// The steps of the revocation of enrolments.
pub(crate) struct RevokedEnrolments {
    which: Vec<Which>,
    enrolments: Vec<Enrolment>,
    /// What was revoked.
    revoked: Vec<EnrolmentFact>,
}

impl<'a, C: RecordingSql> Steps<'a, C> for RevokedEnrolments {
    type Request = RevokeEnrolmentsRequest;

    const BEGIN_REFUSES: bool = false;

    fn customers(request: &RevokeEnrolmentsRequest) -> Vec<CustomerId> {
        request.targets.iter().map(|it| it.customer).collect()
    }

    fn rows(request: &RevokeEnrolmentsRequest) -> usize {
        request.targets.len()
    }

    fn begin(
        connection: &mut C,
        recording: &mut Recording<'a, RevokeEnrolmentsRequest>,
    ) -> Result<Self, WorkError> {
        let request = recording.only()?;
        let badge = recording.key(request.badge);
        connection.lock_badge(badge)?;
        recording.badges.insert(badge);
        let judged = judge(connection, request)?;
        recording.expect(0, judged.outcomes);
        Ok(Self {
            which: judged.which,
            enrolments: judged.enrolments,
            revoked: Vec::new(),
        })
    }

    fn record(
        &mut self,
        connection: &mut C,
        recording: &mut Recording<'a, RevokeEnrolmentsRequest>,
    ) -> Result<Vec<Concluded<RevokeEnrolmentsRequest>>, WorkError> {
        let request = recording.only()?;
        // All of them are revoked, or none: one tells.
        if let Some((customer, ordinal)) = self.which.first() {
            let (badge, revoked_on) = (recording.key(request.badge), request.context.now);
            let revocation = Revocation::new(&request.context, request.reason.as_ref());
            connection.revoke_enrolments(badge, revocation, &self.which)?;
            let revoked = i64::try_from(self.which.len()).context("a count")?;
            recording.growths.push(Growth {
                badge: request.badge,
                issued: -revoked,
                earned: 0,
            });
            let owners = connection.triggered_by(badge, &self.which)?;
            self.revoked = facts(request, &self.which, &self.enrolments, owners);
            recording.trace = Some(Trace {
                is_earn: false,
                badge,
                customer: *customer,
                ordinal: *ordinal,
                revoked_on,
            });
        }
        Ok(Vec::new())
    }

    fn told(
        &self,
        recording: &Recording<'a, RevokeEnrolmentsRequest>,
    ) -> anyhow::Result<Vec<FeedRow>> {
        if self.revoked.is_empty() {
            return Ok(Vec::new());
        }
        let now = recording.only()?.context.now;
        let (kind, events) = (EventKind::EnrolmentRevoked, self.revoked.len());
        let data = Data::RevokedEnrolments(self.revoked.iter().cloned().map(Some).collect());
        let row = FeedRow::new(now, kind, events, &data)?;
        Ok(row.into_iter().collect())
    }
}

/// What the feed says of the enrolments that `request` revokes.
fn facts(
    request: &RevokeEnrolmentsRequest,
    which: &[Which],
    enrolments: &[Enrolment],
    owners: Vec<Option<Owner>>,
) -> Vec<EnrolmentFact> {
    let all = which.iter().zip(enrolments).zip(owners);
    let facts = all.map(|(((customer, _), enrolment), triggered_by)| EnrolmentFact {
        badge: request.badge,
        customer: *customer,
        enrolment: enrolment.id,
        event_on: enrolment.hold.event_on(),
        expires_on: enrolment.hold.expires_on(),
        triggered_by,
        request_id: request.request_id.clone(),
        actor: Some(request.context.actor),
        reason: request.reason.clone(),
    });
    facts.collect()
}

/// What `request` would revoke.
pub(crate) fn judge<C: EnrolmentSql>(
    connection: &mut C,
    request: &RevokeEnrolmentsRequest,
) -> Result<Judged, WorkError> {
    let mut customers: Vec<_> = request.targets.iter().map(|it| it.customer).collect();
    customers.sort_unstable();
    customers.dedup();
    let pairs: Vec<_> = customers.iter().map(|it| (*it, request.badge)).collect();
    let existing = existing(connection, request.context.org, &pairs)?;
    let mut all: Vec<Vec<Enrolment>> = (0..customers.len())
        .map(|place| existing.at(place).to_vec())
        .collect();
    let (mut outcomes, mut which, mut enrolments) = (Vec::new(), Vec::new(), Vec::new());
    for RevokeTarget {
        customer,
        enrolment,
    } in &request.targets
    {
        let place = customers.binary_search(customer).ok();
        let place = place.context("a target that is none")?;
        let own = &mut all[place];
        let mut add = |enrolment, refused| {
            outcomes.push(RevokedEnrolment {
                customer: *customer,
                enrolment,
                refused,
            });
        };
        match to_revoke(own, *enrolment) {
            Err(rejection) => add(*enrolment, Some(rejection)),
            Ok(ids) => {
                for (one, ordinal) in own.iter_mut().zip(existing.ordinals_at(place)) {
                    if ids.contains(&one.id) {
                        enrolments.push(*one);
                        one.revoked_on = Some(request.context.now);
                        which.push((*customer, *ordinal));
                    }
                }
                for id in ids {
                    add(Some(id), None);
                }
            }
        }
    }
    Ok(Judged {
        outcomes,
        which,
        enrolments,
    })
}
