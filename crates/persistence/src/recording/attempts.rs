//! Inserting enrolments until each customer is enrolled or refused.
//!
//! Enrolments are append-only: a customer's are numbered from 1. Each round inserts, at the
//! next number, those who are still open, and takes what is there already for an answer: if
//! a number was taken, a fresh statement reads the customer's enrolments and the
//! domain decides. Who may still be enrolled tries the next number. Nobody who loses a race
//! is refused for it, only for an overlap.
//!
//! Where there are many, the first rounds insert all of them or nobody, if that is what the
//! database does fastest.

use accolade_application::ports::EnrolmentRequest;
use accolade_domain::enrolment::{EnrolmentStatus, decide};
use accolade_domain::ids::{EnrolmentId, OrgId};

use crate::recording::existing::existing;
use crate::recording::sql::{EnrolmentSql, NewEnrolment};
use crate::retry::{MOST_ROUNDS, WorkError};

/// How many rounds may insert all or nobody: the first may find somebody enrolled, the second
/// leaves those out. Later ones enrol whom they can, so that every round has a winner.
const ROUNDS_OF_MANY: usize = 2;

/// A customer whom an earlier enrolment stands in the way of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    /// The request, by its position in the batch.
    pub(super) request: usize,
    /// The customer's position in the request.
    pub(super) position: usize,
    /// The earlier enrolment.
    pub(super) existing: EnrolmentId,
    /// Its state.
    pub(super) status: EnrolmentStatus,
}

/// Enrols `new`, sorted by customer and badge, and gives who was refused. `numbers` are those of
/// the requests in the ledger. So `many` or more are inserted in the way that is best for many.
pub(super) fn enrol<C: EnrolmentSql>(
    connection: &mut C,
    org: OrgId,
    requests: &[EnrolmentRequest],
    numbers: &[i64],
    mut new: Vec<NewEnrolment>,
    many: usize,
) -> Result<Vec<Refused>, WorkError> {
    let mut refused = Vec::new();
    for round in 0..MOST_ROUNDS {
        let inserted = if new.is_empty() {
            0
        } else if round < ROUNDS_OF_MANY && new.len() >= many {
            connection.insert_many_enrolments(requests, numbers, &new)?
        } else {
            connection.insert_enrolments(requests, numbers, &new)?
        };
        if inserted == new.len() {
            return Ok(refused);
        }
        let customers: Vec<_> = new
            .iter()
            .map(|it| (it.customer, requests[it.request].badge))
            .collect();
        let existing = existing(connection, org, &customers)?;
        let mut open = Vec::new();
        for (place, it) in new.iter().enumerate() {
            let own = existing.at(place);
            if own.iter().any(|enrolment| enrolment.id.0 == it.id) {
                continue;
            }
            let request = &requests[it.request];
            match decide(own, request.hold) {
                Some(existing) => refused.push(Refused {
                    request: it.request,
                    position: it.position,
                    existing: existing.id,
                    status: existing.status(request.context.now),
                }),
                None => open.push(NewEnrolment {
                    ordinal: existing.next_ordinal(place),
                    ..*it
                }),
            }
        }
        new = open;
    }
    Err(WorkError::Overtaken("enrolments"))
}
