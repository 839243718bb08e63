//! What customers hold.
//!
//! A look-up is one statement: it adds up what the customer has, by the primary keys, and says which
//! version the org's catalogue has. The catalogue itself is read only for whoever lacks this version.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use accolade_application::ports::{
    CatalogueVersion, CustomerBadgeDetails, CustomerBadges, DetailsQuery, EarnRecord,
    EnrolmentRecord, HeldBadges, HeldQuery, HistoryEntry, HistoryQuery, Page, PageOf, Refusal,
    StoreError,
};
use accolade_domain::actor::Actor;
use accolade_domain::customer_view::{
    Catalogue, CustomerBadge, EarnTotals, EnrolmentsRead, Holding, Standing,
};
use accolade_domain::earning::EarnedBadge;
use accolade_domain::enrolment::Enrolment;
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Reason;
use anyhow::Context as _;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable};

use super::badge_columns::BadgeGroup;
use super::badges::BADGE;
use super::catalogue::offset;
use super::history::history;
use super::{Connection, DB};
use crate::mapping::{
    EnrolmentRow, GroupedBadgeRow, badge_id, enrolment, instant, object_id, stored, triggered_by,
};
use crate::people::sql::PeopleSql as _;
use crate::retry::WorkError;
use crate::schema::{
    badge_metas, catalogue_versions, earned_badges, enrolments, refusals, request_ledger,
};
use crate::statement::{Sql, Statement, here};
use crate::store::Store;

/// The version of the org's catalogue, whoever the customer was merged into, and the totals of what it
/// has earned of each badge, told apart by `part`.
macro_rules! earned {
    () => {
        "SELECT 0 AS part, CAST(NULL AS BYTEA) AS badge_id, \
         (SELECT v.version FROM catalogue_versions v WHERE v.org_id = :org) AS n1, \
         (SELECT m.successor_id FROM merged_customers m \
         WHERE m.org_id = :org AND m.customer_id = :customer) \
         AS n2, CAST(NULL AS BIGINT) AS n3, CAST(NULL AS BIGINT) AS n4, \
         CAST(NULL AS BIGINT) AS n5, CAST(NULL AS BYTEA) AS id \
         UNION ALL \
         SELECT 1, badge_id, COUNT(*), COUNT(*) FILTER (WHERE expires_on > :now), MAX(earned_on), \
         MAX(event_on), MAX(expires_on) FILTER (WHERE expires_on <= :now), CAST(NULL AS BYTEA) \
         FROM earned_badges WHERE org_id = :org AND customer_id = :customer \
         AND revoked_on IS NULL GROUP BY badge_id"
    };
}

/// And the customer's enrolments, as part 2, with when each was `recorded`.
macro_rules! enrolled {
    ($recorded:literal) => {
        concat!(
            earned!(),
            " UNION ALL SELECT 2, e.badge_id, e.ordinal, e.event_on, e.expires_on, e.revoked_on, ",
            $recorded,
            ", e.id FROM enrolments e WHERE e.org_id = :org AND e.customer_id = :customer"
        )
    };
}

static EARNED: Sql<{ here!() }> = Sql::new(earned!());
static ENROLLED: Sql<{ here!() }> = Sql::new(enrolled!("CAST(NULL AS BIGINT)"));
static ENROLLED_WITH_RECORDING: Sql<{ here!() }> = Sql::new(enrolled!(
    "(SELECT l.recorded_on FROM request_ledger l \
     WHERE l.org_id = e.org_id AND l.number = e.request_no)"
));

/// A text for each, for a database that plans a text once: a condition that a value switches off would
/// be planned each time anew.
fn held_rows(
    connection: &mut Connection,
    org: OrgId,
    query: &HeldQuery,
) -> QueryResult<Vec<HeldRow>> {
    match query.enrolments {
        EnrolmentsRead::Nothing => about(&EARNED, org, query).load(connection),
        EnrolmentsRead::Enrolments => about(&ENROLLED, org, query).load(connection),
        EnrolmentsRead::WithRecording => {
            about(&ENROLLED_WITH_RECORDING, org, query).load(connection)
        }
    }
}

fn about<'a, const PLACE: u64>(
    sql: &'static Sql<PLACE>,
    org: OrgId,
    query: &HeldQuery,
) -> Statement<'a, DB, Held, PLACE> {
    Statement::named(sql)
        .set::<BigInt, _>("org", org.get())
        .set::<BigInt, _>("customer", query.customer.get())
        .set::<BigInt, _>("now", query.now.unix_micros())
}

/// How many earns a customer has of a badge, and the totals of those that are not revoked.
static EARN_COUNTS: Sql<{ here!() }> = Sql::new(
    "SELECT COUNT(*), COUNT(*) FILTER (WHERE revoked_on IS NULL), \
     COUNT(*) FILTER (WHERE revoked_on IS NULL AND expires_on > :now), \
     MAX(earned_on) FILTER (WHERE revoked_on IS NULL), \
     MAX(event_on) FILTER (WHERE revoked_on IS NULL), \
     MAX(expires_on) FILTER (WHERE revoked_on IS NULL AND expires_on <= :now) \
     FROM earned_badges WHERE org_id = :org AND customer_id = :customer AND badge_id = :badge",
);

type EarnCounts = (
    BigInt,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
);

type Held = (
    Integer,
    Nullable<Binary>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Binary>,
);

/// A row of [`held_rows`]: its part, the badge, five numbers, and an enrolment's id.
#[derive(Queryable)]
struct HeldRow {
    part: i32,
    badge: Option<Vec<u8>>,
    n1: Option<i64>,
    n2: Option<i64>,
    n3: Option<i64>,
    n4: Option<i64>,
    n5: Option<i64>,
    id: Option<Vec<u8>>,
}

impl HeldRow {
    fn badge(&self) -> anyhow::Result<BadgeId> {
        badge_id(self.badge.as_deref().context("a row without its badge")?)
    }

    fn totals(&self) -> anyhow::Result<EarnTotals> {
        Ok(EarnTotals {
            earned: stored(self.n1.unwrap_or(0))?,
            unexpired: stored(self.n2.unwrap_or(0))?,
            last_earned_on: self.n3.map(instant).transpose()?,
            last_event_on: self.n4.map(instant).transpose()?,
            last_expired_on: self.n5.map(instant).transpose()?,
        })
    }

    fn add_enrolment_to(self, holding: &mut Holding) -> anyhow::Result<()> {
        let id = self.id.context("an enrolment without its id")?;
        let (event_on, expires_on) = self.n2.zip(self.n3).context("an enrolment's period")?;
        holding
            .enrolments
            .push(enrolment((id, event_on, expires_on, self.n4))?);
        let recorded_on = self.n5.map(instant).transpose()?;
        holding.last_issued_on = holding.last_issued_on.max(recorded_on);
        Ok(())
    }
}

/// What the customer holds, or the successor if it was merged into another: who was has nothing.
fn held(
    connection: &mut Connection,
    org_id: OrgId,
    query: &HeldQuery,
) -> Result<(CatalogueVersion, Vec<Holding>), WorkError> {
    let mut rows = held_rows(connection, org_id, query)?;
    // Enrolments in the order of their ordinals, which is that of their recording.
    rows.sort_by_key(|row| (row.part, row.n1));
    let mut version = CatalogueVersion(0);
    let mut holdings = HashMap::new();
    for row in rows {
        if row.part == 0 {
            version = CatalogueVersion(row.n1.unwrap_or(0));
            if let Some(successor) = row.n2 {
                let of_successor = HeldQuery {
                    customer: stored(successor)?,
                    ..*query
                };
                return held(connection, org_id, &of_successor);
            }
            continue;
        }
        let badge = row.badge()?;
        let holding = holdings
            .entry(badge)
            .or_insert_with(|| Holding::empty(badge));
        if row.part == 1 {
            holding.earns = row.totals()?;
        } else {
            row.add_enrolment_to(holding)?;
        }
    }
    Ok((version, holdings.into_values().collect()))
}

/// All badges of the org. A group that many badges are in is read once.
fn catalogue(connection: &mut Connection, org: OrgId) -> Result<Catalogue, WorkError> {
    let rows: Vec<GroupedBadgeRow> = badge_metas::table
        .filter(badge_metas::org_id.eq(org.get()))
        .select((BADGE, BadgeGroup))
        .load(connection)?;
    let mut groups = HashMap::new();
    let badges = rows.into_iter().map(|row| row.in_catalogue(&mut groups));
    Ok(Catalogue::new(badges.collect::<anyhow::Result<_>>()?))
}

/// Makes known that a badge or a group of the org changed. Comes last in a transaction, so that edits
/// of one org wait for each other's COMMIT only, and never crosswise.
pub(super) fn raise_catalogue_version(connection: &mut Connection, org: OrgId) -> QueryResult<()> {
    diesel::insert_into(catalogue_versions::table)
        .values((
            catalogue_versions::org_id.eq(org.get()),
            catalogue_versions::version.eq(1),
        ))
        .on_conflict(catalogue_versions::org_id)
        .do_update()
        .set(catalogue_versions::version.eq(catalogue_versions::version + 1))
        .execute(connection)?;
    Ok(())
}

impl CustomerBadges for Store<Connection> {
    fn held(&self, org: OrgId, query: &HeldQuery) -> Result<HeldBadges, StoreError> {
        if let Some(known) = query.known {
            let (version, holdings) = self
                .reader
                .query(|connection| held(connection, org, query))?;
            if version == known {
                return Ok(HeldBadges {
                    holdings,
                    version,
                    catalogue: None,
                });
            }
        }
        self.reader.read(|connection| {
            let (version, holdings) = held(connection, org, query)?;
            Ok(HeldBadges {
                holdings,
                version,
                catalogue: Some(catalogue(connection, org)?),
            })
        })
    }

    fn details(
        &self,
        org: OrgId,
        query: &DetailsQuery,
    ) -> Result<Option<CustomerBadgeDetails>, StoreError> {
        self.reader
            .read(|connection| details(connection, org, query))
    }

    fn history(&self, org: OrgId, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, StoreError> {
        self.reader.query(|connection| {
            let entries = history(connection, org, query)?;
            if !entries.is_empty() {
                return Ok(entries);
            }
            // Who was merged into another has nothing, on whichever page.
            let merged = connection.merged_of(org, &[query.customer])?;
            let Some(merged) = merged.first() else {
                return Ok(entries);
            };
            let of_successor = HistoryQuery {
                customer: merged.successor,
                ..*query
            };
            history(connection, org, &of_successor)
        })
    }

    fn recorded_on(
        &self,
        org: OrgId,
        enrolments: &[(CustomerId, EnrolmentId)],
    ) -> Result<BTreeMap<EnrolmentId, Instant>, StoreError> {
        self.reader.query(|connection| {
            let mut recorded = recorded_on(connection, org, enrolments)?;
            let is_missing = |it: &&(CustomerId, EnrolmentId)| !recorded.contains_key(&it.1);
            let missing: Vec<_> = enrolments.iter().filter(is_missing).copied().collect();
            // Of customers who were merged into others their successors have them.
            let customers: Vec<_> = missing.iter().map(|it| it.0).collect();
            let merged = connection.merged_of(org, &customers)?;
            let moved = missing.into_iter().filter_map(|(customer, id)| {
                let merged = merged.iter().find(|it| it.customer == customer)?;
                Some((merged.successor, id))
            });
            let moved: Vec<_> = moved.collect();
            if !moved.is_empty() {
                recorded.extend(recorded_on(connection, org, &moved)?);
            }
            Ok(recorded)
        })
    }
}

fn details(
    connection: &mut Connection,
    org: OrgId,
    query: &DetailsQuery,
) -> Result<Option<CustomerBadgeDetails>, WorkError> {
    let row: Option<GroupedBadgeRow> = badge_metas::table
        .find((org.get(), query.badge.0.as_bytes().as_slice()))
        .select((BADGE, BadgeGroup))
        .get_result(connection)
        .optional()?;
    let Some((badge, group)) = row.map(GroupedBadgeRow::grouped).transpose()? else {
        return Ok(None);
    };
    let id = badge.id;
    let pair = (org.get(), query.customer.get(), id.0.as_bytes().as_slice());
    let (enrolled, last_issued_on) = count_enrolments(connection, pair)?;
    let (earned, totals) = count_earns(connection, pair, query.now)?;
    let refusals = last_refusals(connection, pair)?;
    if enrolled == 0 && earned == 0 && refusals.is_empty() {
        // Who was merged into another has nothing.
        let merged = connection.merged_of(org, &[query.customer])?;
        if let Some(merged) = merged.first() {
            let of_successor = DetailsQuery {
                customer: merged.successor,
                ..*query
            };
            return details(connection, org, &of_successor);
        }
    }
    let held = Holding {
        badge: id,
        enrolments: standing_enrolments(connection, pair, query.now)?,
        last_issued_on,
        earns: totals,
    };
    Ok(Some(CustomerBadgeDetails {
        customer: query.customer,
        badge: CustomerBadge {
            badge: Arc::new(badge),
            group: group.map(Arc::new),
            standing: Standing::new(&held, query.now),
        },
        enrolments: Page {
            items: enrolment_records(connection, pair, query.enrolments)?,
            total: enrolled,
        },
        earns: Page {
            items: earns(connection, pair, query.earns)?,
            total: earned,
        },
        refusals,
    }))
}

/// An org, a customer and a badge.
type Pair<'a> = (i64, i64, &'a [u8]);

/// The columns of an [`EnrolmentRow`].
const ENROLMENT: EnrolmentColumns = (
    enrolments::id,
    enrolments::event_on,
    enrolments::expires_on,
    enrolments::revoked_on,
);
type EnrolmentColumns = (
    enrolments::id,
    enrolments::event_on,
    enrolments::expires_on,
    enrolments::revoked_on,
);

#[diesel::dsl::auto_type(no_type_alias)]
fn enrolments_of<'a>(pair: Pair<'a>) -> _ {
    let org: i64 = pair.0;
    let customer: i64 = pair.1;
    let badge: &'a [u8] = pair.2;
    enrolments::table
        .filter(enrolments::org_id.eq(org))
        .filter(enrolments::customer_id.eq(customer))
        .filter(enrolments::badge_id.eq(badge))
}

/// Which request recorded an enrolment.
#[diesel::dsl::auto_type(no_type_alias)]
fn its_request() -> _ {
    request_ledger::org_id
        .eq(enrolments::org_id)
        .and(request_ledger::number.eq(enrolments::request_no))
}

/// When these enrolments were recorded.
fn recorded_on(
    connection: &mut Connection,
    org: OrgId,
    wanted: &[(CustomerId, EnrolmentId)],
) -> Result<BTreeMap<EnrolmentId, Instant>, WorkError> {
    let customers: BTreeSet<i64> = wanted.iter().map(|(customer, _)| customer.get()).collect();
    let ids = wanted.iter().map(|(_, id)| id.0.as_bytes().as_slice());
    let rows: Vec<(i64, Vec<u8>, i64)> = enrolments::table
        .inner_join(request_ledger::table.on(its_request()))
        .filter(enrolments::org_id.eq(org.get()))
        .filter(enrolments::customer_id.eq_any(customers))
        .filter(enrolments::id.eq_any(ids))
        .select((
            enrolments::customer_id,
            enrolments::id,
            request_ledger::recorded_on,
        ))
        .load(connection)?;
    let wanted: BTreeSet<_> = wanted
        .iter()
        .map(|(customer, id)| (customer.get(), *id))
        .collect();
    let mut recorded = BTreeMap::new();
    for (customer, id, recorded_on) in rows {
        let id = EnrolmentId(object_id(&id)?);
        if wanted.contains(&(customer, id)) {
            recorded.insert(id, instant(recorded_on)?);
        }
    }
    Ok(recorded)
}

/// How many enrolments there are, and when the last was recorded.
fn count_enrolments(
    connection: &mut Connection,
    pair: Pair<'_>,
) -> Result<(u64, Option<Instant>), WorkError> {
    let (count, last): (i64, Option<i64>) = enrolments_of(pair)
        .inner_join(request_ledger::table.on(its_request()))
        .select((count_star(), max(request_ledger::recorded_on)))
        .get_result(connection)?;
    Ok((stored(count)?, last.map(instant).transpose()?))
}

/// The enrolments by which the customer stands to the badge, in the order in which they were recorded: one that holds
/// at `now`, or else the last that will, and the last of all.
fn standing_enrolments(
    connection: &mut Connection,
    pair: Pair<'_>,
    now: Instant,
) -> Result<Vec<Enrolment>, WorkError> {
    let last: Option<EnrolmentRow> = enrolments_of(pair)
        .order(enrolments::ordinal.desc())
        .limit(1)
        .select(ENROLMENT)
        .get_result(connection)
        .optional()?;
    let now = now.unix_micros();
    let open: Option<EnrolmentRow> = enrolments_of(pair)
        .filter(enrolments::revoked_on.is_null())
        .filter(enrolments::expires_on.gt(now))
        .order((
            enrolments::event_on.le(now).desc(),
            enrolments::ordinal.desc(),
        ))
        .limit(1)
        .select(ENROLMENT)
        .get_result(connection)
        .optional()?;
    let both = open.into_iter().chain(last).map(enrolment);
    Ok(both.collect::<anyhow::Result<_>>()?)
}

/// How many earns there are, and the totals of those that are not revoked.
fn count_earns(
    connection: &mut Connection,
    (org, customer, badge): Pair<'_>,
    now: Instant,
) -> Result<(u64, EarnTotals), WorkError> {
    type Row = (i64, i64, i64, Option<i64>, Option<i64>, Option<i64>);
    let (all, earned, unexpired, last_earned_on, last_event_on, last_expired_on): Row =
        Statement::<DB, EarnCounts>::named(&EARN_COUNTS)
            .set::<BigInt, _>("now", now.unix_micros())
            .set::<BigInt, _>("org", org)
            .set::<BigInt, _>("customer", customer)
            .set::<Binary, _>("badge", badge)
            .get_result(connection)?;
    let totals = EarnTotals {
        earned: stored(earned)?,
        unexpired: stored(unexpired)?,
        last_earned_on: last_earned_on.map(instant).transpose()?,
        last_event_on: last_event_on.map(instant).transpose()?,
        last_expired_on: last_expired_on.map(instant).transpose()?,
    };
    Ok((stored(all)?, totals))
}

/// Who revoked something, and why, as it is read.
pub(super) type RevocationRow = (Option<i64>, Option<String>);

pub(super) fn revocation_of(
    (by, reason): RevocationRow,
) -> anyhow::Result<(Option<Actor>, Option<Reason>)> {
    let by = by.map(stored).transpose()?;
    Ok((by, reason.map(Reason::from_stored)))
}

/// The page of the enrolments, the last first.
fn enrolment_records(
    connection: &mut Connection,
    pair: Pair<'_>,
    page: PageOf,
) -> Result<Vec<EnrolmentRecord>, WorkError> {
    type Row = (
        EnrolmentRow,
        i64,
        Option<i16>,
        Option<String>,
        RevocationRow,
    );
    let rows: Vec<Row> = enrolments_of(pair)
        .inner_join(request_ledger::table.on(its_request()))
        .order(enrolments::ordinal.desc())
        .limit(page.size.into())
        .offset(offset(page))
        .select((
            ENROLMENT,
            request_ledger::recorded_on,
            request_ledger::owner_type,
            request_ledger::reference_id,
            (enrolments::revoked_by, enrolments::revoke_reason),
        ))
        .load(connection)?;
    let records = rows
        .into_iter()
        .map(|(row, recorded_on, owner, reference, revocation)| {
            let (revoked_by, revoke_reason) = revocation_of(revocation)?;
            Ok(EnrolmentRecord {
                enrolment: enrolment(row)?,
                recorded_on: instant(recorded_on)?,
                triggered_by: triggered_by(owner, reference)?,
                revoked_by,
                revoke_reason,
            })
        });
    Ok(records.collect::<anyhow::Result<_>>()?)
}

/// An earned badge as it is read: here for a customer's page, elsewhere for exports.
#[derive(Queryable)]
pub(super) struct EarnRow {
    pub(super) id: Vec<u8>,
    pub(super) ordinal_of_enrolment: Option<i32>,
    pub(super) enrolment: Option<Vec<u8>>,
    pub(super) event_on: i64,
    pub(super) earned_on: i64,
    pub(super) expires_on: i64,
    pub(super) revoked_on: Option<i64>,
    pub(super) imported: bool,
    pub(super) owner_type: Option<i16>,
    pub(super) reference_id: Option<String>,
    pub(super) revocation: RevocationRow,
}

impl EarnRow {
    pub(super) fn record(self) -> anyhow::Result<EarnRecord> {
        let enrolment = self.enrolment.as_deref().map(object_id).transpose()?;
        anyhow::ensure!(
            enrolment.is_some() == self.ordinal_of_enrolment.is_some(),
            "an earn without its enrolment"
        );
        let (revoked_by, revoke_reason) = revocation_of(self.revocation)?;
        Ok(EarnRecord {
            earned: EarnedBadge {
                id: object_id(&self.id)?.into(),
                enrolment: enrolment.map(Into::into),
                event_on: instant(self.event_on)?,
                earned_on: instant(self.earned_on)?,
                expires_on: instant(self.expires_on)?,
                revoked_on: self.revoked_on.map(instant).transpose()?,
                imported: self.imported,
            },
            triggered_by: triggered_by(self.owner_type, self.reference_id)?,
            revoked_by,
            revoke_reason,
        })
    }
}

/// The page of the earns, the last first.
fn earns(
    connection: &mut Connection,
    (org, customer, badge): Pair<'_>,
    page: PageOf,
) -> Result<Vec<EarnRecord>, WorkError> {
    let rows: Vec<EarnRow> = earned_badges::table
        .inner_join(
            request_ledger::table.on(request_ledger::org_id
                .eq(earned_badges::org_id)
                .and(request_ledger::number.eq(earned_badges::request_no))),
        )
        .left_join(
            enrolments::table.on(enrolments::org_id
                .eq(earned_badges::org_id)
                .and(enrolments::customer_id.eq(earned_badges::customer_id))
                .and(enrolments::badge_id.eq(earned_badges::badge_id))
                .and(enrolments::ordinal.nullable().eq(earned_badges::enrolment))),
        )
        .filter(earned_badges::org_id.eq(org))
        .filter(earned_badges::customer_id.eq(customer))
        .filter(earned_badges::badge_id.eq(badge))
        .order(earned_badges::ordinal.desc())
        .limit(page.size.into())
        .offset(offset(page))
        .select((
            earned_badges::id,
            earned_badges::enrolment,
            enrolments::id.nullable(),
            earned_badges::event_on,
            earned_badges::earned_on,
            earned_badges::expires_on,
            earned_badges::revoked_on,
            earned_badges::imported,
            request_ledger::owner_type,
            request_ledger::reference_id,
            (earned_badges::revoked_by, earned_badges::revoke_reason),
        ))
        .load(connection)?;
    let earns = rows.into_iter().map(EarnRow::record);
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
