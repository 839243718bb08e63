//! What every command says of approval.

use std::fmt;

use accolade_domain::approval::RuledOperation;
use accolade_domain::ids::{BadgeId, ClientNumber, CustomerId, WebhookId};
use accolade_domain::job::JobId;
use accolade_domain::text::RequestId;
use serde::{Deserialize, Serialize};

use super::HeldCommand;
use crate::answer::Answer;
use crate::error::UseCaseError;
use crate::execute::Command as _;
use crate::jobs::CreateJob;
use crate::ports::{Operation, Ports};
use crate::request::Request;

/// What a command says of approval: the compiler asks each of them.
pub enum Approval<C> {
    /// No rule holds it, and why.
    Exempt(&'static str),
    /// Rules for the operation hold it, in this form.
    Ruled(RuledOperation, fn(C) -> Result<RuledCommand, UseCaseError>),
}

impl<C> Clone for Approval<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Approval<C> {}

/// A command that rules may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuledCommand {
    /// It is held as it is.
    Held(HeldCommand),
    /// A job that is created and started: it is created, and its start is held.
    NewJob(CreateJob),
}

impl<C: Into<HeldCommand>> From<C> for RuledCommand {
    fn from(command: C) -> Self {
        Self::Held(command.into())
    }
}

impl RuledCommand {
    /// Whether the store refuses to record it if it was let through by other rules than there are.
    pub(super) const fn is_checked_when_recorded(&self) -> bool {
        matches!(
            self,
            Self::Held(HeldCommand::Enrol(_) | HeldCommand::Earn(_))
        )
    }

    /// Runs the use case.
    pub(super) fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        match self {
            Self::Held(command) => command.run(ports, request),
            Self::NewJob(command) => command.run(ports, request),
        }
    }
}

/// What the id of a request begins with.
const REQUEST: &str = "request:";

/// What no other change may be about while one waits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subject(String);

impl Subject {
    /// A badge.
    pub fn badge(badge: BadgeId) -> Self {
        Self(format!("badge:{badge}"))
    }

    /// The id of a request.
    pub fn request(operation: Operation, id: &RequestId) -> Self {
        Self(format!("{REQUEST}{}:{id}", operation.number()))
    }

    /// Whether it is one.
    pub(super) fn is_request(&self) -> bool {
        self.0.starts_with(REQUEST)
    }

    /// The start of a job.
    pub fn job(job: &JobId) -> Self {
        Self(format!("job:{}", job.as_str()))
    }

    /// A webhook.
    pub fn webhook(webhook: WebhookId) -> Self {
        Self(format!("webhook:{webhook}"))
    }

    /// An API client.
    pub fn client(client: ClientNumber) -> Self {
        Self(format!("client:{client}"))
    }

    /// Who somebody is, and that she is known.
    pub fn customer(customer: CustomerId) -> Self {
        Self(format!("customer:{customer}"))
    }

    /// The rules of the org.
    pub fn rules() -> Self {
        Self("rules".to_owned())
    }

    /// The text as which it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
