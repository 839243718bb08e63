//! Revoking enrolments.
//!
//! It locks the badge against everybody: who earns holds that lock shared, so that no earn
//! rests on an enrolment whose revocation has returned, and earning needs no lock for each
//! enrolment. Revocations are rare, and short.

use accolade_application::answer::RevokedEnrolment;
use accolade_application::ports::{
    Operation, RecordError, RecordedRequest as _, RevokeEnrolmentsRequest, RevokeTarget, StoreError,
};
use accolade_domain::enrolment::{Enrolment, to_revoke};
use accolade_domain::ids::{CustomerId, ObjectId};
use anyhow::Context as _;
use diesel::QueryResult;

use crate::answers;
use crate::carried_out::{CarriedOut, RequestSql};
use crate::enrolment::attempts::held;
use crate::enrolment::sql::{BadgeKey, Count, EnrolmentSql, Wanted};
use crate::ledger::{LedgerName, LedgerSql};
use crate::retry::{Abort, Ending, Failure};

/// Why a revocation is not committed.
pub(super) enum NotRevoked {
    Refused(RecordError),
    Store(StoreError),
}

impl From<StoreError> for NotRevoked {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// An enrolment of a badge, by customer and ordinal.
type Which = (CustomerId, i32);

/// A revocation that waits for COMMIT.
pub(super) struct Revoked {
    pub(super) outcomes: Vec<RevokedEnrolment>,
    /// What was revoked.
    which: Vec<Which>,
    answer: Vec<u8>,
}

fn key_of(request: &RevokeEnrolmentsRequest) -> BadgeKey {
    BadgeKey {
        org: request.context.org,
        badge: request.badge,
    }
}

/// What would be revoked, and what is answered: the targets one after the other.
pub(super) fn judge<C: EnrolmentSql>(
    connection: &mut C,
    request: &RevokeEnrolmentsRequest,
) -> Result<(Vec<RevokedEnrolment>, Vec<Which>), Failure> {
    let mut customers: Vec<_> = request.targets.iter().map(|it| it.customer).collect();
    customers.sort_unstable();
    customers.dedup();
    let wanted = wanted(&customers);
    let held = held(connection, &[key_of(request)], &wanted)?;
    let mut all: Vec<Vec<Enrolment>> = (0..customers.len())
        .map(|index| held.of(index).to_vec())
        .collect();
    let (mut outcomes, mut which) = (Vec::new(), Vec::new());
    for RevokeTarget {
        customer,
        enrolment,
    } in &request.targets
    {
        let index = customers.binary_search(customer).ok();
        let index = index.context("a target that is none")?;
        let mine = &mut all[index];
        let mut add = |enrolment, refused| {
            outcomes.push(RevokedEnrolment {
                customer: *customer,
                enrolment,
                refused,
            });
        };
        match to_revoke(mine, *enrolment) {
            Err(rejection) => add(*enrolment, Some(rejection)),
            Ok(ids) => {
                for (one, ordinal) in mine.iter_mut().zip(held.ordinals_of(index)) {
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

fn wanted(customers: &[CustomerId]) -> Vec<Wanted> {
    let wanted = customers.iter().enumerate();
    wanted
        .map(|(position, customer)| Wanted {
            request: 0,
            position,
            customer: *customer,
            id: ObjectId::from_bytes([0; 12]),
            ordinal: 1,
        })
        .collect()
}

/// Carries out `request`.
pub(super) fn revoke<C: EnrolmentSql + RequestSql>(
    connection: &mut C,
    request: &RevokeEnrolmentsRequest,
) -> Result<Revoked, Abort<NotRevoked>> {
    let badge = key_of(request);
    connection.lock_badge(badge)?;
    let (outcomes, which) = judge(connection, request)?;
    let answer = request.answer(outcomes.clone());
    let carried_out = CarriedOut {
        org: request.context.org,
        operation: Operation::RevokeIssue,
        request_id: request.request_id.as_ref(),
        idempotency: request.context.key.as_ref(),
        recorded_on: request.context.now,
        recorded_by: request.context.actor,
        answer: &answer,
    };
    connection
        .carry_out(&carried_out)?
        .map_err(|error| Abort::Refused(NotRevoked::Refused(error)))?;
    if !which.is_empty() {
        connection.revoke(badge, request.context.now, &which)?;
        let revoked = i64::try_from(which.len()).context("a count")?;
        connection.count(&[Count {
            badge,
            issued: -revoked,
            earned: 0,
        }])?;
    }
    Ok(Revoked {
        outcomes,
        which,
        answer: answers::encode(&answer)?,
    })
}

/// How the revocation ended whose COMMIT was not answered.
pub(super) fn ending<C: EnrolmentSql + LedgerSql>(
    connection: &mut C,
    request: &RevokeEnrolmentsRequest,
    revoked: &Revoked,
) -> QueryResult<Ending> {
    let badge = key_of(request);
    // Waits for the lost transaction.
    connection.lock_badge(badge)?;
    if let Some(request_id) = &request.request_id {
        let there = connection.recorded_answer(LedgerName {
            org: request.context.org,
            operation: Operation::RevokeIssue,
            request_id,
        })?;
        return Ok(match there {
            Some(there) if there == revoked.answer => Ending::Committed,
            _ => Ending::Undone,
        });
    }
    // All of them were revoked, or none.
    let Some((customer, ordinal)) = revoked.which.first() else {
        return Ok(Ending::Undone);
    };
    let Ok(held) = held(connection, &[badge], &wanted(&[*customer])) else {
        return Ok(Ending::Unknown);
    };
    let mut both = held.of(0).iter().zip(held.ordinals_of(0));
    let one = both.find(|it| it.1 == ordinal).map(|it| it.0.revoked_on);
    Ok(match one {
        Some(Some(on)) if on == request.context.now => Ending::Committed,
        Some(None) => Ending::Undone,
        _ => Ending::Unknown,
    })
}
