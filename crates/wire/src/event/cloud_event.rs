//! An event as a CloudEvent 1.0 in its JSON format.

use std::fmt;

use accolade_domain::approval::ChangeId;
use accolade_domain::event::{Event, EventKind, Fact};
use accolade_domain::ids::{BadgeId, CustomerId, OrgId, WebhookId};
use accolade_domain::job::JobId;
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use super::data::EventData;
use crate::answer::answer;
use crate::instant::WireIso;

/// The type of a body that is one event.
pub const CLOUD_EVENT: &str = "application/cloudevents+json";

/// The type of a body that is an array of events.
pub const CLOUD_EVENTS_BATCH: &str = "application/cloudevents-batch+json";

answer! {
    /// Something that happened: a CloudEvent 1.0. Compare by `source` and `id` what came twice.
    #[schema(as = Event)]
    pub struct CloudEvent<'a> {
        /// The version of CloudEvents.
        #[schema(example = "1.0")]
        specversion: &'static str = "1.0",
        /// Names the event within its source, for ever: the organisation and the position.
        #[schema(example = "100458-00000000000000000042")]
        id: String = format!("{}-{sequence}", event.org),
        /// The feed: that of the organisation.
        #[schema(example = "/api_gateway/v1/badges/orgs/100458")]
        source: String = source(event.org),
        /// What happened. Expect types that you do not know: a later release may have more.
        #[serde(rename = "type")]
        #[schema(example = "accolade.enrolment.created")]
        kind: String = kind,
        /// What it happened to; of a customer who was erased since, the badge alone.
        #[schema(example = "customers/62090013/badges/66276dc68fe258516a88ff8e")]
        subject: String = subject.to_string(),
        /// When it took effect: when it was recorded, an expiry at its exact instant.
        time: WireIso = event.occurred_on().into(),
        /// The same as `time`, in what webhooks are sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        timestamp: Option<WireIso> = None,
        /// When it was recorded.
        recordedtime: WireIso = event.recorded_on.into(),
        /// The position in the feed, 20 digits: 1, 2, 3 … without a hole.
        #[schema(example = "00000000000000000042")]
        sequence: String = sequence,
        /// Events with the same key concern each other: the customer's number, else the badge's id, else
        /// the subject's.
        #[schema(example = "62090013")]
        partitionkey: String = subject.partition(),
        /// The type of `data`.
        #[schema(example = "application/json")]
        datacontenttype: &'static str = "application/json",
        /// What there is to say; its fields depend on the type.
        #[schema(schema_with = any_data)]
        data: Data<'a> = Data(EventData::new(&event.fact)),
    }
    new(event: &'a Event) {
        let sequence = sequence(event);
        let subject = Subject::of(event);
        let kind = event_type(event.kind().name());
    }
}

/// `event` as it is shown in the feed.
pub fn cloud_event(event: &Event) -> CloudEvent<'_> {
    CloudEvent::new(event)
}

/// The `partitionkey` of `event`: events with the same one concern each other.
pub fn partition_key(event: &Event) -> String {
    Subject::of(event).partition()
}

impl CloudEvent<'_> {
    /// The same as it is sent to webhooks: with `timestamp`.
    #[must_use]
    pub fn with_timestamp(self) -> Self {
        Self {
            timestamp: Some(self.time),
            ..self
        }
    }
}

/// The id of an event, the same wherever it is shown.
pub fn event_id(event: &Event) -> String {
    format!("{}-{}", event.org, sequence(event))
}

/// The data, whose shape is not to be seen from outside; null of a customer who was forgotten.
#[derive(Debug)]
pub(super) struct Data<'a>(Option<EventData<'a>>);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Any data: which fields it has, the schema of each type says. Not a choice of those that there are,
/// because a client that was generated from it would refuse the types of a later release.
fn any_data() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .description(Some(
            "What there is to say. Its fields depend on the type: see `webhooks` in this document, or \
             `asyncapi.json`, which has a schema for each. Null if the customer was erased since.",
        ))
        .into()
}

/// The type on the wire of events called `name`.
pub(super) fn event_type(name: &str) -> String {
    format!("{}{name}", EventKind::PREFIX)
}

fn source(org: OrgId) -> String {
    format!("/api_gateway/v1/badges/orgs/{org}")
}

fn sequence(event: &Event) -> String {
    format!("{:020}", event.position.get())
}

/// What an event happened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// A customer, in what she has to do with a badge.
    CustomerBadge(CustomerId, BadgeId),
    /// A badge.
    Badge(BadgeId),
    /// A webhook.
    Webhook(WebhookId),
    /// A job.
    Job(&'a JobId),
    /// A change.
    Change(ChangeId),
    /// A customer.
    Customer(CustomerId),
    /// A customer who was forgotten, in what she had to do with other customers.
    Customers,
}

impl<'a> Subject<'a> {
    /// That of `event`.
    pub(super) fn of(event: &'a Event) -> Self {
        match &event.fact {
            Fact::EnrolmentCreated(it)
            | Fact::EnrolmentRevoked(it)
            | Fact::EnrolmentExpired(it) => Self::CustomerBadge(it.customer, it.badge),
            Fact::EarnCreated(it)
            | Fact::EarnImported(it)
            | Fact::EarnRevoked(it)
            | Fact::EarnExpired(it) => Self::CustomerBadge(it.customer, it.badge),
            Fact::LimitReached(it) => match it.customer {
                Some(customer) => Self::CustomerBadge(customer, it.badge),
                None => Self::Badge(it.badge),
            },
            Fact::Badge(_, it) => Self::Badge(it.badge),
            Fact::WebhookDisabled { webhook, .. } => Self::Webhook(*webhook),
            Fact::JobFinished(it) => Self::Job(&it.job),
            Fact::Change(it) => Self::Change(it.change),
            Fact::CustomerMerged { to, .. } => Self::Customer(*to),
            Fact::CustomerErased { customer } => Self::Customer(*customer),
            Fact::Forgotten(it) => it.badge.map_or(Self::Customers, Self::Badge),
        }
    }

    /// What events of one partition have in common.
    pub(super) fn partition(self) -> String {
        match self {
            Self::CustomerBadge(customer, _) | Self::Customer(customer) => customer.to_string(),
            Self::Badge(badge) => badge.to_string(),
            Self::Webhook(webhook) => webhook.to_string(),
            Self::Job(job) => job.to_string(),
            Self::Change(change) => change.to_string(),
            Self::Customers => self.to_string(),
        }
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CustomerBadge(customer, badge) => {
                write!(f, "customers/{customer}/badges/{badge}")
            }
            Self::Badge(badge) => write!(f, "badges/{badge}"),
            Self::Webhook(webhook) => write!(f, "webhooks/{webhook}"),
            Self::Job(job) => write!(f, "jobs/{job}"),
            Self::Change(change) => write!(f, "changes/{change}"),
            Self::Customer(customer) => write!(f, "customers/{customer}"),
            Self::Customers => f.write_str("customers"),
        }
    }
}
