//! Where rules for approval live, and the commands that wait by them.

use accolade_domain::actor::Actor;
use accolade_domain::approval::{ApprovalRules, Change, ChangeId, ChangeState, RuledOperation};
use accolade_domain::audit::Entry;
use accolade_domain::event::ChangeFact;
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::listing::{Page, PageOf, SortOrder};

use serde::{Deserialize, Serialize};

use crate::access::AccessGroups;
use crate::approvals::{Basis, Effect, HeldCommand, Subject};
use crate::ports::{IdempotencyRecord, StoreError};

/// Which rules of an org a command was let through by: raised whenever they are replaced; 0 while nobody
/// has set any.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct RulesVersion(pub i64);

/// The rules of an org, their version, and whether they may have something wait.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionedRules {
    /// The rules.
    pub rules: ApprovalRules,
    /// The version.
    pub version: RulesVersion,
    /// Whether any change of the org has a subject: `false` where nothing waits.
    pub has_subjects: bool,
}

/// Rules that are to replace others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutRules {
    /// The org.
    pub org: OrgId,
    /// The rules.
    pub rules: ApprovalRules,
    /// The version of those that they replace.
    pub before: RulesVersion,
    /// What to remember under the caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyRecord>,
    /// What the audit trail tells of it.
    pub entries: Vec<Entry>,
}

/// Why rules were not replaced.
#[derive(Debug, thiserror::Error)]
pub enum PutRulesError {
    /// They have another version: read them and decide again.
    #[error("the rules have changed")]
    Changed,
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change with the command that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChange {
    /// What votes and time have made of it.
    pub change: Change,
    /// Raised whenever it is saved.
    pub version: i64,
    /// What it is to do; `None` once it was about customers who were forgotten.
    pub command: Option<HeldCommand>,
    /// What its maker might do when it was made.
    pub groups: AccessGroups,
    /// What it was decided from, where that must not change.
    pub basis: Basis,
    /// What it would have done when it was made.
    pub then: Option<Effect>,
    /// What came of it when it was carried out.
    pub result: Option<Effect>,
}

/// A change that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// The change, at version 1.
    pub stored: StoredChange,
    /// What no other change may be about while it waits.
    pub subjects: Vec<Subject>,
    /// What to remember under the caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyRecord>,
    /// What the audit trail tells of it.
    pub entries: Vec<Entry>,
}

/// Why a change was not stored.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Another change that waits is about the same.
    #[error("a change of the same waits")]
    Pending,
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change as it is to be from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveChange {
    /// The change, with the version that it had when it was read.
    pub after: StoredChange,
    /// What the feed is told, if anything.
    pub told: Option<ChangeFact>,
    /// When it is saved.
    pub now: Instant,
    /// What to remember under the caller's idempotency key, if it sent one.
    pub idempotency: Option<IdempotencyRecord>,
    /// What the audit trail tells of it.
    pub entries: Vec<Entry>,
}

/// Why a change was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveChangeError {
    /// It has another version: read it and decide again.
    #[error("the change has changed")]
    Changed,
    /// A request with this idempotency key was executed.
    #[error("the idempotency key has been used")]
    IdempotencyKeyUsed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A place in the list of an org's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangeCursor {
    /// When the change was made.
    pub created_on: Instant,
    /// Its id, which tells those of one moment apart.
    pub change: ChangeId,
}

/// Which changes of an org to list: those to which every filter applies, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeQuery {
    /// The moment that states refer to.
    pub now: Instant,
    /// In any of these states; empty means any at all.
    pub states: Vec<ChangeState>,
    /// Of any of these operations; empty means any at all.
    pub operations: Vec<RuledOperation>,
    /// Only those behind this place; `None`: from the newest on.
    pub after: Option<ChangeCursor>,
    /// The most changes: at least 1.
    pub limit: u32,
}

/// A page of a list of changes, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePage {
    /// The changes, as they were written down last.
    pub changes: Vec<StoredChange>,
    /// What is behind this is on the next page; `None` on the last one.
    pub next: Option<ChangeCursor>,
}

/// What a list of requests is sorted by; those that are equal in it by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RequestSort {
    /// When it was made.
    #[default]
    Started,
    /// When it ended; those that have not count as the latest.
    Ended,
}

/// Which changes that enrol or let earn to list, by number of page: those to which every filter applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestQuery {
    /// The moment that states refer to.
    pub now: Instant,
    /// In any of these states; empty means any at all.
    pub states: Vec<ChangeState>,
    /// Of any of these operations: at least one.
    pub operations: Vec<RuledOperation>,
    /// Made by this one.
    pub maker: Option<Actor>,
    /// Made then or later.
    pub from: Option<Instant>,
    /// Made before then.
    pub to: Option<Instant>,
    /// By what the list is sorted.
    pub sort: RequestSort,
    /// Which end comes first.
    pub order: SortOrder,
    /// Which page.
    pub page: PageOf,
}

/// Where rules for approval live, and the commands that wait by them. A change of another org is as good
/// as none. `entries` are what the audit trail tells, and `told` is an event of the feed, of the same
/// transaction. Secrets in a command are stored as those of webhooks are.
pub trait ChangeStore: Send + Sync {
    /// The rules of the org as they are now: none, of version 0, if nobody has set any; and whether any
    /// change that waits has a subject, in one statement.
    ///
    /// # Errors
    /// The store failed.
    fn rules(&self, org: OrgId) -> Result<VersionedRules, StoreError>;

    /// Replaces the rules, if they still have the version that is to be replaced, and gives the next one.
    /// Of two that race from one version exactly one wins.
    ///
    /// It waits for enrolments and earns of the org that are being recorded: once it has returned, none is
    /// recorded any more that was let through by rules of an earlier version.
    ///
    /// # Errors
    /// [`PutRulesError::IdempotencyKeyUsed`], else [`PutRulesError::Changed`].
    fn put_rules(&self, put: &PutRules) -> Result<RulesVersion, PutRulesError>;

    /// Stores a change that waits, and tells the feed that it was handed in. Of two that race about one
    /// subject exactly one wins. A subject is free again once the change that has it does not wait any
    /// more, at the moment at which the new one is made.
    ///
    /// While a change that enrols or lets earn waits, what a version of the rules has let through under its
    /// request id is refused with 1967. Submitting one waits for enrolments and earns of the org that are
    /// being recorded: once it has returned, none is recorded any more that did not know.
    ///
    /// # Errors
    /// [`SubmitError::IdempotencyKeyUsed`], else [`SubmitError::Pending`].
    fn submit(&self, new: &NewChange) -> Result<(), SubmitError>;

    /// Whether a change of the org that waits at `now` is about this subject.
    ///
    /// # Errors
    /// The store failed.
    fn is_pending(&self, org: OrgId, subject: &Subject, now: Instant) -> Result<bool, StoreError>;

    /// The change as it was written down last.
    ///
    /// # Errors
    /// The store failed.
    fn change(&self, org: OrgId, change: ChangeId) -> Result<Option<StoredChange>, StoreError>;

    /// The same, and done together with other calls nobody else saves or locks it before those end: who
    /// tries waits, and finds what they have made of it.
    ///
    /// # Errors
    /// The store failed.
    fn lock_change(&self, org: OrgId, change: ChangeId)
    -> Result<Option<StoredChange>, StoreError>;

    /// Saves what has become of a change, if it still has the version with which it was read, and raises
    /// the version: its state, its votes, when it ended, and its result. Its subjects are free once it does
    /// not wait any more.
    ///
    /// # Errors
    /// [`SaveChangeError::IdempotencyKeyUsed`], else [`SaveChangeError::Changed`].
    fn save_change(&self, save: &SaveChange) -> Result<(), SaveChangeError>;

    /// The page of the org's changes that `query` asks for, in a number of statements that does not depend
    /// on how many there are. One that waits and whose time is over counts as expired.
    ///
    /// # Errors
    /// The store failed.
    fn changes(&self, org: OrgId, query: &ChangeQuery) -> Result<ChangePage, StoreError>;

    /// The page of the org's changes that `query` asks for, and how many there are on all pages. One that
    /// waits and whose time is over counts as expired, at that moment.
    ///
    /// # Errors
    /// The store failed.
    fn requests(&self, org: OrgId, query: &RequestQuery) -> Result<Page<StoredChange>, StoreError>;

    /// Changes of any org that are written down as waiting and whose time is over at `now`: at most
    /// `limit`, those that were over first.
    ///
    /// # Errors
    /// The store failed.
    fn overdue_changes(&self, now: Instant, limit: u32) -> Result<Vec<StoredChange>, StoreError>;
}
