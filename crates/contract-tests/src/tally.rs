//! What became of customers in many answers.

use std::collections::BTreeMap;

use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::ids::{CustomerId, EnrolmentId};

/// The enrolments that customers got, and those that were named to who was refused.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    got: BTreeMap<CustomerId, Vec<EnrolmentId>>,
    named: BTreeMap<CustomerId, Vec<EnrolmentId>>,
}

impl Tally {
    /// The tally of `answers`.
    pub(crate) fn of<'a>(answers: impl IntoIterator<Item = &'a Vec<CustomerOutcome>>) -> Self {
        let mut tally = Self::default();
        for outcome in answers.into_iter().flatten() {
            let (list, id) = match outcome.outcome {
                Outcome::Enrolled(id) => (&mut tally.got, id),
                Outcome::AlreadyEnrolled(id) => (&mut tally.named, id),
                Outcome::WouldEnrol => panic!("this is no preview"),
            };
            list.entry(outcome.customer).or_default().push(id);
        }
        tally
    }

    /// Checks that each of so many customers was enrolled once and that this
    /// enrolment was named to each of so many losers.
    pub(crate) fn assert_one_winner_each(&self, customers: usize, losers: usize) {
        assert_eq!(self.got.len(), customers);
        for (customer, ids) in &self.got {
            assert_eq!(ids.len(), 1, "customer {customer}");
            assert_eq!(
                self.named[customer],
                vec![ids[0]; losers],
                "customer {customer}"
            );
        }
    }
}
