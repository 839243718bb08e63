//! The statements of expiries, for PostgreSQL.
//!
//! Several servers may look for what is due at once: each row is locked by the one that works on it,
//! and left out by the others.

use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable};

use super::{Connection, DB, column};
use crate::feed::expiry_sql::{Backlog, DueKey, DueRow, DueSet, ExpirySql, Kept, Place};
use crate::mapping::stored;
use crate::retry::WorkError;
use crate::schema::expiry_backlog;
use crate::statement::{Sql, Statement, here};

static DUE: Sql<{ here!() }> = Sql::new(
    "SELECT due_on, ledger_no, requests, customers, done FROM expiries \
     WHERE org_id = :org AND due_on <= :until ORDER BY due_on, ledger_no LIMIT :at_most \
     FOR UPDATE SKIP LOCKED",
);

static REMOVE: Sql<{ here!() }> = Sql::new(
    "DELETE FROM expiries e USING unnest(:due_on, :ledger_nos) AS w (due_on, ledger_no) \
     WHERE e.org_id = :org AND e.due_on = w.due_on AND e.ledger_no = w.ledger_no",
);

static ENTER: Sql<{ here!() }> = Sql::new(
    "INSERT INTO expiries (org_id, due_on, ledger_no, requests, customers, done) \
     SELECT :org, w.due_on, w.ledger_no, w.requests, w.customers, 0 \
     FROM unnest(:due_on, :ledger_nos, :requests, :customers) \
     AS w (due_on, ledger_no, requests, customers) ON CONFLICT DO NOTHING",
);

/// `OFFSET 0` keeps the planner from turning the look-ups by key into a walk through all rows of the org.
static ENROLMENTS: Sql = Sql::new(
    "SELECT w.place, e.event_on, e.revoked_on \
     FROM unnest(:customers, :badges, :ids) WITH ORDINALITY \
     AS w (customer_id, badge_id, id, place), \
     LATERAL (SELECT e.event_on, e.revoked_on FROM enrolments e \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id \
     AND e.badge_id = w.badge_id AND e.id = w.id OFFSET 0) AS e",
);

/// The same.
static EARNS: Sql = Sql::new(
    "SELECT w.place, e.event_on, e.revoked_on \
     FROM unnest(:customers, :badges, :ids) WITH ORDINALITY \
     AS w (customer_id, badge_id, id, place), \
     LATERAL (SELECT e.event_on, e.revoked_on FROM earned_badges e \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id \
     AND e.badge_id = w.badge_id AND e.id = w.id OFFSET 0) AS e",
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
            .set::<Array<BigInt>, _>("due_on", column(rows, |it| it.0))
            .set::<Array<BigInt>, _>("ledger_nos", column(rows, |it| it.1))
            .set::<BigInt, _>("org", org.get())
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
        Statement::<DB>::named(&ENTER)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<BigInt>, _>("due_on", column(rows, |it| it.due_on))
            .set::<Array<BigInt>, _>("ledger_nos", column(rows, |it| it.ledger_no))
            .set::<Array<Integer>, _>("requests", column(rows, |it| it.requests))
            .set::<Array<Integer>, _>("customers", column(rows, |it| it.customers))
            .execute(self)?;
        Ok(())
    }

    fn lock_backlog(&mut self, org: OrgId) -> QueryResult<Option<Backlog>> {
        let row: Option<(i64, i64, i64)> = expiry_backlog::table
            .find(org.get())
            .for_update()
            .skip_locked()
            .get_result(self)
            .optional()?;
        Ok(row.map(|(_, began_on, upto)| Backlog { began_on, upto }))
    }
}

fn kept(
    connection: &mut Connection,
    sql: &'static Sql,
    org: OrgId,
    which: &[Place],
) -> Result<Vec<Option<Kept>>, WorkError> {
    type Row = (BigInt, BigInt, Nullable<BigInt>);
    let rows: Vec<(i64, i64, Option<i64>)> = Statement::<DB, Row>::named(sql)
        .set::<Array<BigInt>, _>("customers", column(which, |it| it.0.get()))
        .set::<Array<Binary>, _>("badges", column(which, |it| *it.1.0.as_bytes()))
        .set::<Array<Binary>, _>("ids", column(which, |it| *it.2.as_bytes()))
        .set::<BigInt, _>("org", org.get())
        .load(connection)?;
    let mut kept = vec![None; which.len()];
    for (place, event_on, revoked_on) in rows {
        // Places are numbered from 1.
        let place: usize = stored(place - 1)?;
        kept[place] = Some((event_on, revoked_on));
    }
    Ok(kept)
}
