//! Entries of the audit trail as rows.

use accolade_application::ports::{AuditQuery, PlacedEntry};
use accolade_domain::actor::Actor;
use accolade_domain::audit::{
    Action, Attribution, Change, Entity, EntityKind, Entry, EntryId, RequestTag,
};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::text::Reason;
use anyhow::Context as _;
use diesel::prelude::Queryable;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};

use crate::mapping::{instant, stored};
use crate::retry::WorkError;

/// The audit trail: what each database says its own way.
pub(crate) trait AuditSql {
    /// Writes rows of an org in their order, in one statement.
    fn insert_entries(&mut self, org: OrgId, rows: &[NewEntry<'_>]) -> Result<(), WorkError>;

    /// The entries about the thing `id` that `query` asks for, and one more if there is one.
    fn entries_about(
        &mut self,
        org: OrgId,
        id: &str,
        query: &AuditQuery,
    ) -> Result<Vec<EntryRow>, WorkError>;

    /// Writes `entries`, which are the org's, in their order.
    fn tell(&mut self, org: OrgId, entries: &[Entry]) -> Result<(), WorkError> {
        if entries.is_empty() {
            return Ok(());
        }
        let rows: anyhow::Result<Vec<_>> = entries.iter().map(NewEntry::try_from).collect();
        self.insert_entries(org, &rows?)
    }
}

/// What entries are about whose reasons may tell of a customer: an operator has written them.
pub(crate) const ABOUT_PEOPLE: &[EntityKind] = &[
    EntityKind::Customer,
    EntityKind::Enrolment,
    EntityKind::Earn,
    EntityKind::Change,
];

/// Where the entries about one thing lie that a query asks for.
pub(crate) struct Bounds {
    /// The first moment, and the last.
    pub(crate) from: i64,
    pub(crate) until: i64,
    /// Those of this moment and later are left out, but for the ones with smaller numbers.
    pub(crate) on: i64,
    pub(crate) number: i64,
}

impl From<&AuditQuery> for Bounds {
    fn from(query: &AuditQuery) -> Self {
        let from = query.from.unwrap_or(Instant::MIN).unix_micros();
        let to = query.to.map_or(i64::MAX, |to| to.unix_micros() - 1);
        let (on, number) = query.after.map_or((i64::MAX, i64::MAX), |after| {
            (after.on.unix_micros(), after.number)
        });
        Self {
            from,
            until: to.min(on),
            on,
            number,
        }
    }
}

/// An entry to be written.
pub(crate) struct NewEntry<'a> {
    pub(crate) recorded_on: i64,
    pub(crate) actor: i64,
    pub(crate) entity_type: i16,
    pub(crate) action: i16,
    pub(crate) entity_id: &'a str,
    pub(crate) request_tag: Option<&'a str>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) changes: Option<String>,
}

impl<'a> TryFrom<&'a Entry> for NewEntry<'a> {
    type Error = anyhow::Error;

    fn try_from(entry: &'a Entry) -> anyhow::Result<Self> {
        let changes = (!entry.change.is_empty()).then(|| serde_json::to_string(&entry.change));
        Ok(Self {
            recorded_on: entry.by.on.unix_micros(),
            actor: entry.by.actor.number(),
            entity_type: entry.entity.kind().number(),
            action: entry.action.number(),
            entity_id: entry.entity.id(),
            request_tag: entry.by.tag.as_ref().map(RequestTag::as_str),
            reason: entry.reason.as_ref().map(Reason::as_str),
            changes: changes.transpose()?,
        })
    }
}

/// The columns of an [`EntryRow`].
pub(crate) type EntryColumns = (
    BigInt,
    BigInt,
    BigInt,
    SmallInt,
    SmallInt,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
);

/// An entry as it is read.
#[derive(Queryable)]
pub(crate) struct EntryRow {
    recorded_on: i64,
    number: i64,
    actor: i64,
    entity_type: i16,
    action: i16,
    entity_id: String,
    request_tag: Option<String>,
    reason: Option<String>,
    changes: Option<String>,
}

impl EntryRow {
    pub(crate) fn placed(self, org: OrgId) -> anyhow::Result<PlacedEntry> {
        let on = instant(self.recorded_on)?;
        let kind = EntityKind::from_number(self.entity_type).context("a stored kind of thing")?;
        let tag = self.request_tag.as_deref();
        let changes: Option<Change> = self
            .changes
            .map(|changes| serde_json::from_str(&changes).context("stored changes"))
            .transpose()?;
        Ok(PlacedEntry {
            id: EntryId {
                on,
                number: self.number,
            },
            entry: Entry {
                org,
                by: Attribution {
                    actor: stored::<_, Actor>(self.actor)?,
                    on,
                    tag: tag.map(stored::<_, RequestTag>).transpose()?,
                },
                entity: Entity::from_stored(kind, self.entity_id),
                action: Action::from_number(self.action).context("a stored action")?,
                reason: self.reason.map(Reason::from_stored),
                change: changes.unwrap_or_default(),
            },
        })
    }
}
