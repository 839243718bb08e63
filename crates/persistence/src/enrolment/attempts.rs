//! Inserting enrolments until each customer is enrolled or refused.
//!
//! Enrolments are append-only: a customer's are numbered from 1. Each round inserts, at the
//! next number, those who are still open, and takes what is there already for an answer: if
//! a number was taken, a fresh statement reads the customer's enrolments and the
//! domain decides. Who may still be enrolled tries the next number. Nobody who loses a race
//! is refused for it, only for an overlap.
//!
//! Where there are many, the first rounds insert all of them or nobody, if that is what the
//! database does fastest.

use std::ops::Range;

use accolade_application::ports::EnrolmentRequest;
use accolade_domain::enrolment::{Enrolment, decide};
use anyhow::anyhow;

use crate::answers::Refused;
use crate::enrolment::sql::{BadgeKey, EnrolmentSql, Wanted};
use crate::retry::Failure;

/// How many rounds there may be. Each lost round means that somebody else won it.
const ROUNDS: usize = 1_000;

/// How many of them may insert all or nobody: the first may find somebody enrolled, the second
/// leaves those out. Later ones enrol whom they can, so that every round has a winner.
const ROUNDS_OF_MANY: usize = 2;

/// Enrols `wanted`, sorted by org, customer and badge, and gives, for each request, who was
/// refused, in the order of the request. `numbers` are those of the requests in the ledger.
/// So `many` or more are inserted in the way that is best for many.
pub(crate) fn enrol<C: EnrolmentSql>(
    connection: &mut C,
    requests: &[EnrolmentRequest],
    numbers: &[i64],
    mut wanted: Vec<Wanted>,
    many: usize,
) -> Result<Vec<Vec<Refused>>, Failure> {
    let badges: Vec<_> = requests.iter().map(BadgeKey::of).collect();
    let mut refused: Vec<Vec<Refused>> = requests.iter().map(|_| Vec::new()).collect();
    for round in 0..ROUNDS {
        let inserted = if wanted.is_empty() {
            0
        } else if round < ROUNDS_OF_MANY && wanted.len() >= many {
            connection.insert_many(requests, numbers, &wanted)?
        } else {
            connection.insert(requests, numbers, &wanted)?
        };
        if inserted == wanted.len() {
            for refused in &mut refused {
                refused.sort_unstable_by_key(|it| it.position);
            }
            return Ok(refused);
        }
        let held = held(connection, &badges, &wanted)?;
        let mut open = Vec::new();
        for (index, it) in wanted.iter().enumerate() {
            let of_customer = held.of(index);
            if of_customer.iter().any(|enrolment| enrolment.id.0 == it.id) {
                continue;
            }
            let request = &requests[it.request];
            match decide(of_customer, request.hold) {
                Some(existing) => refused[it.request].push(Refused {
                    position: it.position,
                    existing: existing.id,
                    status: existing.status(request.context.now),
                }),
                None => open.push(Wanted {
                    ordinal: held.next_ordinal(index),
                    ..*it
                }),
            }
        }
        wanted = open;
    }
    Err(Failure::Unexpected(anyhow!(
        "{} customers could not be enrolled in {ROUNDS} rounds",
        wanted.len()
    )))
}

/// The enrolments of some customers.
pub(crate) struct HeldByAll {
    enrolments: Vec<Enrolment>,
    ordinals: Vec<i32>,
    /// Of each customer: where its enrolments begin, and its next ordinal.
    starts: Vec<(usize, i32)>,
}

impl HeldByAll {
    /// Those of the customer at `index`.
    pub(crate) fn of(&self, index: usize) -> &[Enrolment] {
        &self.enrolments[self.range(index)]
    }

    /// The ordinals of the same, by position.
    pub(crate) fn ordinals_of(&self, index: usize) -> &[i32] {
        &self.ordinals[self.range(index)]
    }

    fn range(&self, index: usize) -> Range<usize> {
        let next = self.starts.get(index + 1);
        self.starts[index].0..next.map_or(self.enrolments.len(), |next| next.0)
    }

    fn next_ordinal(&self, index: usize) -> i32 {
        self.starts[index].1
    }
}

/// Every enrolment of those in `wanted`.
pub(crate) fn held<C: EnrolmentSql>(
    connection: &mut C,
    badges: &[BadgeKey],
    wanted: &[Wanted],
) -> Result<HeldByAll, Failure> {
    let mut rows = connection.held(badges, wanted)?;
    rows.sort_unstable_by_key(|row| (row.wanted, row.ordinal));
    let mut rest = rows.iter().peekable();
    let mut enrolments = Vec::with_capacity(rows.len());
    let mut ordinals = Vec::with_capacity(rows.len());
    let mut starts = Vec::with_capacity(wanted.len());
    for index in 0..wanted.len() {
        let start = enrolments.len();
        let mut next_ordinal = 1;
        while let Some(row) = rest.next_if(|row| row.wanted == index) {
            enrolments.push(row.enrolment);
            ordinals.push(row.ordinal);
            next_ordinal = row.ordinal + 1;
        }
        starts.push((start, next_ordinal));
    }
    Ok(HeldByAll {
        enrolments,
        ordinals,
        starts,
    })
}
