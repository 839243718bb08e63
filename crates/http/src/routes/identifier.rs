//! The header by which customers are named by identifiers of the organisation's directory, and
//! finding them there.

use accolade_application::access::Caller;
use accolade_application::answer::UnknownCustomer;
use accolade_application::customers::{resolve, resolve_each, resolve_one};
use accolade_application::error::UseCaseError;
use accolade_application::ports::{IdentifierKind, Ports};
use accolade_domain::ids::CustomerId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::customer::named::{IdentifierText, NamedCustomer, NamedCustomers, repeats};
use accolade_wire::json::{not_a_word, word};
use actix_web::http::header::HeaderMap;

use crate::routes::call::Call;

/// The header that tells by which kind of identifier customers are named.
pub(crate) const CUSTOMER_IDENTIFIER: &str = "X-CAP-CUSTOMER-IDENTIFIER";

/// The customers of a batch, found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Each known customer once, in the order of the request.
    pub(crate) customers: Vec<CustomerId>,
    /// Those whose identifier nobody has.
    pub(crate) unknown: Vec<UnknownCustomer>,
    /// A warning for each that is named again.
    pub(crate) warnings: Vec<Rejection>,
}

/// The kind of identifier by which the request with `headers` names customers; `None`: by number.
///
/// # Errors
/// 400 if there is no such kind.
pub(crate) fn kind(headers: &HeaderMap) -> Result<Option<IdentifierKind>, Rejection> {
    let (all, name) = (IdentifierKind::ALL, IdentifierKind::name);
    headers
        .get(CUSTOMER_IDENTIFIER)
        .map(|value| {
            let text = value.to_str().unwrap_or_default();
            word(text, all, name).ok_or_else(|| not_a_word(all, name).at(CUSTOMER_IDENTIFIER))
        })
        .transpose()
}

/// The customer in the path of `call`.
///
/// # Errors
/// 404 if it is no number and the header does not say what else it is; 1920 if nobody can have such
/// an identifier.
pub(crate) fn in_path(call: &Call) -> Result<NamedCustomer, Rejection> {
    let named_by = kind(call.headers())?;
    let text = call.path_part("customerId")?;
    match named_by {
        None => text.parse().map(NamedCustomer::Number).map_err(|_| {
            let message = format!(
                "No customer has such a number. To name customers otherwise, send {CUSTOMER_IDENTIFIER}."
            );
            Rejection::of(Code::NotFound).saying(message)
        }),
        Some(kind) => IdentifierText::try_from(text)
            .map(|text| NamedCustomer::Identifier(kind, text.into_string()))
            .map_err(|_| Rejection::of(Code::IdentifierUnknown)),
    }
}

/// The customer that `named` is; `field` is where it stands.
///
/// # Errors
/// 1920 if nobody has the identifier.
pub(crate) fn one(
    ports: &Ports,
    caller: &Caller,
    named: NamedCustomer,
    field: Option<&str>,
) -> Result<CustomerId, UseCaseError> {
    match named {
        NamedCustomer::Number(customer) => Ok(customer),
        NamedCustomer::Identifier(kind, text) => resolve_one(ports, caller, kind, text, field),
    }
}

/// The customer that each of `named` is, by position, or the identifier that nobody has. All are
/// named in one way.
///
/// # Errors
/// The store failed.
pub(crate) fn each(
    ports: &Ports,
    caller: &Caller,
    named: Vec<NamedCustomer>,
) -> Result<Vec<Result<CustomerId, String>>, UseCaseError> {
    let kind = named.iter().find_map(|named| match named {
        NamedCustomer::Identifier(kind, _) => Some(*kind),
        NamedCustomer::Number(_) => None,
    });
    let identifiers: Vec<_> = named
        .iter()
        .filter_map(|named| match named {
            NamedCustomer::Identifier(_, text) => Some(text.clone()),
            NamedCustomer::Number(_) => None,
        })
        .collect();
    let found = match kind {
        Some(kind) => resolve_each(ports, caller, kind, &identifiers)?,
        None => Vec::new(),
    };
    let mut found = found.into_iter();
    let of = |named| match named {
        NamedCustomer::Number(customer) => Ok(customer),
        NamedCustomer::Identifier(_, text) => found.next().flatten().ok_or(text),
    };
    Ok(named.into_iter().map(of).collect())
}

/// The customers that `named`, the list at `field`, are.
///
/// # Errors
/// The store failed.
pub(crate) fn several(
    ports: &Ports,
    caller: &Caller,
    named: NamedCustomers,
    field: &str,
) -> Result<Found, UseCaseError> {
    Ok(match named {
        NamedCustomers::Numbers(customers) => Found {
            customers: customers.into_customers(),
            unknown: Vec::new(),
            // The reader of the body has warned of repeats.
            warnings: Vec::new(),
        },
        NamedCustomers::Identifiers(kind, identifiers) => {
            let found = resolve(ports, caller, kind, identifiers)?;
            Found {
                warnings: repeats(field, &found.repeats).collect(),
                customers: found.customers,
                unknown: found.unknown,
            }
        }
    })
}
