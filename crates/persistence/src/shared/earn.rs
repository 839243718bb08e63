//! Recording what customers earn: one request, from the locks to the counts.
//!
//! A customer's earns of a badge are numbered from 1. Who earns reads the last number and what
//! counts under the customer's limits in one statement, and inserts the next number: if somebody
//! else was faster it is taken, and whoever lost counts again. So what was counted has every earn
//! before one's own.
//!
//! What counts under the badge's limits is read last, under the lock of the badge's
//! earns ([`room`](super::room)), which is held for few statements: the rows, and COMMIT.
//!
//! The badge is locked shared, and who revokes an enrolment locks it against everybody: an earn
//! sees every revocation that has returned, without a lock for each enrolment.

use std::collections::HashSet;

use accolade_application::answer::{Answer, CustomerEarn, EarnAnswer, EarnOutcome};
use accolade_application::ports::{EarnError, EarnRequest, Operation, StoreError};
use accolade_domain::badge::EarnType;
use accolade_domain::earning::{Counted, Scope, Span, allot, covering};
use accolade_domain::ids::{CustomerId, EnrolmentId, ObjectId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use anyhow::{Context as _, anyhow};

use super::idempotency::{self, NewRow};
use super::requests::{self, NewRequest};
use super::room::{Room, badge_limits, customer_limits};
use super::{Connection, earn_sql};
use crate::answers;
use crate::boundary::{Boundary, Kind};
use crate::earns::{NewEarn, NewEarns};
use crate::enrolment::{BadgeKey, EnrolmentSql as _, Wanted, held};
use crate::mapping::{instant, stored};
use crate::retry::{Abort, Failure};

/// How many rounds there may be. Each lost round means that somebody else won it.
const ROUNDS: usize = 1_000;

/// Why a request is not committed.
pub(super) enum NotRecorded {
    Refused(EarnError),
    Store(StoreError),
}

impl From<StoreError> for NotRecorded {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A request that waits for COMMIT.
pub(super) struct Recorded {
    pub(super) outcomes: Vec<CustomerEarn>,
    /// The answer as the ledger has it.
    pub(super) answer: Vec<u8>,
}

pub(super) const fn key_of(request: &EarnRequest) -> BadgeKey {
    BadgeKey {
        org: request.org,
        badge: request.badge,
    }
}

/// Carries out `request`.
pub(super) fn earn(
    connection: &mut Connection,
    request: &EarnRequest,
) -> Result<Recorded, Abort<NotRecorded>> {
    let refuse = |error| Abort::Refused(NotRecorded::Refused(error));
    if request.ids.len() < request.customers.len() {
        return Err(anyhow!("a request has fewer ids than customers").into());
    }
    let key = key_of(request);
    connection.share_badges(&[key])?;
    check_version(connection, request)?;
    let (operation, request_id) = (request.operation, &request.request_id);
    if let Some(guard) = &request.idempotency {
        let row = NewRow::of_request(guard, request.org, operation, request_id)?;
        if !idempotency::reserve(connection, &row)? {
            return Err(refuse(EarnError::IdempotencyKeyUsed));
        }
    }
    let mut deal = Deal::begin(connection, request)?;
    deal.count(connection, request.now)?;
    // As if the badge had no limits. The row has to be there before the lock is taken, and
    // is rewritten if somebody is refused by the badge's.
    let presumed = deal.presumed()?;
    if let Some(rejection) = refusal(request, &presumed)
        && (rejection.code == Code::NotEnrolled || !may_be_later(request))
    {
        if requests::is_used(connection, request.org, operation, request_id)? {
            return Err(refuse(EarnError::RequestIdUsed));
        }
        return Err(refuse(EarnError::Refused(rejection)));
    }
    let mut answer = encode(request, &presumed)?;
    let row = NewRequest {
        org: request.org,
        operation,
        request_id,
        recorded_on: request.now,
        recorded_by: request.by,
        triggered_by: request.triggered_by.as_ref(),
        answer: &answer,
    };
    let Some(number) = requests::record(connection, &row)? else {
        return Err(refuse(EarnError::RequestIdUsed));
    };
    deal.settle(connection, number)?;
    let outcomes = deal.outcomes()?;
    if let Some(rejection) = refusal(request, &outcomes) {
        return Err(refuse(EarnError::Refused(rejection)));
    }
    if outcomes != presumed {
        answer = encode(request, &outcomes)?;
        requests::correct(connection, number, &answer)?;
    }
    remember_refusals(connection, request, &outcomes)?;
    Ok(Recorded { outcomes, answer })
}

/// Whether it may be recorded later than `request` says, so that less counts under a rolling limit
/// of the customer's.
fn may_be_later(request: &EarnRequest) -> bool {
    let rolls = |scope| {
        let mut limits = request.limits.iter();
        limits.any(|limit| limit.scope == scope && matches!(limit.span, Span::Rolling { .. }))
    };
    rolls(Scope::Badge) && rolls(Scope::Customer)
}

/// What [`earn`] would make of `request`, by one state of the database.
pub(super) fn preview(
    connection: &mut Connection,
    request: &EarnRequest,
) -> Result<Vec<CustomerEarn>, Failure> {
    let mut deal = Deal::begin(connection, request)?;
    let mut earned_on = request.now;
    let mut badge = Vec::new();
    if !badge_limits(request, earned_on).is_empty() {
        let mut room = Room::read(connection, deal.key, request)?;
        earned_on = room.earned_on(request)?;
        let limits = badge_limits(request, earned_on);
        badge = room.counted(connection, &limits, deal.open.len(), false)?;
    }
    deal.count(connection, earned_on)?;
    let verdicts = deal.allot(earned_on, &badge, 0);
    for (open, verdict) in deal.open.iter().zip(verdicts) {
        deal.outcomes[open.position] = Some(match verdict {
            Ok(()) => EarnOutcome::WouldEarn(open.enrolment.map(|it| it.1)),
            Err(rejection) => EarnOutcome::Refused(rejection),
        });
    }
    deal.outcomes()
}

/// Remembers who of `outcomes` was refused.
fn remember_refusals(
    connection: &mut Connection,
    request: &EarnRequest,
    outcomes: &[CustomerEarn],
) -> Result<(), Failure> {
    let refused: Vec<_> = outcomes
        .iter()
        .filter_map(|it| match &it.outcome {
            EarnOutcome::Refused(rejection) => Some((it.customer, rejection)),
            EarnOutcome::Earned(..) | EarnOutcome::WouldEarn(_) => None,
        })
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    earn_sql::refuse(connection, request, &refused)
}

/// Remembers that the only customer of `request` was refused.
pub(super) fn remember_refusal(
    connection: &mut Connection,
    request: &EarnRequest,
    rejection: &Rejection,
) -> Result<(), Failure> {
    let refused: Vec<_> = request
        .customers
        .iter()
        .map(|it| (*it, rejection))
        .collect();
    earn_sql::refuse(connection, request, &refused)
}

fn check_version(
    connection: &mut Connection,
    request: &EarnRequest,
) -> Result<(), Abort<NotRecorded>> {
    let versions = connection.versions(&[key_of(request)])?;
    if versions.first().map(|it| it.1) == Some(request.version) {
        return Ok(());
    }
    // Nothing is written for it, so it only looks at what comes before.
    let key_used = match &request.idempotency {
        Some(guard) => idempotency::is_used(connection, guard)?,
        None => false,
    };
    let error = if key_used {
        EarnError::IdempotencyKeyUsed
    } else if requests::is_used(
        connection,
        request.org,
        request.operation,
        &request.request_id,
    )? {
        EarnError::RequestIdUsed
    } else {
        EarnError::BadgeChanged
    };
    Err(Abort::Refused(NotRecorded::Refused(error)))
}

/// The refusal of the whole request, if it is one for a single customer, who is refused.
fn refusal(request: &EarnRequest, outcomes: &[CustomerEarn]) -> Option<Rejection> {
    match outcomes.first().map(|it| &it.outcome) {
        Some(EarnOutcome::Refused(rejection)) if request.operation == Operation::Earn => {
            Some(rejection.clone())
        }
        _ => None,
    }
}

fn encode(request: &EarnRequest, outcomes: &[CustomerEarn]) -> anyhow::Result<Vec<u8>> {
    answers::encode(&Answer::Earned(EarnAnswer {
        single: request.operation == Operation::Earn,
        badge: request.badge,
        triggered_by: request.triggered_by.clone(),
        expires_on: request.terms.expires_on,
        event_on: request.terms.event_on,
        outcomes: outcomes.to_vec(),
        unknown: request.unknown.clone(),
        request_id: request.request_id.clone(),
        now: request.now,
    }))
}

/// A customer of whom it is not decided yet.
struct Open {
    /// In the request.
    position: usize,
    customer: CustomerId,
    id: ObjectId,
    enrolment: Option<(i32, EnrolmentId)>,
    /// The number of the customer's last earn; 0 if there is none.
    last: i32,
}

/// The customers of a request, and what has become of them so far.
struct Deal<'a> {
    request: &'a EarnRequest,
    key: BadgeKey,
    /// In the order of the request.
    open: Vec<Open>,
    /// What counts under the customer's limits, for each of `open`.
    counted: Vec<Vec<Counted>>,
    outcomes: Vec<Option<EarnOutcome>>,
}

impl<'a> Deal<'a> {
    /// Refuses who is not enrolled and would have to be.
    fn begin(connection: &mut Connection, request: &'a EarnRequest) -> Result<Self, Failure> {
        let mut deal = Self {
            request,
            key: key_of(request),
            open: Vec::with_capacity(request.customers.len()),
            counted: Vec::new(),
            outcomes: vec![None; request.customers.len()],
        };
        let wanted = request
            .customers
            .iter()
            .enumerate()
            .map(|(position, customer)| {
                anyhow::Ok(Wanted {
                    request: 0,
                    position,
                    customer: *customer,
                    id: request.ids.get(position).context("too few ids")?,
                    ordinal: 1,
                })
            });
        let wanted = wanted.collect::<anyhow::Result<Vec<_>>>()?;
        let held = match request.terms.earn_type {
            EarnType::Earn => None,
            EarnType::IssueEarn => Some(held(connection, &[deal.key], &wanted)?),
        };
        for it in wanted {
            let enrolment = match &held {
                None => None,
                Some(held) => {
                    let (all, ordinals) = (held.of(it.position), held.ordinals_of(it.position));
                    let Some(enrolment) = covering(all, request.terms.event_on) else {
                        let refused = EarnOutcome::Refused(Rejection::of(Code::NotEnrolled));
                        deal.outcomes[it.position] = Some(refused);
                        continue;
                    };
                    let mut both = all.iter().zip(ordinals);
                    both.find(|(one, _)| one.id == enrolment.id)
                        .map(|(one, ordinal)| (*ordinal, one.id))
                }
            };
            deal.open.push(Open {
                position: it.position,
                customer: it.customer,
                id: it.id,
                enrolment,
                last: 0,
            });
        }
        Ok(deal)
    }

    /// Counts what the open customers have, for what is recorded at `earned_on`.
    fn count(&mut self, connection: &mut Connection, earned_on: Instant) -> Result<(), Failure> {
        let limits = customer_limits(self.request, earned_on);
        let boundaries: Vec<_> = limits.iter().map(Boundary::from).collect();
        let customers: Vec<_> = self.open.iter().map(|open| open.customer).collect();
        let of_all = if customers.is_empty() {
            Vec::new()
        } else {
            earn_sql::count_customers(connection, self.key, &customers, &boundaries)?
        };
        self.counted.clear();
        let mut full = Vec::new();
        for (index, (open, (last, counts))) in self.open.iter_mut().zip(of_all).enumerate() {
            open.last = last;
            for (place, (count, limit)) in counts.iter().zip(&boundaries).enumerate() {
                let too_many = stored::<_, i64>(*count)? - limit.max;
                if limit.kind == Kind::Rolling && too_many >= 0 {
                    full.push(((index, place), (open.customer, limit.from, too_many)));
                }
            }
            let counted = counts
                .into_iter()
                .map(|count| Counted { count, frees: None });
            self.counted.push(counted.collect());
        }
        if !full.is_empty() {
            let (places, which): (Vec<_>, Vec<_>) = full.into_iter().unzip();
            let frees = earn_sql::frees(connection, self.key, &which)?;
            for ((index, place), frees) in places.into_iter().zip(frees) {
                self.counted[index][place].frees = frees.map(instant).transpose()?;
            }
        }
        Ok(())
    }

    /// Deals out what room there is, if `taken` of the badge's are taken since `badge` was counted.
    fn allot(
        &self,
        earned_on: Instant,
        badge: &[Counted],
        taken: u64,
    ) -> Vec<Result<(), Rejection>> {
        let (request, zone) = (self.request, &self.request.zone);
        let limits: Vec<_> = (request.limits.iter())
            .map(|limit| limit.at(earned_on, zone))
            .collect();
        let badge: Vec<_> = badge
            .iter()
            .map(|counted| Counted {
                count: counted.count + taken,
                ..*counted
            })
            .collect();
        allot(&limits, &self.counted, &badge, earned_on, zone)
    }

    /// The outcomes as if the badge had no limits.
    fn presumed(&self) -> Result<Vec<CustomerEarn>, Failure> {
        let mut outcomes = self.outcomes.clone();
        for (open, verdict) in self.open.iter().zip(self.allot(self.request.now, &[], 0)) {
            outcomes[open.position] = Some(open.outcome(verdict));
        }
        Ok(all(self.request, outcomes)?)
    }

    /// Records who has room, until nothing is open.
    fn settle(&mut self, connection: &mut Connection, number: i64) -> Result<(), Failure> {
        let request = self.request;
        let mut earned_on = request.now;
        let mut badge = Vec::new();
        if !self.open.is_empty() && !badge_limits(request, earned_on).is_empty() {
            earn_sql::lock_earns(connection, &[self.key])?;
            let mut room = Room::read(connection, self.key, request)?;
            earned_on = room.earned_on(request)?;
            let limits = badge_limits(request, earned_on);
            badge = room.counted(connection, &limits, self.open.len(), true)?;
            let rolls = |limit: &_| matches!(limit, Span::Rolling { .. });
            let mut own = customer_limits(request, earned_on).into_iter();
            if earned_on != request.now && own.any(|limit| rolls(&limit.span)) {
                self.count(connection, earned_on)?;
            }
        }
        let mut taken = 0;
        for _ in 0..ROUNDS {
            let verdicts = self.allot(earned_on, &badge, taken);
            let wanted = self.wanted(&verdicts, earned_on, number);
            let inserted = if wanted.rows.is_empty() {
                Vec::new()
            } else {
                earn_sql::record(connection, &wanted)?
            };
            if inserted.len() == wanted.rows.len() {
                for (open, verdict) in self.open.iter().zip(verdicts) {
                    self.outcomes[open.position] = Some(open.outcome(verdict));
                }
                return Ok(());
            }
            taken += inserted.len() as u64;
            let inserted: HashSet<_> = inserted.into_iter().collect();
            let outcomes = &mut self.outcomes;
            self.open.retain(|open| {
                let stays = !inserted.contains(&open.customer.get());
                if !stays {
                    outcomes[open.position] = Some(open.outcome(Ok(())));
                }
                stays
            });
            self.count(connection, earned_on)?;
        }
        Err(Failure::Unexpected(anyhow!(
            "{} earns could not be recorded in {ROUNDS} rounds",
            self.open.len()
        )))
    }

    /// The rows of those who have room, by customer: one order for all, so that requests that
    /// cross wait for each other only one way.
    fn wanted(
        &self,
        verdicts: &[Result<(), Rejection>],
        earned_on: Instant,
        number: i64,
    ) -> NewEarns {
        let have_room = self.open.iter().zip(verdicts).filter(|it| it.1.is_ok());
        let mut rows: Vec<_> = have_room
            .map(|(open, _)| NewEarn {
                customer: open.customer,
                ordinal: open.last + 1,
                enrolment: open.enrolment.map(|it| it.0),
                id: open.id,
            })
            .collect();
        rows.sort_unstable_by_key(|row| row.customer);
        NewEarns {
            key: self.key,
            event_on: self.request.terms.event_on.unix_micros(),
            earned_on: earned_on.unix_micros(),
            expires_on: self.request.terms.expires_on.unix_micros(),
            request_no: number,
            rows,
        }
    }

    fn outcomes(&self) -> Result<Vec<CustomerEarn>, Failure> {
        Ok(all(self.request, self.outcomes.clone())?)
    }
}

impl Open {
    fn outcome(&self, verdict: Result<(), Rejection>) -> EarnOutcome {
        match verdict {
            Ok(()) => EarnOutcome::Earned(self.id.into(), self.enrolment.map(|it| it.1)),
            Err(rejection) => EarnOutcome::Refused(rejection),
        }
    }
}

fn all(
    request: &EarnRequest,
    outcomes: Vec<Option<EarnOutcome>>,
) -> anyhow::Result<Vec<CustomerEarn>> {
    let both = request.customers.iter().zip(outcomes);
    both.map(|(customer, outcome)| {
        Ok(CustomerEarn {
            customer: *customer,
            outcome: outcome.context("a customer without an outcome")?,
        })
    })
    .collect()
}
