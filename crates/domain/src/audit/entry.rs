//! One entry of the trail.

use std::fmt;
use std::str::FromStr;

use super::{Action, Change, Entity, RequestTag};
use crate::actor::Actor;
use crate::ids::OrgId;
use crate::instant::Instant;
use crate::text::Reason;

/// Who did it, when, and in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// Who.
    pub actor: Actor,
    /// When it was recorded.
    pub on: Instant,
    /// The request that asked for it; `None` for the command line and the server itself.
    pub tag: Option<RequestTag>,
}

impl Attribution {
    /// What the command line or the server itself does at `on`.
    pub const fn system(on: Instant) -> Self {
        Self {
            actor: Actor::SYSTEM,
            on,
            tag: None,
        }
    }
}

/// One change of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The org whose trail it is in.
    pub org: OrgId,
    /// Who did it, when, and in which request.
    pub by: Attribution,
    /// What was changed.
    pub entity: Entity,
    /// What was done to it.
    pub action: Action,
    /// Why, in the words of who did it.
    pub reason: Option<Reason>,
    /// What was and what is.
    pub change: Change,
}

impl Entry {
    /// The entry that tells of `action`, without a reason.
    pub fn new(
        org: OrgId,
        by: &Attribution,
        entity: impl Into<Entity>,
        action: Action,
        change: Change,
    ) -> Self {
        Self {
            org,
            by: by.clone(),
            entity: entity.into(),
            action,
            reason: None,
            change,
        }
    }

    /// The same with a reason, if there is one.
    pub fn with_reason(self, reason: Option<&Reason>) -> Self {
        Self {
            reason: reason.cloned(),
            ..self
        }
    }
}

/// The place of an entry in the trail of its org: when it was recorded, and a number that tells those
/// of one moment apart, in their order.
///
/// ```
/// use accolade_domain::audit::EntryId;
///
/// let id: EntryId = "1777627800000001-12".parse().unwrap();
/// assert_eq!(id.to_string(), "1777627800000001-12");
/// assert!("1777627800000001".parse::<EntryId>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// When it was recorded.
    pub on: Instant,
    /// Its number among those of the moment.
    pub number: i64,
}

/// The text is not the id of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the id of an entry")]
pub struct NotAnEntryId;

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.on.unix_micros(), self.number)
    }
}

impl FromStr for EntryId {
    type Err = NotAnEntryId;

    fn from_str(text: &str) -> Result<Self, NotAnEntryId> {
        let (on, number) = text.rsplit_once('-').ok_or(NotAnEntryId)?;
        let on = on.parse().map_err(|_| NotAnEntryId)?;
        Ok(Self {
            on: Instant::from_unix_micros(on).map_err(|_| NotAnEntryId)?,
            number: number.parse().map_err(|_| NotAnEntryId)?,
        })
    }
}
