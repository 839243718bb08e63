//! The table of the types of events: what documents say of each.

use accolade_domain::event::EventKind;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::cloud_event::event_type;
use super::data::{
    BadgeData, ChangeData, ClaimData, EarnData, EnrolmentData, ErasedData, JobData, LimitData,
    MergedData, RevokedEarnData, RevokedEnrolmentData, WebhookData,
};

/// What documents say of a type of event.
pub struct EventType {
    /// The kind of event.
    pub kind: EventKind,
    /// What happened.
    pub about: &'static str,
    /// What the subject looks like, its variable parts in braces.
    pub subject: &'static str,
    /// An event of the type, as JSON.
    pub example: &'static str,
    data: DataSchema,
}

/// The schema of data: its name, itself, and how to add those that it refers to.
struct DataSchema {
    name: String,
    schema: RefOr<Schema>,
    parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl DataSchema {
    fn of<T: ToSchema>() -> Self {
        Self {
            name: T::name().into_owned(),
            schema: T::schema(),
            parts: T::schemas,
        }
    }
}

macro_rules! event_types {
    ($($kind:ident: $Data:ty => $subject:literal, $about:literal, $example:literal;)+) => {
        impl EventType {
            /// What documents say of `kind`.
            pub fn of(kind: EventKind) -> Self {
                match kind {
                    $(EventKind::$kind => Self {
                        kind,
                        about: $about,
                        subject: $subject,
                        example: include_str!(concat!("../../examples/events/", $example, ".json")),
                        data: DataSchema::of::<$Data>(),
                    },)+
                }
            }
        }
    };
}

event_types! {
    EnrolmentCreated: EnrolmentData<'_> => "customers/{customerId}/badges/{badgeMetaId}",
        "A customer was enrolled for a badge.", "enrolment.created";
    EnrolmentRevoked: RevokedEnrolmentData<'_> => "customers/{customerId}/badges/{badgeMetaId}",
        "An enrolment was revoked.", "enrolment.revoked";
    EnrolmentExpired: EnrolmentData<'_> => "customers/{customerId}/badges/{badgeMetaId}",
        "An enrolment that nobody had revoked expired.", "enrolment.expired";
    EarnCreated: EarnData<'_> => "customers/{customerId}/badges/{badgeMetaId}",
        "A customer earned a badge.", "earn.created";
    EarnImported: EarnData<'_> => "customers/{customerId}/badges/{badgeMetaId}",
        "An earned badge was taken over from elsewhere.", "earn.imported";
    EarnRevoked: RevokedEarnData<'_> => "customers/{customerId}/badges/{badgeMetaId}",
        "An earned badge was revoked.", "earn.revoked";
    EarnExpired: EarnData<'_> => "customers/{customerId}/badges/{badgeMetaId}",
        "An earned badge that nobody had revoked expired.", "earn.expired";
    LimitReached: LimitData => "badges/{badgeMetaId}, or of a customer's limit customers/{customerId}/badges/{badgeMetaId}",
        "An earn took the last place under a limit; it is the event right before.", "limit.reached";
    BadgeCreated: BadgeData<'_> => "badges/{badgeMetaId}",
        "A badge was created.", "badge.created";
    BadgeUpdated: BadgeData<'_> => "badges/{badgeMetaId}",
        "The definition of a badge was replaced.", "badge.updated";
    BadgeActivated: BadgeData<'_> => "badges/{badgeMetaId}",
        "A badge was turned on.", "badge.activated";
    BadgeDeactivated: BadgeData<'_> => "badges/{badgeMetaId}",
        "A badge was turned off: nothing is recorded by virtue of it until it is turned on.",
        "badge.deactivated";
    BadgeClaimed: ClaimData<'_> => "badges/{badgeMetaId}",
        "A module claimed a badge.", "badge.claimed";
    BadgeUnclaimed: ClaimData<'_> => "badges/{badgeMetaId}",
        "A module took its claim back.", "badge.unclaimed";
    WebhookDisabled: WebhookData<'_> => "webhooks/{webhookId}",
        "A webhook was disabled because nothing could be delivered.", "webhook.disabled";
    JobFinished: JobData<'_> => "jobs/{jobId}",
        "A job has ended: its results are complete.", "job.finished";
    ChangeSubmitted: ChangeData<'_> => "changes/{changeId}",
        "A command waits for approval.", "change.submitted";
    ChangeApproved: ChangeData<'_> => "changes/{changeId}",
        "A change was approved: what came of it follows.", "change.approved";
    ChangeRejected: ChangeData<'_> => "changes/{changeId}",
        "Somebody has rejected a change.", "change.rejected";
    ChangeWithdrawn: ChangeData<'_> => "changes/{changeId}",
        "Who made a change has taken it back.", "change.withdrawn";
    ChangeExpired: ChangeData<'_> => "changes/{changeId}",
        "Nobody decided a change in time.", "change.expired";
    ChangeFailed: ChangeData<'_> => "changes/{changeId}",
        "A change was approved and could not be carried out any more.", "change.failed";
    CustomerMerged: MergedData => "customers/{toCustomerId}",
        "Two customers became one: everything of the first is the second's.", "customer.merged";
    CustomerErased: ErasedData => "customers/{customerId}",
        "A customer was erased: events about it have no data any more.", "customer.erased";
}

impl EventType {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        EventKind::ALL.iter().copied().map(Self::of)
    }

    /// The type on the wire.
    pub fn name(&self) -> String {
        event_type(self.kind.name())
    }

    /// The name of the schema of its data.
    pub fn data_name(&self) -> &str {
        &self.data.name
    }

    /// Adds the schema of its data, and those that it refers to, to `schemas`.
    pub fn add_data_schemas(&self, schemas: &mut Vec<(String, RefOr<Schema>)>) {
        (self.data.parts)(schemas);
        schemas.push((self.data.name.clone(), self.data.schema.clone()));
    }
}
