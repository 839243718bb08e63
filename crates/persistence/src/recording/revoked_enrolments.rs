//! Revoking enrolments.
//!
//! It locks the badge against everybody: who earns holds that lock shared, so that no earn
//! rests on an enrolment whose revocation has returned, and earning needs no lock for each
//! enrolment. Revocations are rare, and short. What is revoked is known before anything is
//! written.

use accolade_application::answer::RevokedEnrolment;
use accolade_application::ports::{RevokeEnrolmentsRequest, RevokeTarget};
use accolade_domain::enrolment::{Enrolment, to_revoke};
use accolade_domain::ids::CustomerId;
use anyhow::Context as _;

use crate::recording::existing::existing;
use crate::recording::lost_commit::Trace;
use crate::recording::sql::{EnrolmentSql, Growth, RecordingSql, Revocation};
use crate::recording::{Concluded, Recording, Steps};
use crate::retry::WorkError;

/// An enrolment of a badge, by customer and ordinal.
type Which = (CustomerId, i32);

/// The steps of the revocation of enrolments.
pub(crate) struct RevokedEnrolments {
    which: Vec<Which>,
}

impl<'a, C: RecordingSql> Steps<'a, C> for RevokedEnrolments {
    type Request = RevokeEnrolmentsRequest;

    fn begin(
        connection: &mut C,
        recording: &mut Recording<'a, RevokeEnrolmentsRequest>,
    ) -> Result<Self, WorkError> {
        let request = recording.only()?;
        let badge = recording.key(request.badge);
        connection.lock_badge(badge)?;
        recording.badges.insert(badge);
        let (outcomes, which) = judge(connection, request)?;
        recording.expect(0, outcomes);
        Ok(Self { which })
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
            let growth = Growth {
                badge: request.badge,
                issued: -revoked,
                earned: 0,
            };
            connection.grow_counts(recording.org, &[growth])?;
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
}

/// What would be revoked, and what is answered: the targets one after the other.
pub(crate) fn judge<C: EnrolmentSql>(
    connection: &mut C,
    request: &RevokeEnrolmentsRequest,
) -> Result<(Vec<RevokedEnrolment>, Vec<Which>), WorkError> {
    let mut customers: Vec<_> = request.targets.iter().map(|it| it.customer).collect();
    customers.sort_unstable();
    customers.dedup();
    let pairs: Vec<_> = customers.iter().map(|it| (*it, request.badge)).collect();
    let existing = existing(connection, request.context.org, &pairs)?;
    let mut all: Vec<Vec<Enrolment>> = (0..customers.len())
        .map(|place| existing.at(place).to_vec())
        .collect();
    let (mut outcomes, mut which) = (Vec::new(), Vec::new());
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
    Ok((outcomes, which))
}
