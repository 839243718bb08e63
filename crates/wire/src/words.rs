//! The schemas of the wire's words, made from the domain's own lists.
//!
//! An answer writes such a word as a plain string; these types say in the
//! OpenAPI document which ones there are, so that a new one is there without
//! anybody having to think of it.

use std::borrow::Cow;

use accolade_application::customers::MatchKind;
use accolade_application::ports::{ActorKind, AttemptStatus};
use accolade_domain::approval::{ChangeState, Decision, RuledOperation};
use accolade_domain::audit::{Action, EntityKind};
use accolade_domain::badge::constraint::Weekday;
use accolade_domain::badge::{BadgeStatus, EarnType, ImageTag};
use accolade_domain::catalogue::DataType;
use accolade_domain::enrolment::EnrolmentStatus;
use accolade_domain::job::{JobFormat, JobOperation, JobState};
use accolade_domain::owner::OwnerType;
use accolade_domain::webhook::{DeliveryFormat, DeliveryOrder, SignatureKind, WebhookState};
use accolade_domain::zone::CalendarUnit;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $schema:literal of $domain:ty, $description:literal;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub(crate) struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .description(Some($description))
                        .enum_values(Some(<$domain>::ALL.iter().map(|word| word.name())))
                        .into()
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed($schema)
                }
            }
        )+
    };
}

words! {
    /// The spellings of an actor's kind.
    ActorKindName = "ActorKind" of ActorKind,
        "What an actor is: the server itself, an API client, or an operator of the console.";
    /// The spellings of by what somebody was found.
    MatchKindName = "CustomerMatchKind" of MatchKind,
        "By what somebody was found.";
    /// The spellings of what waits for approval.
    RuledOperationName = "RuledOperation" of RuledOperation,
        "What an organisation can have approved: updates of live badges, deactivations, enrolling, earning, revoking and importing, starting jobs, merging and erasing customers, clients, webhooks, and these rules.";
    /// The spellings of a change's state.
    ChangeStateName = "ChangeState" of ChangeState,
        "What has become of a change: PENDING while it waits for votes; APPROVED once it was carried out, FAILED if it was approved and could not be; REJECTED, WITHDRAWN or EXPIRED.";
    /// The spellings of a decision.
    DecisionName = "Decision" of Decision,
        "What somebody says of a change.";
    /// The spellings of what was done.
    AuditActionName = "AuditAction" of Action,
        "What was done to a thing.";
    /// The spellings of what it was done to.
    AuditEntityTypeName = "AuditEntityType" of EntityKind,
        "A kind of thing whose changes the audit trail tells.";
    /// The spellings of an owner type.
    OwnerTypeName = "OwnerType" of OwnerType,
        "The module that owns a use of the badge. Read in any case, with `-` or a blank for `_`.";
    /// The spellings of a badge's status.
    BadgeStatusName = "BadgeStatus" of BadgeStatus,
        "Where the badge stands in its period.";
    /// The spellings of an earn type.
    EarnTypeName = "EarnType" of EarnType,
        "Whether customers are enrolled before they earn.";
    /// The spellings of an enrolment's status.
    EnrolmentStatusName = "EnrolmentStatus" of EnrolmentStatus,
        "The state of an enrolment.";
    /// The spellings of a calendar unit.
    CalendarUnitName = "CalendarUnit" of CalendarUnit,
        "A unit of the calendar, in the organisation's time zone.";
    /// The spellings of an image's tag.
    ImageTagName = "ImageTag" of ImageTag,
        "The state of the badge that an image shows.";
    /// The spellings of a custom field's type.
    DataTypeName = "DataType" of DataType,
        "The type of a custom field's values: any text, a whole number of 64 bits, true or false, or a date.";
    /// The spellings of a day of the week.
    WeekdayName = "Weekday" of Weekday,
        "A day of the week; 1 (Monday) to 7 (Sunday) are read too.";
    /// The spellings of the form in which events are sent.
    DeliveryFormatName = "DeliveryFormat" of DeliveryFormat,
        "The form in which events are sent: each as the feed has it, or as consumers of the API family's own events read it.";
    /// The spellings of a signature.
    SignatureKindName = "SignatureKind" of SignatureKind,
        "How requests to a webhook are signed.";
    /// The spellings of an order of deliveries.
    DeliveryOrderName = "DeliveryOrder" of DeliveryOrder,
        "Which events wait for which: each for those of its customer before it, none, or each for all before it.";
    /// The spellings of what a job does.
    JobOperationName = "JobOperation" of JobOperation,
        "What is done by each row of a job: enrol, let earn, revoke, import an earned badge, or register a customer's identifiers.";
    /// The spellings of how the rows of a file are written.
    JobFormatName = "JobFormat" of JobFormat,
        "How the rows of a file are written: values with commas between them below a line with the names of the columns, or a JSON object in each line.";
    /// The spellings of a job's state.
    JobStateName = "JobState" of JobState,
        "How far a job has come: OPEN until it is started; QUEUED, RUNNING and CANCELLING while it is at work; CANCELLED, COMPLETED or FAILED at its end.";
    /// The spellings of the status of an attempt.
    AttemptStatusName = "AttemptStatus" of AttemptStatus,
        "Whether an attempt to deliver succeeded.";
}

/// The spellings of a webhook's state, of which one has a reason.
#[derive(Debug)]
pub(crate) struct WebhookStateName;

impl PartialSchema for WebhookStateName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Whether anything is sent to a webhook."))
            .enum_values(Some(WebhookState::NAMES))
            .into()
    }
}

impl ToSchema for WebhookStateName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("WebhookState")
    }
}
