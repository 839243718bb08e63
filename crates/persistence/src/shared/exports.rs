//! Everything that an org has, a page after the other.
//!
//! A page of enrolments or earned badges is a range of the primary key, whatever is asked for: there is
//! no index by badge or by time, which every enrolment and every earn would have to pay for. What
//! a filter leaves out is read and passed. How many rows a page has stands in the statements, so that
//! PostgreSQL knows it when it plans: it plans once, not for the values.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use accolade_application::ports::{
    CountedBadge, CustomerExport, DirectoryEntry, EarnRecord, EnrolmentRecord, ExportPage,
    Exported, Exports, HeldExport, HeldKey, IdentifierKind, Identifiers, ListExport, StoreError,
};
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::ids::{BadgeId, CustomFieldId, CustomerId, GroupId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::text::{Name, RequestId};
use anyhow::Context as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

use super::badge_columns::{BadgeGroup, Earned, Issued};
use super::badges::BADGE;
use super::catalogue::all;
use super::customer_badges::{self, revocation_of};
use super::{Connection, DB};
use crate::mapping::{CountedBadgeRow, badge_id, enrolment, instant, stored, triggered_by};
use crate::schema::{badge_groups, badge_metas, custom_fields, request_ledger};
use crate::statement::{Sql, Statement, here};
use crate::store::{RequestHead, Store};

/// How many enrolments or earned badges one statement looks at.
const ROWS: usize = 2_000;

/// How many identifiers of customers one statement looks at.
const IDENTIFIERS: usize = 4_000;

/// How many badges one statement looks at: the definition of one may have 64 KiB.
const BADGES: usize = 100;

/// How many groups or custom fields one statement looks at.
const ENTRIES: usize = 1_000;

/// The rows behind a key of the customers up to one: as many as [`ROWS`].
macro_rules! behind_the_key {
    ($columns:literal, $table:literal) => {
        concat!(
            "SELECT p.customer_id, p.badge_id, p.ordinal, p.id, p.event_on, p.expires_on, p.request_no, \
             p.revoked_on, p.revoked_by, p.revoke_reason",
            $columns,
            " FROM ",
            $table,
            " AS p WHERE p.org_id = :org \
             AND (p.customer_id, p.badge_id, p.ordinal) > (:customer, :badge, :ordinal) \
             AND p.customer_id <= :last ORDER BY p.customer_id, p.badge_id, p.ordinal LIMIT 2000"
        )
    };
}

static ENROLMENTS: Sql = Sql::new(behind_the_key!("", "enrolments"));

static EARNED_BADGES: Sql = Sql::new(behind_the_key!(
    ", p.earned_on, p.imported, p.enrolment, \
     (SELECT e.id FROM enrolments AS e WHERE e.org_id = p.org_id AND e.customer_id = p.customer_id \
     AND e.badge_id = p.badge_id AND e.ordinal = p.enrolment)",
    "earned_badges"
));

static CUSTOMERS: Sql<{ here!() }> = Sql::new(
    "SELECT customer_id, kind, comparable FROM customer_identifiers \
     WHERE org_id = :org AND customer_id > :after AND customer_id <= :last \
     ORDER BY customer_id, kind LIMIT 4000",
);

type EnrolmentColumns = (
    BigInt,
    Binary,
    Integer,
    Binary,
    BigInt,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Text>,
);

type EarnColumns = (
    BigInt,
    Binary,
    Integer,
    Binary,
    BigInt,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Text>,
    BigInt,
    Bool,
    Nullable<Integer>,
    Nullable<Binary>,
);

#[derive(Queryable)]
struct EnrolmentRow {
    customer: i64,
    badge: Vec<u8>,
    ordinal: i32,
    id: Vec<u8>,
    event_on: i64,
    expires_on: i64,
    request_no: i64,
    revoked_on: Option<i64>,
    revoked_by: Option<i64>,
    revoke_reason: Option<String>,
}

#[derive(Queryable)]
struct EarnRow {
    customer: i64,
    badge: Vec<u8>,
    ordinal: i32,
    id: Vec<u8>,
    event_on: i64,
    expires_on: i64,
    request_no: i64,
    revoked_on: Option<i64>,
    revoked_by: Option<i64>,
    revoke_reason: Option<String>,
    earned_on: i64,
    imported: bool,
    ordinal_of_enrolment: Option<i32>,
    enrolment: Option<Vec<u8>>,
}

/// What both kinds of rows have in common.
trait Held {
    type Record;

    fn key(&self) -> anyhow::Result<HeldKey>;

    /// The number of the request that recorded it.
    fn request_no(&self) -> i64;

    /// When it was recorded, given that request.
    fn recorded_on(&self, request: &RequestHead) -> anyhow::Result<Instant>;

    fn record(self, request: &RequestHead) -> anyhow::Result<Self::Record>;
}

fn key(customer: i64, badge: &[u8], ordinal: i32) -> anyhow::Result<HeldKey> {
    Ok(HeldKey {
        customer: stored(customer)?,
        badge: badge_id(badge)?,
        ordinal: stored(ordinal)?,
    })
}

impl Held for EnrolmentRow {
    type Record = EnrolmentRecord;

    fn key(&self) -> anyhow::Result<HeldKey> {
        key(self.customer, &self.badge, self.ordinal)
    }

    fn request_no(&self) -> i64 {
        self.request_no
    }

    fn recorded_on(&self, request: &RequestHead) -> anyhow::Result<Instant> {
        instant(request.recorded_on)
    }

    fn record(self, request: &RequestHead) -> anyhow::Result<EnrolmentRecord> {
        let (revoked_by, revoke_reason) = revocation_of((self.revoked_by, self.revoke_reason))?;
        Ok(EnrolmentRecord {
            enrolment: enrolment((self.id, self.event_on, self.expires_on, self.revoked_on))?,
            recorded_on: instant(request.recorded_on)?,
            triggered_by: triggered_by(request.owner_type, request.reference_id.clone())?,
            revoked_by,
            revoke_reason,
        })
    }
}

impl Held for EarnRow {
    type Record = EarnRecord;

    fn key(&self) -> anyhow::Result<HeldKey> {
        key(self.customer, &self.badge, self.ordinal)
    }

    fn request_no(&self) -> i64 {
        self.request_no
    }

    fn recorded_on(&self, _: &RequestHead) -> anyhow::Result<Instant> {
        instant(self.earned_on)
    }

    fn record(self, request: &RequestHead) -> anyhow::Result<EarnRecord> {
        let row = customer_badges::EarnRow {
            id: self.id,
            ordinal_of_enrolment: self.ordinal_of_enrolment,
            enrolment: self.enrolment,
            event_on: self.event_on,
            earned_on: self.earned_on,
            expires_on: self.expires_on,
            revoked_on: self.revoked_on,
            imported: self.imported,
            owner_type: request.owner_type,
            reference_id: request.reference_id.clone(),
            revocation: (self.revoked_by, self.revoke_reason),
        };
        row.record()
    }
}

/// The statement `sql` for what `asked` asks for: the rows behind a key, of customers up to one.
fn behind<'a, Row>(sql: &'static Sql, org: OrgId, asked: &HeldExport) -> Statement<'a, DB, Row> {
    let (mut customer, mut badge, mut ordinal) = (0, [0; 12], 0);
    if let Some(one) = asked.customer {
        // The key before all that the customer has.
        customer = one.get();
        if let Some(one) = asked.badge {
            badge = *one.0.as_bytes();
        }
    }
    if let Some(after) = asked.after {
        let last = i32::try_from(after.ordinal).unwrap_or(i32::MAX);
        let after = (after.customer.get(), *after.badge.0.as_bytes(), last);
        (customer, badge, ordinal) = after.max((customer, badge, ordinal));
    }
    let last = asked.customer.map_or(i64::MAX, CustomerId::get);
    Statement::named(sql)
        .set::<BigInt, _>("org", org.get())
        .set::<BigInt, _>("customer", customer)
        .set::<Binary, _>("badge", badge.to_vec())
        .set::<Integer, _>("ordinal", ordinal)
        .set::<BigInt, _>("last", last)
}

impl Store<Connection> {
    /// What `asked` asks for of `rows`, which are all that a statement has looked at, by their keys.
    fn page<R: Held>(
        &self,
        org: OrgId,
        asked: &HeldExport,
        rows: Vec<R>,
    ) -> Result<ExportPage<Exported<R::Record>, HeldKey>, StoreError> {
        let is_full = rows.len() >= ROWS;
        let placed = rows.into_iter().map(|row| Ok((row.key()?, row)));
        let placed = placed.collect::<anyhow::Result<Vec<_>>>();
        let mut placed = placed.map_err(StoreError::Unexpected)?;
        let last = placed.last().map(|(key, _)| *key);
        placed.retain(|(key, _)| asked.badge.is_none_or(|badge| key.badge == badge));
        let numbers = placed.iter().map(|(_, row)| row.request_no()).collect();
        let requests = self.request_heads(org, numbers)?;
        let rows = exported(placed, &requests, asked).map_err(StoreError::Unexpected)?;
        Ok(ExportPage {
            rows,
            next: last.filter(|_| is_full),
        })
    }

    /// What the ledger says of the requests with these numbers, without their answers. What is
    /// remembered is not looked up: on SQLite whoever compares with the key of a row reads all of the
    /// row, which of a large request is the answer about ten thousand customers.
    fn request_heads(
        &self,
        org: OrgId,
        numbers: BTreeSet<i64>,
    ) -> Result<HashMap<i64, Arc<RequestHead>>, StoreError> {
        let mut found = HashMap::with_capacity(numbers.len());
        let mut unknown = Vec::new();
        for number in numbers {
            match self.remembered.request_heads.get(&(org.get(), number)) {
                Some(head) => {
                    found.insert(number, head);
                }
                None => unknown.push(number),
            }
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let read: Vec<(i64, RequestHead)> = self.reader.query(|connection| {
            Ok(request_ledger::table
                .filter(request_ledger::org_id.eq(org.get()))
                .filter(request_ledger::number.eq_any(&unknown))
                .select((
                    request_ledger::number,
                    (
                        request_ledger::recorded_on,
                        request_ledger::recorded_by,
                        request_ledger::request_id,
                        request_ledger::owner_type,
                        request_ledger::reference_id,
                    ),
                ))
                .load(connection)?)
        })?;
        for (number, head) in read {
            let head = Arc::new(head);
            let key = (org.get(), number);
            self.remembered.request_heads.insert(key, Arc::clone(&head));
            found.insert(number, head);
        }
        Ok(found)
    }
}

/// Those of `placed` that were recorded when `asked` says, with the requests that recorded them.
fn exported<R: Held>(
    placed: Vec<(HeldKey, R)>,
    requests: &HashMap<i64, Arc<RequestHead>>,
    asked: &HeldExport,
) -> anyhow::Result<Vec<Exported<R::Record>>> {
    let mut rows = Vec::with_capacity(placed.len());
    for (key, row) in placed {
        let request = requests.get(&row.request_no());
        let request = request.context("a row names no request of the ledger")?;
        if asked.recorded.contains(row.recorded_on(request)?) {
            rows.push(Exported {
                key,
                record: row.record(request)?,
                request_id: RequestId::from_stored(request.request_id.clone()),
                created_by: stored(request.recorded_by)?,
            });
        }
    }
    Ok(rows)
}

/// What `asked` asks for of `found`, at most `most` rows, each with its id and when it was created.
fn listed<I: Copy, T>(
    found: Vec<T>,
    most: usize,
    asked: &ListExport<I>,
    about: impl Fn(&T) -> (I, Instant),
) -> ExportPage<T, I> {
    let last = found.last().map(|it| about(it).0);
    let is_full = found.len() >= most;
    let mut rows = found;
    rows.retain(|it| asked.recorded.contains(about(it).1));
    ExportPage {
        rows,
        next: last.filter(|_| is_full),
    }
}

/// The customers whose identifiers these are, each with all of them.
fn customers(
    rows: Vec<(i64, i16, String)>,
) -> anyhow::Result<ExportPage<DirectoryEntry, CustomerId>> {
    let is_full = rows.len() >= IDENTIFIERS;
    let mut entries: Vec<DirectoryEntry> = Vec::new();
    for (customer, kind, text) in rows {
        let customer: CustomerId = stored(customer)?;
        if entries.last().is_none_or(|it| it.customer != customer) {
            entries.push(DirectoryEntry {
                customer,
                identifiers: Identifiers::default(),
            });
        }
        let kind = IdentifierKind::from_number(kind).context("a stored kind of identifier")?;
        if let Some(entry) = entries.last_mut() {
            entry.identifiers.set(kind, Name::from_stored(text));
        }
    }
    if is_full {
        // It may have more of them. Nobody has so many that no other customer is before it.
        entries.pop();
    }
    let last = entries.last().map(|it| it.customer);
    Ok(ExportPage {
        rows: entries,
        next: last.filter(|_| is_full),
    })
}

/// The rows of a table whose ids are as `asked` says, in the order of their ids.
macro_rules! by_id {
    ($table:ident, $org:expr, $asked:expr, $most:expr) => {{
        let mut found = $table::table
            .filter($table::org_id.eq($org.get()))
            .order($table::id)
            .limit(at_most($most))
            .into_boxed();
        if let Some(after) = &$asked.after {
            found = found.filter($table::id.gt(after.0.as_bytes().as_slice()));
        }
        if let Some(only) = &$asked.only {
            found = found.filter($table::id.eq(only.0.as_bytes().as_slice()));
        }
        found
    }};
}

/// `rows` as what a statement limits to.
fn at_most(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

impl Exports for Store<Connection> {
    fn enrolments(
        &self,
        org: OrgId,
        asked: &HeldExport,
    ) -> Result<ExportPage<Exported<EnrolmentRecord>, HeldKey>, StoreError> {
        let rows: Vec<EnrolmentRow> = self.reader.query(|connection| {
            let statement = behind::<EnrolmentColumns>(&ENROLMENTS, org, asked);
            Ok(statement.load(connection)?)
        })?;
        self.page(org, asked, rows)
    }

    fn earned_badges(
        &self,
        org: OrgId,
        asked: &HeldExport,
    ) -> Result<ExportPage<Exported<EarnRecord>, HeldKey>, StoreError> {
        let rows: Vec<EarnRow> = self.reader.query(|connection| {
            let statement = behind::<EarnColumns>(&EARNED_BADGES, org, asked);
            Ok(statement.load(connection)?)
        })?;
        self.page(org, asked, rows)
    }

    fn badges(
        &self,
        org: OrgId,
        asked: &ListExport<BadgeId>,
    ) -> Result<ExportPage<CountedBadge, BadgeId>, StoreError> {
        self.reader.query(|connection| {
            let rows: Vec<CountedBadgeRow> = by_id!(badge_metas, org, asked, BADGES)
                .select((BADGE, badge_metas::numeric_id, BadgeGroup, Issued, Earned))
                .load(connection)?;
            let badges = rows.into_iter().map(CountedBadgeRow::counted);
            let badges = badges.collect::<anyhow::Result<_>>()?;
            let about = |it: &CountedBadge| (it.badge.id, it.badge.created_on);
            Ok(listed(badges, BADGES, asked, about))
        })
    }

    fn groups(
        &self,
        org: OrgId,
        asked: &ListExport<GroupId>,
    ) -> Result<ExportPage<Group, GroupId>, StoreError> {
        self.reader.query(|connection| {
            let rows: Vec<String> = by_id!(badge_groups, org, asked, ENTRIES)
                .select(badge_groups::value)
                .load(connection)?;
            let about = |it: &Group| (it.id, it.created_on);
            Ok(listed(all(&rows)?, ENTRIES, asked, about))
        })
    }

    fn custom_fields(
        &self,
        org: OrgId,
        asked: &ListExport<CustomFieldId>,
    ) -> Result<ExportPage<CustomField, CustomFieldId>, StoreError> {
        self.reader.query(|connection| {
            let rows: Vec<String> = by_id!(custom_fields, org, asked, ENTRIES)
                .select(custom_fields::value)
                .load(connection)?;
            let about = |it: &CustomField| (it.id, it.created_on);
            Ok(listed(all(&rows)?, ENTRIES, asked, about))
        })
    }

    fn customers(
        &self,
        org: OrgId,
        asked: &CustomerExport,
    ) -> Result<ExportPage<DirectoryEntry, CustomerId>, StoreError> {
        let mut after = asked.after.map_or(0, CustomerId::get);
        let mut last = i64::MAX;
        if let Some(only) = asked.only {
            after = after.max(only.get() - 1);
            last = only.get();
        }
        let rows: Vec<(i64, i16, String)> = self.reader.query(|connection| {
            Ok(Statement::<DB, (BigInt, SmallInt, Text)>::named(&CUSTOMERS)
                .set::<BigInt, _>("org", org.get())
                .set::<BigInt, _>("after", after)
                .set::<BigInt, _>("last", last)
                .load(connection)?)
        })?;
        customers(rows).map_err(StoreError::Unexpected)
    }
}
