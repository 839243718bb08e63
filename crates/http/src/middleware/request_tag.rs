//! The id that a request has in answers and in the log: `X-Request-Id`.
//!
//! It is not the `requestId` of the API, which callers give to what must happen once.

use std::sync::Arc;

use actix_web::http::header::{HeaderName, HeaderValue};
use uuid::Uuid;

/// The header, of requests and answers.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX: usize = 128;

/// The caller's id of a request if it sent a sane one, else a random one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestTag(Arc<str>);

impl RequestTag {
    /// The tag that the header's value makes: 1 to 128 letters, digits, `.`, `_` and `-`.
    pub(crate) fn from_header(sent: Option<&HeaderValue>) -> Self {
        sent.and_then(|value| value.to_str().ok())
            .filter(|text| is_sane(text))
            .map_or_else(
                || Self(Uuid::new_v4().to_string().into()),
                |text| Self(text.into()),
            )
    }

    /// The text itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The header that an answer carries.
    pub(crate) fn header(&self) -> (HeaderName, HeaderValue) {
        // What is sane is a valid value.
        let value = HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static("-"));
        (X_REQUEST_ID, value)
    }
}

fn is_sane(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag_of(sent: &str) -> String {
        RequestTag::from_header(HeaderValue::from_str(sent).ok().as_ref())
            .as_str()
            .to_owned()
    }

    #[test]
    fn a_sane_id_is_kept_and_another_is_replaced() {
        assert_eq!(tag_of("Abc-1._2"), "Abc-1._2");
        assert_eq!(tag_of(&"a".repeat(128)), "a".repeat(128));
        for sent in ["", "a b", "a\"b", "ä", &"a".repeat(129)] {
            let tag = tag_of(sent);
            assert!(Uuid::parse_str(&tag).is_ok(), "{sent:?} became {tag:?}");
        }
        assert_ne!(RequestTag::from_header(None), RequestTag::from_header(None));
    }
}
