//! What a thing was and is, as far as an entry tells it.

use crate::approval::{ApprovalRules, ChangeState, RuledOperation};
use crate::badge::BadgeDefinition;
use crate::catalogue::{CustomField, Group};
use crate::identifier::IdentifierKind;
use crate::ids::CustomerId;
use crate::instant::Instant;
use crate::job::{JobSettings, JobState};
use crate::login::Login;
use crate::operator::Operator;
use crate::owner::Claim;
use crate::text::Name;
use crate::webhook::{WebhookSettings, WebhookState};

/// What a thing was, and what it is. Of a revocation there is nothing to tell beside its entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Change {
    /// What it was; `None` if there was none.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub before: Option<State>,
    /// What it is; `None` if there is none any more.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub after: Option<State>,
    /// What changed besides, whose values nobody may see.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub hidden: Vec<HiddenField>,
}

impl Change {
    /// From nothing to `state`.
    pub const fn to(state: State) -> Self {
        Self {
            before: None,
            after: Some(state),
            hidden: Vec::new(),
        }
    }

    /// From `before` to `after`.
    pub const fn between(before: State, after: State) -> Self {
        Self {
            before: Some(before),
            after: Some(after),
            hidden: Vec::new(),
        }
    }

    /// Of values that nobody may see.
    pub const fn hidden(fields: Vec<HiddenField>) -> Self {
        Self {
            before: None,
            after: None,
            hidden: fields,
        }
    }

    /// Whether there is nothing to tell.
    pub const fn is_empty(&self) -> bool {
        self.before.is_none() && self.after.is_none() && self.hidden.is_empty()
    }
}

/// What a thing is at one moment: as much of it as an entry tells. It is stored; a variant is never
/// given another meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum State {
    /// A badge, without its claims.
    Badge(Box<BadgeState>),
    /// Whether a badge is on.
    Activity(bool),
    /// A claim on a badge.
    Claim(ClaimState),
    /// A group.
    Group(Group),
    /// A custom field.
    CustomField(CustomField),
    /// An API client.
    Client(ClientState),
    /// How many earned badges a request took over.
    Imported(u64),
    /// What a webhook wants, and how.
    Webhook(Box<WebhookSettings>),
    /// Whether anything is sent to a webhook.
    WebhookState(WebhookState),
    /// What a job is to do.
    Job(Box<JobSettings>),
    /// How far a job has come.
    JobState(JobState),
    /// Which customer became which other one: the first, and the second.
    Merge(CustomerId, CustomerId),
    /// An operator.
    Operator(OperatorState),
    /// What waits for approval in an org.
    ApprovalRules(ApprovalRules),
    /// What a change is to do.
    Change(RuledOperation),
    /// What has become of a change.
    ChangeState(ChangeState),
}

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OperatorState {
    /// What she signs in with.
    pub login: String,
    /// Her name.
    pub name: Name,
    /// The names of her roles.
    pub roles: Vec<String>,
    /// The provider that she is linked to.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub issuer: Option<String>,
    /// What that provider calls her.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub subject: Option<String>,
}

impl From<&Operator> for OperatorState {
    fn from(operator: &Operator) -> Self {
        let link = operator.link.as_ref();
        Self {
            login: operator.login.as_str().to_owned(),
            name: operator.name.clone(),
            roles: operator.roles.names(),
            issuer: link.map(|it| it.issuer.as_str().to_owned()),
            subject: link.map(|it| it.subject.as_str().to_owned()),
        }
    }
}

/// A badge, without its claims.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BadgeState {
    /// What it is.
    pub definition: BadgeDefinition,
    /// Whether it is on.
    pub active: bool,
}

/// A claim on a badge.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClaimState {
    /// Its place among the claims of the badge, from 0.
    pub position: u32,
    /// The claim.
    pub claim: Claim,
}

/// An API client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClientState {
    /// Its name.
    pub name: Name,
    /// The names of its access groups.
    pub groups: Vec<String>,
    /// How many requests it may send a minute.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub requests_per_minute: Option<u32>,
    /// How many customers it may name a minute.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub customers_per_minute: Option<u32>,
    /// When it ends.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub ends_on: Option<Instant>,
    /// Who owns it.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub owner: Option<Login>,
}

impl ClientState {
    /// A client of that name with these access groups, which nothing bounds.
    pub const fn new(name: Name, groups: Vec<String>) -> Self {
        Self {
            name,
            groups,
            requests_per_minute: None,
            customers_per_minute: None,
            ends_on: None,
            owner: None,
        }
    }
}

/// A field whose value is in no entry, because it is a secret or names a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum HiddenField {
    /// A customer's e-mail address.
    Email,
    /// A customer's telephone number.
    Mobile,
    /// A customer's id in another system.
    ExternalId,
    /// The number of a customer's card.
    CardNumber,
    /// The secret of a client or a webhook.
    Secret,
    /// A second secret that holds beside the first.
    NextSecret,
    /// The headers that a webhook sends.
    Headers,
    /// The password of an operator.
    Password,
}

impl HiddenField {
    /// The name of the field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => IdentifierKind::Email.name(),
            Self::Mobile => IdentifierKind::Mobile.name(),
            Self::ExternalId => IdentifierKind::ExternalId.name(),
            Self::CardNumber => IdentifierKind::CardNumber.name(),
            Self::Secret => "secret",
            Self::NextSecret => "nextSecret",
            Self::Headers => "headers",
            Self::Password => "password",
        }
    }
}

impl From<IdentifierKind> for HiddenField {
    fn from(kind: IdentifierKind) -> Self {
        match kind {
            IdentifierKind::Email => Self::Email,
            IdentifierKind::Mobile => Self::Mobile,
            IdentifierKind::ExternalId => Self::ExternalId,
            IdentifierKind::CardNumber => Self::CardNumber,
        }
    }
}
