//! Revoking enrolments.

use std::collections::HashSet;

use accolade_domain::ids::{BadgeId, EnrolmentId};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::{Reason, RequestId};

use crate::answer::{Answer, UnknownCustomer};
use crate::badges::not_found;
use crate::customers::{NamedCustomer, NamedCustomers, resolve, resolve_each};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{Operation, Ports, RecordedRequest as _, RevokeEnrolmentsRequest, RevokeTarget};
use crate::request::{self, Request};

/// Revokes enrolments: once this has returned, nothing is earned by virtue of them.
///
/// Refused with the first that applies: 809; 404.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichEnrolments {
    /// All that these customers have.
    AllOf(NamedCustomers),
    /// These, each with whose it is.
    Named(Vec<(NamedCustomer, EnrolmentId)>),
}

impl Command for RevokeEnrolments {
    const HAS_DRY_RUN: bool = true;

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let (targets, unknown) = targets(ports, request, self.which)?;
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
        let recorded = RevokeEnrolmentsRequest {
            context: request.context(ports.clock.now()),
            badge,
            targets,
            unknown,
            request_id: self.request_id,
            reason: self.reason,
        };
        let outcomes = if request.dry_run {
            ports.stores.enrolments.preview_revoke(&recorded)?
        } else {
            ports.stores.enrolments.revoke(&recorded)??
        };
        Ok(recorded.answer(outcomes))
    }
}

/// What is to be revoked, each once, and whose identifier nobody has, by its place among all.
type Targets = (Vec<RevokeTarget>, Vec<UnknownCustomer>);

fn targets(
    ports: &Ports,
    request: &mut Request,
    which: WhichEnrolments,
) -> Result<Targets, UseCaseError> {
    match which {
        WhichEnrolments::AllOf(customers) => {
            let found = resolve(ports, request, customers, "customers")?;
            let all = |customer| RevokeTarget {
                customer,
                enrolment: None,
            };
            Ok((
                found.customers.into_iter().map(all).collect(),
                found.unknown,
            ))
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
    let (mut targets, mut unknown) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for (position, (customer, enrolment)) in customers.into_iter().zip(enrolments).enumerate() {
        if !seen.insert((customer.clone(), enrolment)) {
            request.warnings.push(repeated(position));
            continue;
        }
        match customer {
            Ok(customer) => targets.push(RevokeTarget {
                customer,
                enrolment: Some(enrolment),
            }),
            Err(identifier) => unknown.push(UnknownCustomer {
                position: u32::try_from(targets.len() + unknown.len()).unwrap_or(u32::MAX),
                identifier,
            }),
        }
    }
    Ok((targets, unknown))
}

/// The warning of an enrolment that is named again, at this position.
fn repeated(position: usize) -> Rejection {
    Rejection::new(Code::CustomerRepeated)
        .with_message("The enrolment is named more than once. It counts once.")
        .at_field(format!("revokeIssuals[{position}]"))
}
