//! Enrolling customers for a badge.

use accolade_domain::badge::Badge;
use accolade_domain::enrolment::{Hold, terms};
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;
use accolade_domain::zone::Zone;

use crate::answer::Answer;
use crate::customers::{NamedCustomers, Resolved, resolve};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::group_commit::{self, Decided, GroupCommit, Recording, Subjects};
use crate::ports::{EnrolmentBatch, EnrolmentRequest, Operation, Ports, RecordedRequest as _};
use crate::request::Request;

/// Enrols customers for a badge: the whole request or nothing of it, with an outcome for each
/// customer.
///
/// Refused with the first that applies: 809 the request id was carried out before; 404; those of
/// [`terms`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolCustomers {
    /// The badge.
    pub badge: BadgeId,
    /// The customers.
    pub customers: NamedCustomers,
    /// The caller's id of the request; one is made if `None`.
    pub request_id: Option<RequestId>,
    /// When they were enrolled; now if `None`.
    pub event_on: Option<Instant>,
    /// Who triggered it; `None` if it is done by hand.
    pub triggered_by: Option<Owner>,
}

impl Command for EnrolCustomers {
    const HAS_DRY_RUN: bool = true;

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        group_commit::run_alone(ports, request, self)
    }
}

impl GroupCommit for EnrolCustomers {
    type Recorded = EnrolmentRequest;
    type Terms = Hold;

    fn badge(&self) -> BadgeId {
        self.badge
    }

    fn operation(&self) -> Operation {
        Operation::IssueBulk
    }

    fn request_id(&self) -> Option<&RequestId> {
        self.request_id.as_ref()
    }

    fn take_customers(
        &mut self,
        ports: &Ports,
        request: &mut Request,
    ) -> Result<Resolved, UseCaseError> {
        let named = std::mem::take(&mut self.customers);
        resolve(ports, request, named, "customers")
    }

    fn terms(&self, badge: &Badge, zone: &Zone, now: Instant) -> Result<Hold, Rejection> {
        terms(badge, zone, self.triggered_by.as_ref(), self.event_on, now)
    }

    fn recorded(&self, decided: Decided<Hold>) -> EnrolmentRequest {
        EnrolmentRequest {
            context: decided.context,
            badge: self.badge,
            version: decided.found.version,
            request_id: decided.subjects.request_id,
            triggered_by: self.triggered_by.clone(),
            hold: decided.terms,
            customers: decided.subjects.customers,
            unknown: decided.subjects.unknown,
            ids: decided.subjects.ids,
        }
    }

    fn subjects(request: EnrolmentRequest) -> Subjects {
        Subjects {
            request_id: request.request_id,
            customers: request.customers,
            unknown: request.unknown,
            ids: request.ids,
        }
    }

    fn record(ports: &Ports, batch: &EnrolmentBatch) -> Recording<Self> {
        ports.stores.enrolments.enrol(batch)
    }

    fn preview(ports: &Ports, request: EnrolmentRequest) -> Result<Answer, UseCaseError> {
        let outcomes = ports.stores.enrolments.preview(
            request.context.org,
            request.badge,
            request.hold,
            &request.customers,
            request.context.now,
        )?;
        Ok(request.answer(outcomes))
    }
}
