//! How requests name customers: by their numbers, or by identifiers of the org's directory; and
//! finding them there.
//!
//! Identifiers are personal data: they are in no message, and nothing here prints them.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use accolade_domain::customer::DistinctCustomers;
use accolade_domain::identifier::Region;
use accolade_domain::ids::CustomerId;
use accolade_domain::rejection::{Code, Rejection};
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::answer::UnknownCustomer;
use crate::error::{MOST_REPORTED, UseCaseError};
use crate::ports::{IdentifierKind, Ports};
use crate::request::Request;

/// One customer as a request names it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NamedCustomer {
    /// By its number.
    Number(CustomerId),
    /// By an identifier, as it was sent.
    Identifier(IdentifierKind, String),
}

/// The customers of a batch as a request names them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NamedCustomers {
    /// By their numbers, and where repeats stood.
    Numbers(DistinctCustomers),
    /// By identifiers of one kind, as they were sent.
    Identifiers(IdentifierKind, Vec<String>),
}

/// Nobody.
impl Default for NamedCustomers {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl From<Vec<CustomerId>> for NamedCustomers {
    fn from(customers: Vec<CustomerId>) -> Self {
        Self::Numbers(DistinctCustomers::of(customers))
    }
}

impl From<CustomerId> for NamedCustomer {
    fn from(customer: CustomerId) -> Self {
        Self::Number(customer)
    }
}

impl NamedCustomers {
    /// How many are named.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(customers) => customers.customers().len(),
            Self::Identifiers(_, all) => all.len(),
        }
    }

    /// Their numbers, if they are named by them.
    pub fn numbers(&self) -> Option<&[CustomerId]> {
        match self {
            Self::Numbers(customers) => Some(customers.customers()),
            Self::Identifiers(..) => None,
        }
    }

    /// The positions of mentions of a number after the first.
    pub(crate) fn repeats_at(&self) -> &[usize] {
        match self {
            Self::Numbers(customers) => customers.repeats(),
            Self::Identifiers(..) => &[],
        }
    }

    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A warning for each mention of a number, in the list `name`, after the first. Whether two
    /// identifiers name one customer only the directory knows.
    pub fn repeats(&self, name: &str) -> Vec<Rejection> {
        match self {
            Self::Numbers(customers) => repeats(name, customers.repeats()).collect(),
            Self::Identifiers(..) => Vec::new(),
        }
    }
}

impl fmt::Debug for NamedCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(customer) => write!(f, "NamedCustomer({customer})"),
            Self::Identifier(kind, _) => write!(f, "NamedCustomer(by {})", kind.name()),
        }
    }
}

impl fmt::Debug for NamedCustomers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbers(customers) => write!(f, "NamedCustomers({customers:?})"),
            Self::Identifiers(kind, all) => {
                write!(f, "NamedCustomers({} by {})", all.len(), kind.name())
            }
        }
    }
}

/// A warning for each mention of a customer, in the list `name`, after the first.
pub fn repeats(name: &str, positions: &[usize]) -> impl Iterator<Item = Rejection> {
    let reported = positions.iter().take(MOST_REPORTED);
    reported.map(move |position| {
        Rejection::new(Code::CustomerRepeated).at_field(format!("{name}[{position}]"))
    })
}

/// Customers, found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Each known customer once, in the order of the request.
    pub customers: Vec<CustomerId>,
    /// Those whose identifier nobody has, each once, with their place in the answer.
    pub unknown: Vec<UnknownCustomer>,
    /// The positions, in the request, of mentions after the first.
    pub repeats: Vec<usize>,
}

/// Customers who are known by their numbers.
impl From<Vec<CustomerId>> for Resolved {
    fn from(customers: Vec<CustomerId>) -> Self {
        Self {
            customers,
            ..Self::default()
        }
    }
}

impl From<DistinctCustomers> for Resolved {
    fn from(customers: DistinctCustomers) -> Self {
        Self {
            repeats: customers.repeats().to_vec(),
            ..customers.into_customers().into()
        }
    }
}

impl Resolved {
    /// The position, in the request, of each of the customers.
    pub(crate) fn positions(&self) -> Vec<usize> {
        let mut repeats = self.repeats.iter().peekable();
        let mut firsts = (0..).filter(|position| repeats.next_if_eq(&position).is_none());
        let mut unknown = self.unknown.iter().peekable();
        let mut positions = Vec::with_capacity(self.customers.len());
        let mut place = 0;
        while positions.len() < self.customers.len()
            && let Some(position) = firsts.next()
        {
            if unknown.next_if(|it| it.position == place).is_none() {
                positions.push(position);
            }
            place += 1;
        }
        positions
    }

    /// The same with `successors` in the places of those who were merged into them, each customer once;
    /// the positions, in the request, of those who are named again by that.
    fn succeeded(self, successors: &BTreeMap<CustomerId, CustomerId>) -> (Self, Vec<usize>) {
        let positions = self.positions();
        let mut seen = HashSet::with_capacity(self.customers.len());
        let (mut customers, mut gone, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (customer, position)) in self.customers.iter().zip(positions).enumerate() {
            let customer = successors.get(customer).unwrap_or(customer);
            if seen.insert(*customer) {
                customers.push(*customer);
            } else {
                gone.push(index);
                again.push(position);
            }
        }
        let mut repeats = [self.repeats, again.clone()].concat();
        repeats.sort_unstable();
        let succeeded = Self {
            customers,
            unknown: UnknownCustomer::closed_up(&self.unknown, &gone, |_| false),
            repeats,
        };
        (succeeded, again)
    }
}

/// `found` as they are now: the successors of those who were merged into others. Warns of those who
/// are named again by that, in the list at `field`.
///
/// # Errors
/// The store failed.
pub(crate) fn current(
    ports: &Ports,
    request: &mut Request,
    found: Resolved,
    field: &str,
) -> Result<Resolved, UseCaseError> {
    let people = &ports.stores.people;
    let successors = people.successors(request.caller.org, &found.customers)?;
    if successors.is_empty() {
        return Ok(found);
    }
    let (found, again) = found.succeeded(&successors);
    request.warnings.extend(repeats(field, &again));
    Ok(found)
}

/// `customer` as it is now: its successor, if it was merged into another.
///
/// # Errors
/// The store failed.
pub fn current_one(
    ports: &Ports,
    caller: &Caller,
    customer: CustomerId,
) -> Result<CustomerId, UseCaseError> {
    let successors = ports.stores.people.successors(caller.org, &[customer])?;
    Ok(successors.get(&customer).copied().unwrap_or(customer))
}

/// The same of each that is found.
///
/// # Errors
/// The store failed.
pub(crate) fn current_each<E>(
    ports: &Ports,
    caller: &Caller,
    found: &mut [Result<CustomerId, E>],
) -> Result<(), UseCaseError> {
    let customers: Vec<_> = found.iter().flatten().copied().collect();
    let successors = ports.stores.people.successors(caller.org, &customers)?;
    for customer in found.iter_mut().flatten() {
        *customer = successors.get(customer).copied().unwrap_or(*customer);
    }
    Ok(())
}

/// The customers that `named`, the list at `field`, are. Warns of identifiers that name somebody
/// again; who reads the body has warned of repeated numbers.
///
/// # Errors
/// The store failed.
pub(crate) fn resolve(
    ports: &Ports,
    request: &mut Request,
    named: NamedCustomers,
    field: &str,
) -> Result<Resolved, UseCaseError> {
    let (kind, identifiers) = match named {
        NamedCustomers::Numbers(customers) => {
            return Ok(customers.into());
        }
        NamedCustomers::Identifiers(kind, identifiers) => (kind, identifiers),
    };
    let compared = compared(request, kind, &identifiers, |at| format!("{field}[{at}]"));
    let directory = &ports.stores.directory;
    let found = directory.resolve(request.caller.org, kind, &compared)?;
    let mut resolved = Resolved::default();
    let mut repeated = Vec::new();
    let mut customers = HashSet::new();
    let mut strangers = HashSet::new();
    let mut place = 0;
    let named = identifiers.into_iter().zip(compared).zip(found);
    for (position, ((identifier, compared), found)) in named.enumerate() {
        let new = match found {
            Some(customer) => customers.insert(customer),
            None => strangers.insert(compared),
        };
        if !new {
            repeated.push(position);
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
    request.warnings.extend(repeats(field, &repeated));
    resolved.repeats = repeated;
    Ok(resolved)
}

/// `identifiers` in the form in which they are compared. Warns of those that should be telephone
/// numbers and are none; `path` says where each of them stands.
fn compared(
    request: &mut Request,
    kind: IdentifierKind,
    identifiers: &[String],
    path: impl Fn(usize) -> String,
) -> Vec<String> {
    let region = request.caller.region;
    let mut reported = 0;
    let mut compared = Vec::with_capacity(identifiers.len());
    for (position, text) in identifiers.iter().enumerate() {
        let found = kind.comparable(text, region);
        if found.is_no_number && reported < MOST_REPORTED {
            request
                .warnings
                .push(no_number(region).at_field(path(position)));
            reported += 1;
        }
        compared.push(found.text);
    }
    compared
}

/// The warning of a text that should be a telephone number and is none.
pub(crate) fn no_number(region: Option<Region>) -> Rejection {
    let warning = Rejection::new(Code::NoTelephoneNumber);
    match region {
        Some(region) => warning.with_message(format!(
            "Is no telephone number, so its digits are compared. Write it with + and the code of \
             its country, or as it is dialled in {region}."
        )),
        None => warning,
    }
}

/// The customer that each of `named` is, by position, or the identifier that nobody has. All are
/// named in one way; `path` says where each of them stands.
///
/// # Errors
/// The store failed.
pub(crate) fn resolve_each(
    ports: &Ports,
    request: &mut Request,
    named: Vec<NamedCustomer>,
    path: impl Fn(usize) -> String,
) -> Result<Vec<Result<CustomerId, String>>, UseCaseError> {
    let mut kind = None;
    let mut identifiers = Vec::new();
    for customer in &named {
        if let NamedCustomer::Identifier(its_kind, text) = customer {
            kind = Some(*its_kind);
            identifiers.push(text.clone());
        }
    }
    let found = match kind {
        Some(kind) => {
            let compared = compared(request, kind, &identifiers, path);
            (ports.stores.directory).resolve(request.caller.org, kind, &compared)?
        }
        None => Vec::new(),
    };
    let mut found = found.into_iter();
    let of = |named| match named {
        NamedCustomer::Number(customer) => Ok(customer),
        NamedCustomer::Identifier(_, text) => found.next().flatten().ok_or(text),
    };
    Ok(named.into_iter().map(of).collect())
}

/// The customer that `named` is; `field` is where it stands, if not in the path. Adds a warning if it
/// should be a telephone number and is none.
///
/// # Errors
/// 1026 if nobody has the identifier.
pub fn resolve_one(
    ports: &Ports,
    caller: &Caller,
    warnings: &mut Vec<Rejection>,
    named: NamedCustomer,
    field: Option<&str>,
) -> Result<CustomerId, UseCaseError> {
    let (kind, identifier) = match named {
        NamedCustomer::Number(customer) => return Ok(customer),
        NamedCustomer::Identifier(kind, identifier) => (kind, identifier),
    };
    let at_its_place = |rejection: Rejection| match field {
        Some(field) => rejection.at_field(field),
        None => rejection,
    };
    let compared = kind.comparable(&identifier, caller.region);
    if compared.is_no_number {
        warnings.push(at_its_place(no_number(caller.region)));
    }
    let directory = &ports.stores.directory;
    let found = directory.resolve(caller.org, kind, &[compared.text])?;
    let unknown = || at_its_place(Rejection::new(Code::IdentifierUnknown)).into();
    found.into_iter().next().flatten().ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use accolade_domain::fixtures::{customer, customers};

    use super::*;

    fn unknown(position: u32) -> UnknownCustomer {
        UnknownCustomer {
            position,
            identifier: position.to_string(),
        }
    }

    #[test]
    fn who_is_named_again_by_a_merge_counts_once_and_is_warned_of_where_it_stood() {
        // 7, nobody, 7 again, 1, nobody, 2: then 7 and 2 are merged into 1.
        let found = Resolved {
            customers: customers([7, 1, 2]),
            unknown: vec![unknown(1), unknown(3)],
            repeats: vec![2],
        };
        let one = customer(1);
        let successors = [(customer(7), one), (customer(2), one)].into();
        let (found, again) = found.succeeded(&successors);
        assert_eq!(again, [3, 5]);
        assert_eq!(found.customers, [one]);
        assert_eq!(found.repeats, [2, 3, 5]);
        let places: Vec<_> = found.unknown.iter().map(|it| it.position).collect();
        assert_eq!(places, [1, 2]);
        let again: Vec<_> = found.unknown.iter().map(|it| &*it.identifier).collect();
        assert_eq!(again, ["1", "3"]);
    }
}
