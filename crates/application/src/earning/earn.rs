//! Earning a badge.

use accolade_domain::approval::RuledOperation;
use accolade_domain::earning::{EventDate, limits, terms};
use accolade_domain::ids::BadgeId;
use accolade_domain::owner::Owner;
use accolade_domain::text::{Reason, RequestId};
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, EarnOutcome};
use crate::approvals::Approval;
use crate::customers::{NamedCustomer, NamedCustomers, resolve, resolve_one};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::group_commit::{self, DecidedBy, GroupCommit, Recording, Refused, Subjects};
use crate::ports::{EarnBatch, EarnRequest, Operation, Ports, RecordedRequest as _};
use crate::request::Request;

/// Lets customers earn a badge, as far as limits have room.
///
/// Refused with the first that applies: 809 the request id was executed before; 404; those of
/// [`terms`]; for one customer 811, 817 and 818, before all of them 1026.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarnBadge {
    /// The badge.
    pub badge: BadgeId,
    /// Who is to earn it.
    pub earners: Earners,
    /// The caller's id of the request.
    pub request_id: RequestId,
    /// When the criteria were fulfilled.
    pub event: EventDate,
    /// Who triggered it; `None` if it is done by hand.
    pub triggered_by: Option<Owner>,
    /// Why an operator does it by hand: the audit trail has each earn with it then. `None` if it comes
    /// another way.
    pub by_hand: Option<Reason>,
}

/// Who is to earn a badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Earners {
    /// One customer, whose refusal is that of the whole request.
    One(NamedCustomer),
    /// Customers with an outcome each.
    Several(NamedCustomers),
}

impl Command for EarnBadge {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Earn, |it| Ok(it.into()));

    const HAS_DRY_RUN: bool = true;

    fn customers(&self) -> usize {
        match &self.earners {
            Earners::One(_) => 1,
            Earners::Several(customers) => customers.len(),
        }
    }

    fn run(mut self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let found = match &mut self.earners {
            Earners::One(named) => vec![resolve_one(
                ports,
                &request.caller,
                &mut request.warnings,
                named.clone(),
                Some("customerId"),
            )?]
            .into(),
            Earners::Several(named) => {
                let named = std::mem::take(named);
                resolve(ports, request, named, "customerIds")?
            }
        };
        group_commit::run_alone(ports, request, self, found)
    }
}

impl GroupCommit for EarnBadge {
    type Recorded = EarnRequest;

    fn badge(&self) -> BadgeId {
        self.badge
    }

    fn operation(&self) -> Operation {
        match self.earners {
            Earners::One(_) => Operation::Earn,
            Earners::Several(_) => Operation::EarnBulk,
        }
    }

    fn request_id(&self) -> Option<&RequestId> {
        Some(&self.request_id)
    }

    fn field(&self) -> &'static str {
        "customerIds"
    }

    fn repeats(&self) -> Vec<usize> {
        match &self.earners {
            Earners::One(_) => Vec::new(),
            Earners::Several(named) => named.repeats_at().to_vec(),
        }
    }

    fn decide(&self, by: DecidedBy<'_>, subjects: Subjects) -> Result<EarnRequest, Box<Refused>> {
        let (badge, zone) = (&by.found.badge, &by.request.caller.zone);
        let terms = terms(badge, zone, self.triggered_by.as_ref(), self.event, by.now);
        let terms = match terms {
            Ok(terms) => terms,
            Err(rejection) => {
                return Err(Box::new(Refused {
                    rejection,
                    subjects,
                }));
            }
        };
        Ok(EarnRequest {
            limits: limits(&badge.definition, zone, terms.event_on, by.now),
            context: by.request.context(by.now),
            badge: self.badge,
            version: by.found.version,
            operation: self.operation(),
            request_id: subjects.request_id,
            triggered_by: self.triggered_by.clone(),
            by_hand: self.by_hand.clone(),
            terms,
            zone: zone.clone(),
            customers: subjects.customers,
            unknown: subjects.unknown,
            ids: subjects.ids,
        })
    }

    fn subjects(request: EarnRequest) -> Subjects {
        Subjects {
            request_id: request.request_id,
            customers: request.customers,
            unknown: request.unknown,
            ids: request.ids,
        }
    }

    fn record(ports: &Ports, batch: &EarnBatch) -> Recording<Self> {
        ports.stores.earning.earn(batch)
    }

    fn preview(ports: &Ports, request: EarnRequest) -> Result<Answer, UseCaseError> {
        let outcomes = ports.stores.earning.preview(&request)?;
        if let (Operation::Earn, [only]) = (request.operation, outcomes.as_slice())
            && let EarnOutcome::Refused(rejection) = &only.outcome
        {
            return Err(rejection.clone().into());
        }
        Ok(request.answer(outcomes))
    }
}
