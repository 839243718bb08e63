//! Commands that wait for company: which of them may share a transaction, and how a group of them is
//! executed.

use std::hash::Hash;

use accolade_application::badges::KnownBadges;
use accolade_application::customers::NamedCustomers;
use accolade_application::earning::{EarnBadge, Earners};
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::error::UseCaseError;
use accolade_application::group_commit::{GroupCommit, execute_together};
use accolade_application::ports::Ports;
use accolade_application::{Command, Executed, Request};
use accolade_domain::ids::{BadgeId, OrgId};
use accolade_wire::customer::named::NamedCustomer;

use crate::group_commit::Member;
use crate::idempotency::Running;
use crate::metrics::Metrics;

/// The most customers of a request that may share a transaction with others.
const SMALL: usize = 100;

/// A command whose requests may share a transaction with others of its kind.
pub(crate) trait GroupCommand: Command + GroupCommit + Clone + Send + 'static {
    /// What those have in common that share one.
    type Kind: Clone + Eq + Hash + Send + 'static;

    /// Which kind it is.
    fn kind(&self, org: OrgId) -> Self::Kind;

    /// How many customers it is about; `None` if it goes its own way.
    fn weight(&self) -> Option<usize>;
}

/// A request and its command, on their way into a group.
pub(crate) struct Submission<C> {
    /// The request.
    pub(crate) request: Request,
    /// Its command.
    pub(crate) command: C,
    /// The key is held to the end, even if nobody waits for the answer any more.
    _running: Option<Running>,
}

impl<C> Submission<C> {
    /// The command of `request`, whose key runs.
    pub(crate) fn new(request: Request, command: C, running: Option<Running>) -> Self {
        Self {
            request,
            command,
            _running: running,
        }
    }
}

impl<C: GroupCommand> Member for Submission<C> {
    type Kind = C::Kind;

    fn kind(&self) -> C::Kind {
        self.command.kind(self.request.caller.org)
    }
}

/// Executes a group; gives each request its result, by position.
pub(crate) fn execute_group<C: GroupCommand>(
    ports: &Ports,
    known: &KnownBadges,
    metrics: &Metrics,
    group: &[Submission<C>],
) -> Vec<Result<Executed, UseCaseError>> {
    let members = group
        .iter()
        .map(|it| (it.request.clone(), it.command.clone()));
    let results = execute_together(ports, known, members.collect());
    for result in &results {
        metrics.executed(result);
    }
    results
}

impl GroupCommand for EnrolCustomers {
    /// Those of an org.
    type Kind = OrgId;

    fn kind(&self, org: OrgId) -> OrgId {
        org
    }

    fn weight(&self) -> Option<usize> {
        small(&self.customers)
    }
}

impl GroupCommand for EarnBadge {
    /// Those of one badge.
    type Kind = (OrgId, BadgeId);

    fn kind(&self, org: OrgId) -> Self::Kind {
        (org, self.badge)
    }

    fn weight(&self) -> Option<usize> {
        if self.event_on.is_some() {
            // Earns that happened on dates of their own share no terms with others: they would
            // only queue behind each other.
            return None;
        }
        match &self.earners {
            Earners::One(NamedCustomer::Number(_)) => Some(1),
            Earners::One(NamedCustomer::Identifier(..)) => None,
            Earners::Several(customers) => small(customers),
        }
    }
}

/// How many `customers` are, if they are few and named by their numbers.
fn small(customers: &NamedCustomers) -> Option<usize> {
    match customers {
        NamedCustomers::Numbers(_) => Some(customers.len()).filter(|count| *count <= SMALL),
        NamedCustomers::Identifiers(..) => None,
    }
}
