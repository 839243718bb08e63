//! How requests name customers: by their numbers or, if a header says so, by an identifier of
//! the organisation's directory.
//!
//! Identifiers are personal data: they are in no message, and nothing here prints them.

pub use accolade_application::customers::{NamedCustomer, NamedCustomers};
use accolade_application::ports::IdentifierKind;
use accolade_domain::customer::DistinctCustomers;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::{Name, TextError};

use crate::json::{Field, Fields};
use crate::request::context::ParseContext;

/// An identifier as it was sent: a text that the directory could have.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentifierText(String);

impl IdentifierText {
    /// The text as it was sent.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<String> for IdentifierText {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        Name::try_from(text.as_str())?;
        Ok(Self(text))
    }
}

/// Warns of each mention of a number, in the list `name` of `fields`, after the first.
pub(crate) fn warn_of_repeats(customers: &NamedCustomers, fields: &Fields<'_, '_>, name: &str) {
    let repeats = customers.repeats(name).into_iter();
    repeats.for_each(|warning| fields.warn(warning));
}

/// The customer in `field`: 812 if it is missing.
pub fn one(field: Field<'_, '_>, named_by: Option<IdentifierKind>) -> Option<NamedCustomer> {
    let field = field.required_as(Code::CustomerMissing);
    match named_by {
        None => field.number_id().map(NamedCustomer::Number),
        Some(kind) => {
            identifier(field).map(|identifier| NamedCustomer::Identifier(kind, identifier))
        }
    }
}

/// The customers in the list `name` of `fields`, where one by itself is a list of one: 812 if it is
/// missing or empty, 1905 if it names more than one request may.
pub fn several(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    context: ParseContext<'_>,
) -> Option<NamedCustomers> {
    let elements = fields
        .field(name)
        .required_as(Code::CustomerMissing)
        .one_or_list(context.max_customers, Code::TooManyCustomers)?;
    if elements.len() == 0 {
        fields.refuse(Rejection::new(Code::CustomerMissing).at_field(name));
    }
    // Each is read, so that each that is wrong is reported.
    if let Some(kind) = context.named_by {
        let identifiers = elements.filter_map(identifier).collect();
        return Some(NamedCustomers::Identifiers(kind, identifiers));
    }
    let customers = elements.filter_map(Field::number_id).collect();
    Some(NamedCustomers::Numbers(DistinctCustomers::of(customers)))
}

fn identifier(field: Field<'_, '_>) -> Option<String> {
    field
        .text_or_number::<IdentifierText>()
        .map(IdentifierText::into_string)
}
