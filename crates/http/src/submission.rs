//! Small requests whose callers may do what they ask for, on their way to be executed in a group commit.

use std::io;

use accolade_application::badges::KnownBadges;
use accolade_application::customers::{NamedCustomer, NamedCustomers};
use accolade_application::earning::{EarnBadge, Earners};
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::error::UseCaseError;
use accolade_application::group_commit::{GroupCommit as GroupCommand, execute_together};
use accolade_application::ports::{Ports, StoreError};
use accolade_application::{Command, Executed, Request};
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use anyhow::anyhow;

use crate::auth::Permit;
use crate::group_commit::{Bounds, GroupCommit, Member};
use crate::idempotency::Running;
use crate::listeners::Listeners;
use crate::metrics::Metrics;
use crate::traces;

/// The most customers of a request that may share a transaction with others.
const SMALL: usize = 100;

/// A command whose requests share transactions with others of a kind.
pub(crate) trait SmallCommand: Command + GroupCommand + Send + 'static {
    /// What those have in common that share one.
    type Kind: Clone + Eq + std::hash::Hash + Send + 'static;

    /// Which kind it is in `org`.
    fn kind(&self, org: OrgId) -> Self::Kind;

    /// The customers whom it is about; `None` if it is executed by itself: because they are many,
    /// because the directory must be asked who they are, or because it would share nothing.
    fn few_customers(&self) -> Option<Vec<CustomerId>>;
}

impl SmallCommand for EnrolCustomers {
    /// All of an org share transactions.
    type Kind = OrgId;

    fn kind(&self, org: OrgId) -> OrgId {
        org
    }

    fn few_customers(&self) -> Option<Vec<CustomerId>> {
        few(&self.customers)
    }
}

impl SmallCommand for EarnBadge {
    /// Those of one badge do.
    type Kind = (OrgId, BadgeId);

    fn kind(&self, org: OrgId) -> Self::Kind {
        (org, self.badge)
    }

    fn few_customers(&self) -> Option<Vec<CustomerId>> {
        if self.event.on.is_some() {
            // Earns that happened on dates of their own share no terms with others: they would only
            // queue behind each other.
            return None;
        }
        match &self.earners {
            Earners::One(NamedCustomer::Number(customer)) => Some(vec![*customer]),
            Earners::One(NamedCustomer::Identifier(..)) => None,
            Earners::Several(customers) => few(customers),
        }
    }
}

fn few(customers: &NamedCustomers) -> Option<Vec<CustomerId>> {
    let numbers = customers.numbers()?;
    (numbers.len() <= SMALL).then(|| numbers.to_vec())
}

/// A request whose caller may do what it asks for, and its command, on their way into a group.
pub(crate) struct Submission<C> {
    pub(crate) request: Request,
    pub(crate) permit: Permit,
    /// The request's key, which runs. It is held to the end, even if nobody waits for the answer any more.
    pub(crate) running: Option<Running>,
    pub(crate) command: C,
    /// Whom the command is about.
    pub(crate) customers: Vec<CustomerId>,
}

impl<C: SmallCommand> Member for Submission<C> {
    type Kind = C::Kind;

    fn kind(&self) -> C::Kind {
        self.command.kind(self.org())
    }

    fn org(&self) -> OrgId {
        self.request.caller.org
    }
}

/// Starts the group commit of a kind of command.
///
/// # Errors
/// A thread cannot be started.
pub(crate) fn start<C: SmallCommand>(
    name: &'static str,
    bounds: Bounds,
    ports: &Ports,
    known: &KnownBadges,
    metrics: &Metrics,
    listeners: &Listeners,
) -> io::Result<GroupCommit<Submission<C>, Executed>> {
    let (ports, known) = (ports.clone(), known.clone());
    let (metrics, listeners) = (metrics.clone(), listeners.clone());
    metrics.groups_start(name);
    GroupCommit::start(name, bounds, move |group| {
        metrics.grouped(name, group.len());
        execute_group(&ports, &known, &listeners, group)
    })
}

/// Executes a group; gives each request its result, by position.
fn execute_group<C: SmallCommand>(
    ports: &Ports,
    known: &KnownBadges,
    listeners: &Listeners,
    group: Vec<Submission<C>>,
) -> Vec<Result<Executed, UseCaseError>> {
    let (mut members, mut running, mut permitted) = (Vec::new(), Vec::new(), Vec::new());
    for submission in group {
        let org = submission.org();
        let permit = submission.permit.check_again(ports);
        if permit.is_ok() {
            let Submission {
                request,
                command,
                customers,
                ..
            } = submission;
            members.push((request, command, customers));
        }
        permitted.push((org, permit));
        running.push(submission.running);
    }
    let mut executed = {
        let _span = traces::use_case(traces::name::<C>);
        execute_together(ports, known, members).into_iter()
    };
    let mut results = Vec::new();
    for (org, permit) in permitted {
        let result = permit.and_then(|()| {
            let missing = || StoreError::Unexpected(anyhow!("a member has no result"));
            executed.next().unwrap_or_else(|| Err(missing().into()))
        });
        listeners.tell(org, &result);
        results.push(result);
    }
    results
}
