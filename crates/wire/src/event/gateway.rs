//! An event in the format that consumers of the API family's own events read.
//!
//! The names are the family's: an enrolment is an *issual*, the customer is told apart by where it
//! is known, and moments are numbers of milliseconds.

use accolade_domain::actor::Actor;
use accolade_domain::earning::Span;
use accolade_domain::event::{ChangeFact, EarnFact, Event, Fact, LimitCount};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::{Reason, RequestId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::cloud_event::event_id;
use crate::answer::answer;
use crate::change::workflow::{request_state, request_type};
use crate::earning::windows::level;
use crate::words::{CalendarUnitName, OwnerTypeName};

/// An example, as JSON.
pub const GATEWAY_EXAMPLE: &str = include_str!("../../examples/events/badgeEarned.json");

/// An example of an event of the request workflow, as JSON.
pub const WORKFLOW_EXAMPLE: &str = include_str!("../../examples/events/requestWorkflowEvent.json");

/// An event in the family's format.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum AnyGatewayEvent<'a> {
    /// A customer earned a badge.
    Earned(Box<GatewayEvent<'a>>),
    /// Something became of a request that waits for approval.
    Workflow(Box<WorkflowEvent<'a>>),
}

/// `event` in the family's format; `None` of what that has no event for. `issued_on` is when the
/// enrolment was recorded that the earn rests on.
pub fn gateway_event(event: &Event, issued_on: Option<Instant>) -> Option<AnyGatewayEvent<'_>> {
    match &event.fact {
        Fact::EarnCreated(fact) => {
            let earned = GatewayEvent::new(event, fact, issued_on);
            Some(AnyGatewayEvent::Earned(Box::new(earned)))
        }
        Fact::Change(fact) => {
            let workflow = WorkflowEvent::new(event, fact);
            Some(AnyGatewayEvent::Workflow(Box::new(workflow)))
        }
        _ => None,
    }
}

answer! {
    /// Something became of a request that waits for approval, in the format of the API family.
    #[schema(as = RequestWorkflowEvent)]
    pub struct WorkflowEvent<'a> {
        /// What happened.
        #[schema(example = "requestWorkflowEvent")]
        eventName: &'static str = "requestWorkflowEvent",
        /// Names the event; the same whenever it is sent.
        #[schema(value_type = String, example = "5b1ee5b0-9d0a-8c3e-8f0a-2b1f0f6a7c11")]
        eventId: Uuid = uuid(event),
        /// The organisation.
        #[schema(example = 100_458)]
        orgId: i64 = event.org.get(),
        /// The organisation and the change.
        #[schema(example = "100458_ef1bc378-a4d4-41ee-b2a9-462516199fc5")]
        refId: String = format!("{}_{}", event.org, fact.change),
        /// Always null.
        #[schema(required, value_type = Option<String>)]
        apiRequestId: () = (),
        /// When it was recorded: milliseconds since 1970.
        #[schema(example = 1_777_636_800_000_i64)]
        createdAt: i64 = milliseconds(event.recorded_on),
        /// What there is to say.
        data: WorkflowData<'a> = WorkflowData::new(fact),
        /// Always null.
        #[schema(required, value_type = Option<String>)]
        loyaltyEventId: () = (),
    }
    new(event: &'a Event, fact: &'a ChangeFact) {}
}

answer! {
    /// What there is to say of a request that waits for approval.
    #[schema(as = RequestWorkflowData)]
    pub(super) struct WorkflowData<'a> {
        /// The change.
        #[schema(example = "ef1bc378-a4d4-41ee-b2a9-462516199fc5")]
        requestId: String = fact.change.to_string(),
        /// `issue-badge` or `earn-badge`, or what else it does.
        #[schema(example = "issue-badge")]
        requestType: &'static str = request_type(fact.operation),
        /// `AdminTask`, `approved`, `rejected` or `failed`.
        #[schema(example = "AdminTask")]
        state: &'static str = request_state(fact.state),
        /// The number of who made it.
        #[schema(example = 1)]
        userId: i64 = fact.maker.number(),
        /// The number of who has decided it; null where nobody has.
        #[schema(required)]
        checkerId: Option<i64> = fact.checker.map(Actor::number),
        /// What was said beside it; null if nothing was.
        #[schema(required)]
        actionMessage: Option<&'a str> = fact.comment.as_ref().map(Reason::as_str),
    }
    new(fact: &'a ChangeFact) {}
}

answer! {
    /// A customer earned a badge, in the format of the API family.
    #[schema(as = BadgeEarnedEvent)]
    pub struct GatewayEvent<'a> {
        /// What happened.
        #[schema(example = "badgeEarned")]
        eventName: &'static str = "badgeEarned",
        /// Names the event; the same whenever it is sent.
        #[schema(value_type = String, example = "5b1ee5b0-9d0a-8c3e-8f0a-2b1f0f6a7c11")]
        eventId: Uuid = uuid(event),
        /// The organisation.
        #[schema(example = 100_458)]
        orgId: i64 = event.org.get(),
        /// The organisation and the earned badge.
        #[schema(example = "100458_6627b2138fe258516a891f17")]
        refId: String = format!("{}_{}", event.org, fact.earned),
        /// The id of the request that recorded it; null if there is none.
        #[schema(required)]
        apiRequestId: Option<&'a str> = fact.request_id.as_ref().map(RequestId::as_str),
        /// When it was recorded: milliseconds since 1970.
        #[schema(example = 1_777_636_800_000_i64)]
        createdAt: i64 = milliseconds(event.recorded_on),
        /// What there is to say.
        data: GatewayData<'a> = GatewayData::new(event, fact, issued_on),
        /// Always null.
        #[schema(required, value_type = Option<String>)]
        loyaltyEventId: () = (),
    }
    new(event: &'a Event, fact: &'a EarnFact, issued_on: Option<Instant>) {}
}

answer! {
    /// What there is to say of an earn.
    #[schema(as = BadgeEarnedData)]
    pub(super) struct GatewayData<'a> {
        /// The customer.
        customerIdentifiers: GatewayCustomer = GatewayCustomer::new(fact.customer),
        /// The badge.
        #[schema(value_type = String, example = "66276dc68fe258516a88ff8e")]
        badgeId: BadgeId = fact.badge,
        /// The enrolment that the earn rests on; absent if it rests on none.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, nullable = false, example = "6627b1a58fe258516a891f02")]
        issualId: Option<EnrolmentId> = fact.enrolment,
        /// When that was recorded: milliseconds since 1970.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false, example = 1_777_633_200_000_i64)]
        issuedOn: Option<i64> = fact.enrolment.and(issued_on).map(milliseconds),
        /// The earned badge.
        #[schema(value_type = String, example = "6627b2138fe258516a891f17")]
        earnId: EarnedBadgeId = fact.earned,
        /// When it was recorded: milliseconds since 1970.
        #[schema(example = 1_777_636_800_000_i64)]
        earnedOn: i64 = milliseconds(event.recorded_on),
        /// The limits that the earn had room under; none if the badge has no limit.
        earnConstraints: Vec<GatewayConstraint> =
            fact.limits.iter().map(GatewayConstraint::new).collect(),
        /// Who triggered the earn; null if it was done by hand.
        #[schema(required)]
        triggeringActivity: Option<GatewayActivity<'a>> =
            fact.triggered_by.as_ref().map(GatewayActivity::new),
    }
    new(event: &Event, fact: &'a EarnFact, issued_on: Option<Instant>) {}
}

answer! {
    /// The customer.
    #[schema(as = BadgeEarnedCustomer)]
    pub(super) struct GatewayCustomer {
        /// Its number.
        #[schema(example = 62_090_013)]
        customerId: i64 = customer.get(),
        /// Where it is known.
        #[schema(example = "loyalty")]
        loyaltyType: &'static str = "loyalty",
        /// Always empty.
        instore: Nothing = Nothing {},
    }
    new(customer: CustomerId) {}
}

/// An object without fields.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BadgeEarnedNothing)]
pub(super) struct Nothing {}

answer! {
    /// A limit, and how many earns count under it.
    #[schema(as = BadgeEarnedConstraint)]
    pub(super) struct GatewayConstraint {
        /// BADGE or CUSTOMER: whose earns it limits.
        #[schema(example = "CUSTOMER")]
        constraintLevel: &'static str = level(counted.limit.scope),
        /// `OVERALL`, `ROLLING_WINDOW` or `FIXED_WINDOW`.
        #[schema(example = "ROLLING_WINDOW")]
        constraintType: &'static str = kind,
        /// The unit of a rolling window; null of another limit.
        #[schema(required, value_type = Option<CalendarUnitName>)]
        rollType: Option<&'static str> = roll.map(|(unit, _)| unit),
        /// How many units a rolling window has; null of another limit.
        #[schema(required)]
        rollValue: Option<u32> = roll.map(|(_, length)| length),
        /// The most earns.
        #[schema(example = 3)]
        maxEarnLimit: u32 = counted.limit.max,
        /// How many earns count, this one included.
        #[schema(example = 1)]
        currentEarnCount: u64 = counted.count,
    }
    new(counted: &LimitCount) {
        let (kind, roll) = match counted.limit.span {
            Span::AllTime => ("OVERALL", None),
            Span::Fixed { .. } => ("FIXED_WINDOW", None),
            Span::Rolling { unit, length, .. } => {
                ("ROLLING_WINDOW", Some((unit.name(), length.get())))
            }
        };
    }
}

answer! {
    /// Who triggered an earn.
    #[schema(as = BadgeEarnedActivity)]
    pub(super) struct GatewayActivity<'a> {
        /// The module.
        #[schema(value_type = OwnerTypeName)]
        name: &'static str = owner.owner_type.name(),
        /// Its own id of the use.
        identifiers: [GatewayIdentifier<'a>; 1] = [GatewayIdentifier::new(owner)],
    }
    new(owner: &'a Owner) {}
}

answer! {
    /// A module's own id of the use.
    #[schema(as = BadgeEarnedIdentifier)]
    pub(super) struct GatewayIdentifier<'a> {
        /// What it is.
        #[schema(example = "referenceId")]
        key: &'static str = "referenceId",
        /// The id.
        #[schema(example = "123694")]
        value: &'a str = owner.reference.as_str(),
    }
    new(owner: &'a Owner) {}
}

/// Whole milliseconds since 1970.
const fn milliseconds(instant: Instant) -> i64 {
    instant.unix_micros().div_euclid(1_000)
}

/// A UUID that follows from the id of `event`, so that every time it is sent it has the same.
fn uuid(event: &Event) -> Uuid {
    let digest = Sha256::digest(event_id(event));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::new_v8(bytes)
}
