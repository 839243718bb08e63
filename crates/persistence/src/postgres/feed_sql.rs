//! The statements of the feed, for PostgreSQL.
//!
//! What is recorded goes to the outbox, under a number that is drawn by the last statement before
//! COMMIT. A sequencer, of which there is one an org at a time, takes what was committed from there,
//! by that number, and gives it the next positions. A number is often smaller than another that is
//! committed before it, and then gets a later position: it cannot be the cause of the other, whose
//! transaction had not seen it, nor its effect, whose number would have been drawn later.
//!
//! Nobody waits for an open transaction: what it has written is not there until it is committed, and
//! comes last then.

use std::collections::BTreeSet;

use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};

use super::{Connection, DB, column, lock};
use crate::feed::FeedRow;
use crate::feed::expiry_sql::ExpirySql as _;
use crate::feed::sql::{FeedSql, Sequenced};
use crate::recording::sql::Growth;
use crate::statement::{Sql, Statement, here};

/// Numbers are drawn in the order in which the rows come. What is due, if one row says it, is kept with the
/// row of the outbox until that has its position: entered at once it would cost each transaction more.
/// As little as can be is unnested: each array costs a set of its own, an element of it next to nothing.
static APPEND: Sql<{ here!() }> = Sql::new(
    "WITH counted AS (INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
     SELECT :org, g.badge_id, :issued[g.place], :earned[g.place] \
     FROM unnest(:badges) WITH ORDINALITY AS g (badge_id, place)) \
     INSERT INTO outbox (org_id, recorded_on, ledger_no, events, kind, data, \
     due_on, due_ledger_no, due_requests, due_customers) \
     SELECT :org, :recorded_on[r.place], r.ledger_no, :events[r.place], :kinds[r.place], r.data, \
     :due_on[r.place], :due_ledger_nos[r.place], :due_requests[r.place], :due_customers[r.place] \
     FROM unnest(:ledger_nos, :data) WITH ORDINALITY AS r (ledger_no, data, place) ORDER BY r.place",
);

const LAST_NUMBER: &str =
    "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM outbox_number_seq";

/// Whoever writes a row, or takes one, has this lock from before the statement begins until its
/// transaction ends.
const OPEN: &str = "SELECT virtualtransaction FROM pg_locks \
     WHERE locktype = 'relation' AND relation = 'outbox'::regclass AND mode = 'RowExclusiveLock' \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

const IS_ANY_WAITING: &str =
    "SELECT (SELECT true FROM outbox WHERE org_id = ? AND number > ? LIMIT 1) IS NOT NULL";

/// A query that gives one value looks each up by the key.
const ORGS_WAITING: &str = "SELECT id FROM orgs WHERE \
     (SELECT true FROM outbox WHERE org_id = orgs.id AND number > ? LIMIT 1) IS NOT NULL";

const WAITING: &str = "SELECT count(*), min(recorded_on) FROM outbox";

const LOCK: &str = "SELECT pg_advisory_xact_lock(?)";

/// One statement: whoever reads sees a row in the outbox, or in the feed. What is the same for all rows
/// is a query that gives one value, and so computed once; a join would do it for each.
static SEQUENCE: Sql<{ here!() }> = Sql::new(
    "WITH last AS MATERIALIZED ( \
       SELECT max(number) AS number FROM ( \
         SELECT number FROM outbox WHERE org_id = :org AND number > :from \
         ORDER BY number LIMIT :at_most \
       ) AS first_rows \
     ), newest AS MATERIALIZED ( \
       SELECT last_position, latest_on FROM feed WHERE org_id = :org \
       ORDER BY last_position DESC LIMIT 1 \
     ), taken AS ( \
       DELETE FROM outbox WHERE org_id = :org AND number > :from \
       AND number <= (SELECT number FROM last) \
       RETURNING number, recorded_on, ledger_no, events, kind, data, \
       due_on, due_ledger_no, due_requests, due_customers \
     ), entered AS ( \
       INSERT INTO expiries (org_id, due_on, ledger_no, requests, customers, done) \
       SELECT :org, t.due_on, t.due_ledger_no, t.due_requests, t.due_customers, 0 \
       FROM taken t WHERE t.due_on IS NOT NULL ON CONFLICT DO NOTHING \
     ), moved AS ( \
       INSERT INTO feed (org_id, last_position, recorded_on, latest_on, ledger_no, events, kind, \
       data) \
       SELECT :org, COALESCE((SELECT last_position FROM newest), 0) + SUM(t.events) OVER numbered, \
       t.recorded_on, \
       GREATEST((SELECT latest_on FROM newest), MAX(t.recorded_on) OVER numbered), \
       t.ledger_no, t.events, t.kind, t.data \
       FROM taken t WINDOW numbered AS (ORDER BY t.number) \
       RETURNING events \
     ) SELECT count(*), COALESCE(SUM(events), 0)::bigint FROM moved",
);

static FORGET: Sql<{ here!() }> = Sql::new(
    "DELETE FROM feed WHERE org_id = :org AND last_position IN ( \
     SELECT last_position FROM feed WHERE org_id = :org AND last_position <= :until \
     ORDER BY last_position LIMIT :at_most)",
);

impl FeedSql for Connection {
    fn append_and_grow(
        &mut self,
        org: OrgId,
        rows: &[FeedRow],
        growths: &[Growth],
    ) -> QueryResult<()> {
        let badges = column(growths, |it| *it.badge.0.as_bytes());
        let recorded_on = column(rows, |it| it.recorded_on.unix_micros());
        let due = column(rows, |row| match row.due.as_slice() {
            [due] => Some(due),
            _ => None,
        });
        let several = rows.iter().filter(|row| row.due.len() > 1);
        let several: Vec<_> = several.flat_map(|row| &row.due).copied().collect();
        if !several.is_empty() {
            self.enter_due(org, &several)?;
        }
        Statement::<DB>::named(&APPEND)
            .set::<BigInt, _>("org", org.get())
            .set::<Array<Binary>, _>("badges", badges)
            .set::<Array<BigInt>, _>("issued", column(growths, |it| it.issued))
            .set::<Array<BigInt>, _>("earned", column(growths, |it| it.earned))
            .set::<Array<BigInt>, _>("recorded_on", recorded_on)
            .set::<Array<Nullable<BigInt>>, _>("ledger_nos", column(rows, |it| it.ledger_no))
            .set::<Array<Integer>, _>("events", column(rows, |it| it.events))
            .set::<Array<SmallInt>, _>("kinds", column(rows, |it| it.kind.number()))
            .set::<Array<Nullable<Binary>>, _>("data", column(rows, |it| it.data.as_deref()))
            .set::<Array<Nullable<BigInt>>, _>("due_on", column(&due, |it| it.map(|it| it.due_on)))
            .set::<Array<Nullable<BigInt>>, _>(
                "due_ledger_nos",
                column(&due, |it| it.map(|it| it.ledger_no)),
            )
            .set::<Array<Nullable<Integer>>, _>(
                "due_requests",
                column(&due, |it| it.map(|it| it.requests)),
            )
            .set::<Array<Nullable<Integer>>, _>(
                "due_customers",
                column(&due, |it| it.map(|it| it.customers)),
            )
            .execute(self)?;
        Ok(())
    }

    fn last_number(&mut self) -> QueryResult<i64> {
        Statement::<DB, BigInt>::new(LAST_NUMBER).get_result(self)
    }

    fn writing(&mut self) -> QueryResult<BTreeSet<String>> {
        let open: Vec<String> = Statement::<DB, Text>::new(OPEN).load(self)?;
        Ok(open.into_iter().collect())
    }

    fn is_any_waiting(&mut self, org: OrgId, from: i64) -> QueryResult<bool> {
        Statement::<DB, Bool>::new(IS_ANY_WAITING)
            .bind::<BigInt, _>(org.get())
            .bind::<BigInt, _>(from)
            .get_result(self)
    }

    fn orgs_waiting(&mut self, from: i64) -> QueryResult<Vec<i64>> {
        Statement::<DB, BigInt>::new(ORGS_WAITING)
            .bind::<BigInt, _>(from)
            .load(self)
    }

    fn waiting(&mut self) -> QueryResult<(i64, Option<i64>)> {
        Statement::<DB, (BigInt, Nullable<BigInt>)>::new(WAITING).get_result(self)
    }

    fn sequence(&mut self, org: OrgId, from: i64, at_most: u32) -> QueryResult<Sequenced> {
        // A statement of its own: what it waited for is seen by the next.
        Statement::<DB>::new(LOCK)
            .bind::<BigInt, _>(lock::feed_number(org))
            .execute(self)?;
        let (rows, events): (i64, i64) = Statement::<DB, (BigInt, BigInt)>::named(&SEQUENCE)
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("from", from)
            .set::<BigInt, _>("at_most", i64::from(at_most))
            .get_result(self)?;
        Ok(Sequenced {
            rows: rows.unsigned_abs(),
            events: events.unsigned_abs(),
        })
    }

    fn forget_events(&mut self, org: OrgId, until: i64, at_most: u32) -> QueryResult<u64> {
        let forgotten = Statement::<DB>::named(&FORGET)
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("until", until)
            .set::<BigInt, _>("at_most", i64::from(at_most))
            .execute(self)?;
        Ok(forgotten as u64)
    }
}
