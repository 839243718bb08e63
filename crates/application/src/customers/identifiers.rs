//! Finding customers by what they are called.

use std::collections::HashSet;

use accolade_domain::ids::CustomerId;
use accolade_domain::rejection::{Code, Rejection};

use crate::access::Caller;
use crate::answer::UnknownCustomer;
use crate::error::UseCaseError;
use crate::ports::{IdentifierKind, Ports};

/// The customers that identifiers belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Each known customer once, in the order of the request.
    pub customers: Vec<CustomerId>,
    /// Identifiers that nobody has, each once, with their place in the answer.
    pub unknown: Vec<UnknownCustomer>,
    /// The positions in the request of mentions after the first.
    pub repeats: Vec<usize>,
}

/// The customers that `identifiers` belong to. Two that name one customer are a repeat.
///
/// # Errors
/// The store failed.
pub fn resolve(
    ports: &Ports,
    caller: &Caller,
    kind: IdentifierKind,
    identifiers: Vec<String>,
) -> Result<Resolved, UseCaseError> {
    let found = ports
        .stores
        .directory
        .resolve(caller.org, kind, &identifiers)?;
    let mut resolved = Resolved::default();
    let mut customers = HashSet::new();
    let mut strangers = HashSet::new();
    let mut place = 0;
    for (position, (identifier, found)) in identifiers.into_iter().zip(found).enumerate() {
        let new = match found {
            Some(customer) => customers.insert(customer),
            None => strangers.insert(kind.comparable(&identifier)),
        };
        if !new {
            resolved.repeats.push(position);
            continue;
        }
        match found {
            Some(customer) => resolved.customers.push(customer),
            None => resolved.unknown.push(UnknownCustomer {
                position: place,
                identifier,
            }),
        }
        place += 1;
    }
    Ok(resolved)
}

/// The customer that each of `identifiers` belongs to, by position, repeats and all.
///
/// # Errors
/// The store failed.
pub fn resolve_each(
    ports: &Ports,
    caller: &Caller,
    kind: IdentifierKind,
    identifiers: &[String],
) -> Result<Vec<Option<CustomerId>>, UseCaseError> {
    Ok(ports
        .stores
        .directory
        .resolve(caller.org, kind, identifiers)?)
}

/// The customer that `identifier` belongs to; `field` is where it stands.
///
/// # Errors
/// 1920 if nobody has it.
pub fn resolve_one(
    ports: &Ports,
    caller: &Caller,
    kind: IdentifierKind,
    identifier: String,
    field: Option<&str>,
) -> Result<CustomerId, UseCaseError> {
    let found = ports
        .stores
        .directory
        .resolve(caller.org, kind, &[identifier])?;
    found.into_iter().next().flatten().ok_or_else(|| {
        let rejection = Rejection::of(Code::IdentifierUnknown);
        match field {
            Some(field) => rejection.at(field),
            None => rejection,
        }
        .into()
    })
}
