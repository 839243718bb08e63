//! Recording what customers earn.
//!
//! A request for one customer who is refused by what the customer has ends before anything of it
//! is written. The others reserve their keys and their rows of the ledger as if the badge had no
//! limits; who gets a place under those is found out last ([`allocation`](super::allocation)).
//!
//! The ledger's row has to be there before the lock of the badge's earns is taken: whoever sent
//! the same request twice waits there, and not where everybody else waits.
//!
//! The badge is locked shared, and who revokes an enrolment locks it against everybody: an earn
//! sees every revocation that has returned, without a lock for each enrolment.

use std::iter::repeat_n;

use accolade_application::answer::{CustomerEarn, EarnOutcome};
use accolade_application::ports::{BadgeVersion, EarnRequest, Operation, RecordError};
use accolade_domain::earning::{Places, Scope, Span};
use accolade_domain::event::EventKind;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::rejection::{Code, Rejection};

use crate::feed::FeedRow;
use crate::feed::data::{Data, LimitData};
use crate::feed::expiries::expiries;
use crate::recording::allocation::Allocation;
use crate::recording::sql::RecordingSql;
use crate::recording::{Concluded, Recording, Steps};
use crate::retry::WorkError;

/// The steps of earns. All of a batch is of one badge and was decided at one moment.
pub(crate) struct Earns<'a> {
    allocation: Allocation<'a>,
}

impl<'a, C: RecordingSql> Steps<'a, C> for Earns<'a> {
    type Request = EarnRequest;

    const BEGIN_REFUSES: bool = true;

    fn decided_from(request: &EarnRequest) -> Option<(BadgeId, BadgeVersion)> {
        Some((request.badge, request.version))
    }

    fn customers(request: &EarnRequest) -> Vec<CustomerId> {
        request.customers.clone()
    }

    fn rows(request: &EarnRequest) -> usize {
        request.customers.len()
    }

    fn begin(
        connection: &mut C,
        recording: &mut Recording<'a, EarnRequest>,
    ) -> Result<Self, WorkError> {
        let (allocation, expected) = Allocation::begin(connection, recording.requests)?;
        let mut refused = refused_early(recording.requests, &expected);
        refused.retain(|(request, _)| recording.is_open(*request));
        recording.refuse(connection, refused)?;
        for (request, outcomes) in expected.into_iter().enumerate() {
            recording.expect(request, outcomes);
        }
        Ok(Self { allocation })
    }

    fn record(
        &mut self,
        connection: &mut C,
        recording: &mut Recording<'a, EarnRequest>,
    ) -> Result<Vec<Concluded<EarnRequest>>, WorkError> {
        let allocation = &mut self.allocation;
        allocation.retain(|request| recording.is_open(request));
        allocation.record(connection, &recording.numbers())?;
        let mut results = Vec::new();
        for request in recording.open() {
            let outcomes = allocation.outcomes(request)?;
            results.push(match refusal(&recording.requests[request], &outcomes) {
                Some(rejection) => (request, Err(RecordError::Refused(rejection))),
                None => (request, Ok(outcomes)),
            });
        }
        Ok(results)
    }

    fn told(&self, recording: &Recording<'a, EarnRequest>) -> anyhow::Result<Vec<FeedRow>> {
        let numbers = recording.numbers();
        let rows = recording.open().map(|position| {
            let request = &recording.requests[position];
            let outcomes = recording.outcome(position).into_iter().flatten();
            let earned = outcomes.filter(|it| matches!(it.outcome, EarnOutcome::Earned(..)));
            // As the earned badges have it, so that who follows the feed knows the same.
            let (now, earned) = (self.allocation.earned_on(), earned.count());
            let limits = match self.allocation.places(position) {
                Some(places) => limits(places)?,
                None => Vec::new(),
            };
            let reached: usize = limits.iter().map(|it| it.reached.len()).sum();
            let (kind, data) = (EventKind::EarnCreated, Data::Earns(limits));
            let row = FeedRow::new(now, kind, earned + reached, &data)?;
            let each = repeat_n(request.terms.expires_on, earned);
            Ok(row.map(|row| row.of_ledger(numbers[position], &expiries(now, each))))
        });
        rows.filter_map(Result::transpose).collect()
    }

    fn finish(
        self,
        connection: &mut C,
        recording: &mut Recording<'a, EarnRequest>,
    ) -> Result<(), WorkError> {
        let refused = refused(recording);
        let is_any_refused = !refused.is_empty();
        if let Some(any) = recording.requests.first().filter(|_| is_any_refused) {
            connection.remember_refusals(any, &refused)?;
        }
        recording.is_written = is_any_refused;
        Ok(())
    }
}

/// What the feed is told of the limits under which earns took their places.
fn limits(places: &Places) -> anyhow::Result<Vec<LimitData>> {
    let mut limits: Vec<_> = (places.limits().iter())
        .map(|limit| LimitData {
            limit: *limit,
            counts: Vec::with_capacity(places.earns()),
            reached: Vec::new(),
        })
        .collect();
    for earn in 0..places.earns() {
        for (limit, count) in limits.iter_mut().zip(places.counts(earn)) {
            limit.counts.push(count);
        }
        for edge in places.told(earn) {
            limits[edge.limit].reached.push(u32::try_from(earn)?);
        }
    }
    Ok(limits)
}

/// The requests that are refused whatever the badge has room for, given what is `expected` of all.
fn refused_early(
    requests: &[EarnRequest],
    expected: &[Vec<CustomerEarn>],
) -> Vec<(usize, RecordError)> {
    let both = requests.iter().zip(expected).enumerate();
    both.filter_map(|(position, (request, outcomes))| {
        let rejection = refusal(request, outcomes)?;
        let is_sure = rejection.code == Code::NotEnrolled || !may_be_later(request);
        is_sure.then_some((position, RecordError::Refused(rejection)))
    })
    .collect()
}

/// Whose refusals are to be remembered.
fn refused<'r>(recording: &'r Recording<'_, EarnRequest>) -> Vec<(CustomerId, &'r Rejection)> {
    let mut refused = Vec::new();
    for (position, request) in recording.requests.iter().enumerate() {
        match recording.error(position) {
            Some(RecordError::Refused(rejection)) => {
                let customer = request.customers.first();
                refused.extend(customer.map(|customer| (*customer, rejection)));
            }
            Some(_) => {}
            None => {
                for it in recording.outcome(position).into_iter().flatten() {
                    if let EarnOutcome::Refused(rejection) = &it.outcome {
                        refused.push((it.customer, rejection));
                    }
                }
            }
        }
    }
    refused
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

/// The refusal of the whole request, if it is one for a single customer, who is refused.
fn refusal(request: &EarnRequest, outcomes: &[CustomerEarn]) -> Option<Rejection> {
    match outcomes.first().map(|it| &it.outcome) {
        Some(EarnOutcome::Refused(rejection)) if request.operation == Operation::Earn => {
            Some(rejection.clone())
        }
        _ => None,
    }
}
