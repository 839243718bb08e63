//! Revoking enrolments.

use accolade_domain::approval::RuledOperation;
use std::collections::HashSet;

use accolade_domain::ids::{BadgeId, EnrolmentId};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::{Reason, RequestId};
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, UnknownCustomer};
use crate::approvals::Approval;
use crate::badges::not_found;
use crate::customers::{NamedCustomer, NamedCustomers, resolve, resolve_each};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{
    Operation, Ports, RecordError, RecordedRequest as _, RevokeEnrolmentsRequest, RevokeTarget,
};
use crate::request::{self, Request};
use crate::turns::MOST_ROUNDS;

/// Revokes enrolments: once this has returned, nothing is earned by virtue of them.
///
/// Refused with the first that applies: 809; 404.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeEnrolments {
    /// The badge.
    pub badge: BadgeId,
    /// Which enrolments.
    pub which: WhichEnrolments,
    /// The caller's id of the request, if it sent one.
    pub request_id: Option<RequestId>,
    /// Why, if it is said.
    pub reason: Option<Reason>,
}

/// Which enrolments of a badge are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhichEnrolments {
    /// All that these customers have.
    AllOf(NamedCustomers),
    /// These, each with whose it is.
    Named(Vec<(NamedCustomer, EnrolmentId)>),
}

impl Command for RevokeEnrolments {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Revoke, |it| Ok(it.into()));

    const HAS_DRY_RUN: bool = true;

    fn customers(&self) -> usize {
        match &self.which {
            WhichEnrolments::AllOf(customers) => customers.len(),
            WhichEnrolments::Named(enrolments) => enrolments.len(),
        }
    }

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let mut targets = targets(ports, request, self.which)?;
        if let Some(request_id) = &self.request_id {
            let operation = Operation::RevokeIssue;
            request::check_id_unused(ports, &request.caller, operation, request_id)?;
        }
        let badge = self.badge;
        if ports
            .stores
            .badges
            .find(request.caller.org, badge)?
            .is_none()
        {
            return Err(not_found(badge).at_field("badgeMetaId").into());
        }
        for _ in 0..MOST_ROUNDS {
            targets = targets.current(ports, request)?;
            let recorded = RevokeEnrolmentsRequest {
                context: request.context(ports.clock.now()),
                badge,
                targets: targets.revoked.clone(),
                unknown: targets.unknown.clone(),
                request_id: self.request_id.clone(),
                reason: self.reason.clone(),
            };
            if request.dry_run {
                let outcomes = ports.stores.enrolments.preview_revoke(&recorded)?;
                return Ok(recorded.answer(outcomes));
            }
            match ports.stores.enrolments.revoke(&recorded)? {
                Err(RecordError::CustomersMerged) => {}
                outcomes => return Ok(recorded.answer(outcomes?)),
            }
        }
        Err(UseCaseError::overtaken("who the customers are"))
    }
}

/// What is to be revoked, and whose identifier nobody has.
struct Targets {
    /// Each once.
    revoked: Vec<RevokeTarget>,
    /// The positions of those in the request.
    positions: Vec<usize>,
    /// By its place among all.
    unknown: Vec<UnknownCustomer>,
    /// What is warned of who is named again, at this position.
    repeated: fn(usize) -> Rejection,
}

impl Targets {
    /// The same of the successors of those who were merged into others. Warns of what is named again
    /// by that.
    fn current(self, ports: &Ports, request: &mut Request) -> Result<Self, UseCaseError> {
        let customers: Vec<_> = self.revoked.iter().map(|it| it.customer).collect();
        let people = &ports.stores.people;
        let successors = people.successors(request.caller.org, &customers)?;
        if successors.is_empty() {
            return Ok(self);
        }
        let mut seen = HashSet::new();
        let (mut revoked, mut positions, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        let both = self.revoked.into_iter().zip(self.positions).enumerate();
        for (index, (target, position)) in both {
            let customer = successors.get(&target.customer).copied();
            let target = RevokeTarget {
                customer: customer.unwrap_or(target.customer),
                ..target
            };
            if seen.insert((target.customer, target.enrolment)) {
                revoked.push(target);
                positions.push(position);
            } else {
                gone.push(index);
                request.warnings.push((self.repeated)(position));
            }
        }
        Ok(Self {
            revoked,
            positions,
            unknown: UnknownCustomer::closed_up(&self.unknown, &gone, |_| false),
            ..self
        })
    }
}

fn targets(
    ports: &Ports,
    request: &mut Request,
    which: WhichEnrolments,
) -> Result<Targets, UseCaseError> {
    match which {
        WhichEnrolments::AllOf(customers) => {
            let found = resolve(ports, request, customers, "customers")?;
            let positions = found.positions();
            let all = |customer| RevokeTarget {
                customer,
                enrolment: None,
            };
            Ok(Targets {
                revoked: found.customers.into_iter().map(all).collect(),
                positions,
                unknown: found.unknown,
                repeated: |position| {
                    Rejection::new(Code::CustomerRepeated)
                        .at_field(format!("customers[{position}]"))
                },
            })
        }
        WhichEnrolments::Named(named) => named_targets(ports, request, named),
    }
}

fn named_targets(
    ports: &Ports,
    request: &mut Request,
    named: Vec<(NamedCustomer, EnrolmentId)>,
) -> Result<Targets, UseCaseError> {
    let (customers, enrolments): (Vec<_>, Vec<_>) = named.into_iter().unzip();
    let customers = resolve_each(ports, request, customers, |position| {
        format!("revokeIssuals[{position}].customerId")
    })?;
    let mut targets = Targets {
        revoked: Vec::new(),
        positions: Vec::new(),
        unknown: Vec::new(),
        repeated,
    };
    let mut seen = HashSet::new();
    for (position, (customer, enrolment)) in customers.into_iter().zip(enrolments).enumerate() {
        if !seen.insert((customer.clone(), enrolment)) {
            request.warnings.push(repeated(position));
            continue;
        }
        let place = targets.revoked.len() + targets.unknown.len();
        match customer {
            Ok(customer) => {
                targets.positions.push(position);
                targets.revoked.push(RevokeTarget {
                    customer,
                    enrolment: Some(enrolment),
                });
            }
            Err(identifier) => targets.unknown.push(UnknownCustomer {
                position: u32::try_from(place).unwrap_or(u32::MAX),
                identifier,
            }),
        }
    }
    Ok(targets)
}

/// The warning of an enrolment that is named again, at this position.
fn repeated(position: usize) -> Rejection {
    Rejection::new(Code::CustomerRepeated)
        .with_message("The enrolment is named more than once. It counts once.")
        .at_field(format!("revokeIssuals[{position}]"))
}
