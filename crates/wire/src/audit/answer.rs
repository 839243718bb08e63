//! How entries of the audit trail look in an answer.

use accolade_application::audit::{AuditList, TracedEntry};
use accolade_domain::audit::{EntryId, RequestTag};
use accolade_domain::text::Reason;
use accolade_domain::zone::Zone;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::actor::ActorBody;
use crate::answer::answer;
use crate::audit::state::changes;
use crate::instant::{WireInstant, WireIso};
use crate::words::{AuditActionName, AuditEntityTypeName};

answer! {
    /// Entries of the audit trail, the newest first.
    #[schema(as = AuditTrail)]
    pub struct AuditBody<'a> {
        /// The entries.
        entries: Vec<EntryBody<'a>> = list
            .entries
            .iter()
            .map(|entry| EntryBody::new(entry, zone))
            .collect::<serde_json::Result<_>>()?,
        /// The `after` of the next page; null on the last.
        #[schema(required, example = "1764325800000000-2")]
        next: Option<String> = list.next.as_ref().map(EntryId::to_string),
    }
    new(list: &'a AuditList, zone: &Zone) -> serde_json::Result<Self> as Ok {}
}

answer! {
    /// One change of one thing.
    #[schema(as = AuditEntry)]
    pub struct EntryBody<'a> {
        /// Its id.
        #[schema(example = "1764325800000000-2")]
        id: String = traced.id.to_string(),
        /// When it was recorded.
        recordedOn: WireInstant = entry.by.on.into(),
        /// The same as text.
        recordedOnISO: WireIso = entry.by.on.into(),
        /// Who did it.
        actor: ActorBody<'a> = ActorBody::new(&traced.actor),
        /// What was done.
        #[schema(value_type = AuditActionName)]
        action: &'static str = entry.action.name(),
        /// To what kind of thing.
        #[schema(value_type = AuditEntityTypeName)]
        entityType: &'static str = entry.entity.kind().name(),
        /// Its id or number.
        #[schema(example = "66276dc68fe258516a88ff8e")]
        entityId: &'a str = entry.entity.id(),
        /// The `X-Request-Id` of the answer to the request that did it; null if it came another way.
        #[schema(required)]
        requestId: Option<&'a str> = entry.by.tag.as_ref().map(RequestTag::as_str),
        /// Why, in the words of who did it.
        #[schema(required)]
        reason: Option<&'a str> = entry.reason.as_ref().map(Reason::as_str),
        /// What was and what is, field by field.
        changes: Vec<ChangeBody> = changes(entry, zone)?,
    }
    new(traced: &'a TracedEntry, zone: &Zone) -> serde_json::Result<Self> as Ok {
        let entry = &traced.entry;
    }
}

/// What became of one field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditChange)]
pub struct ChangeBody {
    /// Its path in the API's own bodies.
    #[schema(example = "badgeConstraints[0].maxEarnLimit")]
    pub(super) field: String,
    /// What it was; null if there was none, or nobody may see it.
    #[schema(required, value_type = Value)]
    pub(super) before: Option<Box<RawValue>>,
    /// What it is; null if there is none any more, or nobody may see it.
    #[schema(required, value_type = Value)]
    pub(super) after: Option<Box<RawValue>>,
}
