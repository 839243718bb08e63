//! What the data of each kind of event looks like.

use accolade_domain::actor::Actor;
use accolade_domain::earning::{Limit, Span, Window};
use accolade_domain::event::{
    BadgeFact, ChangeFact, EarnFact, EnrolmentFact, Fact, JobFact, LimitFact,
};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId, WebhookId};
use accolade_domain::job::Rows;
use accolade_domain::text::{Reason, RequestId};
use serde::Serialize;
use uuid::Uuid;

use crate::answer::answer;
use crate::badge::constraint::Kind;
use crate::enrolment::answer::OwnerBody;
use crate::instant::WireIso;
use crate::words::{OwnerTypeName, RuledOperationName};

/// The data of an event, in the shape of its kind.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum EventData<'a> {
    /// An enrolment was made, or it expired.
    Enrolment(EnrolmentData<'a>),
    /// An enrolment was revoked.
    RevokedEnrolment(RevokedEnrolmentData<'a>),
    /// A badge was earned or imported, or it expired.
    Earn(EarnData<'a>),
    /// An earned badge was revoked.
    RevokedEarn(RevokedEarnData<'a>),
    /// The last place under a limit was taken.
    Limit(LimitData),
    /// A badge was created, changed, turned on or off.
    Badge(BadgeData<'a>),
    /// A badge was claimed, or the claim taken back.
    Claim(ClaimData<'a>),
    /// A webhook was disabled.
    Webhook(WebhookData<'a>),
    /// A job has ended.
    Job(JobData<'a>),
    /// A command was handed in for approval, or a change has ended.
    Change(ChangeData<'a>),
    /// Two customers became one.
    Merged(MergedData),
    /// A customer was forgotten.
    Erased(ErasedData),
}

impl<'a> EventData<'a> {
    /// What is said of `fact`; `None` of a customer who was forgotten since.
    pub(super) fn new(fact: &'a Fact) -> Option<Self> {
        Some(match fact {
            Fact::EnrolmentCreated(it) | Fact::EnrolmentExpired(it) => {
                Self::Enrolment(EnrolmentData::new(it))
            }
            Fact::EnrolmentRevoked(it) => Self::RevokedEnrolment(RevokedEnrolmentData::new(it)),
            Fact::EarnCreated(it) | Fact::EarnImported(it) | Fact::EarnExpired(it) => {
                Self::Earn(EarnData::new(it))
            }
            Fact::EarnRevoked(it) => Self::RevokedEarn(RevokedEarnData::new(it)),
            Fact::LimitReached(it) => Self::Limit(LimitData::new(it)),
            Fact::Badge(_, it) if it.owner.is_some() => Self::Claim(ClaimData::new(it)),
            Fact::Badge(_, it) => Self::Badge(BadgeData::new(it)),
            Fact::WebhookDisabled { webhook, reason } => {
                Self::Webhook(WebhookData::new(*webhook, reason))
            }
            Fact::JobFinished(it) => Self::Job(JobData::new(it)),
            Fact::Change(it) => Self::Change(ChangeData::new(it)),
            Fact::CustomerMerged { from, to } => Self::Merged(MergedData::new(*from, *to)),
            Fact::CustomerErased { customer } => Self::Erased(ErasedData::new(*customer)),
            Fact::Forgotten(_) => return None,
        })
    }
}

answer! {
    /// An enrolment that was made, or that expired.
    #[schema(as = EnrolmentEventData)]
    pub(super) struct EnrolmentData<'a> {
        /// The customer.
        #[schema(example = 62_090_013)]
        customerId: i64 = fact.customer.get(),
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = fact.badge,
        /// The enrolment.
        #[schema(value_type = String, example = "6627b1a58fe258516a891f02")]
        issuedId: EnrolmentId = fact.enrolment,
        /// From when it holds.
        eventDate: WireIso = fact.event_on.into(),
        /// Until when it holds.
        expiresOn: WireIso = fact.expires_on.into(),
        /// Who triggered the enrolment; null if it was done by hand.
        #[schema(required)]
        triggeredBy: Option<OwnerBody<'a>> = fact.triggered_by.as_ref().map(OwnerBody::new),
        /// The id of the request that did what the event tells; null if there is none.
        #[schema(required)]
        requestId: Option<&'a str> = fact.request_id.as_ref().map(RequestId::as_str),
        /// The number of who did what the event tells, as in `createdBy`; null of an expiry.
        #[schema(required)]
        actor: Option<i64> = fact.actor.map(Actor::number),
    }
    new(fact: &'a EnrolmentFact) {}
}

answer! {
    /// An enrolment that was revoked.
    #[schema(as = EnrolmentRevokedEventData)]
    pub(super) struct RevokedEnrolmentData<'a> {
        /// The enrolment.
        #[serde(flatten)]
        enrolment: EnrolmentData<'a> = EnrolmentData::new(fact),
        /// Why; null if nobody said so.
        #[schema(required)]
        reason: Option<&'a str> = fact.reason.as_ref().map(Reason::as_str),
    }
    new(fact: &'a EnrolmentFact) {}
}

answer! {
    /// A badge that was earned or imported, or an earned badge that expired.
    #[schema(as = EarnEventData)]
    pub(super) struct EarnData<'a> {
        /// The customer.
        #[schema(example = 62_090_013)]
        customerId: i64 = fact.customer.get(),
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = fact.badge,
        /// The earned badge.
        #[schema(value_type = String, example = "6627b2138fe258516a891f17")]
        earnedBadgeId: EarnedBadgeId = fact.earned,
        /// The enrolment that it rests on; null if it rests on none.
        #[schema(required, value_type = Option<String>)]
        issuedId: Option<EnrolmentId> = fact.enrolment,
        /// When it was earned.
        eventDate: WireIso = fact.event_on.into(),
        /// When it expires.
        expiresOn: WireIso = fact.expires_on.into(),
        /// Who triggered the earn; null if it was done by hand.
        #[schema(required)]
        triggeredBy: Option<OwnerBody<'a>> = fact.triggered_by.as_ref().map(OwnerBody::new),
        /// The id of the request that did what the event tells; null if there is none.
        #[schema(required)]
        requestId: Option<&'a str> = fact.request_id.as_ref().map(RequestId::as_str),
        /// The number of who did what the event tells, as in `createdBy`; null of an expiry.
        #[schema(required)]
        actor: Option<i64> = fact.actor.map(Actor::number),
    }
    new(fact: &'a EarnFact) {}
}

answer! {
    /// An earned badge that was revoked.
    #[schema(as = EarnRevokedEventData)]
    pub(super) struct RevokedEarnData<'a> {
        /// The earned badge.
        #[serde(flatten)]
        earn: EarnData<'a> = EarnData::new(fact),
        /// Why; null if nobody said so.
        #[schema(required)]
        reason: Option<&'a str> = fact.reason.as_ref().map(Reason::as_str),
    }
    new(fact: &'a EarnFact) {}
}

answer! {
    /// A limit whose last place an earn took. Where that earn is revoked there is room again.
    #[schema(as = LimitEventData)]
    pub(super) struct LimitData {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = fact.badge,
        /// The customer; absent where the limit is of all customers together.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false, example = 62_090_013)]
        customerId: Option<i64> = fact.customer.map(CustomerId::get),
        /// The kind of the limit, as definitions of badges have it.
        #[schema(example = "CUSTOMER_BADGE_FIXED_WINDOW")]
        constraintType: &'static str = constraint_type(&fact.limit),
        /// Names the configuration of fixed windows; null of another limit.
        #[schema(required, value_type = Option<String>)]
        referenceId: Option<Uuid> = reference,
        /// When the fixed window began; null of another limit.
        #[schema(required)]
        startDate: Option<WireIso> = window.map(|window| window.starts_on.into()),
        /// When the fixed window ends; null of another limit, and of a window that never ends.
        #[schema(required)]
        endDate: Option<WireIso> = window.and_then(|window| window.ends_on).map(Into::into),
        /// The most earns.
        #[schema(example = 3)]
        maxEarnLimit: u32 = fact.limit.max,
    }
    new(fact: &LimitFact) {
        let (reference, window) = fixed_window(&fact.limit).unzip();
    }
}

answer! {
    /// Two customers who became one.
    #[schema(as = CustomerMergedEventData)]
    pub(super) struct MergedData {
        /// The first, who is the second from then on.
        #[schema(example = 62_090_013)]
        fromCustomerId: i64 = from.get(),
        /// The second.
        #[schema(example = 62_090_014)]
        toCustomerId: i64 = to.get(),
    }
    new(from: CustomerId, to: CustomerId) {}
}

answer! {
    /// A customer who was erased: forget the customer, too.
    #[schema(as = CustomerErasedEventData)]
    pub(super) struct ErasedData {
        /// The customer.
        #[schema(example = 62_090_013)]
        customerId: i64 = customer.get(),
    }
    new(customer: CustomerId) {}
}

answer! {
    /// A badge that was created or changed, or turned on or off.
    #[schema(as = BadgeEventData)]
    pub(super) struct BadgeData<'a> {
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeMetaId: BadgeId = fact.badge,
        /// Its version after the change: a greater one is a later one.
        #[schema(example = 2)]
        version: i64 = fact.version,
        /// Its name after the change.
        #[schema(example = "Gold")]
        name: &'a str = fact.name.as_str(),
        /// The number of who did it, as in `createdBy`.
        #[schema(example = 1)]
        actor: i64 = fact.actor.number(),
    }
    new(fact: &'a BadgeFact) {}
}

answer! {
    /// A badge that was claimed, or whose claim was taken back.
    #[schema(as = ClaimEventData)]
    pub(super) struct ClaimData<'a> {
        /// The badge.
        #[serde(flatten)]
        badge: BadgeData<'a> = BadgeData::new(fact),
        /// The module.
        #[schema(required, value_type = OwnerTypeName)]
        ownerType: Option<&'static str> = owner.map(|owner| owner.owner_type.name()),
        /// Its own id of the use.
        #[schema(required, value_type = String, example = "123694")]
        referenceId: Option<&'a str> = owner.map(|owner| owner.reference.as_str()),
    }
    new(fact: &'a BadgeFact) {
        let owner = fact.owner.as_ref();
    }
}

answer! {
    /// A webhook that was disabled because nothing could be delivered.
    #[schema(as = WebhookEventData)]
    pub(super) struct WebhookData<'a> {
        /// The webhook.
        #[schema(value_type = String, example = "6627c0d18fe258516a892a40")]
        webhookId: WebhookId = webhook,
        /// Why.
        #[schema(example = "no delivery succeeded for five days")]
        reason: &'a str = reason,
    }
    new(webhook: WebhookId, reason: &'a str) {}
}

answer! {
    /// A job that has ended.
    #[schema(as = JobEventData)]
    pub(super) struct JobData<'a> {
        /// The job.
        #[schema(example = "spring-2026")]
        jobId: &'a str = fact.job.as_str(),
        /// What it did by each row.
        #[schema(example = "ENROL")]
        operation: &'static str = fact.operation.name(),
        /// How it ended.
        #[schema(example = "COMPLETED")]
        state: &'static str = fact.state.name(),
        /// What became of its rows.
        #[schema(inline)]
        rows: JobEventRows = JobEventRows::new(&fact.rows),
    }
    new(fact: &'a JobFact) {}
}

answer! {
    /// A command that was handed in for approval, or a change that has ended.
    #[schema(as = ChangeEventData)]
    pub(super) struct ChangeData<'a> {
        /// The change.
        #[schema(example = "ef1bc378-a4d4-41ee-b2a9-462516199fc5")]
        changeId: String = fact.change.to_string(),
        /// What it does.
        #[schema(value_type = RuledOperationName)]
        operation: &'static str = fact.operation.name(),
        /// The number of who made it, as in `createdBy`.
        #[schema(example = 1)]
        maker: i64 = fact.maker.number(),
        /// The number of who has decided it; null where nobody has.
        #[schema(required)]
        checker: Option<i64> = fact.checker.map(Actor::number),
        /// What was said beside it; null if nothing was.
        #[schema(required)]
        comment: Option<&'a str> = fact.comment.as_ref().map(Reason::as_str),
    }
    new(fact: &'a ChangeFact) {}
}

answer! {
    /// What became of the rows of a job.
    pub(super) struct JobEventRows {
        /// How many there are; null if they were not all read.
        #[schema(required)]
        total: Option<u64> = rows.total,
        /// Those that have their outcome.
        processed: u64 = rows.processed(),
        /// Those that were carried out.
        succeeded: u64 = rows.succeeded,
        /// Those that a rule refused.
        refused: u64 = rows.refused,
        /// Those that cannot be read.
        invalid: u64 = rows.invalid,
    }
    new(rows: &Rows) {}
}

/// The kind of `limit`, as definitions of badges have it.
fn constraint_type(limit: &Limit) -> &'static str {
    let kind = match limit.span {
        Span::AllTime => Kind::FixedValue,
        Span::Fixed { .. } => Kind::FixedWindow,
        Span::Rolling { .. } => Kind::RollingWindow,
    };
    kind.name(limit.scope)
}

/// The configuration and the window of a limit of fixed windows.
fn fixed_window(limit: &Limit) -> Option<(Uuid, Window)> {
    match limit.span {
        Span::Fixed { reference, window } => Some((reference, window)),
        Span::AllTime | Span::Rolling { .. } => None,
    }
}
