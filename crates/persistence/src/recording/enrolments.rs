//! Recording enrolments.
//!
//! Enrolments are append-only: a customer's are numbered from 1. Each round inserts, at the
//! next number, those who are still open, and takes what is there already for an answer: if
//! a number was taken, a fresh statement reads the customer's enrolments and the
//! domain decides. Who may still be enrolled tries the next number. Nobody who loses a race
//! is refused for it, only for an overlap.
//!
//! Where there are many, the first rounds insert all of them or nobody, if that is what the
//! database does fastest.

use std::collections::{BTreeMap, btree_map};
use std::iter::repeat_n;

use accolade_application::ports::{BadgeVersion, EnrolmentRequest};
use accolade_domain::enrolment::{CustomerOutcome, EnrolmentStatus, Outcome, decide};
use accolade_domain::event::EventKind;
use accolade_domain::ids::{BadgeId, CustomerId, EnrolmentId};
use anyhow::Context as _;

use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::feed::expiries::expiries;
use crate::recording::existing::existing;
use crate::recording::sql::{EnrolmentSql, Growth, NewEnrolment, RecordingSql};
use crate::recording::{Concluded, Recording, Steps};
use crate::retry::{MOST_ROUNDS, WorkError};

/// How many rounds may insert all or nobody: the first may find somebody enrolled, the second
/// leaves those out. Later ones enrol whom they can, so that every round has a winner.
const ROUNDS_OF_MANY: usize = 2;

/// A customer whom an earlier enrolment stands in the way of.
#[derive(Debug, Clone, Copy)]
struct Refused {
    /// The request, by its position in the batch.
    request: usize,
    /// The customer's position in the request.
    position: usize,
    /// The earlier enrolment.
    existing: EnrolmentId,
    /// Its state.
    status: EnrolmentStatus,
}

/// The steps of enrolments.
pub(crate) struct Enrolments;

impl<'a, C: RecordingSql> Steps<'a, C> for Enrolments {
    type Request = EnrolmentRequest;

    const BEGIN_REFUSES: bool = false;

    fn decided_from(request: &EnrolmentRequest) -> Option<(BadgeId, BadgeVersion)> {
        Some((request.badge, request.version))
    }

    fn customers(request: &EnrolmentRequest) -> Vec<CustomerId> {
        request.customers.clone()
    }

    fn rows(request: &EnrolmentRequest) -> usize {
        request.customers.len()
    }

    fn begin(
        _: &mut C,
        recording: &mut Recording<'a, EnrolmentRequest>,
    ) -> Result<Self, WorkError> {
        for position in recording.open().collect::<Vec<_>>() {
            let expected = all_enrolled(&recording.requests[position])?;
            recording.expect(position, expected);
        }
        Ok(Self)
    }

    fn record(
        &mut self,
        connection: &mut C,
        recording: &mut Recording<'a, EnrolmentRequest>,
    ) -> Result<Vec<Concluded<EnrolmentRequest>>, WorkError> {
        let refused = insert(connection, recording)?;
        recording.growths = growths(recording, &refused)?;
        let results = with_refused(recording.requests, &refused)?;
        Ok(results.into_iter().map(|(it, all)| (it, Ok(all))).collect())
    }

    fn told(&self, recording: &Recording<'a, EnrolmentRequest>) -> anyhow::Result<Vec<FeedRow>> {
        let numbers = recording.numbers();
        let rows = recording.open().map(|position| {
            let request = &recording.requests[position];
            let outcomes = recording.outcome(position).into_iter().flatten();
            let enrolled = outcomes.filter(|it| matches!(it.outcome, Outcome::Enrolled(_)));
            let data = Data::Enrolments(request.hold.event_on());
            let kind = EventKind::EnrolmentCreated;
            let (now, enrolled) = (request.context.now, enrolled.count());
            let row = FeedRow::new(now, kind, enrolled, &data)?;
            let each = repeat_n(request.hold.expires_on(), enrolled);
            Ok(row.map(|row| row.of_ledger(numbers[position], &expiries(now, each))))
        });
        rows.filter_map(Result::transpose).collect()
    }
}

/// Inserts enrolments until each customer of an open request is enrolled or refused; gives who was
/// refused.
fn insert<C: EnrolmentSql>(
    connection: &mut C,
    recording: &Recording<'_, EnrolmentRequest>,
) -> Result<Vec<Refused>, WorkError> {
    let (requests, numbers) = (recording.requests, recording.numbers());
    let mut new = new_enrolments(recording)?;
    let mut refused = Vec::new();
    for round in 0..MOST_ROUNDS {
        let inserted = if new.is_empty() {
            0
        } else if round < ROUNDS_OF_MANY && new.len() >= recording.many {
            connection.insert_many_enrolments(requests, &numbers, &new)?
        } else {
            connection.insert_enrolments(requests, &numbers, &new)?
        };
        if inserted == new.len() {
            return Ok(refused);
        }
        let customers: Vec<_> = new
            .iter()
            .map(|it| (it.customer, requests[it.request].badge))
            .collect();
        let existing = existing(connection, recording.org, &customers)?;
        let mut open = Vec::new();
        for (place, it) in new.iter().enumerate() {
            let own = existing.at(place);
            if own.iter().any(|enrolment| enrolment.id.0 == it.id) {
                continue;
            }
            let request = &requests[it.request];
            match decide(own, request.hold) {
                Some(existing) => refused.push(Refused {
                    request: it.request,
                    position: it.position,
                    existing: existing.id,
                    status: existing.status(request.context.now),
                }),
                None => open.push(NewEnrolment {
                    ordinal: existing.next_ordinal(place),
                    ..*it
                }),
            }
        }
        new = open;
    }
    Err(WorkError::Overtaken("enrolments"))
}

/// What becomes of the customers of `request` if nobody is refused.
fn all_enrolled(request: &EnrolmentRequest) -> anyhow::Result<Vec<CustomerOutcome>> {
    anyhow::ensure!(
        request.ids.len() >= request.customers.len(),
        "a request has fewer ids than customers"
    );
    let status = EnrolmentStatus::of(request.hold, request.context.now);
    let both = request.customers.iter().zip(request.ids.iter());
    let outcomes = both.map(|(customer, id)| CustomerOutcome {
        customer: *customer,
        outcome: Outcome::Enrolled(id.into()),
        status,
    });
    Ok(outcomes.collect())
}

/// Everybody whom open requests ask for, by customer and badge: one order for all, so that
/// batches that cross wait for each other only one way.
fn new_enrolments(
    recording: &Recording<'_, EnrolmentRequest>,
) -> anyhow::Result<Vec<NewEnrolment>> {
    let open = recording.open();
    let customers = open.map(|request| recording.requests[request].customers.len());
    let mut new = Vec::with_capacity(customers.sum());
    for request in recording.open() {
        let EnrolmentRequest { customers, ids, .. } = &recording.requests[request];
        for (position, customer) in customers.iter().enumerate() {
            new.push(NewEnrolment {
                request,
                position,
                customer: *customer,
                id: ids.get(position).context("too few ids")?,
                ordinal: 1,
            });
        }
    }
    new.sort_unstable_by_key(|it| (it.customer, recording.requests[it.request].badge));
    Ok(new)
}

/// What becomes of the customers of those requests of which somebody is refused.
fn with_refused(
    requests: &[EnrolmentRequest],
    refused: &[Refused],
) -> anyhow::Result<BTreeMap<usize, Vec<CustomerOutcome>>> {
    let mut results = BTreeMap::new();
    for it in refused {
        let outcomes = match results.entry(it.request) {
            btree_map::Entry::Occupied(entry) => entry.into_mut(),
            btree_map::Entry::Vacant(entry) => entry.insert(all_enrolled(&requests[it.request])?),
        };
        let outcome: &mut CustomerOutcome = &mut outcomes[it.position];
        outcome.outcome = Outcome::AlreadyEnrolled(it.existing);
        outcome.status = it.status;
    }
    Ok(results)
}

/// By how much the counts of the badges grow.
fn growths(
    recording: &Recording<'_, EnrolmentRequest>,
    refused: &[Refused],
) -> anyhow::Result<Vec<Growth>> {
    let requests = recording.requests;
    let mut issued: BTreeMap<BadgeId, i64> = BTreeMap::new();
    for request in recording.open() {
        let customers = i64::try_from(requests[request].customers.len()).context("a count")?;
        *issued.entry(requests[request].badge).or_default() += customers;
    }
    for it in refused {
        *issued.entry(requests[it.request].badge).or_default() -= 1;
    }
    let grown = issued.into_iter().filter(|(_, issued)| *issued > 0);
    let growths = grown.map(|(badge, issued)| Growth {
        badge,
        issued,
        earned: 0,
    });
    Ok(growths.collect())
}
