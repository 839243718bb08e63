//! Dealing out what room there is among the customers of a batch, and recording who gets some.
//!
//! A customer's earns of a badge are numbered from 1. Who earns reads the last number and what
//! counts under the customer's limits in one statement, and inserts the next number: if somebody
//! else was faster it is taken, and whoever lost counts again. So what was counted has every earn
//! before one's own.
//!
//! What counts under the badge's limits is read last, under the lock of the badge's
//! earns ([`room`](super::room)), which is held for few statements: the rows, and COMMIT.

use std::collections::HashSet;
use std::mem;

use accolade_application::answer::{CustomerEarn, EarnOutcome};
use accolade_application::ports::EarnRequest;
use accolade_domain::badge::EarnType;
use accolade_domain::earning::{Counted, Span, allot, covering};
use accolade_domain::ids::{CustomerId, EnrolmentId, ObjectId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use anyhow::{Context as _, anyhow};

use super::earn::key_of;
use super::room::{Room, badge_limits, customer_limits};
use super::{Connection, earn_sql};
use crate::boundary::{Boundary, Kind};
use crate::earns::{NewEarn, NewEarns};
use crate::enrolment::{BadgeKey, Wanted, held};
use crate::mapping::{instant, stored};
use crate::retry::Failure;

/// How many rounds there may be. Each lost round means that somebody else won it.
const ROUNDS: usize = 1_000;

/// A customer of whom it is not decided yet.
struct Open {
    /// The request, by its position in the batch.
    request: usize,
    /// In the request.
    position: usize,
    customer: CustomerId,
    id: ObjectId,
    enrolment: Option<(i32, EnrolmentId)>,
    /// The number of the customer's last earn; 0 if there is none.
    last: i32,
}

/// The customers of a batch, and what has become of them so far.
pub(super) struct Deal<'a> {
    requests: &'a [EarnRequest],
    /// One of them, for what is one and the same for all.
    any: &'a EarnRequest,
    key: BadgeKey,
    /// In the order of the batch.
    open: Vec<Open>,
    /// What counts under the customer's limits, for each of `open`.
    counted: Vec<Vec<Counted>>,
    /// Of each request, in its order.
    outcomes: Vec<Vec<Option<EarnOutcome>>>,
}

impl<'a> Deal<'a> {
    /// Refuses who is not enrolled and would have to be.
    pub(super) fn begin(
        connection: &mut Connection,
        requests: &'a [EarnRequest],
    ) -> Result<Self, Failure> {
        let any = requests.first().context("an empty batch")?;
        let open = requests.iter().enumerate().map(|(request, it)| {
            if it.ids.len() < it.customers.len() {
                return Err(anyhow!("a request has fewer ids than customers"));
            }
            let customers = it.customers.iter().zip(it.ids.iter()).enumerate();
            Ok(customers.map(move |(position, (customer, id))| Open {
                request,
                position,
                customer: *customer,
                id,
                enrolment: None,
                last: 0,
            }))
        });
        let open = open.collect::<anyhow::Result<Vec<_>>>()?;
        let outcomes = requests.iter().map(|it| vec![None; it.customers.len()]);
        let mut deal = Self {
            requests,
            any,
            key: key_of(any),
            open: open.into_iter().flatten().collect(),
            counted: Vec::new(),
            outcomes: outcomes.collect(),
        };
        if any.terms.earn_type == EarnType::IssueEarn {
            deal.enrolled(connection)?;
        }
        Ok(deal)
    }

    /// Finds the enrolments that earns rest on, and refuses who has none.
    fn enrolled(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let wanted = self.open.iter().map(|open| Wanted {
            // All have one badge.
            request: 0,
            position: open.position,
            customer: open.customer,
            id: open.id,
            ordinal: 1,
        });
        let held = held(connection, &[self.key], &wanted.collect::<Vec<_>>())?;
        let mut index = 0;
        let (event_on, outcomes) = (self.any.terms.event_on, &mut self.outcomes);
        self.open.retain_mut(|open| {
            let (all, ordinals) = (held.of(index), held.ordinals_of(index));
            index += 1;
            let by = covering(all, event_on);
            match by {
                None => {
                    let refused = EarnOutcome::Refused(Rejection::of(Code::NotEnrolled));
                    outcomes[open.request][open.position] = Some(refused);
                }
                Some(enrolment) => {
                    let mut both = all.iter().zip(ordinals);
                    open.enrolment = both
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
        let (open, counted) = (mem::take(&mut self.open), mem::take(&mut self.counted));
        let both = open.into_iter().zip(counted);
        (self.open, self.counted) = both.filter(|(open, _)| stays(open.request)).unzip();
    }

    /// Counts what the open customers have, for what is recorded at `earned_on`.
    pub(super) fn count(
        &mut self,
        connection: &mut Connection,
        earned_on: Instant,
    ) -> Result<(), Failure> {
        let limits = customer_limits(self.any, earned_on);
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
        let (any, zone) = (self.any, &self.any.zone);
        let limits: Vec<_> = (any.limits.iter())
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

    /// The outcomes of each request as if the badge had no limits.
    pub(super) fn presumed(&self) -> Result<Vec<Vec<CustomerEarn>>, Failure> {
        let mut outcomes = self.outcomes.clone();
        for (open, verdict) in self
            .open
            .iter()
            .zip(self.allot(self.any.context.now, &[], 0))
        {
            outcomes[open.request][open.position] = Some(open.outcome(verdict));
        }
        let both = self.requests.iter().zip(outcomes);
        let all = both.map(|(request, outcomes)| all(request, outcomes));
        Ok(all.collect::<anyhow::Result<_>>()?)
    }

    /// What earning would make of them, by one state of the database.
    pub(super) fn preview(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let mut earned_on = self.any.context.now;
        let mut badge = Vec::new();
        if !badge_limits(self.any, earned_on).is_empty() {
            let mut room = Room::read(connection, self.key, self.any)?;
            earned_on = room.earned_on(self.any)?;
            let limits = badge_limits(self.any, earned_on);
            badge = room.counted(connection, &limits, self.open.len(), false)?;
        }
        self.count(connection, earned_on)?;
        let verdicts = self.allot(earned_on, &badge, 0);
        for (open, verdict) in self.open.iter().zip(verdicts) {
            self.outcomes[open.request][open.position] = Some(match verdict {
                Ok(()) => EarnOutcome::WouldEarn(open.enrolment.map(|it| it.1)),
                Err(rejection) => EarnOutcome::Refused(rejection),
            });
        }
        Ok(())
    }

    /// Records who has room, until nothing is open. `numbers` are those of the requests in the
    /// ledger.
    pub(super) fn settle(
        &mut self,
        connection: &mut Connection,
        numbers: &[i64],
    ) -> Result<(), Failure> {
        let any = self.any;
        let mut earned_on = any.context.now;
        let mut badge = Vec::new();
        if !self.open.is_empty() && !badge_limits(any, earned_on).is_empty() {
            earn_sql::lock_earns(connection, &[self.key])?;
            let mut room = Room::read(connection, self.key, any)?;
            earned_on = room.earned_on(any)?;
            let limits = badge_limits(any, earned_on);
            badge = room.counted(connection, &limits, self.open.len(), true)?;
            let rolls = |limit: &_| matches!(limit, Span::Rolling { .. });
            let mut own = customer_limits(any, earned_on).into_iter();
            if earned_on != any.context.now && own.any(|limit| rolls(&limit.span)) {
                self.count(connection, earned_on)?;
            }
        }
        let mut taken = 0;
        for _ in 0..ROUNDS {
            let verdicts = self.allot(earned_on, &badge, taken);
            let wanted = self.wanted(&verdicts, earned_on, numbers);
            let inserted = if wanted.rows.is_empty() {
                Vec::new()
            } else {
                earn_sql::record(connection, &wanted)?
            };
            if inserted.len() == wanted.rows.len() {
                for (open, verdict) in self.open.iter().zip(verdicts) {
                    self.outcomes[open.request][open.position] = Some(open.outcome(verdict));
                }
                return Ok(());
            }
            taken += inserted.len() as u64;
            let inserted: HashSet<_> = inserted.into_iter().collect();
            let outcomes = &mut self.outcomes;
            self.open.retain(|open| {
                let stays = !inserted.contains(&open.customer.get());
                if !stays {
                    outcomes[open.request][open.position] = Some(open.outcome(Ok(())));
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

    /// The rows of those who have room, by customer: one order for all, so that batches that
    /// cross wait for each other only one way.
    fn wanted(
        &self,
        verdicts: &[Result<(), Rejection>],
        earned_on: Instant,
        numbers: &[i64],
    ) -> NewEarns {
        let have_room = self.open.iter().zip(verdicts).filter(|it| it.1.is_ok());
        let mut rows: Vec<_> = have_room
            .map(|(open, _)| NewEarn {
                customer: open.customer,
                ordinal: open.last + 1,
                enrolment: open.enrolment.map(|it| it.0),
                request_no: numbers[open.request],
                id: open.id,
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

    /// The outcomes of the request at this position, none of whose customers is open.
    pub(super) fn outcomes(&self, request: usize) -> anyhow::Result<Vec<CustomerEarn>> {
        all(&self.requests[request], self.outcomes[request].clone())
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
