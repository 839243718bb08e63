//! Recording enrolments: the port, over what each database says its own way.
//!
//! One transaction carries out a batch:
//!
//! 1. lock the badges, shared, as a statement of its own; then read their versions;
//! 2. reserve the idempotency keys, then write the request ledger's rows: who finds one
//!    taken is refused, and what it reserved is released;
//! 3. insert the enrolments ([`attempts`]);
//! 4. correct the ledger's answers where somebody was refused, and grow the counts.
//!
//! The ledger's row has to be there before the enrolments, to stop a second request of the
//! same id early; by then it is not known who will be refused. So it is written
//! with the answer of the usual case, that nobody is, and rewritten only otherwise.

mod attempts;
mod batch;
mod revoke;
mod sql;

pub(crate) use attempts::held;
pub(crate) use sql::{BadgeKey, Count, EnrolmentSql, Held, Wanted};

use accolade_application::answer::RevokedEnrolment;
use accolade_application::ports::{
    EnrolmentBatch, EnrolmentStore, RecordError, RevokeEnrolmentsRequest, StoreError,
};
use accolade_domain::enrolment::{CustomerOutcome, EnrolmentStatus, Hold, Outcome, decide};
use accolade_domain::ids::{BadgeId, CustomerId, ObjectId, OrgId};
use accolade_domain::instant::Instant;

use crate::carried_out::RequestSql;
use crate::enrolment::batch::{Batch, Recorded};
use crate::enrolment::revoke::NotRevoked;
use crate::ledger::{self, LedgerSql};
use crate::retry::{Abort, Link};
use crate::store::Store;

type Outcomes = Vec<Result<Vec<CustomerOutcome>, RecordError>>;

/// Why a batch is not committed.
enum NotCommitted {
    /// No request of it was carried out.
    AllRefused(Outcomes),
    Store(StoreError),
}

impl From<StoreError> for NotCommitted {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<C: Link + EnrolmentSql + LedgerSql + RequestSql> EnrolmentStore for Store<C> {
    fn enrol(&self, batch: &EnrolmentBatch) -> Result<Outcomes, StoreError> {
        let requests = batch.requests();
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let work = |connection: &mut C| {
            let recorded = Batch::of(requests)?.record(connection, self.many)?;
            if recorded.ledger.is_empty() {
                return Err(Abort::Refused(NotCommitted::AllRefused(recorded.outcomes)));
            }
            Ok(recorded)
        };
        let ending = |connection: &mut C, recorded: &Recorded<'_>| {
            // Waits for the lost transaction, which holds these locks shared.
            for badge in &recorded.badges {
                connection.lock_badge(*badge)?;
            }
            ledger::ending(connection, &recorded.ledger)
        };
        match self.writer.write(work, ending) {
            Ok(recorded) => Ok(recorded.outcomes),
            Err(NotCommitted::AllRefused(outcomes)) => Ok(outcomes),
            Err(NotCommitted::Store(error)) => Err(error),
        }
    }

    fn preview(
        &self,
        org: OrgId,
        badge: BadgeId,
        hold: Hold,
        customers: &[CustomerId],
        now: Instant,
    ) -> Result<Vec<CustomerOutcome>, StoreError> {
        let wanted: Vec<_> = customers
            .iter()
            .enumerate()
            .map(|(position, customer)| Wanted {
                request: 0,
                position,
                customer: *customer,
                id: ObjectId::from_bytes([0; 12]),
                ordinal: 1,
            })
            .collect();
        self.reader.query(|connection| {
            let all = held(connection, &[BadgeKey { org, badge }], &wanted)?;
            let outcomes = customers.iter().enumerate().map(|(index, customer)| {
                let (outcome, status) = match decide(all.of(index), hold) {
                    Some(existing) => (Outcome::AlreadyEnrolled(existing.id), existing.status(now)),
                    None => (Outcome::WouldEnrol, EnrolmentStatus::of(hold, now)),
                };
                CustomerOutcome {
                    customer: *customer,
                    outcome,
                    status,
                }
            });
            Ok(outcomes.collect())
        })
    }

    fn revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Result<Vec<RevokedEnrolment>, RecordError>, StoreError> {
        let work = |connection: &mut C| revoke::revoke(connection, request);
        let ending = |connection: &mut C, revoked: &_| revoke::ending(connection, request, revoked);
        match self.writer.write(work, ending) {
            Ok(revoked) => Ok(Ok(revoked.outcomes)),
            Err(NotRevoked::Refused(error)) => Ok(Err(error)),
            Err(NotRevoked::Store(error)) => Err(error),
        }
    }

    fn preview_revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Vec<RevokedEnrolment>, StoreError> {
        self.reader
            .query(|connection| Ok(revoke::judge(connection, request)?.0))
    }
}
