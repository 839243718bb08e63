//! Requests that share a transaction.

use std::collections::HashSet;

use accolade_domain::actor::Actor;
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::text::RequestId;

use crate::ports::{BatchedRequest, IdempotencyKey, Identity, Operation};

/// Requests that share a transaction: no two of them have a request id, an idempotency key, or a
/// customer of one badge in common, and all are [compatible](BatchedRequest::compatible).
#[derive(Debug, Clone)]
pub struct Batch<R> {
    requests: Vec<R>,
    /// The ids, keys and customers of the requests; collected once there is a second request.
    exclusive: HashSet<Exclusive>,
}

/// The request cannot share a transaction with those that are in the batch already: here it is back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict<R>(pub Box<R>);

/// What no two requests of a batch may have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Exclusive {
    Request(OrgId, Operation, RequestId),
    Key(OrgId, Actor, IdempotencyKey),
    Customer(OrgId, BadgeId, CustomerId),
}

impl<R> Default for Batch<R> {
    fn default() -> Self {
        Self {
            requests: Vec::new(),
            exclusive: HashSet::new(),
        }
    }
}

/// A batch of one.
impl<R> From<R> for Batch<R> {
    fn from(request: R) -> Self {
        Self {
            requests: vec![request],
            exclusive: HashSet::new(),
        }
    }
}

impl<R> Batch<R> {
    /// The requests, given back.
    pub fn into_requests(self) -> Vec<R> {
        self.requests
    }

    /// The requests, in the order in which they were added.
    pub fn requests(&self) -> &[R] {
        &self.requests
    }
}

impl<R: BatchedRequest> Batch<R> {
    /// Adds `request`.
    ///
    /// # Errors
    /// Gives it back if it cannot share a transaction with the others.
    pub fn push(&mut self, request: R) -> Result<(), Conflict<R>> {
        if let Some(first) = self.requests.first() {
            // A batch of one has nothing to compare with, so it collects nothing.
            if self.requests.len() == 1 {
                self.exclusive.extend(exclusive(first));
            }
            let collides = exclusive(&request).any(|it| self.exclusive.contains(&it));
            if collides || !first.compatible(&request) {
                return Err(Conflict(Box::new(request)));
            }
            self.exclusive.extend(exclusive(&request));
        }
        self.requests.push(request);
        Ok(())
    }
}

fn exclusive<R: BatchedRequest>(request: &R) -> impl Iterator<Item = Exclusive> {
    let Identity {
        org,
        operation,
        request_id,
        key,
    } = request.identity();
    let id = request_id.map(|id| Exclusive::Request(org, operation, id.clone()));
    let key = key.map(|guard| Exclusive::Key(guard.org, guard.actor, guard.key.clone()));
    let (badge, customers) = request.customers();
    let customers = customers
        .iter()
        .map(move |customer| Exclusive::Customer(org, badge, *customer));
    id.into_iter().chain(key).chain(customers)
}
