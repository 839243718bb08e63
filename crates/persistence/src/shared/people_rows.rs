//! Rows of customers who become one, and of those who are forgotten.

use accolade_domain::approval::ChangeId;
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::people::Merged;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};

use super::changes::{free_subjects, lock_naming, naming_after, replace_naming};
use super::{Connection, DB};
use crate::change_rows::Naming;
use crate::feed::data::NAMING;
use crate::mapping::{badge_id, stored};
use crate::people::sql::{
    Gone, HeldEarn, HeldEnrolment, KeptBytes, NumberedBytes, PeopleRows, RefusalRow,
};
use crate::recording::sql::{BadgeKey, BadgeSql as _};
use crate::retry::WorkError;
use crate::schema::{
    customer_identifiers, earned_badges, enrolments, feed, merged_customers, refusals,
    request_ledger, webhook_retries, webhooks,
};
use crate::statement::{Sql, Statement, here};

static MOVE_IDENTIFIERS: Sql<{ here!() }> = Sql::new(
    "UPDATE customer_identifiers SET customer_id = :to \
     WHERE org_id = :org AND customer_id = :from AND kind NOT IN \
     (SELECT o.kind FROM customer_identifiers o WHERE o.org_id = :org AND o.customer_id = :to) \
     RETURNING kind",
);

static REMOVE_ENROLMENTS: Sql = Sql::new(
    "DELETE FROM enrolments WHERE org_id = :org AND customer_id = :customer \
     RETURNING badge_id, id, revoked_on",
);

static REMOVE_EARNS: Sql = Sql::new(
    "DELETE FROM earned_badges WHERE org_id = :org AND customer_id = :customer \
     RETURNING badge_id, id, revoked_on",
);

static ROW_BEHIND: Sql<{ here!() }> = Sql::new(
    "SELECT last_position FROM feed WHERE org_id = :org AND last_position > :after \
     ORDER BY last_position LIMIT 1 OFFSET :before + 0",
);

/// There is an index of those that hold an answer.
static KEPT_AFTER: Sql<{ here!() }> = Sql::new(
    "SELECT actor, key, answer FROM idempotency \
     WHERE org_id = :org AND (actor, key) > (:actor, :key) AND answer IS NOT NULL \
     ORDER BY actor, key LIMIT :at_most + 0",
);

type GoneColumns = (Binary, Binary, Nullable<BigInt>);

/// A row of those who were merged.
pub(in super::super) fn merged(row: (i64, i64, i64)) -> anyhow::Result<Merged> {
    let (customer, into, successor) = row;
    Ok(Merged {
        customer: stored(customer)?,
        into: stored(into)?,
        successor: stored(successor)?,
    })
}

fn numbers(customers: &[CustomerId]) -> Vec<i64> {
    customers.iter().map(|it| it.get()).collect()
}

/// The statement of `sql` about this customer.
fn about<'a, Row>(sql: &'static Sql, org: OrgId, customer: CustomerId) -> Statement<'a, DB, Row> {
    Statement::named(sql)
        .set::<BigInt, _>("org", org.get())
        .set::<BigInt, _>("customer", customer.get())
}

impl PeopleRows for Connection {
    fn is_any_merged(&mut self, org: OrgId) -> QueryResult<bool> {
        let of_org = merged_customers::table.filter(merged_customers::org_id.eq(org.get()));
        diesel::select(diesel::dsl::exists(of_org)).get_result(self)
    }

    fn merged_into(&mut self, org: OrgId, successor: CustomerId) -> Result<Vec<Merged>, WorkError> {
        let rows: Vec<(i64, i64, i64)> = merged_customers::table
            .filter(merged_customers::org_id.eq(org.get()))
            .filter(merged_customers::successor_id.eq(successor.get()))
            .order(merged_customers::customer_id)
            .select((
                merged_customers::customer_id,
                merged_customers::into_id,
                merged_customers::successor_id,
            ))
            .load(self)?;
        let rows = rows.into_iter().map(merged);
        Ok(rows.collect::<anyhow::Result<_>>()?)
    }

    fn enter_merged(&mut self, org: OrgId, from: CustomerId, to: CustomerId) -> QueryResult<()> {
        let stood = merged_customers::table
            .filter(merged_customers::org_id.eq(org.get()))
            .filter(merged_customers::successor_id.eq(from.get()));
        diesel::update(stood)
            .set(merged_customers::successor_id.eq(to.get()))
            .execute(self)?;
        diesel::insert_into(merged_customers::table)
            .values((
                merged_customers::org_id.eq(org.get()),
                merged_customers::customer_id.eq(from.get()),
                merged_customers::into_id.eq(to.get()),
                merged_customers::successor_id.eq(to.get()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn identifiers_of(
        &mut self,
        org: OrgId,
        customer: CustomerId,
    ) -> QueryResult<Vec<(i16, String)>> {
        customer_identifiers::table
            .filter(customer_identifiers::org_id.eq(org.get()))
            .filter(customer_identifiers::customer_id.eq(customer.get()))
            .select((customer_identifiers::kind, customer_identifiers::comparable))
            .load(self)
    }

    fn move_identifiers(
        &mut self,
        org: OrgId,
        from: CustomerId,
        to: CustomerId,
    ) -> QueryResult<Vec<i16>> {
        let kinds = Statement::<DB, SmallInt>::named(&MOVE_IDENTIFIERS)
            .set::<BigInt, _>("to", to.get())
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("from", from.get())
            .load(self)?;
        self.remove_identifiers(org, from)?;
        Ok(kinds)
    }

    fn remove_identifiers(&mut self, org: OrgId, customer: CustomerId) -> QueryResult<usize> {
        let own = customer_identifiers::table
            .filter(customer_identifiers::org_id.eq(org.get()))
            .filter(customer_identifiers::customer_id.eq(customer.get()));
        diesel::delete(own).execute(self)
    }

    fn enrolments_of_both(
        &mut self,
        org: OrgId,
        both: [CustomerId; 2],
    ) -> QueryResult<Vec<HeldEnrolment>> {
        let its_request = request_ledger::org_id
            .eq(enrolments::org_id)
            .and(request_ledger::number.eq(enrolments::request_no));
        enrolments::table
            .inner_join(request_ledger::table.on(its_request))
            .filter(enrolments::org_id.eq(org.get()))
            .filter(enrolments::customer_id.eq_any(numbers(&both)))
            .order((
                enrolments::badge_id,
                enrolments::customer_id,
                enrolments::ordinal,
            ))
            .select((
                enrolments::customer_id,
                enrolments::badge_id,
                enrolments::ordinal,
                enrolments::id,
                enrolments::event_on,
                enrolments::expires_on,
                enrolments::revoked_on,
                request_ledger::recorded_on,
                request_ledger::owner_type,
                request_ledger::reference_id,
            ))
            .load(self)
    }

    fn earns_of_both(&mut self, org: OrgId, both: [CustomerId; 2]) -> QueryResult<Vec<HeldEarn>> {
        earned_badges::table
            .filter(earned_badges::org_id.eq(org.get()))
            .filter(earned_badges::customer_id.eq_any(numbers(&both)))
            .order((
                earned_badges::badge_id,
                earned_badges::customer_id,
                earned_badges::ordinal,
            ))
            .select((
                earned_badges::customer_id,
                earned_badges::badge_id,
                earned_badges::ordinal,
                earned_badges::earned_on,
                earned_badges::enrolment,
            ))
            .load(self)
    }

    fn refusals_of_both(
        &mut self,
        org: OrgId,
        both: [CustomerId; 2],
    ) -> QueryResult<Vec<RefusalRow>> {
        refusals::table
            .filter(refusals::org_id.eq(org.get()))
            .filter(refusals::customer_id.eq_any(numbers(&both)))
            .order((refusals::badge_id, refusals::customer_id, refusals::seq))
            .select((
                refusals::customer_id,
                refusals::badge_id,
                refusals::refused_on,
                refusals::event_on,
                refusals::code,
                refusals::message,
                refusals::field,
            ))
            .load(self)
    }

    fn remove_refusals(
        &mut self,
        org: OrgId,
        customers: &[CustomerId],
        badges: Option<&[BadgeId]>,
    ) -> QueryResult<usize> {
        let own = refusals::table
            .filter(refusals::org_id.eq(org.get()))
            .filter(refusals::customer_id.eq_any(numbers(customers)));
        match badges {
            None => diesel::delete(own).execute(self),
            Some(badges) => {
                let badges = badges.iter().map(|it| it.0.as_bytes().as_slice());
                let own = own.filter(refusals::badge_id.eq_any(badges.collect::<Vec<_>>()));
                diesel::delete(own).execute(self)
            }
        }
    }

    fn remove_enrolments(&mut self, org: OrgId, customer: CustomerId) -> QueryResult<Vec<Gone>> {
        about::<GoneColumns>(&REMOVE_ENROLMENTS, org, customer).load(self)
    }

    fn remove_earns(&mut self, org: OrgId, customer: CustomerId) -> QueryResult<Vec<Gone>> {
        about::<GoneColumns>(&REMOVE_EARNS, org, customer).load(self)
    }

    fn remove_merged(&mut self, org: OrgId, successor: CustomerId) -> QueryResult<usize> {
        let stood = merged_customers::table
            .filter(merged_customers::org_id.eq(org.get()))
            .filter(merged_customers::successor_id.eq(successor.get()));
        diesel::delete(stood).execute(self)
    }

    fn forget_deliveries(&mut self, org: OrgId, keys: &[String]) -> Result<(), WorkError> {
        let of_org = webhooks::table.filter(webhooks::org_id.eq(org.get()));
        let ids: Vec<Vec<u8>> = of_org.order(webhooks::id).select(webhooks::id).load(self)?;
        for id in &ids {
            let badge = badge_id(id)?;
            self.lock_badge(BadgeKey { org, badge })?;
        }
        if ids.is_empty() {
            return Ok(());
        }
        let named = webhook_retries::table
            .filter(webhook_retries::org_id.eq(org.get()))
            .filter(webhook_retries::partition_key.eq_any(keys));
        diesel::update(named)
            .set(webhook_retries::partition_key.eq(None::<String>))
            .execute(self)?;
        diesel::update(webhooks::table.filter(webhooks::org_id.eq(org.get())))
            .set(webhooks::version.eq(webhooks::version + 1))
            .execute(self)?;
        Ok(())
    }

    fn last_request(&mut self, org: OrgId) -> QueryResult<i64> {
        let last: Option<i64> = request_ledger::table
            .filter(request_ledger::org_id.eq(org.get()))
            .select(diesel::dsl::max(request_ledger::number))
            .get_result(self)?;
        Ok(last.unwrap_or(0))
    }

    fn answers_after(
        &mut self,
        org: OrgId,
        after: i64,
        at_most: u32,
    ) -> QueryResult<Vec<NumberedBytes>> {
        request_ledger::table
            .filter(request_ledger::org_id.eq(org.get()))
            .filter(request_ledger::number.gt(after))
            .order(request_ledger::number)
            .limit(at_most.into())
            .select((request_ledger::number, request_ledger::answer))
            .load(self)
    }

    fn answers_at(&mut self, org: OrgId, numbers: &[i64]) -> QueryResult<Vec<NumberedBytes>> {
        request_ledger::table
            .filter(request_ledger::org_id.eq(org.get()))
            .filter(request_ledger::number.eq_any(numbers))
            .select((request_ledger::number, request_ledger::answer))
            .load(self)
    }

    fn row_behind(&mut self, org: OrgId, after: i64, rows: u32) -> QueryResult<Option<i64>> {
        Statement::<DB, BigInt>::named(&ROW_BEHIND)
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("after", after)
            .set::<BigInt, _>("before", i64::from(rows) - 1)
            .get_result(self)
            .optional()
    }

    fn data_after(
        &mut self,
        org: OrgId,
        after: i64,
        until: i64,
        at_most: u32,
    ) -> QueryResult<Vec<NumberedBytes>> {
        let kinds: Vec<_> = NAMING.iter().map(|kind| kind.number()).collect();
        feed::table
            .filter(feed::org_id.eq(org.get()))
            .filter(feed::last_position.gt(after))
            .filter(feed::last_position.le(until))
            .filter(feed::kind.eq_any(kinds))
            .filter(feed::data.is_not_null())
            .order(feed::last_position)
            .limit(at_most.into())
            .select((feed::last_position, feed::data.assume_not_null()))
            .load(self)
    }

    fn data_at(&mut self, org: OrgId, positions: &[i64]) -> QueryResult<Vec<NumberedBytes>> {
        feed::table
            .filter(feed::org_id.eq(org.get()))
            .filter(feed::last_position.eq_any(positions))
            .filter(feed::data.is_not_null())
            .select((feed::last_position, feed::data.assume_not_null()))
            .load(self)
    }

    fn changes_after(
        &mut self,
        org: OrgId,
        after: &[u8],
        at_most: u32,
    ) -> QueryResult<Vec<Naming>> {
        naming_after(self, org, after, at_most)
    }

    fn lock_change(&mut self, org: OrgId, id: &[u8]) -> QueryResult<Naming> {
        lock_naming(self, org, id)
    }

    fn replace_change(&mut self, org: OrgId, row: &Naming) -> QueryResult<()> {
        replace_naming(self, org, row)
    }

    fn free_subjects(&mut self, org: OrgId, changes: &[ChangeId]) -> QueryResult<()> {
        free_subjects(self, org, changes)
    }

    fn kept_after(
        &mut self,
        org: OrgId,
        (actor, key): (i64, &str),
        at_most: u32,
    ) -> QueryResult<Vec<KeptBytes>> {
        Statement::<DB, (BigInt, Text, Binary)>::named(&KEPT_AFTER)
            .set::<BigInt, _>("org", org.get())
            .set::<BigInt, _>("actor", actor)
            .set::<Text, _>("key", key)
            .set::<BigInt, _>("at_most", i64::from(at_most))
            .load(self)
    }
}
