//! The id that a request has in answers and in the log: `X-CAP-REQUEST-ID` and `X-Request-Id`.
//!
//! Answers have it in both headers, for callers of either habit. It is not the `requestId` of the
//! API, which callers give to what must happen once.

use std::sync::Arc;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The headers of requests and answers. If a request has a sane id in both, the first counts.
const NAMES: [HeaderName; 2] = [
    HeaderName::from_static("x-cap-request-id"),
    HeaderName::from_static("x-request-id"),
];

const MAX: usize = 128;

/// The caller's id of a request if it sent a sane one, else a random one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestTag(Arc<str>);

impl RequestTag {
    /// The tag that `headers` give: 1 to 128 letters, digits, `.`, `_` and `-`.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let sane = NAMES
            .iter()
            .filter_map(|name| headers.get(name)?.to_str().ok())
            .find(|text| is_sane(text));
        sane.map_or_else(
            || Self(Uuid::new_v4().to_string().into()),
            |text| Self(text.into()),
        )
    }

    /// The text itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The headers that an answer carries.
    pub(crate) fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        // What is sane is a valid value.
        let value = HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static("-"));
        NAMES.map(|name| (name, value.clone()))
    }
}

fn is_sane(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag_of(sent: &[(&'static str, &str)]) -> RequestTag {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            let name = HeaderName::from_static(name);
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        RequestTag::from_headers(&headers)
    }

    #[test]
    fn a_sane_id_is_kept_and_another_is_replaced() {
        for name in ["x-request-id", "x-cap-request-id"] {
            for sent in ["Abc-1._2", &"a".repeat(128)] {
                assert_eq!(tag_of(&[(name, sent)]).as_str(), sent);
            }
            for sent in ["", "a b", "a\"b", "ä", &"a".repeat(129)] {
                let tag = tag_of(&[(name, sent)]);
                assert!(Uuid::parse_str(tag.as_str()).is_ok(), "{sent:?}: {tag:?}");
            }
        }
        assert_ne!(tag_of(&[]), tag_of(&[]));
    }

    #[test]
    fn of_two_ids_that_of_the_family_counts_if_it_is_sane() {
        let both = |own| tag_of(&[("x-request-id", "proxy"), ("x-cap-request-id", own)]);
        assert_eq!(both("caller").as_str(), "caller");
        assert_eq!(both("not sane").as_str(), "proxy");
    }

    #[test]
    fn an_answer_has_the_id_in_both_headers() {
        let headers = tag_of(&[("x-request-id", "abc-1")]).headers();
        let shown = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        assert_eq!(shown, ["x-cap-request-id: abc-1", "x-request-id: abc-1"]);
    }
}
