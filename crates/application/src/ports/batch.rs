//! Requests that share a transaction.

use std::collections::HashSet;
use std::iter;

use accolade_domain::ids::{BadgeId, ClientNumber, CustomerId, OrgId};
use accolade_domain::text::RequestId;

use crate::ports::{IdempotencyGuard, IdempotencyKey, Operation};

/// What a request is known by, and whom it is about.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// The org.
    pub org: OrgId,
    /// The badge.
    pub badge: BadgeId,
    /// What is asked for.
    pub operation: Operation,
    /// The id of the request, unique for this operation of the org.
    pub request_id: &'a RequestId,
    /// The caller's idempotency key, if it sent one.
    pub idempotency: Option<&'a IdempotencyGuard>,
    /// The customers, each once.
    pub customers: &'a [CustomerId],
}

/// A request that may share a transaction with others of its kind.
pub trait Batched {
    /// What it is known by. No two requests of a batch share any of it but org, badge and operation.
    fn names(&self) -> Names<'_>;

    /// Whether everything is equal that is one and the same for a whole batch.
    fn is_alike(&self, other: &Self) -> bool;
}

/// Requests that share a transaction: no two of them have a request id, an idempotency key, or a
/// customer of one badge in common, and all are [alike](Batched::is_alike).
#[derive(Debug, Clone)]
pub struct Batch<R> {
    requests: Vec<R>,
    /// Of the requests, once there is a second.
    taken: HashSet<Taken>,
}

/// The request does not go with those that are in the batch already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTogether<R>(pub Box<R>);

/// What no two requests of a batch may have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Taken {
    Request(OrgId, Operation, RequestId),
    Key(ClientNumber, IdempotencyKey),
    Customer(OrgId, BadgeId, CustomerId),
}

impl<R> Default for Batch<R> {
    fn default() -> Self {
        Self {
            requests: Vec::new(),
            taken: HashSet::new(),
        }
    }
}

impl<R> Batch<R> {
    /// A batch of one.
    pub fn of(request: R) -> Self {
        Self {
            requests: vec![request],
            taken: HashSet::new(),
        }
    }

    /// The requests, given back.
    pub fn into_requests(self) -> Vec<R> {
        self.requests
    }

    /// The requests, in the order in which they were added.
    pub fn requests(&self) -> &[R] {
        &self.requests
    }
}

impl<R: Batched> Batch<R> {
    /// Adds `request`.
    ///
    /// # Errors
    /// Gives it back if it does not go with the others.
    pub fn push(&mut self, request: R) -> Result<(), NotTogether<R>> {
        if let [only] = self.requests.as_slice() {
            self.taken.extend(taken(only.names()));
        }
        if let [first, ..] = self.requests.as_slice() {
            if !first.is_alike(&request)
                || taken(request.names()).any(|it| self.taken.contains(&it))
            {
                return Err(NotTogether(Box::new(request)));
            }
            self.taken.extend(taken(request.names()));
        }
        self.requests.push(request);
        Ok(())
    }
}

fn taken(names: Names<'_>) -> impl Iterator<Item = Taken> {
    let Names { org, badge, .. } = names;
    let id = Taken::Request(org, names.operation, names.request_id.clone());
    let key = names
        .idempotency
        .into_iter()
        .map(|guard| Taken::Key(guard.client, guard.key.clone()));
    let customers = names
        .customers
        .iter()
        .map(move |customer| Taken::Customer(org, badge, *customer));
    iter::once(id).chain(key).chain(customers)
}
