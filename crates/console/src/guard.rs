//! Whether a form comes from a page of ours, and not from another site's that a browser was lured to.

use actix_web::http::Uri;
use actix_web::http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};

/// What browsers say of where a request comes from.
const SITE: &str = "sec-fetch-site";

/// Whether a request with these headers was sent by a page of ours: browsers say so by `Sec-Fetch-Site`;
/// those that do not, by an `Origin` with our host.
pub(crate) fn is_ours(headers: &HeaderMap) -> bool {
    let says = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    if let Some(site) = says(SITE) {
        return site == b"same-origin";
    }
    let origin = headers.get(ORIGIN).and_then(|it| it.to_str().ok());
    let host = headers.get(HOST).and_then(|it| it.to_str().ok());
    match (origin, host) {
        (Some(origin), Some(host)) => origin
            .parse::<Uri>()
            .ok()
            .and_then(|it| Some(it.authority()?.as_str().eq_ignore_ascii_case(host)))
            .unwrap_or(false),
        _ => false,
    }
}

/// Whether a browser says that a page of another site led here. Old ones do not say.
pub(crate) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get(SITE).map(HeaderValue::as_bytes);
    site.is_some_and(|site| site != b"same-origin" && site != b"none")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderName;

    fn sent(headers: &[(&'static str, &'static str)]) -> bool {
        let pairs = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        is_ours(&pairs.collect())
    }

    #[test]
    fn a_form_is_ours_by_the_browsers_word_or_else_by_its_origin() {
        let host = ("host", "badges.example.org:8080");
        let ours = ("origin", "http://badges.example.org:8080");
        let other = ("origin", "https://evil.example");
        assert!(sent(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(sent(&[host, ours]));
        for site in ["same-site", "cross-site", "none", ""] {
            assert!(!sent(&[host, ours, ("sec-fetch-site", site)]), "{site}");
        }
        assert!(!sent(&[host]));
        assert!(!sent(&[host, other]));
        assert!(!sent(&[host, ("origin", "null")]));
        assert!(!sent(&[ours]));
        assert!(!sent(&[host, ("origin", "http://badges.example.org")]));
    }
}
