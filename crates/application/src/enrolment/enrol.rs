//! Enrolling customers for a badge.

use accolade_domain::approval::RuledOperation;
use accolade_domain::enrolment::terms;
use accolade_domain::ids::BadgeId;
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::{Reason, RequestId};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::approvals::Approval;
use crate::customers::{NamedCustomers, resolve};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::group_commit::{self, DecidedBy, GroupCommit, Recording, Refused, Subjects};
use crate::ports::{EnrolmentBatch, EnrolmentRequest, Operation, Ports, RecordedRequest as _};
use crate::request::Request;

/// Enrols customers for a badge: the whole request or nothing of it, with an outcome for each
/// customer.
///
/// Refused with the first that applies: 809 the request id was executed before; 404; those of
/// [`terms`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Why an operator does it by hand: the audit trail has each enrolment with it then. `None` if it comes
    /// another way.
    pub by_hand: Option<Reason>,
}

impl Command for EnrolCustomers {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Enrol, |it| Ok(it.into()));

    const HAS_DRY_RUN: bool = true;

    fn customers(&self) -> usize {
        self.customers.len()
    }

    fn run(mut self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let named = std::mem::take(&mut self.customers);
        let found = resolve(ports, request, named, "customers")?;
        group_commit::run_alone(ports, request, self, found)
    }
}

impl GroupCommit for EnrolCustomers {
    type Recorded = EnrolmentRequest;

    fn badge(&self) -> BadgeId {
        self.badge
    }

    fn operation(&self) -> Operation {
        Operation::IssueBulk
    }

    fn request_id(&self) -> Option<&RequestId> {
        self.request_id.as_ref()
    }

    fn field(&self) -> &'static str {
        "customers"
    }

    fn repeats(&self) -> Vec<usize> {
        self.customers.repeats_at().to_vec()
    }

    fn decide(
        &self,
        by: DecidedBy<'_>,
        subjects: Subjects,
    ) -> Result<EnrolmentRequest, Box<Refused>> {
        let (badge, zone) = (&by.found.badge, &by.request.caller.zone);
        let hold = terms(
            badge,
            zone,
            self.triggered_by.as_ref(),
            self.event_on,
            by.now,
        );
        let hold = match hold {
            Ok(hold) => hold,
            Err(rejection) => {
                return Err(Box::new(Refused {
                    rejection,
                    subjects,
                }));
            }
        };
        Ok(EnrolmentRequest {
            context: by.request.context(by.now),
            badge: self.badge,
            version: by.found.version,
            request_id: subjects.request_id,
            triggered_by: self.triggered_by.clone(),
            by_hand: self.by_hand.clone(),
            hold,
            customers: subjects.customers,
            unknown: subjects.unknown,
            ids: subjects.ids,
        })
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
