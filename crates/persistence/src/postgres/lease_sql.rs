//! The statements of leases, for PostgreSQL, whose clock counts: servers' clocks differ.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text};

use super::{Connection, DB};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};
use crate::stores::{LeaseSql, NewTerm, TakenRow};

/// Those that somebody has are left out first, so that asking for them writes nothing. Who waited for
/// another to take one finds it held: by its own older moment even more so. Everybody locks rows in the
/// order of their names.
static TAKE: Sql<{ here!() }> = Sql::new(
    "WITH clock AS MATERIALIZED ( \
       SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now \
     ) INSERT INTO leases AS l (name, holder, held_until) \
     SELECT f.name, :holder, f.now + :length FROM ( \
       SELECT w.name, clock.now \
       FROM clock, unnest(:names) WITH ORDINALITY AS w (name, place) \
       WHERE NOT EXISTS (SELECT FROM leases o WHERE o.name = w.name \
         AND o.holder <> :holder AND o.held_until > clock.now) \
       ORDER BY w.place LIMIT :most \
     ) AS f ORDER BY f.name \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, \
       held_until = excluded.held_until, \
       taken_from = CASE WHEN l.holder = excluded.holder THEN NULL ELSE l.holder END \
     WHERE l.holder = excluded.holder OR l.held_until <= excluded.held_until - :length \
     RETURNING l.name, l.taken_from",
);

static RENEW: Sql<{ here!() }> = Sql::new(
    "WITH mine AS ( \
       SELECT name FROM leases WHERE name = ANY(:names) AND holder = :holder \
       ORDER BY name FOR UPDATE \
     ) UPDATE leases l \
     SET held_until = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + :length \
     FROM mine WHERE l.name = mine.name RETURNING l.name",
);

static RELEASE: Sql<{ here!() }> = Sql::new(
    "WITH mine AS ( \
       SELECT name FROM leases WHERE name = ANY(:names) AND holder = :holder \
       ORDER BY name FOR UPDATE \
     ) DELETE FROM leases l USING mine WHERE l.name = mine.name",
);

static COUNT_HOLDERS: Sql<{ here!() }> = Sql::new(
    "SELECT count(DISTINCT holder) FROM leases \
     WHERE held_until > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
);

static SWEEP: Sql<{ here!() }> = Sql::new(
    "WITH old AS ( \
       SELECT name FROM leases \
       WHERE held_until <= (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - :ran_out_for \
       ORDER BY name FOR UPDATE \
     ) DELETE FROM leases l USING old WHERE l.name = old.name",
);

impl LeaseSql for Connection {
    fn take_leases(
        &mut self,
        names: &[String],
        most: i64,
        term: NewTerm<'_>,
    ) -> Result<Vec<TakenRow>, WorkError> {
        Ok(Statement::<DB, (Text, Nullable<Binary>)>::named(&TAKE)
            .set::<Binary, _>("holder", term.holder)
            .set::<BigInt, _>("length", term.length)
            .set::<Array<Text>, _>("names", names)
            .set::<BigInt, _>("most", most)
            .load(self)?)
    }

    fn renew_leases(
        &mut self,
        names: &[String],
        term: NewTerm<'_>,
    ) -> Result<Vec<String>, WorkError> {
        Ok(Statement::<DB, Text>::named(&RENEW)
            .set::<Array<Text>, _>("names", names)
            .set::<Binary, _>("holder", term.holder)
            .set::<BigInt, _>("length", term.length)
            .load(self)?)
    }

    fn release_leases(&mut self, names: &[String], holder: &[u8]) -> Result<(), WorkError> {
        Statement::<DB>::named(&RELEASE)
            .set::<Array<Text>, _>("names", names)
            .set::<Binary, _>("holder", holder)
            .execute(self)?;
        Ok(())
    }

    fn count_lease_holders(&mut self, _: i64) -> QueryResult<i64> {
        Statement::<DB, BigInt>::named(&COUNT_HOLDERS).get_result(self)
    }

    fn sweep_leases(&mut self, _: i64, ran_out_for: i64) -> QueryResult<u64> {
        let swept = Statement::<DB>::named(&SWEEP)
            .set::<BigInt, _>("ran_out_for", ran_out_for)
            .execute(self)?;
        Ok(swept as u64)
    }
}
