//! The enrolments that customers have already.

use std::ops::Range;

use accolade_domain::enrolment::Enrolment;
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};

use crate::recording::sql::EnrolmentSql;
use crate::retry::WorkError;

/// The enrolments of some customers, each of one badge.
pub(crate) struct ExistingEnrolments {
    enrolments: Vec<Enrolment>,
    ordinals: Vec<i32>,
    /// Of each customer: where its enrolments begin, and its next ordinal.
    starts: Vec<(usize, i32)>,
}

impl ExistingEnrolments {
    /// Those of the customer at this place.
    pub(crate) fn at(&self, place: usize) -> &[Enrolment] {
        &self.enrolments[self.range(place)]
    }

    /// The ordinals of the same, by position.
    pub(crate) fn ordinals_at(&self, place: usize) -> &[i32] {
        &self.ordinals[self.range(place)]
    }

    /// That enrolment of the customer at this place that has this ordinal.
    pub(crate) fn with_ordinal(&self, place: usize, ordinal: i32) -> Option<&Enrolment> {
        let mut both = self.at(place).iter().zip(self.ordinals_at(place));
        both.find(|it| *it.1 == ordinal).map(|it| it.0)
    }

    /// The ordinal that the customer's next enrolment gets.
    pub(crate) fn next_ordinal(&self, place: usize) -> i32 {
        self.starts[place].1
    }

    fn range(&self, place: usize) -> Range<usize> {
        let next = self.starts.get(place + 1);
        self.starts[place].0..next.map_or(self.enrolments.len(), |next| next.0)
    }
}

/// Every enrolment of these customers, each of the badge beside it.
pub(crate) fn existing<C: EnrolmentSql>(
    connection: &mut C,
    org: OrgId,
    customers: &[(CustomerId, BadgeId)],
) -> Result<ExistingEnrolments, WorkError> {
    let mut rows = connection.existing(org, customers)?;
    rows.sort_unstable_by_key(|row| (row.place, row.ordinal));
    let mut rest = rows.iter().peekable();
    let mut enrolments = Vec::with_capacity(rows.len());
    let mut ordinals = Vec::with_capacity(rows.len());
    let mut starts = Vec::with_capacity(customers.len());
    for place in 0..customers.len() {
        let start = enrolments.len();
        let mut next_ordinal = 1;
        while let Some(row) = rest.next_if(|row| row.place == place) {
            enrolments.push(row.enrolment);
            ordinals.push(row.ordinal);
            next_ordinal = row.ordinal + 1;
        }
        starts.push((start, next_ordinal));
    }
    Ok(ExistingEnrolments {
        enrolments,
        ordinals,
        starts,
    })
}
