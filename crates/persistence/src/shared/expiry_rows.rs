//! Rows that say when something is due, and what is still to be entered.

use accolade_application::ports::Operation;
use accolade_domain::ids::OrgId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::{Connection, DB};
use crate::feed::expiry_sql::{Backlog, DueKey, ExpiryRows, OldRequest};
use crate::schema::{expiries, expiry_backlog, request_ledger};
use crate::statement::{Sql, Statement, here};

/// One look-up for each org.
static ORGS_DUE: Sql<{ here!() }> = Sql::new(
    "SELECT o.id, (SELECT e.due_on FROM expiries e WHERE e.org_id = o.id \
     ORDER BY e.due_on LIMIT 1) FROM orgs o",
);

/// What records something that may expire.
const RECORDING: [Operation; 4] = [
    Operation::IssueBulk,
    Operation::Earn,
    Operation::EarnBulk,
    Operation::Import,
];

impl ExpiryRows for Connection {
    fn orgs_due(&mut self, until: i64) -> QueryResult<Vec<(i64, i64)>> {
        let orgs: Vec<(i64, Option<i64>)> =
            Statement::<DB, (BigInt, Nullable<BigInt>)>::named(&ORGS_DUE).load(self)?;
        let due = orgs.into_iter().filter_map(|(org, due_on)| {
            let due_on = due_on.filter(|due_on| *due_on <= until)?;
            Some((due_on, org))
        });
        Ok(due.collect())
    }

    fn advance_due(&mut self, org: OrgId, row: DueKey, done: i32) -> QueryResult<()> {
        diesel::update(expiries::table.find((org.get(), row.0, row.1)))
            .set(expiries::done.eq(done))
            .execute(self)?;
        Ok(())
    }

    fn backlogs(&mut self) -> QueryResult<Vec<(i64, Backlog)>> {
        let rows: Vec<(i64, i64, i64)> = expiry_backlog::table.load(self)?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(org, began_on, upto)| (org, Backlog { began_on, upto }))
            .collect())
    }

    fn old_requests(
        &mut self,
        org: OrgId,
        upto: i64,
        at_most: u32,
    ) -> QueryResult<Vec<OldRequest>> {
        let rows: Vec<(i64, String, i64, Vec<u8>)> = request_ledger::table
            .filter(request_ledger::org_id.eq(org.get()))
            .filter(request_ledger::number.le(upto))
            .filter(request_ledger::operation.eq_any(RECORDING.map(Operation::number)))
            .order(request_ledger::number.desc())
            .limit(i64::from(at_most))
            .select((
                request_ledger::number,
                request_ledger::request_id,
                request_ledger::recorded_on,
                request_ledger::answer,
            ))
            .load(self)?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|(number, request_id, recorded_on, answer)| OldRequest {
                number,
                request_id,
                recorded_on,
                answer,
            })
            .collect())
    }

    fn shorten_backlog(&mut self, org: OrgId, upto: Option<i64>) -> QueryResult<()> {
        let row = expiry_backlog::table.find(org.get());
        match upto {
            Some(upto) => diesel::update(row)
                .set(expiry_backlog::upto.eq(upto))
                .execute(self)?,
            None => diesel::delete(row).execute(self)?,
        };
        Ok(())
    }
}
