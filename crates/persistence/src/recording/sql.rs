//! What recording needs of a database: what each says its own way, and the rows that go there and
//! come back. Everything here is done inside a transaction, and concerns one org.

use std::collections::BTreeSet;

use accolade_application::approvals::Subject;
use accolade_application::ports::{
    BadgeVersion, Context, EarnRequest, EnrolmentRequest, IdempotencyGuard, RulesVersion,
};
use accolade_domain::actor::Actor;
use accolade_domain::enrolment::Enrolment;
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, EnrolmentId, ObjectId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::rejection::Rejection;
use accolade_domain::text::{Reason, RequestId};
use diesel::QueryResult;

use crate::audit::AuditSql;
use crate::boundary::Boundary;
use crate::feed::sql::FeedSql;
use crate::mapping::{object_id, triggered_by};
use crate::people::sql::PeopleSql;
use crate::recording::ledger::{KeyRow, LedgerName, LedgerRow};
use crate::retry::{PooledConnection, WorkError};

/// A connection that recording works on.
pub(crate) trait RecordingSql:
    PooledConnection
    + BadgeSql
    + ChangeSql
    + PeopleSql
    + LedgerSql
    + EnrolmentSql
    + EarnSql
    + EarnRows
    + AuditSql
    + FeedSql
{
}

impl<C> RecordingSql for C where
    C: PooledConnection
        + BadgeSql
        + ChangeSql
        + PeopleSql
        + LedgerSql
        + EnrolmentSql
        + EarnSql
        + EarnRows
        + AuditSql
        + FeedSql
{
}

/// A badge of an org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BadgeKey {
    pub(crate) org: OrgId,
    pub(crate) badge: BadgeId,
}

/// By how much a badge's enrolments and earns grow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    pub(crate) badge: BadgeId,
    pub(crate) issued: i64,
    pub(crate) earned: i64,
}

/// The versions of badges, and what else one statement tells: whether anybody of the org was ever merged,
/// as a rule nobody was, and who is named need not be looked up; by which rules requests are let
/// through; and whether anything waits for approval.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions {
    pub(crate) of_badges: Vec<(BadgeId, BadgeVersion)>,
    pub(crate) is_any_merged: bool,
    /// The version of the org's rules for approval.
    pub(crate) rules: RulesVersion,
    /// Whether any change of the org has a subject.
    pub(crate) has_subjects: bool,
}

/// What requests were decided from, each once.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "postgres"),
    expect(dead_code, reason = "SQLite is asked by a statement of its own")
)]
pub(crate) struct Decided {
    pub(crate) badges: Vec<(BadgeId, BadgeVersion)>,
    /// The versions of the org's rules for approval.
    pub(crate) rules: Vec<RulesVersion>,
}

/// Badges: their locks, versions and counts.
pub(crate) trait BadgeSql {
    /// The statements that lock the org's people until the transaction ends, as
    /// [`PeopleSql::share_people`] does, and these badges of it, in their order, against edits but not
    /// against others who lock them so. They can be sent together with the one that begins the
    /// transaction; what comes later sees what they waited for.
    fn sharing(org: OrgId, badges: &BTreeSet<BadgeKey>) -> String;

    /// Locks the badge until the transaction ends, against everybody.
    fn lock_badge(&mut self, badge: BadgeKey) -> QueryResult<()>;

    /// Locks the earns of these badges until the transaction ends, in their order, against who
    /// counts them and who changes what is counted.
    fn lock_earns(&mut self, badges: &[BadgeKey]) -> QueryResult<()>;

    /// Locks the earns of this badge as `lock_earns` does, and its earned badges against who looks,
    /// by `share_revocations`, whether they are revoked.
    fn lock_earns_to_revoke(&mut self, badge: BadgeKey) -> QueryResult<()>;

    /// Locks the earned badges of these badges until the transaction ends, in their order, against who
    /// revokes them but not against others who lock them so.
    fn share_revocations(&mut self, badges: &[BadgeKey]) -> QueryResult<()>;

    /// The versions of those badges that there are.
    fn versions(&mut self, org: OrgId, badges: &[BadgeId]) -> Result<Versions, WorkError>;
}

/// What waits for approval.
pub(crate) trait ChangeSql {
    /// Those of the subjects that changes have, and when each is free again at the latest.
    fn taken(&mut self, org: OrgId, subjects: &[Subject]) -> QueryResult<Vec<(String, i64)>>;
}

/// Under which names requests are remembered: on PostgreSQL a statement each.
pub(crate) trait LedgerSql {
    /// Which of the keys are remembered and have not expired, by position.
    fn used_keys(&mut self, org: OrgId, guards: &[&IdempotencyGuard]) -> QueryResult<Vec<bool>>;

    /// Which of the names the ledger has, by position.
    fn used_names(&mut self, org: OrgId, names: &[LedgerName<'_>]) -> QueryResult<Vec<bool>>;

    /// Reserves keys that are new or have expired; gives for each whether it was.
    fn reserve_keys(&mut self, org: OrgId, rows: &[KeyRow<'_>]) -> Result<Vec<bool>, WorkError>;

    /// Forgets keys that this transaction has reserved.
    fn release_keys(&mut self, org: OrgId, rows: &[KeyRow<'_>]) -> QueryResult<()>;

    /// Writes those rows whose names are new; gives the number of each that was. And whether what requests
    /// were `decided` from is as it was, nobody of the org was ever merged, and nothing waits for approval
    /// that rules have to do with: it may say no without having looked.
    fn write_rows(
        &mut self,
        org: OrgId,
        rows: &[LedgerRow<'_>],
        decided: Option<&Decided>,
    ) -> QueryResult<(Vec<Option<i64>>, bool)>;

    /// Replaces the answers of rows that this transaction has written.
    fn correct_rows(&mut self, org: OrgId, rows: &[&LedgerRow<'_>]) -> QueryResult<()>;

    /// Removes rows that this transaction has written.
    fn erase_rows(&mut self, org: OrgId, rows: &[LedgerRow<'_>]) -> QueryResult<()>;

    /// The rows with this request id, one for each operation: operation, when it was recorded, and
    /// answer; by the moment, and those of one moment as they were recorded.
    fn rows_of(
        &mut self,
        org: OrgId,
        request_id: &RequestId,
    ) -> QueryResult<Vec<(i16, i64, Vec<u8>)>>;

    /// The answer that the ledger has under this name.
    fn recorded_answer(&mut self, org: OrgId, name: LedgerName<'_>)
    -> QueryResult<Option<Vec<u8>>>;
}

/// An enrolment to be inserted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewEnrolment {
    /// The request, by its position in the batch.
    pub(crate) request: usize,
    /// The customer's position in the request.
    pub(crate) position: usize,
    pub(crate) customer: CustomerId,
    pub(crate) id: ObjectId,
    /// Which of the customer's enrolments of the badge it will be, from 1.
    pub(crate) ordinal: i32,
}

/// An enrolment that there is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Existing {
    /// Whose, by position among the customers who were asked for.
    pub(crate) place: usize,
    pub(crate) ordinal: i32,
    pub(crate) enrolment: Enrolment,
}

/// What is kept of a revocation in what it has revoked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Revocation<'a> {
    pub(crate) on: Instant,
    pub(crate) by: Actor,
    pub(crate) reason: Option<&'a Reason>,
}

impl<'a> Revocation<'a> {
    /// What is kept of one that is recorded like this.
    pub(crate) fn new(context: &Context, reason: Option<&'a Reason>) -> Self {
        Self {
            on: context.now,
            by: context.actor,
            reason,
        }
    }

    /// The reason as text.
    pub(crate) fn reason(&self) -> Option<&'a str> {
        self.reason.map(Reason::as_str)
    }
}

/// Enrolments, in a constant number of statements.
pub(crate) trait EnrolmentSql {
    /// Inserts those enrolments whose ordinals are free; gives their number. Waits for
    /// other transactions that are taking the same ones. `new` is sorted by customer and badge.
    /// `numbers` are those of the requests in the ledger.
    fn insert_enrolments(
        &mut self,
        requests: &[EnrolmentRequest],
        numbers: &[i64],
        new: &[NewEnrolment],
    ) -> Result<usize, WorkError>;

    /// The same in the way that is best for many. May insert nobody if one ordinal is taken.
    fn insert_many_enrolments(
        &mut self,
        requests: &[EnrolmentRequest],
        numbers: &[i64],
        new: &[NewEnrolment],
    ) -> Result<usize, WorkError> {
        self.insert_enrolments(requests, numbers, new)
    }

    /// Every enrolment of these customers and badges, in any order, by a snapshot of its own.
    fn existing(
        &mut self,
        org: OrgId,
        customers: &[(CustomerId, BadgeId)],
    ) -> Result<Vec<Existing>, WorkError>;

    /// Revokes these enrolments of the badge, each by customer and ordinal.
    fn revoke_enrolments(
        &mut self,
        badge: BadgeKey,
        revocation: Revocation<'_>,
        which: &[(CustomerId, i32)],
    ) -> Result<(), WorkError>;

    /// Who triggered each of these enrolments of the badge, by position.
    fn triggered_by(
        &mut self,
        badge: BadgeKey,
        which: &[(CustomerId, i32)],
    ) -> Result<Vec<Option<Owner>>, WorkError>;
}

/// What a batch of earns records: one row for each customer.
pub(crate) struct NewEarns {
    pub(crate) key: BadgeKey,
    pub(crate) event_on: i64,
    pub(crate) earned_on: i64,
    pub(crate) expires_on: i64,
    /// By customer.
    pub(crate) rows: Vec<NewEarn>,
}

/// One customer's earn.
pub(crate) struct NewEarn {
    pub(crate) customer: CustomerId,
    /// Which of the customer's earns of the badge it will be, from 1.
    pub(crate) ordinal: i32,
    /// The ordinal of the enrolment that it rests on.
    pub(crate) enrolment: Option<i32>,
    /// The request's number in the ledger.
    pub(crate) request_no: i64,
    pub(crate) id: ObjectId,
}

/// What an import records.
pub(crate) struct NewImports {
    pub(crate) org: OrgId,
    pub(crate) earned_on: i64,
    /// The request's number in the ledger.
    pub(crate) request_no: i64,
    pub(crate) rows: Vec<NewImport>,
}

/// One earned badge from elsewhere.
#[derive(Clone, Copy)]
pub(crate) struct NewImport {
    pub(crate) customer: CustomerId,
    pub(crate) badge: BadgeId,
    pub(crate) ordinal: i32,
    pub(crate) id: ObjectId,
    pub(crate) event_on: i64,
    pub(crate) expires_on: i64,
}

/// How many earns a badge has more with this event date, or fewer.
pub(crate) struct EarnCount {
    pub(crate) badge: BadgeId,
    pub(crate) event_on: i64,
    /// When they were recorded, unless they are imports.
    pub(crate) rolls_on: Option<i64>,
    pub(crate) earns: i64,
}

/// An earn that is not revoked.
pub(crate) struct ActiveEarn {
    pub(crate) ordinal: i32,
    pub(crate) event_on: i64,
    pub(crate) expires_on: i64,
    pub(crate) earned_on: i64,
    pub(crate) imported: bool,
    /// The enrolment that it rests on.
    pub(crate) enrolment: Option<EnrolmentId>,
    pub(crate) triggered_by: Option<Owner>,
}

/// An earn that is not revoked, its enrolment, and who triggered it, as columns; null if there is none.
pub(crate) type ActiveColumns = (
    Option<i32>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<bool>,
    Option<Vec<u8>>,
    Option<i16>,
    Option<String>,
);

impl ActiveEarn {
    /// The earn that these columns are, if they are one.
    pub(crate) fn from_columns(columns: ActiveColumns) -> anyhow::Result<Option<Self>> {
        let (ordinal, event_on, expires_on, earned_on, imported, enrolment, owner, reference) =
            columns;
        let (Some(ordinal), Some(event_on), Some(expires_on), Some(earned_on), Some(imported)) =
            (ordinal, event_on, expires_on, earned_on, imported)
        else {
            return Ok(None);
        };
        let enrolment = enrolment.as_deref().map(object_id).transpose()?;
        Ok(Some(Self {
            ordinal,
            event_on,
            expires_on,
            earned_on,
            imported,
            enrolment: enrolment.map(Into::into),
            triggered_by: triggered_by(owner, reference)?,
        }))
    }
}

/// How many earns a badge has more with this event date, or fewer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EarnGrowth {
    pub(crate) key: BadgeKey,
    pub(crate) event_on: i64,
    /// When they were recorded, unless they are imports.
    pub(crate) rolls_on: Option<i64>,
    pub(crate) earns: i64,
}

impl EarnGrowth {
    /// By how much the counts of the badge grow with it.
    pub(crate) const fn of_badge(&self) -> Growth {
        Growth {
            badge: self.key.badge,
            issued: 0,
            earned: self.earns,
        }
    }
}

/// A stored sum by event date: end, start, earns.
pub(crate) type WindowSum = (i64, i64, i64);

/// A stored sum of a rolling window: unit, length, since when, earns.
pub(crate) type RollingSum = (i16, i64, i64, i64);

/// A rolling window that is asked for: unit, length, and since when it counts now.
pub(crate) type RollingName = (i16, i64, i64);

/// A moment at which earns of a badge were recorded that roll, and how many there are beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leaver {
    /// The moment.
    pub(crate) on: i64,
    /// How many were recorded after it.
    pub(crate) after: i64,
    /// How many at it or after it.
    pub(crate) from: i64,
}

/// Where to look from a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// At what was recorded later, the earliest first.
    Later,
    /// At what was recorded earlier, the latest first.
    Earlier,
}

/// What is known of a rolling window of a badge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RollingRow {
    /// What was asked for.
    pub(crate) name: RollingName,
    /// Since when the stored sum counts, and the sum, if there is one.
    pub(crate) stored: Option<(i64, i64)>,
    /// The earn that was found last to leave next, if it counts in the stored sum.
    pub(crate) leaver: Option<Leaver>,
    /// How many of the stored sum have left the window by now.
    pub(crate) left: i64,
    /// When it was last told that the window is full, if it was.
    pub(crate) told_on: Option<i64>,
    /// When the last earn of the badge was recorded that rolls, if one was.
    pub(crate) last_on: Option<i64>,
}

/// The columns of a row, in the order in which both databases give them.
pub(crate) type RollingColumns = (
    i16,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    (Option<i64>, Option<i64>, Option<i64>),
    i64,
    Option<i64>,
    Option<i64>,
);

impl From<RollingColumns> for RollingRow {
    fn from(columns: RollingColumns) -> Self {
        let (unit, length, now, since, earns, leaver, left, told_on, last_on) = columns;
        let stored = since.zip(earns);
        let leaver = match leaver {
            (Some(on), Some(after), Some(from)) => Some(Leaver { on, after, from }),
            _ => None,
        };
        Self {
            name: (unit, length, now),
            stored,
            leaver: leaver.filter(|it| stored.is_some_and(|(since, _)| since < it.on)),
            left,
            told_on,
            last_on,
        }
    }
}

/// What is counted of a customer's earns of a badge.
#[derive(Debug, Clone)]
pub(crate) struct CustomerCount {
    /// The number of the last one; 0 if there is none.
    pub(crate) last: i32,
    /// When the latest was recorded; `None` if there is none, or if there are no limits to count for.
    pub(crate) last_on: Option<i64>,
    /// How many count under each limit.
    pub(crate) counts: Vec<u64>,
}

/// A customer, the ordinal of an earn of theirs, when it was recorded, and when it was revoked.
pub(crate) type EarnOfCustomer = (i64, i32, i64, Option<i64>);

/// A customer, from when earns count, and how many of them come before the one that is asked for.
pub(crate) type EarnAfter = (CustomerId, i64, i64);

/// Earned badges, and the sums of what limits count: what each database says its own way.
pub(crate) trait EarnSql {
    /// Of each customer: the last earn of the badge, and how many count under each limit, all by one
    /// snapshot.
    fn count_customers(
        &mut self,
        key: BadgeKey,
        customers: &[CustomerId],
        limits: &[Boundary],
    ) -> Result<Vec<CustomerCount>, WorkError>;

    /// For each customer, when the earn after so many others was recorded that count since then.
    fn recorded_after(
        &mut self,
        key: BadgeKey,
        which: &[EarnAfter],
    ) -> Result<Vec<Option<i64>>, WorkError>;

    /// Inserts those earns whose numbers are free, and lets every count and sum follow; gives
    /// their customers. Waits for other transactions that are taking the same numbers.
    fn insert_earns(&mut self, new: &NewEarns) -> Result<Vec<i64>, WorkError>;

    /// Remembers refusals of a batch that `request` is one of, and forgets all but the ten last
    /// of each customer.
    fn remember_refusals(
        &mut self,
        request: &EarnRequest,
        refused: &[(CustomerId, &Rejection)],
    ) -> Result<(), WorkError>;

    /// The number of the last earn that each customer has of the badge; 0 if there is none.
    fn last_ordinals(
        &mut self,
        org: OrgId,
        pairs: &[(CustomerId, BadgeId)],
    ) -> Result<Vec<i32>, WorkError>;

    /// Inserts those imports whose numbers are free; gives their ids.
    fn insert_imports(&mut self, new: &NewImports) -> Result<Vec<Vec<u8>>, WorkError>;

    /// Of each customer the earn with the id, by position, if it is not revoked.
    fn active_earns(
        &mut self,
        key: BadgeKey,
        which: &[(CustomerId, EarnedBadgeId)],
    ) -> Result<Vec<Option<ActiveEarn>>, WorkError>;

    /// Revokes the customers' earns with these ordinals.
    fn revoke_earns(
        &mut self,
        key: BadgeKey,
        which: &[(CustomerId, i32)],
        revocation: Revocation<'_>,
    ) -> Result<(), WorkError>;

    /// Logs what was imported or revoked, and lets every count and sum follow.
    fn count_earns(&mut self, org: OrgId, counts: &[EarnCount]) -> QueryResult<()>;

    /// What is known of these rolling windows, by position.
    fn rolling_rows(
        &mut self,
        key: BadgeKey,
        windows: &[RollingName],
    ) -> Result<Vec<RollingRow>, WorkError>;

    /// How many earns of the badge count under each limit: the stored sum, or added up.
    fn sums(&mut self, key: BadgeKey, limits: &[Boundary]) -> Result<Vec<i64>, WorkError>;
}

/// The same, as far as one text serves both databases.
pub(crate) trait EarnRows {
    /// When the customer's earn with this ordinal was revoked, if it was.
    fn earn_revoked_on(
        &mut self,
        key: BadgeKey,
        customer: CustomerId,
        ordinal: i32,
    ) -> QueryResult<Option<i64>>;

    /// Logs the growth, and lets every sum follow; the counts of the badge grow with all else.
    fn grow_earns(&mut self, growth: EarnGrowth) -> QueryResult<()>;

    /// The stored sums by event date that have the event.
    fn window_sums(&mut self, key: BadgeKey, event_on: i64) -> QueryResult<Vec<WindowSum>>;

    /// How many earns leave a rolling window whose start moves from `since` to `until`.
    fn leaving(&mut self, key: BadgeKey, since: i64, until: i64) -> QueryResult<i64>;

    /// When earns of the badge were recorded or revoked that roll, and how many more there are: at most
    /// so many rows, those next to `on` in this direction first.
    fn recorded_beside(
        &mut self,
        key: BadgeKey,
        direction: Direction,
        on: i64,
        most: i64,
    ) -> QueryResult<Vec<(i64, i64)>>;

    /// Remembers which earn must leave a rolling window next, where its sum is stored.
    fn store_leaver(&mut self, key: BadgeKey, name: RollingName, leaver: Leaver)
    -> QueryResult<()>;

    /// Stores a sum by event date.
    fn store_window(&mut self, key: BadgeKey, sum: WindowSum) -> QueryResult<()>;

    /// Stores the sum of a rolling window.
    fn store_rolling(&mut self, key: BadgeKey, sum: RollingSum) -> QueryResult<()>;

    /// Remembers when it was told that a rolling window is full.
    fn tell_rolling(&mut self, key: BadgeKey, name: RollingName, told_on: i64) -> QueryResult<()>;

    /// Everything that these customers have earned of the badge but for imports, by customer and in
    /// the order in which it was recorded.
    fn rolling_earns(
        &mut self,
        key: BadgeKey,
        customers: &[CustomerId],
    ) -> QueryResult<Vec<EarnOfCustomer>>;

    /// Forgets the stored sums of a badge, so that earns need not change them.
    fn forget_sums(&mut self, key: BadgeKey) -> QueryResult<()>;
}
