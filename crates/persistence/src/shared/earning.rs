//! Earned badges: the port.

use accolade_application::answer::CustomerEarn;
use accolade_application::ports::{
    EarnBatch, EarnRequest, EarningStore, ImportRequest, Operation, RecordError,
    RecordedRequest as _, RevokeEarnRequest, StoreError,
};
use accolade_domain::earning::{Limit, Scope};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, OrgId};
use anyhow::Context as _;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::earn::{self, NotRecorded, Outcomes, Recorded};
use super::{Connection, earn_sql, import, requests, room};
use crate::boundary::Boundary;
use crate::carried_out::{CarriedOut, RequestSql as _};
use crate::enrolment::{BadgeKey, EnrolmentSql as _};
use crate::ledger::{self, LedgerName};
use crate::retry::{Abort, Ending, Failure};
use crate::schema::earned_badges;
use crate::store::Store;

/// Why a revocation or an import is not committed.
pub(super) enum NotDone {
    Refused(RecordError),
    Store(StoreError),
}

impl From<StoreError> for NotDone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Refusals as answers, failures as errors.
fn answered(result: Result<(), NotDone>) -> Result<Result<(), RecordError>, StoreError> {
    match result {
        Ok(()) => Ok(Ok(())),
        Err(NotDone::Refused(error)) => Ok(Err(error)),
        Err(NotDone::Store(error)) => Err(error),
    }
}

impl EarningStore for Store<Connection> {
    fn earn(&self, batch: &EarnBatch) -> Result<Outcomes, StoreError> {
        let requests = batch.requests();
        let Some(any) = requests.first() else {
            return Ok(Vec::new());
        };
        let work = |connection: &mut Connection| earn::earn(connection, requests);
        let ending = |connection: &mut Connection, recorded: &Recorded<'_>| {
            // Waits for the lost transaction, which holds this lock shared.
            connection.lock_badge(earn::key_of(any))?;
            ledger::ending(connection, &recorded.ledger)
        };
        match self.writer.write(work, ending) {
            Ok(recorded) => Ok(recorded.outcomes),
            Err(NotRecorded::Nothing(outcomes)) => Ok(outcomes),
            Err(NotRecorded::Store(error)) => Err(error),
        }
    }

    fn preview(&self, request: &EarnRequest) -> Result<Vec<CustomerEarn>, StoreError> {
        self.reader
            .read(|connection| earn::preview(connection, request))
    }

    fn revoke(&self, request: &RevokeEarnRequest) -> Result<Result<(), RecordError>, StoreError> {
        let key = BadgeKey {
            org: request.context.org,
            badge: request.badge,
        };
        let work = |connection: &mut Connection| revoke(connection, request, key);
        let ending = |connection: &mut Connection, (): &()| {
            // Waits for the lost transaction.
            earn_sql::lock_earns(connection, &[key])?;
            let revoked_on: Option<i64> =
                earns(request.context.org, request.badge, request.customer)
                    .filter(earned_badges::id.eq(request.earned.0.as_bytes().as_slice()))
                    .select(earned_badges::revoked_on)
                    .get_result(connection)
                    .optional()?
                    .flatten();
            Ok(match revoked_on {
                Some(revoked_on) if revoked_on == request.context.now.unix_micros() => {
                    Ending::Committed
                }
                Some(_) => Ending::Unknown,
                None => Ending::Undone,
            })
        };
        answered(self.writer.write(work, ending))
    }

    fn is_active(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: CustomerId,
        earned: EarnedBadgeId,
    ) -> Result<bool, StoreError> {
        self.reader.query(|connection| {
            let active = earns(org, badge, customer)
                .filter(earned_badges::id.eq(earned.0.as_bytes().as_slice()))
                .filter(earned_badges::revoked_on.is_null());
            Ok(diesel::select(exists(active)).get_result(connection)?)
        })
    }

    fn import(&self, request: &ImportRequest) -> Result<Result<(), RecordError>, StoreError> {
        let work = |connection: &mut Connection| import::import(connection, request);
        let ending = |connection: &mut Connection, answer: &Vec<u8>| {
            // Waits for the lost transaction.
            earn_sql::lock_earns(connection, &import::badges(request))?;
            let name = LedgerName {
                org: request.context.org,
                operation: Operation::Import,
                request_id: &request.request_id,
            };
            let there = requests::answer(connection, name)?;
            Ok(if there.as_ref() == Some(answer) {
                Ending::Committed
            } else {
                Ending::Undone
            })
        };
        answered(self.writer.write(work, ending).map(|_| ()))
    }

    fn counted(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: Option<CustomerId>,
        limits: &[Limit],
    ) -> Result<Vec<u64>, StoreError> {
        let key = BadgeKey { org, badge };
        let of = |scope| -> Vec<_> {
            let limits = limits.iter().copied();
            limits.filter(|limit| limit.scope == scope).collect()
        };
        let (own, shared) = (of(Scope::Customer), of(Scope::Badge));
        self.reader.read(|connection| {
            let mut shared = match shared.as_slice() {
                [] => Vec::new(),
                some => room::sums(connection, key, some)?,
            }
            .into_iter();
            let mut own = match (customer, own.as_slice()) {
                (None, _) | (_, []) => Vec::new(),
                (Some(customer), some) => {
                    let some: Vec<_> = some.iter().map(Boundary::from).collect();
                    let all = earn_sql::count_customers(connection, key, &[customer], &some)?;
                    all.into_iter().flat_map(|it| it.1).collect()
                }
            }
            .into_iter();
            let counts = limits.iter().map(|limit| match (limit.scope, customer) {
                (Scope::Badge, _) => shared.next().context("too few sums"),
                (Scope::Customer, None) => Ok(0),
                (Scope::Customer, Some(_)) => own.next().context("too few counts"),
            });
            Ok(counts.collect::<anyhow::Result<_>>()?)
        })
    }
}

/// A customer's earns of a badge.
#[diesel::dsl::auto_type(no_type_alias)]
fn earns(org: OrgId, badge: BadgeId, customer: CustomerId) -> _ {
    let (org, customer): (i64, i64) = (org.get(), customer.get());
    let badge: Vec<u8> = badge.0.as_bytes().to_vec();
    earned_badges::table
        .filter(earned_badges::org_id.eq(org))
        .filter(earned_badges::customer_id.eq(customer))
        .filter(earned_badges::badge_id.eq(badge))
}

fn revoke(
    connection: &mut Connection,
    request: &RevokeEarnRequest,
    key: BadgeKey,
) -> Result<(), Abort<NotDone>> {
    let refuse = |error| Abort::Refused(NotDone::Refused(error));
    let carried_out = CarriedOut {
        org: request.context.org,
        operation: Operation::RevokeEarn,
        request_id: request.request_id.as_ref(),
        idempotency: request.context.key.as_ref(),
        recorded_on: request.context.now,
        recorded_by: request.context.actor,
        answer: &request.answer(()),
    };
    connection.carry_out(&carried_out)?.map_err(refuse)?;
    earn_sql::lock_earns(connection, &[key])?;
    let earned = earns(request.context.org, request.badge, request.customer)
        .filter(earned_badges::id.eq(request.earned.0.as_bytes().as_slice()))
        .filter(earned_badges::revoked_on.is_null())
        .select((
            earned_badges::ordinal,
            earned_badges::event_on,
            earned_badges::earned_on,
            earned_badges::imported,
        ));
    let row: Option<(i32, i64, i64, bool)> = earned.get_result(connection).optional()?;
    let Some((ordinal, event_on, earned_on, imported)) = row else {
        let rejection = RevokeEarnRequest::none_active();
        return Err(refuse(RecordError::Refused(rejection)));
    };
    // Whoever else revokes it waits for the lock.
    let row = earned_badges::table.find((
        request.context.org.get(),
        request.customer.get(),
        request.badge.0.as_bytes().as_slice(),
        ordinal,
    ));
    diesel::update(row)
        .set(earned_badges::revoked_on.eq(request.context.now.unix_micros()))
        .execute(connection)?;
    let rolls_on = (!imported).then_some(earned_on);
    room::grow(connection, key, event_on, rolls_on, -1).map_err(Failure::from)?;
    Ok(())
}
