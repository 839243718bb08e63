//! Groups of badges.

use crate::actor::Actor;
use crate::badge::Rank;
use crate::ids::{GroupId, OrgId};
use crate::instant::Instant;
use crate::text::Name;

/// A group of badges, ranked among the org's groups: 1 is highest.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// The org that it belongs to.
    pub org: OrgId,
    /// Unique among the org's active groups.
    pub name: Name,
    /// Its rank among the org's groups.
    pub rank: Rank,
    /// Whether the group was not removed: no badge belongs to an inactive group.
    pub active: bool,
    /// When it was created.
    pub created_on: Instant,
    /// By whom.
    pub created_by: Actor,
    /// When it last changed.
    pub updated_on: Instant,
    /// By whom.
    pub updated_by: Actor,
}

/// A change of a group; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// The new name.
    pub name: Option<Name>,
    /// The new rank.
    pub rank: Option<Rank>,
}

impl Group {
    /// The group after `change`, made at `now` by `by`.
    pub fn changed(&self, change: GroupChange, now: Instant, by: Actor) -> Self {
        Self {
            name: change.name.unwrap_or_else(|| self.name.clone()),
            rank: change.rank.unwrap_or(self.rank),
            updated_on: now,
            updated_by: by,
            ..self.clone()
        }
    }

    /// The group after it was removed at `now` by `by`.
    pub fn removed(&self, now: Instant, by: Actor) -> Self {
        Self {
            active: false,
            updated_on: now,
            updated_by: by,
            ..self.clone()
        }
    }
}
