//! Enrolments: the port.

use accolade_application::answer::RevokedEnrolment;
use accolade_application::ports::{
    EnrolmentBatch, EnrolmentStore, RecordError, RevokeEnrolmentsRequest, StoreError,
};
use accolade_domain::enrolment::{CustomerOutcome, EnrolmentStatus, Hold, Outcome, decide};
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::instant::Instant;

use crate::recording::enrolments::Enrolments;
use crate::recording::existing::existing;
use crate::recording::revoked_enrolments::{self, RevokedEnrolments};
use crate::recording::sql::RecordingSql;
use crate::store::Store;

impl<C: RecordingSql> EnrolmentStore for Store<C> {
    fn enrol(
        &self,
        batch: &EnrolmentBatch,
    ) -> Result<Vec<Result<Vec<CustomerOutcome>, RecordError>>, StoreError> {
        self.record::<Enrolments>(batch.requests())
    }

    fn preview(
        &self,
        org: OrgId,
        badge: BadgeId,
        hold: Hold,
        customers: &[CustomerId],
        now: Instant,
    ) -> Result<Vec<CustomerOutcome>, StoreError> {
        let pairs: Vec<_> = customers.iter().map(|it| (*it, badge)).collect();
        self.reader.query(|connection| {
            let all = existing(connection, org, &pairs)?;
            let outcomes = customers.iter().enumerate().map(|(place, customer)| {
                let (outcome, status) = match decide(all.at(place), hold) {
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
        self.record_one::<RevokedEnrolments>(request)
    }

    fn preview_revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Vec<RevokedEnrolment>, StoreError> {
        self.reader
            .query(|connection| Ok(revoked_enrolments::judge(connection, request)?.outcomes))
    }
}
