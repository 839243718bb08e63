//! What customers hold.
//!
//! A list is one statement. It adds up everything that the customer has, by the primary keys,
//! filters, sorts and cuts the badges of the org, and reads claims and definitions for the page only.

use std::collections::HashMap;
use std::sync::LazyLock;

use accolade_application::ports::{
    CustomerBadge, CustomerBadgeDetails, CustomerBadgeQuery, CustomerBadgeSort, CustomerBadgeType,
    CustomerBadges, EarnRecord, IssualRecord, Page, Refusal, SortOrder, Standing, StoreError,
};
use accolade_domain::badge::BadgeStatus;
use accolade_domain::earning::{EarnedBadge, covering};
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use accolade_domain::rejection::{Code, Rejection};
use anyhow::Context as _;
use diesel::dsl::SqlTypeOf;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

use super::badge_columns::{BadgeGroup, GROUP};
use super::badges::{BADGE, BadgeColumns};
use super::{BADGE_OF_PAGE, CLAIMS, Connection, DB, ENROLMENT_OF_PAGE};
use crate::mapping::{
    BadgeRow, EnrolmentRow, GroupedBadgeRow, enrolment, instant, object_id, owner_bit, stored,
    triggered_by,
};
use crate::retry::WorkError;
use crate::schema::{badge_metas, earned_badges, enrolments, refusals, request_ledger};
use crate::statement::Statement;
use crate::store::Store;

/// One row for each badge of the page, with how many there are on all; one with nothing else if
/// there is none on it. `k1` to `k3` are what is sorted by. SQLite would look at a bare value after
/// LIMIT when it prepares a statement, and so prepare it anew whenever there is another.
const FOUND: &str = concat!(
    "WITH earns AS MATERIALIZED ( \
     SELECT badge_id, COUNT(*) AS earned, COUNT(*) FILTER (WHERE expires_on > ?) AS unexpired, \
     MAX(earned_on) AS earned_on, MAX(event_on) AS event_on, \
     MAX(expires_on) FILTER (WHERE expires_on <= ?) AS expired_on \
     FROM earned_badges WHERE org_id = ? AND customer_id = ? AND revoked_on IS NULL \
     GROUP BY badge_id \
     ), issues AS MATERIALIZED ( \
     SELECT e.badge_id, MAX(e.ordinal) AS last, \
     MAX(CASE WHEN e.revoked_on IS NULL AND e.event_on <= ? AND e.expires_on > ? \
     THEN e.ordinal END) AS holds, \
     MAX((SELECT l.recorded_on FROM request_ledger l \
     WHERE l.org_id = e.org_id AND l.number = e.request_no)) AS issued_on \
     FROM enrolments e WHERE e.org_id = ? AND e.customer_id = ? GROUP BY e.badge_id \
     ), found AS MATERIALIZED ( \
     SELECT m.id, m.earned, m.unexpired, m.earned_on, m.event_on, m.issued_on, \
     COALESCE(m.holds, m.last) AS enrolment, \
     CASE q.sort WHEN 0 THEN g.rank WHEN 1 THEN q.sign * m.expires_on \
     WHEN 2 THEN q.sign * m.updated_on WHEN 3 THEN q.sign * m.issued_on \
     WHEN 4 THEN q.sign * m.expired_on WHEN 5 THEN q.sign * m.earned_on \
     ELSE q.sign * m.event_on END AS k1, \
     CASE q.sort WHEN 0 THEN m.rank END AS k2, CASE q.sort WHEN 0 THEN - m.expires_on END AS k3 \
     FROM (SELECT ? AS now, ? AS kind, ? AS ended, ? AS statuses, ? AS active, ? AS owners, \
     ? AS claimant, ? AS part, ? AS starts_after, ? AS starts_before, ? AS ends_after, \
     ? AS ends_before, ? AS group_id, ? AS sort, ? AS sign) AS q \
     CROSS JOIN (SELECT m.org_id, m.id, m.active, m.starts_on, m.expires_on, m.earn_type, m.owners, \
     m.name_folded, m.rank, m.group_id, m.updated_on, e.earned, e.unexpired, e.earned_on, \
     e.event_on, e.expired_on, i.last, i.holds, i.issued_on FROM ",
    standings!(),
    ") AS m \
     LEFT JOIN badge_groups g ON g.org_id = m.org_id AND g.id = m.group_id AND g.active \
     WHERE m.id IS NOT NULL AND CASE q.kind \
     WHEN 0 THEN m.active AND m.starts_on <= q.now AND (m.expires_on > q.now OR q.ended) \
     AND m.earn_type = 1 AND m.holds IS NULL \
     WHEN 1 THEN m.active AND m.starts_on <= q.now AND (m.expires_on > q.now OR q.ended) \
     AND (m.earn_type = 2 OR m.holds IS NOT NULL) \
     WHEN 2 THEN CASE WHEN q.ended THEN m.earned > 0 ELSE m.unexpired > 0 END \
     ELSE m.earned > 0 AND m.unexpired = 0 END \
     AND (q.statuses = 0 OR (q.statuses & CASE WHEN m.starts_on > q.now THEN 1 \
     WHEN m.expires_on > q.now THEN 2 ELSE 4 END) <> 0) \
     AND (q.active IS NULL OR m.active = q.active) \
     AND (q.owners = 0 OR (m.owners & q.owners) <> 0) \
     AND (q.claimant IS NULL OR EXISTS (SELECT 1 FROM badge_claims c WHERE c.org_id = m.org_id \
     AND c.badge_id = m.id AND c.active AND c.owner_type = q.claimant)) \
     AND (q.part IS NULL OR replace(m.name_folded, q.part, '') <> m.name_folded) \
     AND (q.starts_after IS NULL OR m.starts_on > q.starts_after) \
     AND (q.starts_before IS NULL OR m.starts_on < q.starts_before) \
     AND (q.ends_after IS NULL OR m.expires_on > q.ends_after) \
     AND (q.ends_before IS NULL OR m.expires_on < q.ends_before) \
     AND (q.group_id IS NULL OR g.id = q.group_id) \
     ) "
);

/// The page of what was found, and everything about its badges.
static LIST: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{FOUND} SELECT (SELECT COUNT(*) FROM found), p.earned, p.unexpired, p.earned_on, p.event_on, \
         p.issued_on, {BADGE_TEXT}, {CLAIMS}, {GROUP}, i.id, i.event_on, i.expires_on, i.revoked_on \
         FROM (SELECT 1 AS one) AS o LEFT JOIN (\
         SELECT * FROM found ORDER BY k1 NULLS LAST, k2 NULLS LAST, k3 NULLS LAST, id DESC \
         LIMIT ? + 0 OFFSET ?) AS p ON true {BADGE_OF_PAGE} {ENROLMENT_OF_PAGE} \
         ORDER BY p.k1 NULLS LAST, p.k2 NULLS LAST, p.k3 NULLS LAST, p.id DESC"
    )
});

/// [`BADGE`] as text, but for the claims.
const BADGE_TEXT: &str = "badge_metas.org_id, badge_metas.id, badge_metas.version, \
     badge_metas.active, badge_metas.definition, badge_metas.created_on, badge_metas.created_by, \
     badge_metas.updated_on, badge_metas.updated_by";

type Found = (
    BigInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<SqlTypeOf<BadgeColumns>>,
    Nullable<Text>,
    Nullable<(Binary, BigInt, BigInt, Nullable<BigInt>)>,
);

#[derive(Queryable)]
struct FoundRow {
    total: i64,
    earned: Option<i64>,
    unexpired: Option<i64>,
    earned_on: Option<i64>,
    event_on: Option<i64>,
    issued_on: Option<i64>,
    badge: Option<BadgeRow>,
    group: Option<String>,
    enrolment: Option<EnrolmentRow>,
}

impl FoundRow {
    fn shown(self) -> anyhow::Result<Option<CustomerBadge>> {
        let Some(badge) = self.badge else {
            return Ok(None);
        };
        let (badge, group) = GroupedBadgeRow::of(badge, self.group).grouped()?;
        Ok(Some(CustomerBadge {
            badge,
            group,
            standing: Standing {
                enrolment: self.enrolment.map(enrolment).transpose()?,
                last_issued_on: self.issued_on.map(instant).transpose()?,
                earned: stored(self.earned.unwrap_or(0))?,
                earned_unexpired: stored(self.unexpired.unwrap_or(0))?,
                last_earned_on: self.earned_on.map(instant).transpose()?,
                last_event_on: self.event_on.map(instant).transpose()?,
            },
        }))
    }
}

const fn kind(badge_type: CustomerBadgeType) -> i32 {
    match badge_type {
        CustomerBadgeType::AvailableToIssue => 0,
        CustomerBadgeType::Available => 1,
        CustomerBadgeType::Earned => 2,
        CustomerBadgeType::Expired => 3,
    }
}

const fn sort(sort: CustomerBadgeSort) -> i32 {
    match sort {
        CustomerBadgeSort::Rank => 0,
        CustomerBadgeSort::ExpiresOn => 1,
        CustomerBadgeSort::LastModified => 2,
        CustomerBadgeSort::LastIssued => 3,
        CustomerBadgeSort::LastExpired => 4,
        CustomerBadgeSort::LastEarnedOn => 5,
        CustomerBadgeSort::LastEarnedEvent => 6,
    }
}

fn statuses(statuses: &[BadgeStatus]) -> i32 {
    statuses.iter().fold(0, |bits, status| {
        bits | match status {
            BadgeStatus::Upcoming => 1,
            BadgeStatus::Live => 2,
            BadgeStatus::Expired => 4,
        }
    })
}

fn find(
    connection: &mut Connection,
    org: OrgId,
    query: &CustomerBadgeQuery,
) -> QueryResult<Vec<FoundRow>> {
    let (org, customer, now) = (org.get(), query.customer.get(), query.now.unix_micros());
    let micros = |moment: Option<Instant>| moment.map(Instant::unix_micros);
    let part = query.name_contains.as_ref().map(|part| part.to_lowercase());
    let sign: i64 = match query.order {
        SortOrder::Ascending => 1,
        SortOrder::Descending => -1,
    };
    let size = i64::from(query.page.size);
    Statement::<DB, Found>::new(&LIST)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(org)
        .bind::<BigInt, _>(customer)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(org)
        .bind::<BigInt, _>(customer)
        .bind::<BigInt, _>(now)
        .bind::<Integer, _>(kind(query.badge_type))
        .bind::<Bool, _>(query.include_expired)
        .bind::<Integer, _>(statuses(&query.statuses))
        .bind::<Nullable<Bool>, _>(query.active)
        .bind::<Integer, _>(query.owner.map_or(0, owner_bit))
        .bind::<Nullable<SmallInt>, _>(query.claimed_by.map(OwnerType::number))
        // Every name contains the empty text.
        .bind::<Nullable<Text>, _>(part.filter(|part| !part.is_empty()))
        .bind::<Nullable<BigInt>, _>(micros(query.starts_after))
        .bind::<Nullable<BigInt>, _>(micros(query.starts_before))
        .bind::<Nullable<BigInt>, _>(micros(query.ends_after))
        .bind::<Nullable<BigInt>, _>(micros(query.ends_before))
        .bind::<Nullable<Binary>, _>(query.group.map(|group| group.0.as_bytes().to_vec()))
        .bind::<Integer, _>(sort(query.sort))
        .bind::<BigInt, _>(sign)
        .bind::<BigInt, _>(org)
        .bind::<BigInt, _>(size)
        .bind::<BigInt, _>(i64::from(query.page.page) * size)
        .bind::<BigInt, _>(org)
        .bind::<BigInt, _>(org)
        .bind::<BigInt, _>(customer)
        .load(connection)
}

impl CustomerBadges for Store<Connection> {
    fn list(
        &self,
        org: OrgId,
        query: &CustomerBadgeQuery,
    ) -> Result<Page<CustomerBadge>, StoreError> {
        self.reader.query(|connection| {
            let found = find(connection, org, query)?;
            let total = found.first().map_or(0, |row| row.total);
            let shown = found.into_iter().filter_map(|row| row.shown().transpose());
            Ok(Page {
                items: shown.collect::<anyhow::Result<_>>()?,
                total: stored(total)?,
            })
        })
    }

    fn details(
        &self,
        org: OrgId,
        customer: CustomerId,
        badge: BadgeId,
        now: Instant,
    ) -> Result<Option<CustomerBadgeDetails>, StoreError> {
        self.reader.read(|connection| {
            let row: Option<GroupedBadgeRow> = badge_metas::table
                .find((org.get(), badge.0.as_bytes().as_slice()))
                .select((BADGE, BadgeGroup))
                .get_result(connection)
                .optional()?;
            let Some((badge, group)) = row.map(GroupedBadgeRow::grouped).transpose()? else {
                return Ok(None);
            };
            let id = badge.id;
            let pair = (org.get(), customer.get(), id.0.as_bytes().as_slice());
            let issuals = issuals(connection, pair)?;
            let earns = earns(connection, pair, &issuals)?;
            let issuals: Vec<_> = issuals.into_iter().map(|it| it.1).collect();
            Ok(Some(CustomerBadgeDetails {
                badge: CustomerBadge {
                    badge,
                    group,
                    standing: standing(&issuals, &earns, now),
                },
                issuals,
                earns,
                refusals: last_refusals(connection, pair)?,
            }))
        })
    }
}

/// What the lists of a customer and badge say together.
fn standing(issuals: &[IssualRecord], earns: &[EarnRecord], now: Instant) -> Standing {
    let held: Vec<_> = issuals.iter().map(|record| record.enrolment).collect();
    let kept = || {
        let earns = earns.iter().map(|record| &record.earned);
        earns.filter(|earned| earned.revoked_on.is_none())
    };
    Standing {
        enrolment: covering(&held, now).or(held.first()).copied(),
        last_issued_on: issuals.iter().map(|record| record.recorded_on).max(),
        earned: kept().count() as u64,
        earned_unexpired: kept().filter(|earned| earned.expires_on > now).count() as u64,
        last_earned_on: kept().map(|earned| earned.earned_on).max(),
        last_event_on: kept().map(|earned| earned.event_on).max(),
    }
}

/// An org, a customer and a badge.
type Pair<'a> = (i64, i64, &'a [u8]);

/// Every enrolment with its ordinal, the last first.
fn issuals(
    connection: &mut Connection,
    (org, customer, badge): Pair<'_>,
) -> Result<Vec<(i32, IssualRecord)>, WorkError> {
    type Row = (i32, EnrolmentRow, i64, Option<i16>, Option<String>);
    let rows: Vec<Row> = enrolments::table
        .inner_join(
            request_ledger::table.on(request_ledger::org_id
                .eq(enrolments::org_id)
                .and(request_ledger::number.eq(enrolments::request_no))),
        )
        .filter(enrolments::org_id.eq(org))
        .filter(enrolments::customer_id.eq(customer))
        .filter(enrolments::badge_id.eq(badge))
        .order(enrolments::ordinal.desc())
        .select((
            enrolments::ordinal,
            (
                enrolments::id,
                enrolments::event_on,
                enrolments::expires_on,
                enrolments::revoked_on,
            ),
            request_ledger::recorded_on,
            request_ledger::owner_type,
            request_ledger::reference_id,
        ))
        .load(connection)?;
    let issuals = rows
        .into_iter()
        .map(|(ordinal, row, recorded_on, owner, reference)| {
            let record = IssualRecord {
                enrolment: enrolment(row)?,
                recorded_on: instant(recorded_on)?,
                triggered_by: triggered_by(owner, reference)?,
            };
            Ok((ordinal, record))
        });
    Ok(issuals.collect::<anyhow::Result<_>>()?)
}

#[derive(Queryable)]
struct EarnRow {
    id: Vec<u8>,
    enrolment: Option<i32>,
    event_on: i64,
    earned_on: i64,
    expires_on: i64,
    revoked_on: Option<i64>,
    imported: bool,
    owner_type: Option<i16>,
    reference_id: Option<String>,
}

impl EarnRow {
    fn record(self, enrolments: &HashMap<i32, EnrolmentId>) -> anyhow::Result<EarnRecord> {
        let enrolment = self.enrolment.map(|ordinal| {
            let id = enrolments.get(&ordinal).copied();
            id.context("an earn without its enrolment")
        });
        Ok(EarnRecord {
            earned: EarnedBadge {
                id: object_id(&self.id)?.into(),
                enrolment: enrolment.transpose()?,
                event_on: instant(self.event_on)?,
                earned_on: instant(self.earned_on)?,
                expires_on: instant(self.expires_on)?,
                revoked_on: self.revoked_on.map(instant).transpose()?,
                imported: self.imported,
            },
            triggered_by: triggered_by(self.owner_type, self.reference_id)?,
        })
    }
}

/// Every earn, the last first.
fn earns(
    connection: &mut Connection,
    (org, customer, badge): Pair<'_>,
    issuals: &[(i32, IssualRecord)],
) -> Result<Vec<EarnRecord>, WorkError> {
    let enrolments: HashMap<_, _> = issuals
        .iter()
        .map(|(ordinal, record)| (*ordinal, record.enrolment.id))
        .collect();
    let rows: Vec<EarnRow> = earned_badges::table
        .inner_join(
            request_ledger::table.on(request_ledger::org_id
                .eq(earned_badges::org_id)
                .and(request_ledger::number.eq(earned_badges::request_no))),
        )
        .filter(earned_badges::org_id.eq(org))
        .filter(earned_badges::customer_id.eq(customer))
        .filter(earned_badges::badge_id.eq(badge))
        .order(earned_badges::ordinal.desc())
        .select((
            earned_badges::id,
            earned_badges::enrolment,
            earned_badges::event_on,
            earned_badges::earned_on,
            earned_badges::expires_on,
            earned_badges::revoked_on,
            earned_badges::imported,
            request_ledger::owner_type,
            request_ledger::reference_id,
        ))
        .load(connection)?;
    let earns = rows.into_iter().map(|row| row.record(&enrolments));
    Ok(earns.collect::<anyhow::Result<_>>()?)
}

fn last_refusals(
    connection: &mut Connection,
    (org, customer, badge): Pair<'_>,
) -> Result<Vec<Refusal>, WorkError> {
    let rows: Vec<(i64, i64, i32, String, Option<String>)> = refusals::table
        .filter(refusals::org_id.eq(org))
        .filter(refusals::customer_id.eq(customer))
        .filter(refusals::badge_id.eq(badge))
        .order(refusals::seq.desc())
        .limit(10)
        .select((
            refusals::refused_on,
            refusals::event_on,
            refusals::code,
            refusals::message,
            refusals::field,
        ))
        .load(connection)?;
    let refusals = rows
        .into_iter()
        .map(|(refused_on, event_on, code, message, field)| {
            let code = Code::from_number(stored(code)?).context("a stored code")?;
            Ok(Refusal {
                refused_on: instant(refused_on)?,
                event_on: instant(event_on)?,
                rejection: Rejection {
                    code,
                    message,
                    field,
                },
            })
        });
    Ok(refusals.collect::<anyhow::Result<_>>()?)
}
