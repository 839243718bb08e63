//! What merging and forgetting customers need of a database, and what recording needs to know of it.
//! Everything here is done inside a transaction, and concerns one org.
//!
//! Whoever records something about customers shares the lock of the org's people, before it looks who
//! was merged; whoever merges or forgets somebody has it alone. So what one sees of the other is all of
//! it, or nothing.

use accolade_domain::approval::ChangeId;
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::people::Merged;
use diesel::QueryResult;
use diesel::prelude::Queryable;

use crate::change_rows::Naming;
use crate::recording::sql::{Growth, Revocation};
use crate::retry::WorkError;

/// A row that becomes another customer's, or gets another ordinal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved {
    pub(crate) customer: i64,
    pub(crate) badge: BadgeId,
    pub(crate) ordinal: i32,
    /// The ordinal that it gets.
    pub(crate) new_ordinal: i32,
}

/// An enrolment that moves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MovedEnrolment {
    pub(crate) moved: Moved,
    /// Whether another one stays instead of it.
    pub(crate) gives_way: bool,
}

/// An earned badge that moves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MovedEarn {
    pub(crate) moved: Moved,
    /// The ordinal of the enrolment that it rests on.
    pub(crate) enrolment: Option<i32>,
}

/// A refusal.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct RefusalRow {
    pub(crate) customer_id: i64,
    pub(crate) badge_id: Vec<u8>,
    pub(crate) refused_on: i64,
    pub(crate) event_on: i64,
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) field: Option<String>,
}

/// An enrolment of one of two customers who become one.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct HeldEnrolment {
    pub(crate) customer_id: i64,
    pub(crate) badge_id: Vec<u8>,
    pub(crate) ordinal: i32,
    pub(crate) id: Vec<u8>,
    pub(crate) event_on: i64,
    pub(crate) expires_on: i64,
    pub(crate) revoked_on: Option<i64>,
    pub(crate) recorded_on: i64,
    pub(crate) owner_type: Option<i16>,
    pub(crate) reference_id: Option<String>,
}

/// An earned badge of one of two customers who become one.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct HeldEarn {
    pub(crate) customer_id: i64,
    pub(crate) badge_id: Vec<u8>,
    pub(crate) ordinal: i32,
    pub(crate) earned_on: i64,
    pub(crate) enrolment: Option<i32>,
}

/// What an enrolment or an earned badge was that is gone: its badge, its id, and when it was revoked.
pub(crate) type Gone = (Vec<u8>, Vec<u8>, Option<i64>);

/// An answer of the ledger by its number, or what a row of the feed says by its last position.
pub(crate) type NumberedBytes = (i64, Vec<u8>);

/// An answer that an idempotency key keeps itself: the actor, the key, the answer.
pub(crate) type KeptBytes = (i64, String, Vec<u8>);

/// What each database says its own way.
pub(crate) trait PeopleSql {
    /// Locks the org's people until the transaction ends, against who merges or forgets somebody but not
    /// against others who lock them so.
    fn share_people(&mut self, org: OrgId) -> QueryResult<()>;

    /// Locks the org's people until the transaction ends, against everybody.
    fn lock_people(&mut self, org: OrgId) -> QueryResult<()>;

    /// Of these customers those who were merged into others.
    fn merged_of(&mut self, org: OrgId, customers: &[CustomerId])
    -> Result<Vec<Merged>, WorkError>;

    /// Gives enrolments to the customer, under new ordinals, and revokes those that give way. All of the
    /// customer's own of these badges are among them.
    fn move_enrolments(
        &mut self,
        org: OrgId,
        to: CustomerId,
        revocation: Revocation<'_>,
        rows: &[MovedEnrolment],
    ) -> Result<(), WorkError>;

    /// The same of earned badges.
    fn move_earns(
        &mut self,
        org: OrgId,
        to: CustomerId,
        rows: &[MovedEarn],
    ) -> Result<(), WorkError>;

    /// Remembers refusals of the customer, who has none of these badges, in their order.
    fn insert_refusals(
        &mut self,
        org: OrgId,
        to: CustomerId,
        rows: &[RefusalRow],
    ) -> Result<(), WorkError>;

    /// Lets what counts of forgotten customers grow.
    fn grow_forgotten(&mut self, org: OrgId, growths: &[Growth]) -> Result<(), WorkError>;

    /// Takes the reasons of entries of the audit trail about these customers, enrolments and earned
    /// badges away; how many had one.
    fn forget_reasons(&mut self, org: OrgId, about: &[String]) -> Result<usize, WorkError>;

    /// Replaces answers of the ledger, by number.
    fn replace_answers(&mut self, org: OrgId, rows: &[NumberedBytes]) -> Result<(), WorkError>;

    /// Replaces what rows of the feed say, by last position.
    fn replace_data(&mut self, org: OrgId, rows: &[NumberedBytes]) -> Result<(), WorkError>;

    /// Replaces answers that idempotency keys keep.
    fn replace_kept(&mut self, org: OrgId, rows: &[KeptBytes]) -> Result<(), WorkError>;
}

/// The same, as far as one text serves both databases.
pub(crate) trait PeopleRows {
    /// Whether anybody of the org was ever merged into somebody else.
    fn is_any_merged(&mut self, org: OrgId) -> QueryResult<bool>;

    /// Who was merged into others and stands for this customer now.
    fn merged_into(&mut self, org: OrgId, successor: CustomerId) -> Result<Vec<Merged>, WorkError>;

    /// The first stands for the second from now on, as all do who stood for the first.
    fn enter_merged(&mut self, org: OrgId, from: CustomerId, to: CustomerId) -> QueryResult<()>;

    /// The kinds and texts of the customer's identifiers.
    fn identifiers_of(
        &mut self,
        org: OrgId,
        customer: CustomerId,
    ) -> QueryResult<Vec<(i16, String)>>;

    /// Gives the first's identifiers to the second where that has none of the kind; gives these kinds.
    fn move_identifiers(
        &mut self,
        org: OrgId,
        from: CustomerId,
        to: CustomerId,
    ) -> QueryResult<Vec<i16>>;

    /// Takes the customer's identifiers away; how many.
    fn remove_identifiers(&mut self, org: OrgId, customer: CustomerId) -> QueryResult<usize>;

    /// All enrolments of both customers.
    fn enrolments_of_both(
        &mut self,
        org: OrgId,
        both: [CustomerId; 2],
    ) -> QueryResult<Vec<HeldEnrolment>>;

    /// All earned badges of both customers.
    fn earns_of_both(&mut self, org: OrgId, both: [CustomerId; 2]) -> QueryResult<Vec<HeldEarn>>;

    /// The refusals of both customers, each one's in their order.
    fn refusals_of_both(
        &mut self,
        org: OrgId,
        both: [CustomerId; 2],
    ) -> QueryResult<Vec<RefusalRow>>;

    /// Takes the customers' refusals of these badges away; how many.
    fn remove_refusals(
        &mut self,
        org: OrgId,
        customers: &[CustomerId],
        badges: Option<&[BadgeId]>,
    ) -> QueryResult<usize>;

    /// Takes the customer's enrolments away; gives them.
    fn remove_enrolments(&mut self, org: OrgId, customer: CustomerId) -> QueryResult<Vec<Gone>>;

    /// Takes the customer's earned badges away; gives them.
    fn remove_earns(&mut self, org: OrgId, customer: CustomerId) -> QueryResult<Vec<Gone>>;

    /// Nobody stands for this customer any more; how many did.
    fn remove_merged(&mut self, org: OrgId, successor: CustomerId) -> QueryResult<usize>;

    /// Takes the customers' numbers from what is to be sent to webhooks again, and has whoever delivers
    /// open the org's webhooks anew, which forgets the events that it has read.
    fn forget_deliveries(&mut self, org: OrgId, keys: &[String]) -> Result<(), WorkError>;

    /// The number of the org's last request in the ledger; 0 if there is none.
    fn last_request(&mut self, org: OrgId) -> QueryResult<i64>;

    /// Answers of the ledger with greater numbers, at most so many, by number.
    fn answers_after(
        &mut self,
        org: OrgId,
        after: i64,
        at_most: u32,
    ) -> QueryResult<Vec<NumberedBytes>>;

    /// The answers of the ledger with these numbers.
    fn answers_at(&mut self, org: OrgId, numbers: &[i64]) -> QueryResult<Vec<NumberedBytes>>;

    /// The last position of the row of the feed that is so many behind this position; `None` if there
    /// are fewer.
    fn row_behind(&mut self, org: OrgId, after: i64, rows: u32) -> QueryResult<Option<i64>>;

    /// What rows of the feed behind this position and up to that one say that may name customers, at
    /// most so many, by position.
    fn data_after(
        &mut self,
        org: OrgId,
        after: i64,
        until: i64,
        at_most: u32,
    ) -> QueryResult<Vec<NumberedBytes>>;

    /// What the rows of the feed with these last positions say.
    fn data_at(&mut self, org: OrgId, positions: &[i64]) -> QueryResult<Vec<NumberedBytes>>;

    /// What of changes behind this id may name customers, at most so many, by id.
    fn changes_after(&mut self, org: OrgId, after: &[u8], at_most: u32)
    -> QueryResult<Vec<Naming>>;

    /// The same of this change, which nobody else writes until the transaction ends.
    fn lock_change(&mut self, org: OrgId, id: &[u8]) -> QueryResult<Naming>;

    /// Replaces what a change has that named somebody.
    fn replace_change(&mut self, org: OrgId, row: &Naming) -> QueryResult<()>;

    /// Lets others be about what these changes are about, which nobody carries out any more.
    fn free_subjects(&mut self, org: OrgId, changes: &[ChangeId]) -> QueryResult<()>;

    /// Answers that idempotency keys behind this one keep, at most so many, by actor and key.
    fn kept_after(
        &mut self,
        org: OrgId,
        after: (i64, &str),
        at_most: u32,
    ) -> QueryResult<Vec<KeptBytes>>;
}
