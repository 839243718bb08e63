//! The header by which customers are named by identifiers of the organisation's directory.

use accolade_application::ports::IdentifierKind;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::customer::named::{IdentifierText, NamedCustomer};
use accolade_wire::json::word;
use actix_web::http::header::HeaderMap;

/// The header that tells by which kind of identifier customers are named.
pub(crate) const CUSTOMER_IDENTIFIER: &str = "X-CAP-CUSTOMER-IDENTIFIER";

/// What is said of a customer in the path who is named by no number, where no header says by what
/// else.
pub(crate) const NO_SUCH_NUMBER: &str =
    "No customer has such a number. To name customers otherwise, send X-CAP-CUSTOMER-IDENTIFIER.";

/// The kind of identifier by which the request with `headers` names customers; `None`: by number.
///
/// # Errors
/// 1028 if there is no such kind.
pub(crate) fn kind(headers: &HeaderMap) -> Result<Option<IdentifierKind>, Rejection> {
    let (all, name) = (IdentifierKind::ALL, IdentifierKind::name);
    headers
        .get(CUSTOMER_IDENTIFIER)
        .map(|value| {
            let text = value.to_str().unwrap_or_default();
            word(text, all, name).ok_or_else(|| {
                Rejection::new(Code::IdentifierKindUnknown).at_field(CUSTOMER_IDENTIFIER)
            })
        })
        .transpose()
}

/// The customer that `text`, a part of the path, names.
///
/// # Errors
/// 404 if it is no number and `named_by` does not say what else it is; 1026 if nobody can have such
/// an identifier.
pub(crate) fn named(
    text: String,
    named_by: Option<IdentifierKind>,
) -> Result<NamedCustomer, Rejection> {
    match named_by {
        None => text
            .parse()
            .map(NamedCustomer::Number)
            .map_err(|_| Rejection::new(Code::NotFound).with_message(NO_SUCH_NUMBER)),
        Some(kind) => IdentifierText::try_from(text)
            .map(|text| NamedCustomer::Identifier(kind, text.into_string()))
            .map_err(|_| Rejection::new(Code::IdentifierUnknown)),
    }
}
