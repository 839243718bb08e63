//! Every badge of an org, ready to be judged for any customer.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use crate::badge::{Badge, BadgePeriod, EarnType};
use crate::catalogue::Group;
use crate::ids::{BadgeId, GroupId};
use crate::instant::Instant;
use crate::listing::SortOrder;
use crate::text::folded;

/// A badge with its group, and beside it what every badge of an org is judged by: to look
/// through thousands of badges touches no definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueBadge {
    /// The badge with its claims.
    pub badge: Arc<Badge>,
    /// Its group, if it has an active one.
    pub group: Option<Arc<Group>>,
    pub(super) id: BadgeId,
    pub(super) active: bool,
    pub(super) earn_type: EarnType,
    pub(super) period: BadgePeriod,
    pub(super) updated_on: Instant,
    pub(super) group_id: Option<GroupId>,
    /// The name in lower case.
    pub(super) folded_name: Box<str>,
    /// The place of the badge among those of the org when they are sorted by rank; equal badges
    /// share a place.
    pub(super) rank_place: u32,
}

impl CatalogueBadge {
    /// `badge`, which is in `group` if that is active.
    pub fn new(badge: Badge, group: Option<Arc<Group>>) -> Self {
        Self {
            id: badge.id,
            active: badge.active,
            earn_type: badge.definition.earn_mode.earn_type(),
            period: badge.definition.period,
            updated_on: badge.updated_on,
            group_id: group.as_ref().map(|group| group.id),
            folded_name: folded(badge.definition.name.as_str()).into(),
            rank_place: 0,
            badge: Arc::new(badge),
            group,
        }
    }

    /// By the group's rank, badges without group last; then by the badge's, unranked ones last;
    /// then those that end last first.
    fn compare_ranks(&self, other: &Self) -> Ordering {
        let group = |badge: &Self| badge.group.as_ref().map(|group| group.rank);
        let rank = |badge: &Self| badge.badge.definition.rank;
        let ascending = SortOrder::Ascending;
        ascending
            .compare(group(self), group(other))
            .then(ascending.compare(rank(self), rank(other)))
            .then(other.period.expires_on().cmp(&self.period.expires_on()))
    }
}

/// Every badge of an org, sorted by id, descending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    badges: Vec<CatalogueBadge>,
}

impl Catalogue {
    /// The catalogue of an org whose badges these are, each once, in any order.
    pub fn new(mut badges: Vec<CatalogueBadge>) -> Self {
        badges.sort_by(CatalogueBadge::compare_ranks);
        let mut place = 0;
        for index in 1..badges.len() {
            if badges[index - 1].compare_ranks(&badges[index]).is_lt() {
                place += 1;
            }
            badges[index].rank_place = place;
        }
        badges.sort_by_key(|badge| Reverse(badge.id));
        Self { badges }
    }

    /// The badges, those with the greatest ids first.
    pub fn badges(&self) -> &[CatalogueBadge] {
        &self.badges
    }
}
