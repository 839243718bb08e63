//! The id that a request has in answers and in the log: `X-CAP-REQUEST-ID` and `X-Request-Id`.
//!
//! Answers have it in both headers, for callers of either habit. It is not the `requestId` of the
//! API, which callers give to what must happen once.

use accolade_domain::audit::RequestTag;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The headers of requests and answers. If a request has a sane id in both, the first counts.
const NAMES: [HeaderName; 2] = [
    HeaderName::from_static("x-cap-request-id"),
    HeaderName::from_static("x-request-id"),
];

/// The id that `headers` give a request, if they give a sane one; else a random one.
pub(crate) fn tag_of(headers: &HeaderMap) -> RequestTag {
    let sane = NAMES
        .iter()
        .filter_map(|name| headers.get(name)?.to_str().ok())
        .find_map(|text| RequestTag::try_from(text).ok());
    sane.unwrap_or_else(|| RequestTag::from(Uuid::new_v4()))
}

/// The headers that an answer carries.
pub(crate) fn headers_of(tag: &RequestTag) -> [(HeaderName, HeaderValue); 2] {
    // What is sane is a valid value.
    let value = HeaderValue::from_str(tag.as_str()).unwrap_or(HeaderValue::from_static("-"));
    NAMES.map(|name| (name, value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(sent: &[(&'static str, &str)]) -> RequestTag {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            let name = HeaderName::from_static(name);
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        tag_of(&headers)
    }

    #[test]
    fn a_sane_id_is_kept_and_another_is_replaced() {
        for name in ["x-request-id", "x-cap-request-id"] {
            for sent in ["Abc-1._2", &"a".repeat(128)] {
                assert_eq!(tag(&[(name, sent)]).as_str(), sent);
            }
            for sent in ["", "a b", "a\"b", "ä", &"a".repeat(129)] {
                let tag = tag(&[(name, sent)]);
                assert!(Uuid::parse_str(tag.as_str()).is_ok(), "{sent:?}: {tag:?}");
            }
        }
        assert_ne!(tag(&[]), tag(&[]));
    }

    #[test]
    fn of_two_ids_that_of_the_family_counts_if_it_is_sane() {
        let both = |own| tag(&[("x-request-id", "proxy"), ("x-cap-request-id", own)]);
        assert_eq!(both("caller").as_str(), "caller");
        assert_eq!(both("not sane").as_str(), "proxy");
    }

    #[test]
    fn an_answer_has_the_id_in_both_headers() {
        let headers = headers_of(&tag(&[("x-request-id", "abc-1")]));
        let shown = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        assert_eq!(shown, ["x-cap-request-id: abc-1", "x-request-id: abc-1"]);
    }
}
