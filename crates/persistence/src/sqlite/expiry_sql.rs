//! The statements of expiries, for SQLite. There is one writer, so nobody else is working on anything.

use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};

use super::{Connection, DB, json};
use crate::feed::expiry_sql::{Backlog, DueKey, DueRow, DueSet, ExpirySql, Kept, Place};
use crate::retry::WorkError;
use crate::schema::expiry_backlog;
use crate::statement::{Sql, Statement, here};

static DUE: Sql<{ here!() }> = Sql::new(
    "SELECT due_on, ledger_no, requests, customers, done FROM expiries \
     WHERE org_id = :org AND due_on <= :until ORDER BY due_on, ledger_no LIMIT :at_most + 0",
);

/// `IN` looks each one up by the key.
static REMOVE: Sql<{ here!() }> = Sql::new(
    "DELETE FROM expiries WHERE (org_id, due_on, ledger_no) IN \
     (SELECT :org, value ->> 0, value ->> 1 FROM json_each(:rows))",
);

static ENTER: Sql<{ here!() }> = Sql::new(
    "INSERT INTO expiries (org_id, due_on, ledger_no, requests, customers, done) \
     SELECT :org, value ->> 0, value ->> 1, value ->> 2, value ->> 3, 0 FROM json_each(:rows) \
     WHERE true \
     ON CONFLICT DO NOTHING",
);

/// How many rows are entered one by one, as those of a group of requests are few: of a row in
/// JSON each of its four values is found by reading it anew.
const FEW: usize = 64;

static ENTER_ONE: Sql<{ here!() }> = Sql::new(
    "INSERT INTO expiries (org_id, due_on, ledger_no, requests, customers, done) \
     VALUES (:org, :due_on, :ledger_no, :requests, :customers, 0) ON CONFLICT DO NOTHING",
);

/// `CROSS JOIN` keeps the order of the look-ups: each customer by the key.
static ENROLMENTS: Sql = Sql::new(
    "SELECT w.key, e.event_on, e.revoked_on \
     FROM json_each(:customers) AS w CROSS JOIN enrolments AS e \
     ON e.org_id = :org AND e.customer_id = w.value \
     AND e.badge_id = substr(:badges, 12 * w.key + 1, 12) \
     AND e.id = substr(:ids, 12 * w.key + 1, 12)",
);

static EARNS: Sql = Sql::new(
    "SELECT w.key, e.event_on, e.revoked_on \
     FROM json_each(:customers) AS w CROSS JOIN earned_badges AS e \
     ON e.org_id = :org AND e.customer_id = w.value \
     AND e.badge_id = substr(:badges, 12 * w.key + 1, 12) \
     AND e.id = substr(:ids, 12 * w.key + 1, 12)",
);

impl ExpirySql for Connection {
    fn due(&mut self, org: OrgId, until: i64, at_most: u32) -> QueryResult<Vec<DueRow>> {
        type Row = (BigInt, BigInt, Integer, Integer, Integer);
        let rows: Vec<(i64, i64, i32, i32, i32)> = Statement::<DB, Row>::named(&DUE)
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("until", until)
            .set::<BigInt, _>("at_most", i64::from(at_most))
            .load(self)?;
        Ok(rows.into_iter().map(DueRow::from).collect())
    }

    fn remove_due(&mut self, org: OrgId, rows: &[DueKey]) -> Result<(), WorkError> {
        Statement::<DB>::named(&REMOVE)
            .set::<BigInt, _>("org", org.get())
            .set::<Text, _>("rows", json(&rows)?)
            .execute(self)?;
        Ok(())
    }

    fn kept_enrolments(
        &mut self,
        org: OrgId,
        which: &[Place],
    ) -> Result<Vec<Option<Kept>>, WorkError> {
        kept(self, &ENROLMENTS, org, which)
    }

    fn kept_earns(&mut self, org: OrgId, which: &[Place]) -> Result<Vec<Option<Kept>>, WorkError> {
        kept(self, &EARNS, org, which)
    }

    fn enter_due(&mut self, org: OrgId, rows: &[DueSet]) -> QueryResult<()> {
        enter(self, org, rows)
    }

    fn lock_backlog(&mut self, org: OrgId) -> QueryResult<Option<Backlog>> {
        let row: Option<(i64, i64, i64)> = expiry_backlog::table
            .find(org.get())
            .get_result(self)
            .optional()?;
        Ok(row.map(|(_, began_on, upto)| Backlog { began_on, upto }))
    }
}

/// Enters when something is due.
pub(super) fn enter(connection: &mut Connection, org: OrgId, rows: &[DueSet]) -> QueryResult<()> {
    if rows.len() <= FEW {
        return rows
            .iter()
            .try_for_each(|row| enter_one(connection, org, row));
    }
    let values = |it: &DueSet| (it.due_on, it.ledger_no, it.requests, it.customers);
    let rows: Vec<_> = rows.iter().map(values).collect();
    let rows = serde_json::to_string(&rows);
    let rows = rows.map_err(|error| Error::SerializationError(error.into()))?;
    Statement::<DB>::named(&ENTER)
        .set::<BigInt, _>("org", org.get())
        .set::<Text, _>("rows", rows)
        .execute(connection)?;
    Ok(())
}

fn enter_one(connection: &mut Connection, org: OrgId, row: &DueSet) -> QueryResult<()> {
    Statement::<DB>::named(&ENTER_ONE)
        .set::<BigInt, _>("org", org.get())
        .set::<BigInt, _>("due_on", row.due_on)
        .set::<BigInt, _>("ledger_no", row.ledger_no)
        .set::<Integer, _>("requests", row.requests)
        .set::<Integer, _>("customers", row.customers)
        .execute(connection)?;
    Ok(())
}

fn kept(
    connection: &mut Connection,
    sql: &'static Sql,
    org: OrgId,
    which: &[Place],
) -> Result<Vec<Option<Kept>>, WorkError> {
    type Row = (BigInt, BigInt, Nullable<BigInt>);
    let customers: Vec<_> = which.iter().map(|it| it.0.get()).collect();
    let badges: Vec<u8> = which.iter().flat_map(|it| *it.1.0.as_bytes()).collect();
    let ids: Vec<u8> = which.iter().flat_map(|it| *it.2.as_bytes()).collect();
    let rows: Vec<(i64, i64, Option<i64>)> = Statement::<DB, Row>::named(sql)
        .set::<Text, _>("customers", json(&customers)?)
        .set::<BigInt, _>("org", org.get())
        .set::<Binary, _>("badges", badges)
        .set::<Binary, _>("ids", ids)
        .load(connection)?;
    let mut kept = vec![None; which.len()];
    for (place, event_on, revoked_on) in rows {
        let place: usize = crate::mapping::stored(place)?;
        kept[place] = Some((event_on, revoked_on));
    }
    Ok(kept)
}
