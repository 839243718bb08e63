//! Where enrolments live.

use accolade_domain::audit::{Entry, telling};
use accolade_domain::enrolment::{CustomerOutcome, Hold, Outcome};
use accolade_domain::ids::{BadgeId, CustomerId, IdBlock, ObjectId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::{Reason, RequestId};

use crate::answer::{Answer, EnrolmentAnswer, RevokedEnrolment, UnknownCustomer};
use crate::ports::{
    BadgeVersion, Batch, BatchedRequest, Context, Operation, RecordError, RecordedRequest,
    RevokeEnrolmentsRequest, StoreError,
};

/// Customers to be enrolled for a badge, and everything that was decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentRequest {
    /// Where it is recorded, by whom, when, and under which key.
    pub context: Context,
    /// The badge.
    pub badge: BadgeId,
    /// The version of the badge that the rest was decided from.
    pub version: BadgeVersion,
    /// The id of the request, unique for this operation of the org.
    pub request_id: RequestId,
    /// Who triggered it.
    pub triggered_by: Option<Owner>,
    /// Why an operator does it by hand, if one does.
    pub by_hand: Option<Reason>,
    /// When the enrolments hold.
    pub hold: Hold,
    /// The customers, each once.
    pub customers: Vec<CustomerId>,
    /// Customers whose identifier nobody has, for the answer only. Without any known customer
    /// the request is executed all the same.
    pub unknown: Vec<UnknownCustomer>,
    /// A new enrolment id for each customer, by position; the ids of customers who are not enrolled
    /// stay unused.
    pub ids: IdBlock,
}

/// Requests of one org that may share a transaction: no two of them have a request id, an
/// idempotency key, or a customer of one badge in common.
pub type EnrolmentBatch = Batch<EnrolmentRequest>;

impl RecordedRequest for EnrolmentRequest {
    type Outcome = Vec<CustomerOutcome>;

    fn context(&self) -> &Context {
        &self.context
    }

    fn operation(&self) -> Operation {
        Operation::IssueBulk
    }

    fn request_id(&self) -> Option<&RequestId> {
        Some(&self.request_id)
    }

    fn first_id(&self) -> Option<ObjectId> {
        self.ids.first()
    }

    fn triggered_by(&self) -> Option<&Owner> {
        self.triggered_by.as_ref()
    }

    fn answer(&self, outcomes: Vec<CustomerOutcome>) -> Answer {
        Answer::Enrolment(EnrolmentAnswer {
            badge: self.badge,
            triggered_by: self.triggered_by.clone(),
            expires_on: self.hold.expires_on(),
            outcomes,
            unknown: self.unknown.clone(),
            request_id: self.request_id.clone(),
        })
    }

    fn entries(&self, outcomes: &Vec<CustomerOutcome>) -> Vec<Entry> {
        let Some(reason) = &self.by_hand else {
            return Vec::new();
        };
        let (org, by) = (self.context.org, self.context.attribution());
        let enrolled = outcomes.iter().filter_map(|it| match it.outcome {
            Outcome::Enrolled(id) => Some(id),
            _ => None,
        });
        enrolled
            .map(|id| telling::enrolled_by_hand(org, id, reason, &by))
            .collect()
    }
}

impl BatchedRequest for EnrolmentRequest {
    fn customers(&self) -> (BadgeId, &[CustomerId]) {
        (self.badge, &self.customers)
    }

    /// A batch is of one org.
    fn compatible(&self, other: &Self) -> bool {
        self.context.org == other.context.org
    }
}

/// Where enrolments live.
pub trait EnrolmentStore: Send + Sync {
    /// Executes every request of `batch` in one transaction: of each, all or
    /// nothing, whatever becomes of the others. Gives an answer to each, by position.
    ///
    /// A customer is refused ([`Outcome::AlreadyEnrolled`]) if an enrolment of
    /// the badge that is not revoked overlaps the new one; the domain's
    /// [`decide`] says so and which one is named. Everybody else is enrolled,
    /// also beside earlier and later enrolments. Of overlapping attempts at the
    /// same moment exactly one wins and the others name it. The outcomes are
    /// in the order of the request's customers.
    ///
    /// What was executed is in the request ledger, its idempotency key is
    /// remembered, and the badge's counts have grown, all in the same
    /// transaction. What an operator does by hand is in the audit trail, an entry for each enrolment.
    /// Of two requests with one id, or with one idempotency key, at the same
    /// moment exactly one is executed.
    ///
    /// The version of the badge is checked under a lock that excludes edits of
    /// it: nothing is recorded that was decided from a version before an edit
    /// that has returned.
    ///
    /// The number of SQL statements does not grow with the customers, if nobody else enrols
    /// the same ones at the same moment.
    ///
    /// # Errors
    /// Of one request, the first that applies: [`RecordError::IdempotencyKeyUsed`],
    /// [`RecordError::RequestIdUsed`], [`RecordError::BadgeChanged`].
    /// Of the whole batch: [`StoreError`].
    ///
    /// [`Outcome::AlreadyEnrolled`]: accolade_domain::enrolment::Outcome::AlreadyEnrolled
    /// [`decide`]: accolade_domain::enrolment::decide
    fn enrol(
        &self,
        batch: &EnrolmentBatch,
    ) -> Result<Vec<Result<Vec<CustomerOutcome>, RecordError>>, StoreError>;

    /// What [`enrol`](Self::enrol) would make of these customers now, with nothing
    /// recorded: [`Outcome::WouldEnrol`] for everybody not refused. Whether there is such
    /// a badge, and at which version, is not asked.
    ///
    /// # Errors
    /// The store failed.
    ///
    /// [`Outcome::WouldEnrol`]: accolade_domain::enrolment::Outcome::WouldEnrol
    fn preview(
        &self,
        org: OrgId,
        badge: BadgeId,
        hold: Hold,
        customers: &[CustomerId],
        now: Instant,
    ) -> Result<Vec<CustomerOutcome>, StoreError>;

    /// Revokes enrolments, in one transaction, and gives an outcome for each
    /// target in its order: one for each enrolment that was revoked, in the order in which
    /// they were recorded, or the refusal that the domain's [`to_revoke`] gives, with the
    /// enrolment that the target names. An enrolment is revoked once: of two that race
    /// exactly one wins. The badge's counts fall by what was revoked. With a request
    /// id the request is in the ledger.
    ///
    /// [`to_revoke`]: accolade_domain::enrolment::to_revoke
    ///
    /// # Errors
    /// The first that applies: [`RecordError::IdempotencyKeyUsed`],
    /// [`RecordError::RequestIdUsed`].
    fn revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Result<Vec<RevokedEnrolment>, RecordError>, StoreError>;

    /// What [`revoke`](Self::revoke) would answer now, with nothing recorded.
    ///
    /// # Errors
    /// The store failed.
    fn preview_revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Vec<RevokedEnrolment>, StoreError>;
}
