//! Steps of customers who become one, and of those who are forgotten.

use std::collections::BTreeMap;

use accolade_application::ports::{EraseRequest, MergeError, MergeRequest};
use accolade_domain::ids::CustomerId;
use proptest::prelude::{Strategy, any, prop_oneof};

use crate::fixtures::{customer, customers};
use crate::walk::context::Context;
use crate::walk::side::{Side, down, told};
use crate::walk::steps::{self, key};

/// One step.
#[derive(Debug, Clone)]
pub(crate) enum PeopleStep {
    /// Merges the first into the second.
    Merge {
        from: i64,
        to: i64,
        has_reason: bool,
        key: Option<u8>,
    },
    Erase(i64),
}

pub(crate) fn steps() -> impl Strategy<Value = PeopleStep> {
    let merge = (steps::customer(), steps::customer(), any::<bool>(), key());
    let is_of_two = |it: &(i64, i64, bool, Option<u8>)| it.0 != it.1;
    let merge = merge.prop_filter("two customers", is_of_two);
    let merge = merge.prop_map(|(from, to, has_reason, key)| PeopleStep::Merge {
        from,
        to,
        has_reason,
        key,
    });
    prop_oneof![
        3 => merge,
        2 => steps::customer().prop_map(PeopleStep::Erase),
    ]
}

impl Side {
    /// Who stands for whom.
    fn successors(&self, context: &Context) -> BTreeMap<CustomerId, CustomerId> {
        let people = &self.stores.people;
        people
            .successors(context.tenant.org, &customers(1..8))
            .unwrap()
    }

    /// Does `step` and gives all that was answered.
    pub(crate) fn people(&mut self, step: &PeopleStep, context: &Context) -> String {
        let (org, by) = (context.tenant.org, context.by());
        let people = &self.stores.people;
        let done = match step {
            PeopleStep::Merge {
                from,
                to,
                has_reason,
                key,
            } => {
                let merged = people.merge(&MergeRequest {
                    org,
                    from: customer(*from),
                    to: customer(*to),
                    reason: has_reason.then(|| "the same".try_into().unwrap()),
                    by,
                    key: context.guard(*key),
                });
                told(merged.map_err(|error| match error {
                    MergeError::Store(error) => down(&error),
                    refused => refused.to_string(),
                }))
            }
            PeopleStep::Erase(number) => told(people.erase(&EraseRequest {
                org,
                region: None,
                customer: customer(*number),
                by,
            })),
        };
        told((done, self.successors(context), self.trail(context.tenant)))
    }
}
