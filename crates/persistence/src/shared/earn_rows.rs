//! Earned badges and stored sums, a row or a sum at a time.

use accolade_domain::ids::CustomerId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, SmallInt};
use diesel::upsert::excluded;

use super::{Connection, DB};
use crate::boundary::Boundary;
use crate::counted_sql::CountedSql;
use crate::recording::sql::{
    BadgeKey, Direction, EarnGrowth, EarnOfCustomer, EarnRows, Leaver, RollingName, RollingSum,
    WindowSum,
};
use crate::schema::{badge_earns, earned_badges, rolling_counts, rolling_told, window_counts};
use crate::statement::{Sql, Statement, here};

/// Every earn runs these two. Diesel prepares an UPDATE of its own anew each time, which costs more
/// than to run it.
static GROW_WINDOWS: Sql<{ here!() }> = Sql::new(
    "UPDATE window_counts SET earns = earns + :earns WHERE org_id = :org AND badge_id = :badge \
     AND ends_on > :event_on AND starts_on <= :event_on",
);

static GROW_ROLLING: Sql<{ here!() }> = Sql::new(
    "UPDATE rolling_counts SET earns = earns + :earns, \
     earns_after = earns_after + CASE WHEN leaves_on < :rolls_on THEN :earns ELSE 0 END, \
     earns_from = earns_from + CASE WHEN leaves_on <= :rolls_on THEN :earns ELSE 0 END \
     WHERE org_id = :org AND badge_id = :badge AND since < :rolls_on",
);

static LEAVING: Sql<{ here!() }> = Sql::new(
    "SELECT CAST(COALESCE(SUM(earns), 0) AS BIGINT) FROM badge_earns \
     WHERE org_id = :org AND badge_id = :badge AND rolls_on > :since AND rolls_on <= :until",
);

static LATER: Sql = Sql::new(
    "SELECT rolls_on, earns FROM badge_earns \
     WHERE org_id = :org AND badge_id = :badge AND rolls_on > :on ORDER BY rolls_on LIMIT :most",
);

static EARLIER: Sql = Sql::new(
    "SELECT rolls_on, earns FROM badge_earns \
     WHERE org_id = :org AND badge_id = :badge AND rolls_on < :on ORDER BY rolls_on DESC LIMIT :most",
);

static STORE_LEAVER: Sql<{ here!() }> = Sql::new(
    "UPDATE rolling_counts SET leaves_on = :on, earns_after = :after, earns_from = :from \
     WHERE org_id = :org AND badge_id = :badge AND unit = :unit AND length = :length",
);

fn bytes(key: &BadgeKey) -> &[u8] {
    key.badge.0.as_bytes()
}

/// The statement of `sql` about this badge.
pub(crate) fn about<'a, Row, const PLACE: u64>(
    sql: &'static Sql<PLACE>,
    key: &'a BadgeKey,
) -> Statement<'a, DB, Row, PLACE> {
    Statement::named(sql)
        .set::<BigInt, _>("org", key.org.get())
        .set::<Binary, _>("badge", bytes(key))
}

/// The statement of `sql` that counts for these limits, about this badge.
pub(crate) fn counting<'a, Row>(
    sql: &'static CountedSql,
    key: &'a BadgeKey,
    limits: &[Boundary],
) -> Statement<'a, DB, Row> {
    let made = sql.of(limits);
    let mut statement = about(&made.sql, key);
    for ([kind, since, until], limit) in made.names.iter().zip(limits) {
        statement = statement
            .set::<SmallInt, _>(kind, limit.kind.number())
            .set::<BigInt, _>(since, limit.from)
            .set::<BigInt, _>(until, limit.until);
    }
    statement
}

impl EarnRows for Connection {
    fn earn_revoked_on(
        &mut self,
        key: BadgeKey,
        customer: CustomerId,
        ordinal: i32,
    ) -> QueryResult<Option<i64>> {
        let revoked_on: Option<Option<i64>> = earned_badges::table
            .find((key.org.get(), customer.get(), bytes(&key), ordinal))
            .select(earned_badges::revoked_on)
            .get_result(self)
            .optional()?;
        Ok(revoked_on.flatten())
    }

    fn grow_earns(&mut self, growth: EarnGrowth) -> QueryResult<()> {
        let EarnGrowth {
            key,
            event_on,
            rolls_on,
            earns,
        } = growth;
        diesel::insert_into(badge_earns::table)
            .values((
                badge_earns::org_id.eq(key.org.get()),
                badge_earns::badge_id.eq(bytes(&key)),
                badge_earns::event_on.eq(event_on),
                badge_earns::rolls_on.eq(rolls_on),
                badge_earns::earns.eq(earns),
            ))
            .execute(self)?;
        about::<(), _>(&GROW_WINDOWS, &key)
            .set::<BigInt, _>("event_on", event_on)
            .set::<BigInt, _>("earns", earns)
            .execute(self)?;
        if let Some(rolls_on) = rolls_on {
            about::<(), _>(&GROW_ROLLING, &key)
                .set::<BigInt, _>("rolls_on", rolls_on)
                .set::<BigInt, _>("earns", earns)
                .execute(self)?;
        }
        Ok(())
    }

    fn window_sums(&mut self, key: BadgeKey, event_on: i64) -> QueryResult<Vec<WindowSum>> {
        window_counts::table
            .filter(window_counts::org_id.eq(key.org.get()))
            .filter(window_counts::badge_id.eq(bytes(&key)))
            .filter(window_counts::ends_on.gt(event_on))
            .filter(window_counts::starts_on.le(event_on))
            .select((
                window_counts::ends_on,
                window_counts::starts_on,
                window_counts::earns,
            ))
            .load(self)
    }

    fn leaving(&mut self, key: BadgeKey, since: i64, until: i64) -> QueryResult<i64> {
        about::<BigInt, _>(&LEAVING, &key)
            .set::<BigInt, _>("since", since)
            .set::<BigInt, _>("until", until)
            .get_result(self)
    }

    fn recorded_beside(
        &mut self,
        key: BadgeKey,
        direction: Direction,
        on: i64,
        most: i64,
    ) -> QueryResult<Vec<(i64, i64)>> {
        let sql = match direction {
            Direction::Later => &LATER,
            Direction::Earlier => &EARLIER,
        };
        about::<(BigInt, BigInt), _>(sql, &key)
            .set::<BigInt, _>("on", on)
            .set::<BigInt, _>("most", most)
            .load(self)
    }

    fn store_leaver(
        &mut self,
        key: BadgeKey,
        name: RollingName,
        leaver: Leaver,
    ) -> QueryResult<()> {
        let (unit, length, _) = name;
        about::<(), _>(&STORE_LEAVER, &key)
            .set::<SmallInt, _>("unit", unit)
            .set::<BigInt, _>("length", length)
            .set::<BigInt, _>("on", leaver.on)
            .set::<BigInt, _>("after", leaver.after)
            .set::<BigInt, _>("from", leaver.from)
            .execute(self)?;
        Ok(())
    }

    fn store_window(&mut self, key: BadgeKey, sum: WindowSum) -> QueryResult<()> {
        let (ends_on, starts_on, earns) = sum;
        diesel::insert_into(window_counts::table)
            .values((
                window_counts::org_id.eq(key.org.get()),
                window_counts::badge_id.eq(bytes(&key)),
                window_counts::ends_on.eq(ends_on),
                window_counts::starts_on.eq(starts_on),
                window_counts::earns.eq(earns),
            ))
            .on_conflict((
                window_counts::org_id,
                window_counts::badge_id,
                window_counts::ends_on,
                window_counts::starts_on,
            ))
            .do_update()
            .set(window_counts::earns.eq(excluded(window_counts::earns)))
            .execute(self)?;
        Ok(())
    }

    fn store_rolling(&mut self, key: BadgeKey, sum: RollingSum) -> QueryResult<()> {
        let (unit, length, since, earns) = sum;
        diesel::insert_into(rolling_counts::table)
            .values((
                rolling_counts::org_id.eq(key.org.get()),
                rolling_counts::badge_id.eq(bytes(&key)),
                rolling_counts::unit.eq(unit),
                rolling_counts::length.eq(length),
                rolling_counts::since.eq(since),
                rolling_counts::earns.eq(earns),
            ))
            .on_conflict((
                rolling_counts::org_id,
                rolling_counts::badge_id,
                rolling_counts::unit,
                rolling_counts::length,
            ))
            .do_update()
            .set((
                rolling_counts::since.eq(excluded(rolling_counts::since)),
                rolling_counts::earns.eq(excluded(rolling_counts::earns)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn tell_rolling(&mut self, key: BadgeKey, name: RollingName, told_on: i64) -> QueryResult<()> {
        let (unit, length, _) = name;
        diesel::insert_into(rolling_told::table)
            .values((
                rolling_told::org_id.eq(key.org.get()),
                rolling_told::badge_id.eq(bytes(&key)),
                rolling_told::unit.eq(unit),
                rolling_told::length.eq(length),
                rolling_told::told_on.eq(told_on),
            ))
            .on_conflict((
                rolling_told::org_id,
                rolling_told::badge_id,
                rolling_told::unit,
                rolling_told::length,
            ))
            .do_update()
            .set(rolling_told::told_on.eq(excluded(rolling_told::told_on)))
            .execute(self)?;
        Ok(())
    }

    fn rolling_earns(
        &mut self,
        key: BadgeKey,
        customers: &[CustomerId],
    ) -> QueryResult<Vec<EarnOfCustomer>> {
        let customers = customers.iter().map(|it| it.get());
        earned_badges::table
            .filter(earned_badges::org_id.eq(key.org.get()))
            .filter(earned_badges::customer_id.eq_any(customers.collect::<Vec<_>>()))
            .filter(earned_badges::badge_id.eq(bytes(&key)))
            .filter(earned_badges::imported.eq(false))
            .order((earned_badges::customer_id, earned_badges::ordinal))
            .select((
                earned_badges::customer_id,
                earned_badges::ordinal,
                earned_badges::earned_on,
                earned_badges::revoked_on,
            ))
            .load(self)
    }

    fn forget_sums(&mut self, key: BadgeKey) -> QueryResult<()> {
        let windows = window_counts::table
            .filter(window_counts::org_id.eq(key.org.get()))
            .filter(window_counts::badge_id.eq(bytes(&key)));
        diesel::delete(windows).execute(self)?;
        let rolling = rolling_counts::table
            .filter(rolling_counts::org_id.eq(key.org.get()))
            .filter(rolling_counts::badge_id.eq(bytes(&key)));
        diesel::delete(rolling).execute(self)?;
        Ok(())
    }
}
