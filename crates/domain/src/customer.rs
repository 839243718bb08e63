//! Customers: a number within an org, and what a batch of them looks like.

use std::collections::HashMap;
use std::hash::Hash;

pub use crate::ids::CustomerId;

/// The customers of a request, each once, in the order of their first mention.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DistinctCustomers {
    customers: Vec<CustomerId>,
    repeats: Vec<usize>,
}

impl DistinctCustomers {
    /// Keeps the first mention of every customer and remembers where the others stood.
    ///
    /// ```
    /// use accolade_domain::customer::{CustomerId, DistinctCustomers};
    ///
    /// let [a, b] = [62090013, 123].map(|n| CustomerId::try_from(n).unwrap());
    /// let distinct = DistinctCustomers::of(vec![a, b, a]);
    /// assert_eq!(distinct.customers(), [a, b]);
    /// assert_eq!(distinct.repeats(), [2]);
    /// ```
    pub fn of(mut customers: Vec<CustomerId>) -> Self {
        let repeats = drain_repeats(&mut customers);
        Self { customers, repeats }
    }

    /// Each customer once, in the order of the request.
    pub fn customers(&self) -> &[CustomerId] {
        &self.customers
    }

    /// The positions, in the request, of mentions after the first.
    pub fn repeats(&self) -> &[usize] {
        &self.repeats
    }

    /// The customers, without a copy.
    pub fn into_customers(self) -> Vec<CustomerId> {
        self.customers
    }
}

fn drain_repeats<T: Copy + Eq + Hash>(items: &mut Vec<T>) -> Vec<usize> {
    let mut seen = HashMap::with_capacity(items.len());
    let mut repeats = Vec::new();
    let mut position = 0;
    items.retain(|item| {
        let first = *seen.entry(*item).or_insert(position) == position;
        if !first {
            repeats.push(position);
        }
        position += 1;
        first
    });
    repeats
}
