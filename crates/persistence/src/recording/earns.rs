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

use std::slice;

use accolade_application::answer::{CustomerEarn, EarnOutcome};
use accolade_application::ports::{EarnRequest, Operation, RecordError};
use accolade_domain::earning::{Scope, Span};
use accolade_domain::ids::CustomerId;
use accolade_domain::rejection::{Code, Rejection};
use anyhow::Context as _;

use crate::recording::allocation::Allocation;
use crate::recording::sql::RecordingSql;
use crate::recording::{Recorded, Recording};
use crate::retry::WorkError;

/// Records what `recording` asks for. All of it is of one badge and was decided at one moment.
pub(crate) fn earn<'a, C: RecordingSql>(
    connection: &mut C,
    mut recording: Recording<'a, EarnRequest>,
) -> Result<Recorded<'a, EarnRequest>, WorkError> {
    let requests = recording.requests;
    let any = requests.first().context("an empty batch")?;
    let key = recording.key(any.badge);
    let decided_from: Vec<_> = requests.iter().map(|it| (it.badge, it.version)).collect();
    recording.check_versions(connection, &decided_from)?;
    if recording.open().next().is_none() {
        return recording.recorded([key], false);
    }
    let mut allocation = Allocation::begin(connection, requests)?;
    allocation.count(connection, any.context.now)?;
    let expected = allocation.without_badge_limits()?;
    recording.refuse(connection, refused_early(requests, &expected))?;
    for (request, outcomes) in expected.into_iter().enumerate() {
        recording.expect(request, outcomes);
    }
    recording.reserve(connection)?;
    allocation.retain(|request| recording.is_open(request));
    allocation.record(connection, &recording.numbers())?;
    let mut results = Vec::new();
    for request in recording.open() {
        let outcomes = allocation.outcomes(request)?;
        results.push(match refusal(&requests[request], &outcomes) {
            Some(rejection) => (request, Err(RecordError::Refused(rejection))),
            None => (request, Ok(outcomes)),
        });
    }
    recording.conclude(connection, results)?;
    let refused = refused(&recording);
    if !refused.is_empty() {
        connection.remember_refusals(any, &refused)?;
    }
    let is_any_refused = !refused.is_empty();
    recording.recorded([key], is_any_refused)
}

/// What [`earn`] would make of `request`, by one state of the database.
pub(crate) fn preview<C: RecordingSql>(
    connection: &mut C,
    request: &EarnRequest,
) -> Result<Vec<CustomerEarn>, WorkError> {
    let mut allocation = Allocation::begin(connection, slice::from_ref(request))?;
    allocation.preview(connection)?;
    Ok(allocation.outcomes(0)?)
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
