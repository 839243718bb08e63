//! What an event says.

use std::collections::BTreeSet;

use crate::actor::Actor;
use crate::approval::{Change, ChangeId, ChangeState, RuledOperation, Vote};
use crate::earning::Limit;
use crate::event::EventKind;
use crate::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId, WebhookId};
use crate::instant::Instant;
use crate::job::{Job, JobId, JobOperation, JobState, Rows};
use crate::owner::Owner;
use crate::text::{BadgeName, Reason, RequestId};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A customer was enrolled for a badge.
    EnrolmentCreated(EnrolmentFact),
    /// An enrolment was revoked.
    EnrolmentRevoked(EnrolmentFact),
    /// An enrolment that nobody had revoked expired.
    EnrolmentExpired(EnrolmentFact),
    /// A customer earned a badge.
    EarnCreated(EarnFact),
    /// An earned badge was taken over from elsewhere.
    EarnImported(EarnFact),
    /// An earned badge was revoked.
    EarnRevoked(EarnFact),
    /// An earned badge that nobody had revoked expired.
    EarnExpired(EarnFact),
    /// An earn took the last place under a limit.
    LimitReached(LimitFact),
    /// A badge was created or changed.
    Badge(BadgeChanged, BadgeFact),
    /// A webhook was disabled because nothing could be delivered.
    WebhookDisabled {
        /// The webhook.
        webhook: WebhookId,
        /// Why.
        reason: String,
    },
    /// A job has ended.
    JobFinished(JobFact),
    /// A command was handed in for approval, or a change has ended.
    Change(ChangeFact),
    /// Two customers became one: everything of the first is the second's.
    CustomerMerged {
        /// The first.
        from: CustomerId,
        /// The second.
        to: CustomerId,
    },
    /// A customer was forgotten. It is what those who follow have to know, so it is kept.
    CustomerErased {
        /// The customer.
        customer: CustomerId,
    },
    /// What was said of a customer who was forgotten since: nothing but that it was there.
    Forgotten(ForgottenFact),
}

/// What an event says of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct JobFact {
    /// The job.
    pub job: JobId,
    /// What it did by each row.
    pub operation: JobOperation,
    /// How it ended.
    pub state: JobState,
    /// What became of its rows.
    pub rows: Rows,
}

impl JobFact {
    /// What is told of `job` when it has ended; `None` before.
    pub fn of_finished(job: &Job) -> Option<Self> {
        job.state.is_finished().then(|| Self {
            job: job.id.clone(),
            operation: job.settings.operation,
            state: job.state,
            rows: job.rows,
        })
    }
}

/// What an event says of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChangeFact {
    /// The change.
    pub change: ChangeId,
    /// What it does.
    pub operation: RuledOperation,
    /// What has become of it: PENDING says that it was handed in.
    pub state: ChangeState,
    /// Who made it.
    pub maker: Actor,
    /// Whose vote has decided it, if one has.
    pub checker: Option<Actor>,
    /// What was said beside it.
    pub comment: Option<Reason>,
}

impl ChangeFact {
    /// What is told of `change` as it is now, decided by the vote of somebody or by nobody's.
    pub fn of(change: &Change, comment: Option<&Reason>) -> Self {
        let decided = match change.state {
            ChangeState::Approved | ChangeState::Rejected | ChangeState::Failed => {
                change.votes.last()
            }
            ChangeState::Pending | ChangeState::Withdrawn | ChangeState::Expired => None,
        };
        let said = |vote: &Vote| vote.comment.clone();
        Self {
            change: change.id,
            operation: change.operation,
            state: change.state,
            maker: change.maker,
            checker: decided.map(|vote| vote.actor),
            comment: decided.map_or_else(|| comment.cloned(), said),
        }
    }

    /// The kind of the event.
    pub const fn kind(&self) -> EventKind {
        match self.state {
            ChangeState::Pending => EventKind::ChangeSubmitted,
            ChangeState::Approved => EventKind::ChangeApproved,
            ChangeState::Rejected => EventKind::ChangeRejected,
            ChangeState::Withdrawn => EventKind::ChangeWithdrawn,
            ChangeState::Expired => EventKind::ChangeExpired,
            ChangeState::Failed => EventKind::ChangeFailed,
        }
    }
}

/// What is left of an event about a customer who was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForgottenFact {
    /// What kind of event it was.
    pub kind: EventKind,
    /// The badge that it was about, if it was about one.
    pub badge: Option<BadgeId>,
}

/// What an event says of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolmentFact {
    /// The badge.
    pub badge: BadgeId,
    /// The customer.
    pub customer: CustomerId,
    /// The enrolment.
    pub enrolment: EnrolmentId,
    /// From when it holds.
    pub event_on: Instant,
    /// Until when it holds.
    pub expires_on: Instant,
    /// Who triggered the enrolment.
    pub triggered_by: Option<Owner>,
    /// The caller's id of the request that did what the event tells; `None` if there is none.
    pub request_id: Option<RequestId>,
    /// Who did what the event tells; `None` for an expiry.
    pub actor: Option<Actor>,
    /// Why it was revoked, if it was and somebody said so.
    pub reason: Option<Reason>,
}

/// What an event says of an earned badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnFact {
    /// The badge.
    pub badge: BadgeId,
    /// The customer.
    pub customer: CustomerId,
    /// The earned badge.
    pub earned: EarnedBadgeId,
    /// The enrolment that it rests on, if it rests on one.
    pub enrolment: Option<EnrolmentId>,
    /// When it was earned.
    pub event_on: Instant,
    /// When it expires.
    pub expires_on: Instant,
    /// Who triggered the earn.
    pub triggered_by: Option<Owner>,
    /// The caller's id of the request that did what the event tells; `None` if there is none.
    pub request_id: Option<RequestId>,
    /// Who did what the event tells; `None` for an expiry.
    pub actor: Option<Actor>,
    /// Why it was revoked, if it was and somebody said so.
    pub reason: Option<Reason>,
    /// The limits that the earn had room under, in their order; of an earn that was created only.
    pub limits: Vec<LimitCount>,
}

/// A limit, and how many earns count under it after an earn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitCount {
    /// The limit, as the earn met it.
    pub limit: Limit,
    /// How many earns count under it, this one included.
    pub count: u64,
}

/// What an event says of a limit whose last place an earn took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitFact {
    /// The badge.
    pub badge: BadgeId,
    /// The customer, if it is a limit of the customer's.
    pub customer: Option<CustomerId>,
    /// The limit, as the earn met it.
    pub limit: Limit,
}

/// What became of a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BadgeChanged {
    /// It was created.
    Created,
    /// Its definition was replaced.
    Updated,
    /// It was turned on.
    Activated,
    /// It was turned off.
    Deactivated,
    /// A module claimed it.
    Claimed,
    /// A module took its claim back.
    Unclaimed,
}

/// What an event says of a badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadgeFact {
    /// The badge.
    pub badge: BadgeId,
    /// Its version after the change.
    pub version: i64,
    /// Its name after the change.
    pub name: BadgeName,
    /// Who changed it.
    pub actor: Actor,
    /// Whose claim it is, where the event is about one.
    pub owner: Option<Owner>,
}

impl BadgeChanged {
    /// All that may become of a badge.
    pub const ALL: &[Self] = &[
        Self::Created,
        Self::Updated,
        Self::Activated,
        Self::Deactivated,
        Self::Claimed,
        Self::Unclaimed,
    ];

    /// What events of this kind say, if they are about what became of a badge.
    pub fn of_kind(kind: EventKind) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.kind() == kind)
    }

    /// The kind of the event.
    pub const fn kind(self) -> EventKind {
        match self {
            Self::Created => EventKind::BadgeCreated,
            Self::Updated => EventKind::BadgeUpdated,
            Self::Activated => EventKind::BadgeActivated,
            Self::Deactivated => EventKind::BadgeDeactivated,
            Self::Claimed => EventKind::BadgeClaimed,
            Self::Unclaimed => EventKind::BadgeUnclaimed,
        }
    }
}

impl Fact {
    /// The kind of the event.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::EnrolmentCreated(_) => EventKind::EnrolmentCreated,
            Self::EnrolmentRevoked(_) => EventKind::EnrolmentRevoked,
            Self::EnrolmentExpired(_) => EventKind::EnrolmentExpired,
            Self::EarnCreated(_) => EventKind::EarnCreated,
            Self::EarnImported(_) => EventKind::EarnImported,
            Self::EarnRevoked(_) => EventKind::EarnRevoked,
            Self::EarnExpired(_) => EventKind::EarnExpired,
            Self::LimitReached(_) => EventKind::LimitReached,
            Self::Badge(changed, _) => changed.kind(),
            Self::WebhookDisabled { .. } => EventKind::WebhookDisabled,
            Self::JobFinished(_) => EventKind::JobFinished,
            Self::Change(it) => it.kind(),
            Self::CustomerMerged { .. } => EventKind::CustomerMerged,
            Self::CustomerErased { .. } => EventKind::CustomerErased,
            Self::Forgotten(it) => it.kind,
        }
    }

    /// The badge that it is about, if it is about one.
    pub const fn badge(&self) -> Option<BadgeId> {
        match self {
            Self::EnrolmentCreated(it)
            | Self::EnrolmentRevoked(it)
            | Self::EnrolmentExpired(it) => Some(it.badge),
            Self::EarnCreated(it)
            | Self::EarnImported(it)
            | Self::EarnRevoked(it)
            | Self::EarnExpired(it) => Some(it.badge),
            Self::LimitReached(it) => Some(it.badge),
            Self::Badge(_, it) => Some(it.badge),
            Self::Forgotten(it) => it.badge,
            Self::WebhookDisabled { .. }
            | Self::JobFinished(_)
            | Self::Change(_)
            | Self::CustomerMerged { .. }
            | Self::CustomerErased { .. } => None,
        }
    }

    /// The customer whom it is about, if it is about one: of two who became one the second.
    pub const fn customer(&self) -> Option<CustomerId> {
        match self {
            Self::EnrolmentCreated(it)
            | Self::EnrolmentRevoked(it)
            | Self::EnrolmentExpired(it) => Some(it.customer),
            Self::EarnCreated(it)
            | Self::EarnImported(it)
            | Self::EarnRevoked(it)
            | Self::EarnExpired(it) => Some(it.customer),
            Self::LimitReached(it) => it.customer,
            Self::CustomerMerged { to, .. } => Some(*to),
            Self::CustomerErased { customer } => Some(*customer),
            Self::Badge(..)
            | Self::WebhookDisabled { .. }
            | Self::JobFinished(_)
            | Self::Change(_)
            | Self::Forgotten(_) => None,
        }
    }

    /// Whether it is about one of these customers.
    pub fn is_about(&self, customers: &BTreeSet<CustomerId>) -> bool {
        let is_of = |customer| customers.contains(&customer);
        match self {
            Self::CustomerMerged { from, to } => is_of(*from) || is_of(*to),
            _ => self.customer().is_some_and(is_of),
        }
    }

    /// What is left of it once these customers are forgotten; `None` if it is not about them, or tells
    /// that they are forgotten.
    pub fn without(&self, customers: &BTreeSet<CustomerId>) -> Option<Self> {
        if matches!(self, Self::CustomerErased { .. }) || !self.is_about(customers) {
            return None;
        }
        Some(Self::Forgotten(ForgottenFact {
            kind: self.kind(),
            badge: self.badge(),
        }))
    }
}
