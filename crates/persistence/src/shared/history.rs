//! What has happened to a customer, read from the customer's own rows: by the primary keys, in one
//! statement.

use accolade_application::ports::{Happening, HistoryEntry, HistoryQuery};
use accolade_domain::ids::OrgId;
use accolade_domain::rejection::Code;
use accolade_domain::text::{Reason, RequestId};
use anyhow::{Context as _, bail};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt, Text};

use super::{Connection, DB};
use crate::mapping::{badge_id, instant, object_id, stored, triggered_by};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement};

/// The numbers are those of [`Happening`]. What was revoked before it expired did not expire, nor did
/// what had expired when it was recorded.
static HISTORY: Sql = Sql::new(
    "SELECT * FROM (\
     SELECT 1 AS kind, l.recorded_on AS moment, e.badge_id, e.id, e.event_on, l.owner_type, \
     l.reference_id, CAST(l.recorded_by AS BIGINT) AS actor, l.request_id, \
     CAST(NULL AS INTEGER) AS code, CAST(NULL AS TEXT) AS said, CAST(0 AS BIGINT) AS seq \
     FROM enrolments e \
     JOIN request_ledger l ON l.org_id = e.org_id AND l.number = e.request_no \
     WHERE e.org_id = :org AND e.customer_id = :customer \
     UNION ALL \
     SELECT 5, e.revoked_on, e.badge_id, e.id, e.event_on, l.owner_type, l.reference_id, \
     e.revoked_by, NULL, NULL, e.revoke_reason, 0 \
     FROM enrolments e \
     JOIN request_ledger l ON l.org_id = e.org_id AND l.number = e.request_no \
     WHERE e.org_id = :org AND e.customer_id = :customer AND e.revoked_on IS NOT NULL \
     UNION ALL \
     SELECT 7, e.expires_on, e.badge_id, e.id, e.event_on, l.owner_type, l.reference_id, \
     NULL, NULL, NULL, NULL, 0 \
     FROM enrolments e \
     JOIN request_ledger l ON l.org_id = e.org_id AND l.number = e.request_no \
     WHERE e.org_id = :org AND e.customer_id = :customer AND e.expires_on <= :now \
     AND e.expires_on > l.recorded_on AND (e.revoked_on IS NULL OR e.revoked_on > e.expires_on) \
     UNION ALL \
     SELECT CASE WHEN b.imported THEN 3 ELSE 2 END, b.earned_on, b.badge_id, b.id, b.event_on, \
     l.owner_type, l.reference_id, l.recorded_by, l.request_id, NULL, NULL, 0 \
     FROM earned_badges b \
     JOIN request_ledger l ON l.org_id = b.org_id AND l.number = b.request_no \
     WHERE b.org_id = :org AND b.customer_id = :customer \
     UNION ALL \
     SELECT 6, b.revoked_on, b.badge_id, b.id, b.event_on, l.owner_type, l.reference_id, \
     b.revoked_by, NULL, NULL, b.revoke_reason, 0 \
     FROM earned_badges b \
     JOIN request_ledger l ON l.org_id = b.org_id AND l.number = b.request_no \
     WHERE b.org_id = :org AND b.customer_id = :customer AND b.revoked_on IS NOT NULL \
     UNION ALL \
     SELECT 8, b.expires_on, b.badge_id, b.id, b.event_on, l.owner_type, l.reference_id, \
     NULL, NULL, NULL, NULL, 0 \
     FROM earned_badges b \
     JOIN request_ledger l ON l.org_id = b.org_id AND l.number = b.request_no \
     WHERE b.org_id = :org AND b.customer_id = :customer AND b.expires_on <= :now \
     AND b.expires_on > b.earned_on AND (b.revoked_on IS NULL OR b.revoked_on > b.expires_on) \
     UNION ALL \
     SELECT 4, r.refused_on, r.badge_id, NULL, r.event_on, NULL, NULL, NULL, NULL, r.code, \
     r.message, r.seq \
     FROM refusals r WHERE r.org_id = :org AND r.customer_id = :customer\
     ) h WHERE h.moment <= :until \
     ORDER BY h.moment DESC, h.kind DESC, h.badge_id DESC, h.id DESC, h.seq DESC \
     LIMIT :most",
);

type Columns = (
    Integer,
    BigInt,
    Binary,
    Nullable<Binary>,
    BigInt,
    Nullable<SmallInt>,
    Nullable<Text>,
    Nullable<BigInt>,
    Nullable<Text>,
    Nullable<Integer>,
    Nullable<Text>,
    BigInt,
);

#[derive(Queryable)]
struct Row {
    kind: i32,
    on: i64,
    badge: Vec<u8>,
    id: Option<Vec<u8>>,
    event_on: i64,
    owner_type: Option<i16>,
    reference: Option<String>,
    by: Option<i64>,
    request: Option<String>,
    code: Option<i32>,
    said: Option<String>,
    _seq: i64,
}

impl Row {
    fn entry(self) -> anyhow::Result<HistoryEntry> {
        let id = self.id.as_deref().map(object_id).transpose()?;
        let id = id.context("a row without its id");
        let reason = |said: Option<String>| said.map(Reason::from_stored);
        let what = match self.kind {
            1 => Happening::Enrolled(id?.into()),
            2 => Happening::Earned(id?.into()),
            3 => Happening::Imported(id?.into()),
            4 => {
                let code = stored(self.code.context("a refusal without its code")?)?;
                let code = Code::from_number(code).context("a stored code")?;
                Happening::Refused(code, self.said.unwrap_or_default())
            }
            5 => Happening::EnrolmentRevoked(id?.into(), reason(self.said)),
            6 => Happening::EarnRevoked(id?.into(), reason(self.said)),
            7 => Happening::EnrolmentExpired(id?.into()),
            8 => Happening::EarnExpired(id?.into()),
            other => bail!("a happening of the kind {other}"),
        };
        Ok(HistoryEntry {
            on: instant(self.on)?,
            what,
            badge: badge_id(&self.badge)?,
            event_on: instant(self.event_on)?,
            triggered_by: triggered_by(self.owner_type, self.reference)?,
            by: self.by.map(stored).transpose()?,
            request: self.request.map(RequestId::from_stored),
        })
    }
}

/// The stretch of the history that `query` asks for, the newest first.
pub(super) fn history(
    connection: &mut Connection,
    org: OrgId,
    query: &HistoryQuery,
) -> Result<Vec<HistoryEntry>, WorkError> {
    let (until, passed) = query.after.map_or((i64::MAX, 0), |place| {
        (place.on.unix_micros(), place.passed)
    });
    let rows: Vec<Row> = Statement::<DB, Columns>::named(&HISTORY)
        .set::<BigInt, _>("org", org.get())
        .set::<BigInt, _>("customer", query.customer.get())
        .set::<BigInt, _>("now", query.now.unix_micros())
        .set::<BigInt, _>("until", until)
        .set::<BigInt, _>("most", i64::from(query.limit) + i64::from(passed))
        .load(connection)?;
    let entries = rows.into_iter().skip(passed as usize).map(Row::entry);
    Ok(entries.collect::<anyhow::Result<_>>()?)
}
