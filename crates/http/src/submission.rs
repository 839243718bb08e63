//! Requests whose callers may do what they ask for, on their way to be executed: alone, or, if they are
//! small, in a group commit.

use std::io;

use accolade_application::badges::KnownBadges;
use accolade_application::customers::{NamedCustomer, NamedCustomers};
use accolade_application::earning::{EarnBadge, Earners};
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::error::UseCaseError;
use accolade_application::group_commit::{GroupCommit as GroupCommand, execute_together};
use accolade_application::ports::{Ports, StoreError};
use accolade_application::{Command, Executed, Request, execute};
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use anyhow::anyhow;

use crate::auth::Permit;
use crate::follow::FeedFollowers;
use crate::group_commit::{Bounds, GroupCommit, Member};
use crate::idempotency::Running;
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

/// A request whose caller may do what it asks for.
pub(crate) struct Admitted {
    pub(crate) request: Request,
    pub(crate) permit: Permit,
    /// The request's key, which runs. It is held to the end, even if nobody waits for the answer any more.
    pub(crate) running: Option<Running>,
}

/// A request and its command, on their way into a group.
pub(crate) struct Submission<C> {
    pub(crate) admitted: Admitted,
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
        self.admitted.request.caller.org
    }
}

/// Who is told what became of requests: what counts them, and those who wait for events. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Listeners {
    pub(crate) metrics: Metrics,
    pub(crate) followers: FeedFollowers,
}

impl Listeners {
    /// Tells them what became of a request of `org`, which was no dry run.
    fn tell(&self, org: OrgId, result: &Result<Executed, UseCaseError>) {
        self.metrics.executed(result);
        if matches!(result, Ok(Executed::Now { .. })) {
            self.followers.recorded(&org);
        }
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
    listeners: &Listeners,
) -> io::Result<GroupCommit<Submission<C>, Executed>> {
    let (ports, known, listeners) = (ports.clone(), known.clone(), listeners.clone());
    listeners.metrics.groups_start(name);
    GroupCommit::start(name, bounds, move |group| {
        listeners.metrics.grouped(name, group.len());
        execute_group(&ports, &known, &listeners, group)
    })
}

/// Executes a command by itself.
///
/// # Errors
/// 1930 if the client was revoked since it was admitted; those of [`execute`].
pub(crate) fn execute_alone<C: Command>(
    ports: &Ports,
    listeners: &Listeners,
    admitted: Admitted,
    command: Result<C, UseCaseError>,
) -> Result<Executed, UseCaseError> {
    let _span = traces::use_case(traces::name::<C>);
    let _running = admitted.running;
    admitted.permit.check_again(ports)?;
    let (org, recorded) = (admitted.request.caller.org, !admitted.request.dry_run);
    let executed = execute(ports, admitted.request, command);
    if recorded {
        listeners.tell(org, &executed);
    }
    executed
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
        let Admitted {
            request,
            permit,
            running: key,
        } = submission.admitted;
        let org = request.caller.org;
        let permit = permit.check_again(ports);
        if permit.is_ok() {
            members.push((request, submission.command, submission.customers));
        }
        permitted.push((org, permit));
        running.push(key);
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
