//! The statements of leases, for SQLite, which has one server: its clock counts.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use super::{Connection, DB, json};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};
use crate::stores::{LeaseSql, NewTerm, TakenRow};

/// SQLite would look at a bare value after LIMIT when it prepares the statement, and so prepare it
/// anew whenever there is another.
static TAKE: Sql<{ here!() }> = Sql::new(
    "INSERT INTO leases (name, holder, held_until) \
     SELECT w.value, :holder, :now + :length FROM json_each(:names) AS w \
     WHERE NOT EXISTS (SELECT 1 FROM leases o WHERE o.name = w.value \
       AND o.holder <> :holder AND o.held_until > :now) \
     ORDER BY w.key LIMIT :most + 0 \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, \
       held_until = excluded.held_until, \
       taken_from = CASE WHEN leases.holder = excluded.holder THEN NULL ELSE leases.holder END \
     RETURNING name, taken_from",
);

static RENEW: Sql<{ here!() }> = Sql::new(
    "UPDATE leases SET held_until = :now + :length \
     WHERE name IN (SELECT value FROM json_each(:names)) AND holder = :holder RETURNING name",
);

static RELEASE: Sql<{ here!() }> = Sql::new(
    "DELETE FROM leases WHERE name IN (SELECT value FROM json_each(:names)) AND holder = :holder",
);

static COUNT_HOLDERS: Sql<{ here!() }> =
    Sql::new("SELECT count(DISTINCT holder) FROM leases WHERE held_until > :now");

static SWEEP: Sql<{ here!() }> =
    Sql::new("DELETE FROM leases WHERE held_until <= :now - :ran_out_for");

impl LeaseSql for Connection {
    fn take_leases(
        &mut self,
        names: &[String],
        most: i64,
        term: NewTerm<'_>,
    ) -> Result<Vec<TakenRow>, WorkError> {
        Ok(Statement::<DB, (Text, Nullable<Binary>)>::named(&TAKE)
            .set::<Binary, _>("holder", term.holder)
            .set::<BigInt, _>("now", term.now)
            .set::<BigInt, _>("length", term.length)
            .set::<Text, _>("names", json(&names)?)
            .set::<BigInt, _>("most", most)
            .load(self)?)
    }

    fn renew_leases(
        &mut self,
        names: &[String],
        term: NewTerm<'_>,
    ) -> Result<Vec<String>, WorkError> {
        Ok(Statement::<DB, Text>::named(&RENEW)
            .set::<BigInt, _>("now", term.now)
            .set::<BigInt, _>("length", term.length)
            .set::<Text, _>("names", json(&names)?)
            .set::<Binary, _>("holder", term.holder)
            .load(self)?)
    }

    fn release_leases(&mut self, names: &[String], holder: &[u8]) -> Result<(), WorkError> {
        Statement::<DB>::named(&RELEASE)
            .set::<Text, _>("names", json(&names)?)
            .set::<Binary, _>("holder", holder)
            .execute(self)?;
        Ok(())
    }

    fn count_lease_holders(&mut self, now: i64) -> QueryResult<i64> {
        Statement::<DB, BigInt>::named(&COUNT_HOLDERS)
            .set::<BigInt, _>("now", now)
            .get_result(self)
    }

    fn sweep_leases(&mut self, now: i64, ran_out_for: i64) -> QueryResult<u64> {
        let swept = Statement::<DB>::named(&SWEEP)
            .set::<BigInt, _>("now", now)
            .set::<BigInt, _>("ran_out_for", ran_out_for)
            .execute(self)?;
        Ok(swept as u64)
    }
}
