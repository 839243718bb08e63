//! What bodies are read by besides themselves.

use accolade_application::ports::IdentifierKind;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::RequestId;

use crate::json::{self, Fields};

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
