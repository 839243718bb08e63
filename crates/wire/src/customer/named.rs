//! What requests about customers have in common. How they name customers: by their numbers or, if a
//! header says so, by an identifier of the organisation's directory. On whose behalf they come, and what
//! their bodies are read by besides themselves.
//!
//! Identifiers are personal data: they are in no message, and nothing here prints them.

pub use accolade_application::customers::{NamedCustomer, NamedCustomers};
use accolade_application::ports::IdentifierKind;
use accolade_domain::customer::DistinctCustomers;
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::{Name, ReferenceId, RequestId, TextError};

use crate::json::{self, Field, Fields, body, word};
use crate::shapes::TextOrNumber;
use crate::words::OwnerTypeName;

/// The header that says by which kind of identifier customers are named.
pub const IDENTIFIER_HEADER: &str = "X-CAP-CUSTOMER-IDENTIFIER";

/// What is said of a customer in the path who is named by no number, where no header says by what
/// else.
pub const NO_SUCH_NUMBER: &str =
    "No customer has such a number. To name customers otherwise, send X-CAP-CUSTOMER-IDENTIFIER.";

/// The kind of identifier that the `header` names; `None`: by number.
///
/// # Errors
/// 1028 if there is no such kind.
pub fn named_by(header: Option<&[u8]>) -> Result<Option<IdentifierKind>, Rejection> {
    let (all, name) = (IdentifierKind::ALL, IdentifierKind::name);
    let kind = |value| {
        let text = std::str::from_utf8(value).unwrap_or_default();
        let unknown = || Rejection::new(Code::IdentifierKindUnknown).at_field(IDENTIFIER_HEADER);
        word(text, all, name).ok_or_else(unknown)
    };
    header.map(kind).transpose()
}

/// The customer that `text`, a part of the path, names.
///
/// # Errors
/// 404 if it is no number and `named_by` does not say what else it is; 1026 if nobody can have such
/// an identifier.
pub fn in_path(text: String, named_by: Option<IdentifierKind>) -> Result<NamedCustomer, Rejection> {
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

/// What stands beside a body, as it was sent.
#[derive(Debug, Clone)]
pub struct BodyContext {
    /// The most customers that one request may name.
    pub max_customers: usize,
    /// The header `requestId`.
    pub request_id: Option<Vec<u8>>,
    /// The header [`IDENTIFIER_HEADER`].
    pub identifier: Option<Vec<u8>>,
}

impl BodyContext {
    /// What the body is read by.
    ///
    /// # Errors
    /// 1028 if the header names no kind of identifier.
    pub fn parsed(&self) -> Result<ParseContext<'_>, Vec<Rejection>> {
        Ok(ParseContext {
            max_customers: self.max_customers,
            request_id: self.request_id.as_deref(),
            named_by: named_by(self.identifier.as_deref()).map_err(|problem| vec![problem])?,
        })
    }
}

/// What a body is read by besides itself.
#[derive(Debug, Clone, Copy)]
pub struct ParseContext<'h> {
    /// The most customers that one request may name.
    pub max_customers: usize,
    /// The header `requestId`: the id of the request if the body has none.
    pub request_id: Option<&'h [u8]>,
    /// The kind of identifier by which customers are named; by their numbers if `None`.
    pub named_by: Option<IdentifierKind>,
}

impl ParseContext<'_> {
    /// The id of the request in the field `name`, else in the header; `needed`: 804 if there is
    /// none.
    pub(crate) fn request_id(
        self,
        fields: &mut Fields<'_, '_>,
        name: &'static str,
        needed: bool,
    ) -> Option<RequestId> {
        let field = fields.field(name);
        if field.is_present() {
            return field.text_or_number();
        }
        let from_header = self.header_request_id().unwrap_or_else(|message| {
            field.refuse(Rejection::unreadable(message));
            None
        });
        if needed && self.request_id.is_none() {
            field.refuse(Rejection::new(Code::RequestIdMissing));
        }
        from_header
    }

    /// The id of the request in the header.
    ///
    /// # Errors
    /// Why it is none.
    pub fn header_request_id(self) -> Result<Option<RequestId>, String> {
        self.request_id
            .map(|value| {
                let text = std::str::from_utf8(value)
                    .map_err(|_| "The header requestId is not UTF-8 text.".to_owned())?;
                RequestId::try_from(text).map_err(json::sentence)
            })
            .transpose()
    }
}

body! {
    /// The owner and its own id of the use on whose behalf something is recorded.
    pub struct TriggeredBy {
        /// The module.
        ownerType: OwnerTypeName => owner_type = owner_type(fields, name),
        /// Its own id of the use.
        referenceId: TextOrNumber => reference = reference(fields, name),
    }
    read(fields, name) -> Owner {
        Owner { owner_type, reference }
    }
}

/// The module in the field `name`: 716 if it is missing.
pub(crate) fn owner_type(fields: &mut Fields<'_, '_>, name: &'static str) -> Option<OwnerType> {
    fields
        .field(name)
        .required_as(Code::OwnerTypeMissing)
        .word(OwnerType::ALL, OwnerType::name)
}

/// The module's own id in the field `name`: 717 if it is missing.
pub(crate) fn reference(fields: &mut Fields<'_, '_>, name: &'static str) -> Option<ReferenceId> {
    fields
        .field(name)
        .required_as(Code::ReferenceMissing)
        .text_or_number()
}

impl TriggeredBy {
    /// The owner in the field `name`, if it is there.
    pub(crate) fn field(fields: &mut Fields<'_, '_>, name: &'static str) -> Option<Owner> {
        fields.field(name).object_as(Self::read)
    }
}

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
