//! Where badge metas live.

use accolade_domain::actor::Actor;
use accolade_domain::audit::Entry;
use accolade_domain::badge::{Badge, BadgeDefinition, BadgeStatus, EarnType};
use accolade_domain::catalogue::Group;
use accolade_domain::ids::{BadgeId, BadgeNumber, GroupId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::listing::SortOrder;
use accolade_domain::owner::{Claim, OwnerType};
use time::macros::date;
use time::{Date, Duration};

use crate::answer::BadgeCounts;
use crate::ports::{IdempotencyRecord, StoreError};

/// How many enrolments and earned badges a badge had on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadgeDay {
    /// The day, of UTC.
    pub date: Date,
    /// Enrolments that were not revoked.
    pub issued: u64,
    /// Earned badges that were not revoked.
    pub earned: u64,
}

/// The first day that is counted from.
const EPOCH: Date = date!(1970 - 01 - 01);

impl BadgeDay {
    /// The day of UTC that `moment` falls on.
    pub fn of(moment: Instant) -> Date {
        let days = moment.unix_micros().div_euclid(86_400_000_000);
        EPOCH
            .checked_add(Duration::days(days))
            .unwrap_or(if days < 0 { Date::MIN } else { Date::MAX })
    }

    /// The number under which a day is stored: those since 1970.
    pub fn number(date: Date) -> i32 {
        date.to_julian_day() - EPOCH.to_julian_day()
    }

    /// The day that is stored under `number`.
    pub fn from_number(number: i32) -> Option<Date> {
        EPOCH.checked_add(Duration::days(number.into()))
    }
}

/// Which state of a badge a decision was made from: it grows with every edit, claims included. What is
/// recorded names the version that it was decided from, and is refused if the badge has changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BadgeVersion(pub i64);

/// A badge and the version that it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionedBadge {
    /// The badge, its claims included.
    pub badge: Badge,
    /// The version.
    pub version: BadgeVersion,
}

/// A badge and how often it was given, both from one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedBadge {
    /// The badge, its claims included.
    pub badge: Badge,
    /// Its number within the org.
    pub number: BadgeNumber,
    /// Its group, if it has one that is active.
    pub group: Option<Group>,
    /// How often it was given.
    pub counts: BadgeCounts,
}

/// One change of a badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadgeEdit {
    /// Sets whether this claim is active; adds it, as the last, if it is new.
    Claim(Claim),
    /// Turns the badge on or off.
    Activity(bool),
    /// Replaces the definition, and turns the badge on or off if that is given.
    Definition {
        /// The new definition.
        definition: Box<BadgeDefinition>,
        /// On, or off.
        active: Option<bool>,
    },
}

/// A change, decided from one version of the badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadgeEditRequest {
    /// The org.
    pub org: OrgId,
    /// The badge.
    pub badge: BadgeId,
    /// The version that it was decided from.
    pub version: BadgeVersion,
    /// The change.
    pub edit: BadgeEdit,
    /// When it is made.
    pub now: Instant,
    /// By whom.
    pub by: Actor,
    /// What to remember under the caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyRecord>,
    /// What the audit trail tells of it.
    pub entries: Vec<Entry>,
}

/// Why a badge was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateBadgeError {
    /// Another badge of the org has its id.
    #[error("the id is taken")]
    IdTaken,
    /// Another badge of the org has its name, active or not.
    #[error("the name is taken")]
    NameTaken,
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a badge was not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditBadgeError {
    /// The badge has another version now: read it and decide again.
    #[error("the badge has changed")]
    Changed,
    /// Another badge of the org has the new name.
    #[error("the name is taken")]
    NameTaken,
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a list of badges is sorted by; badges that are equal in it are sorted by id in
/// the same order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BadgeSort {
    /// By id, that is, by creation.
    #[default]
    Id,
    /// By name, by code point.
    Name,
    /// By start.
    StartDate,
}

/// Which badges of an org to list: those to which every filter applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadgeQuery {
    /// The moment that `statuses` refer to.
    pub now: Instant,
    /// Of any of these statuses; empty means any at all.
    pub statuses: Vec<BadgeStatus>,
    /// Of this type.
    pub earn_type: Option<EarnType>,
    /// On, or off.
    pub active: Option<bool>,
    /// Restricted to owners among which is this one.
    pub owner: Option<OwnerType>,
    /// With an active claim of this type of owner.
    pub claimed_by: Option<OwnerType>,
    /// `true`: without any active claim; `false`: with one.
    pub unclaimed: Option<bool>,
    /// Of this group, which is active.
    pub group: Option<GroupId>,
    /// Whose name contains this, both mapped to Unicode lower case
    /// ([`folded`](accolade_domain::text::folded)); no character has a special meaning.
    pub name_contains: Option<String>,
    /// That start then or later.
    pub starts_from: Option<Instant>,
    /// That end then or earlier.
    pub ends_until: Option<Instant>,
    /// By what the list is sorted.
    pub sort: BadgeSort,
    /// Which end comes first.
    pub order: SortOrder,
    /// Which page, from 0.
    pub page: u32,
    /// How many badges a page has: at least 1.
    pub size: u32,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadgePage {
    /// The badges of the page; none past the end.
    pub badges: Vec<CountedBadge>,
    /// How many badges there are on all pages.
    pub total: u64,
}

/// Where badge metas live. A badge of another org is as good as none.
pub trait BadgeStore: Send + Sync {
    /// Creates `badge` at its first version, with its claims and without counts. Of two that race for
    /// one id or one name in an org exactly one wins; what other orgs have does not matter.
    /// What `idempotency` holds is remembered in the same transaction, with the number of the badge
    /// where the answer shows it, and `entries` are written.
    ///
    /// Gives the badge's number: the badges of an org have 1, 2, 3 … in the order in which they are
    /// created, also those that are created at the same moment, and a badge that is refused uses none
    /// up.
    ///
    /// # Errors
    /// [`CreateBadgeError::IdempotencyKeyUsed`], [`CreateBadgeError::IdTaken`],
    /// [`CreateBadgeError::NameTaken`]; the first where several apply.
    fn create(
        &self,
        badge: &Badge,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<BadgeNumber, CreateBadgeError>;

    /// The badge as it is now.
    ///
    /// # Errors
    /// The store failed.
    fn find(&self, org: OrgId, badge: BadgeId) -> Result<Option<VersionedBadge>, StoreError>;

    /// Those of `badges` that the org has, each once, in any order, in one statement or a few.
    ///
    /// # Errors
    /// The store failed.
    fn find_all(&self, org: OrgId, badges: &[BadgeId]) -> Result<Vec<VersionedBadge>, StoreError>;

    /// The badge and its counts, which are exact: those of all enrolments and
    /// earns recorded before, imports included.
    ///
    /// # Errors
    /// The store failed.
    fn find_counted(&self, org: OrgId, badge: BadgeId) -> Result<Option<CountedBadge>, StoreError>;

    /// What was [noted](crate::ports::Housekeeping::note_counts) of the badge's counts, day by day: from
    /// `from` on, and the last before that.
    ///
    /// # Errors
    /// The store failed.
    fn days(&self, org: OrgId, badge: BadgeId, from: Date) -> Result<Vec<BadgeDay>, StoreError>;

    /// The page of the org's badges that `query` asks for, in a number of statements
    /// that does not depend on how many badges it has.
    ///
    /// # Errors
    /// The store failed.
    fn list(&self, org: OrgId, query: &BadgeQuery) -> Result<BadgePage, StoreError>;

    /// Makes the change, if the badge still has the version that it was decided
    /// from, and raises the version. The badge's `updated_on` and `updated_by`
    /// become the request's. Of two that race from one version exactly one wins.
    ///
    /// It waits for enrolments of the badge that are being recorded, and those
    /// that come later see it: once it has returned, nothing is recorded any
    /// more that was decided from an earlier version.
    ///
    /// # Errors
    /// [`EditBadgeError::Changed`] (also if there is no such badge),
    /// [`EditBadgeError::NameTaken`], [`EditBadgeError::IdempotencyKeyUsed`]; where
    /// several apply the key comes first and the name last.
    fn edit(&self, request: &BadgeEditRequest) -> Result<(), EditBadgeError>;
}
