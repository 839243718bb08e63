//! Recording enrolments.

use std::collections::{BTreeMap, BTreeSet};

use accolade_application::ports::EnrolmentRequest;
use accolade_domain::enrolment::{CustomerOutcome, EnrolmentStatus, Outcome};
use accolade_domain::ids::BadgeId;
use anyhow::Context as _;

use crate::recording::attempts::{self, Refused};
use crate::recording::sql::{Growth, NewEnrolment, RecordingSql};
use crate::recording::{Recorded, Recording};
use crate::retry::WorkError;

/// Enrols whom `recording` asks for. So `many` customers or more are enrolled in the way that is
/// best for many.
pub(crate) fn enrol<'a, C: RecordingSql>(
    connection: &mut C,
    mut recording: Recording<'a, EnrolmentRequest>,
    many: usize,
) -> Result<Recorded<'a, EnrolmentRequest>, WorkError> {
    let requests = recording.requests;
    let decided_from: Vec<_> = requests.iter().map(|it| (it.badge, it.version)).collect();
    recording.check_versions(connection, &decided_from)?;
    for position in recording.open().collect::<Vec<_>>() {
        recording.expect(position, all_enrolled(&requests[position])?);
    }
    recording.reserve(connection)?;
    let refused = attempts::enrol(
        connection,
        recording.org,
        requests,
        &recording.numbers(),
        new_enrolments(&recording)?,
        many,
    )?;
    let results = with_refused(requests, &refused)?;
    let results = results.into_iter().map(|(request, it)| (request, Ok(it)));
    recording.conclude(connection, results.collect())?;
    let growths = growths(&recording, &refused)?;
    if !growths.is_empty() {
        connection.grow_counts(recording.org, &growths)?;
    }
    let badges: BTreeSet<_> = requests.iter().map(|it| recording.key(it.badge)).collect();
    recording.recorded(badges, false)
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
    let mut new = Vec::new();
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
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(all_enrolled(&requests[it.request])?)
            }
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
