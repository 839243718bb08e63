//! Which customers of a batch get a place under the limits, and recording those who do.
//!
//! A customer's earns of a badge are numbered from 1. Who earns reads the last number and what
//! counts under the customer's limits in one statement, and inserts the next number: if somebody
//! else was faster it is taken, and whoever lost counts again. So what was counted has every earn
//! before one's own.
//!
//! What counts under the badge's limits is read last, under the lock of the badge's
//! earns ([`limit_counters`](super::limit_counters)), which is held for few statements: the rows, and COMMIT.
//!
//! So what counts after each earn is known without another statement, and who took the last place.
//! Only where the last place of a rolling window was taken it is asked when that was told last.

use std::collections::{BTreeMap, HashSet};
use std::{mem, slice};

use accolade_application::answer::{CustomerEarn, EarnOutcome};
use accolade_application::ports::{EarnRequest, TriedEarns};
use accolade_domain::badge::EarnType;
use accolade_domain::earning::{
    Counted, Limit, Places, RollingEarn, Scope, Span, allot, covering, is_told_again, quiet_since,
    told_last,
};
use accolade_domain::ids::{CustomerId, EnrolmentId, ObjectId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use anyhow::{Context as _, anyhow};

use crate::boundary::{Boundary, Kind};
use crate::mapping::{instant, stored};
use crate::recording::existing::existing;
use crate::recording::limit_counters::{
    LimitCounters, badge_limits, customer_limits, rolling_name,
};
use crate::recording::sql::{BadgeKey, NewEarn, NewEarns, RecordingSql};
use crate::retry::{MOST_ROUNDS, WorkError};

/// A customer of whom it is not decided yet.
struct Pending {
    /// The request, by its position in the batch.
    request: usize,
    /// In the request.
    position: usize,
    customer: CustomerId,
    id: ObjectId,
    enrolment: Option<(i32, EnrolmentId)>,
    /// The number of the customer's last earn; 0 if there is none.
    last: i32,
    /// When the customer's latest earn was recorded.
    last_on: Option<i64>,
}

/// A customer who got a place under limits.
struct Placed {
    /// The request, by its position in the batch.
    request: usize,
    /// In the request.
    position: usize,
    customer: CustomerId,
    ordinal: i32,
    /// When the customer's latest earn before it was recorded.
    last_on: Option<i64>,
    /// What counted under the customer's limits before it.
    counted: Vec<Counted>,
}

/// The customers of a batch, and what has become of them so far.
pub(crate) struct Allocation<'a> {
    requests: &'a [EarnRequest],
    /// One of them, for what is one and the same for all.
    any: &'a EarnRequest,
    key: BadgeKey,
    /// When the earns of the batch are recorded: where rolling windows count them, not before those
    /// that are there.
    earned_on: Instant,
    /// In the order of the batch.
    pending: Vec<Pending>,
    /// What counts under the customer's limits, for each of `pending`.
    counted: Vec<Vec<Counted>>,
    /// Of each request, in its order.
    outcomes: Vec<Vec<Option<EarnOutcome>>>,
    /// Who got a place, if there are limits.
    placed: Vec<Placed>,
    /// Of each request, if somebody got a place and there are limits.
    places: Vec<Option<Places>>,
    /// What counts of the only request besides, because it was tried out before.
    tried: Option<&'a TriedEarns>,
}

impl<'a> Allocation<'a> {
    /// The customers of `requests`, and the outcomes of each request as if the badge had no limits.
    pub(super) fn begin<C: RecordingSql>(
        connection: &mut C,
        requests: &'a [EarnRequest],
    ) -> Result<(Self, Vec<Vec<CustomerEarn>>), WorkError> {
        let mut allocation = Self::new(connection, requests)?;
        let expected = allocation.without_badge_limits(connection)?;
        Ok((allocation, expected))
    }

    /// What earning would make of `request`, by one state of the database, if what was `tried` had been
    /// recorded before.
    pub(crate) fn preview<C: RecordingSql>(
        connection: &mut C,
        request: &'a EarnRequest,
        tried: &'a TriedEarns,
    ) -> Result<Vec<CustomerEarn>, WorkError> {
        let mut allocation = Self::new(connection, slice::from_ref(request))?;
        allocation.tried = Some(tried);
        allocation.try_out(connection)?;
        Ok(allocation.outcomes(0)?)
    }

    /// Refuses who is not enrolled and would have to be.
    fn new<C: RecordingSql>(
        connection: &mut C,
        requests: &'a [EarnRequest],
    ) -> Result<Self, WorkError> {
        let any = requests.first().context("an empty batch")?;
        let pending = requests.iter().enumerate().map(|(request, it)| {
            if it.ids.len() < it.customers.len() {
                return Err(anyhow!("a request has fewer ids than customers"));
            }
            let customers = it.customers.iter().zip(it.ids.iter()).enumerate();
            Ok(customers.map(move |(position, (customer, id))| Pending {
                request,
                position,
                customer: *customer,
                id,
                enrolment: None,
                last: 0,
                last_on: None,
            }))
        });
        let pending = pending.collect::<anyhow::Result<Vec<_>>>()?;
        let outcomes = requests.iter().map(|it| vec![None; it.customers.len()]);
        let mut allocation = Self {
            requests,
            any,
            key: BadgeKey {
                org: any.context.org,
                badge: any.badge,
            },
            earned_on: any.context.now,
            pending: pending.into_iter().flatten().collect(),
            counted: Vec::new(),
            outcomes: outcomes.collect(),
            placed: Vec::new(),
            places: vec![None; requests.len()],
            tried: None,
        };
        if any.terms.earn_type == EarnType::IssueEarn {
            allocation.find_enrolments(connection)?;
        }
        Ok(allocation)
    }

    /// Finds the enrolments that earns rest on, and refuses who has none.
    fn find_enrolments<C: RecordingSql>(&mut self, connection: &mut C) -> Result<(), WorkError> {
        let customers = self.pending.iter().map(|it| (it.customer, self.key.badge));
        let customers: Vec<_> = customers.collect();
        let existing = existing(connection, self.key.org, &customers)?;
        let mut place = 0;
        let (event_on, outcomes) = (self.any.terms.event_on, &mut self.outcomes);
        self.pending.retain_mut(|pending| {
            let (all, ordinals) = (existing.at(place), existing.ordinals_at(place));
            place += 1;
            let by = covering(all, event_on);
            match by {
                None => {
                    let refused = EarnOutcome::Refused(Rejection::new(Code::NotEnrolled));
                    outcomes[pending.request][pending.position] = Some(refused);
                }
                Some(enrolment) => {
                    let mut both = all.iter().zip(ordinals);
                    pending.enrolment = both
                        .find(|(one, _)| one.id == enrolment.id)
                        .map(|(one, ordinal)| (*ordinal, one.id));
                }
            }
            by.is_some()
        });
        Ok(())
    }

    /// Leaves those out whose request `stays` does not name.
    pub(super) fn retain(&mut self, stays: impl Fn(usize) -> bool) {
        let (pending, counted) = (mem::take(&mut self.pending), mem::take(&mut self.counted));
        let both = pending.into_iter().zip(counted);
        (self.pending, self.counted) = both.filter(|(pending, _)| stays(pending.request)).unzip();
    }

    /// Counts what the pending customers have, for what is recorded at `earned_on`.
    fn count<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        earned_on: Instant,
    ) -> Result<(), WorkError> {
        let limits = customer_limits(self.any, earned_on);
        let boundaries: Vec<_> = limits.iter().map(Boundary::from).collect();
        let customers: Vec<_> = self
            .pending
            .iter()
            .map(|pending| pending.customer)
            .collect();
        let of_all = if customers.is_empty() {
            Vec::new()
        } else {
            connection.count_customers(self.key, &customers, &boundaries)?
        };
        self.counted.clear();
        let mut full = Vec::new();
        for (index, (pending, count)) in self.pending.iter_mut().zip(of_all).enumerate() {
            (pending.last, pending.last_on) = (count.last, count.last_on);
            let tried = |place| {
                let position = pending.position;
                self.tried
                    .map_or(0, |tried| tried.of_customer(position, place))
            };
            for (place, (count, limit)) in count.counts.iter().zip(&boundaries).enumerate() {
                let recorded: i64 = stored(*count)?;
                let too_many = recorded + stored::<_, i64>(tried(place))? - limit.max;
                if too_many < 0 {
                    continue;
                }
                // Of what was tried the latest are the first that need not leave.
                if limit.kind == Kind::Rolling && too_many < recorded.max(1) {
                    full.push(((index, place), (pending.customer, limit.from, too_many)));
                }
                // The first limit without room is the one that refuses, and that is told of.
                break;
            }
            let counted = count.counts.into_iter().enumerate();
            let counted = counted.map(|(place, count)| Counted {
                count: count + tried(place),
                must_leave: None,
            });
            self.counted.push(counted.collect());
        }
        if !full.is_empty() {
            let (places, which): (Vec<_>, Vec<_>) = full.into_iter().unzip();
            let recorded_on = connection.recorded_after(self.key, &which)?;
            for ((index, place), recorded_on) in places.into_iter().zip(recorded_on) {
                self.counted[index][place].must_leave = recorded_on.map(instant).transpose()?;
            }
        }
        Ok(())
    }

    /// Who gets a place, if so many were `recorded` since `badge` was counted.
    fn allot(
        &self,
        earned_on: Instant,
        badge: &[Counted],
        recorded: u64,
    ) -> Vec<Result<(), Rejection>> {
        let limits = self.limits(earned_on);
        let badge: Vec<_> = badge
            .iter()
            .map(|counted| Counted {
                count: counted.count + recorded,
                ..*counted
            })
            .collect();
        allot(&limits, &self.counted, &badge, earned_on, &self.any.zone)
    }

    /// The limits as they are met by what is recorded at `earned_on`.
    fn limits(&self, earned_on: Instant) -> Vec<Limit> {
        let limits = self.any.limits.iter();
        limits
            .map(|limit| limit.at(earned_on, &self.any.zone))
            .collect()
    }

    /// The outcomes of each request as if the badge had no limits.
    fn without_badge_limits<C: RecordingSql>(
        &mut self,
        connection: &mut C,
    ) -> Result<Vec<Vec<CustomerEarn>>, WorkError> {
        self.count(connection, self.any.context.now)?;
        let mut outcomes = self.outcomes.clone();
        for (pending, verdict) in self
            .pending
            .iter()
            .zip(self.allot(self.any.context.now, &[], 0))
        {
            outcomes[pending.request][pending.position] = Some(pending.outcome(verdict));
        }
        let both = self.requests.iter().zip(outcomes);
        let all = both.map(|(request, outcomes)| all(request, outcomes));
        Ok(all.collect::<anyhow::Result<_>>()?)
    }

    /// Finds out who would get a place, and records nothing.
    fn try_out<C: RecordingSql>(&mut self, connection: &mut C) -> Result<(), WorkError> {
        let mut earned_on = self.any.context.now;
        let mut badge = Vec::new();
        if !badge_limits(self.any, earned_on).is_empty() {
            let mut counters = LimitCounters::read(connection, self.key, self.any)?;
            earned_on = counters.earned_on(self.any)?;
            let limits = badge_limits(self.any, earned_on);
            let tried = self.tried.map_or(&[][..], |tried| &tried.badge);
            badge = counters.preview(connection, &limits, self.pending.len(), tried)?;
        }
        self.count(connection, earned_on)?;
        let verdicts = self.allot(earned_on, &badge, 0);
        for (pending, verdict) in self.pending.iter().zip(verdicts) {
            self.outcomes[pending.request][pending.position] = Some(match verdict {
                Ok(()) => EarnOutcome::WouldEarn(pending.enrolment.map(|it| it.1)),
                Err(rejection) => EarnOutcome::Refused(rejection),
            });
        }
        Ok(())
    }

    /// Records who gets a place, until nothing is pending. `numbers` are those of the requests in the
    /// ledger.
    pub(super) fn record<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        numbers: &[i64],
    ) -> Result<(), WorkError> {
        let any = self.any;
        let mut earned_on = any.context.now;
        let mut badge = Vec::new();
        let mut told = Vec::new();
        if !self.pending.is_empty() && !badge_limits(any, earned_on).is_empty() {
            connection.lock_earns(&[self.key])?;
            let mut counters = LimitCounters::read(connection, self.key, any)?;
            earned_on = counters.earned_on(any)?;
            let limits = badge_limits(any, earned_on);
            badge = counters.counted(connection, &limits, self.pending.len())?;
            for limit in &limits {
                told.push(counters.told_on(limit)?);
            }
            let rolls = |limit: &_| matches!(limit, Span::Rolling { .. });
            let mut own = customer_limits(any, earned_on).into_iter();
            if earned_on != any.context.now && own.any(|limit| rolls(&limit.span)) {
                self.count(connection, earned_on)?;
            }
        }
        self.earned_on = earned_on;
        let mut recorded = 0;
        for _ in 0..MOST_ROUNDS {
            let verdicts = self.allot(earned_on, &badge, recorded);
            let new = self.new_earns(&verdicts, earned_on, numbers);
            let inserted = if new.rows.is_empty() {
                Vec::new()
            } else {
                connection.insert_earns(&new)?
            };
            let is_all = inserted.len() == new.rows.len();
            recorded += inserted.len() as u64;
            let inserted: HashSet<_> = inserted.into_iter().collect();
            let (pending, counted) = (mem::take(&mut self.pending), mem::take(&mut self.counted));
            for ((pending, counted), verdict) in pending.into_iter().zip(counted).zip(verdicts) {
                if inserted.contains(&pending.customer.get()) {
                    self.place(&pending, counted);
                } else if !is_all {
                    self.pending.push(pending);
                    continue;
                }
                self.outcomes[pending.request][pending.position] = Some(pending.outcome(verdict));
            }
            if is_all {
                return self.sum_up(connection, earned_on, &badge, &told);
            }
            self.count(connection, earned_on)?;
        }
        Err(WorkError::Overtaken("earns"))
    }

    /// When the earns of the batch were recorded.
    pub(super) const fn earned_on(&self) -> Instant {
        self.earned_on
    }

    /// A customer got a place, before which so many counted under the customer's limits.
    fn place(&mut self, pending: &Pending, counted: Vec<Counted>) {
        if self.any.limits.is_empty() {
            return;
        }
        self.placed.push(Placed {
            request: pending.request,
            position: pending.position,
            customer: pending.customer,
            ordinal: pending.last + 1,
            last_on: pending.last_on,
            counted,
        });
    }

    /// Says of each request which places its earns took: before the batch so many counted under the
    /// badge's limits, and of each it was told last then.
    fn sum_up<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        earned_on: Instant,
        badge: &[Counted],
        told: &[Option<Instant>],
    ) -> Result<(), WorkError> {
        let limits = self.limits(earned_on);
        let in_order = &mut self.placed;
        in_order.sort_unstable_by_key(|it| (it.request, it.position));
        let mut before: Vec<_> = badge.iter().map(|it| it.count).collect();
        for of_one in in_order.chunk_by(|a, b| a.request == b.request) {
            let mut places = Places::new(limits.clone(), before.clone());
            for it in of_one {
                places.take(it.counted.iter().map(|it| it.count));
            }
            for count in &mut before {
                *count += of_one.len() as u64;
            }
            self.places[of_one[0].request] = Some(places);
        }
        if limits.iter().any(|limit| rolling_name(limit).is_some()) {
            self.keep_quiet(connection, earned_on, told)?;
        }
        Ok(())
    }

    /// Keeps the edges of rolling windows quiet that were told a short time before, and remembers
    /// that the badge's others are told now.
    fn keep_quiet<C: RecordingSql>(
        &mut self,
        connection: &mut C,
        earned_on: Instant,
        told: &[Option<Instant>],
    ) -> Result<(), WorkError> {
        let limits = self.limits(earned_on);
        let own = limits.len() - told.len();
        let mut to_ask = Vec::new();
        for of_one in self.placed.chunk_by(|a, b| a.request == b.request) {
            let request = of_one[0].request;
            let Some(places) = &mut self.places[request] else {
                continue;
            };
            for edge in places.rolling_edges() {
                let (earn, limit) = (&of_one[edge.earn], &limits[edge.limit]);
                if limit.scope == Scope::Customer {
                    let is_late = |on| on > quiet_since(earned_on).unix_micros();
                    if earn.last_on.is_some_and(is_late) {
                        to_ask.push((request, edge, earn.customer, earn.ordinal));
                    }
                } else if !is_told_again(told[edge.limit - own], earned_on) {
                    places.keep_quiet(edge);
                } else if let Some(name) = rolling_name(limit) {
                    connection.tell_rolling(self.key, name, earned_on.unix_micros())?;
                }
            }
        }
        if to_ask.is_empty() {
            return Ok(());
        }
        let mut customers: Vec<_> = to_ask.iter().map(|it| it.2).collect();
        customers.dedup();
        let history = self.history(connection, &customers)?;
        for (request, edge, customer, ordinal) in to_ask {
            let earns = history.get(&customer).map_or(&[][..], Vec::as_slice);
            let before: Vec<_> = (earns.iter().filter(|it| it.0 < ordinal))
                .map(|it| it.1)
                .collect();
            let last = told_last(&before, limits[edge.limit], &self.any.zone);
            if let Some(places) = &mut self.places[request]
                && !is_told_again(last, earned_on)
            {
                places.keep_quiet(edge);
            }
        }
        Ok(())
    }

    /// Everything that these customers have earned of the badge, with its number.
    fn history<C: RecordingSql>(
        &self,
        connection: &mut C,
        customers: &[CustomerId],
    ) -> Result<History, WorkError> {
        let mut history = History::new();
        for (customer, ordinal, earned_on, revoked_on) in
            connection.rolling_earns(self.key, customers)?
        {
            let earn = RollingEarn {
                earned_on: instant(earned_on)?,
                revoked_on: revoked_on.map(instant).transpose()?,
            };
            let customer: CustomerId = stored(customer)?;
            history.entry(customer).or_default().push((ordinal, earn));
        }
        Ok(history)
    }

    /// The rows of those who get a place, by customer: one order for all, so that batches that
    /// cross wait for each other only one way.
    fn new_earns(
        &self,
        verdicts: &[Result<(), Rejection>],
        earned_on: Instant,
        numbers: &[i64],
    ) -> NewEarns {
        let get_a_place = self.pending.iter().zip(verdicts).filter(|it| it.1.is_ok());
        let mut rows: Vec<_> = get_a_place
            .map(|(pending, _)| NewEarn {
                customer: pending.customer,
                ordinal: pending.last + 1,
                enrolment: pending.enrolment.map(|it| it.0),
                request_no: numbers[pending.request],
                id: pending.id,
            })
            .collect();
        rows.sort_unstable_by_key(|row| row.customer);
        NewEarns {
            key: self.key,
            event_on: self.any.terms.event_on.unix_micros(),
            earned_on: earned_on.unix_micros(),
            expires_on: self.any.terms.expires_on.unix_micros(),
            rows,
        }
    }

    /// The places that the earns of the request at this position took, if they had to have places.
    pub(super) fn places(&self, request: usize) -> Option<&Places> {
        self.places[request].as_ref()
    }

    /// The outcomes of the request at this position, none of whose customers is pending.
    pub(super) fn outcomes(&self, request: usize) -> anyhow::Result<Vec<CustomerEarn>> {
        all(&self.requests[request], self.outcomes[request].clone())
    }
}

/// What customers have earned, by customer.
type History = BTreeMap<CustomerId, Vec<(i32, RollingEarn)>>;

impl Pending {
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
