//! What a request presents to say who calls.

use accolade_application::access::{Credentials, Secret};
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The header that carries nothing but an access token.
const TOKEN: HeaderName = HeaderName::from_static("x-cap-api-oauth-token");

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a request presents.
#[derive(Debug)]
pub(super) enum Presented {
    /// Nothing that can be read.
    Nothing,
    /// A key and a secret.
    Credentials(Credentials),
    /// An access token.
    Token(String),
}

impl Presented {
    /// What `headers` present. The header that carries nothing but a token wins: another part of the
    /// way may have put something of its own into `Authorization`.
    pub(super) fn from_headers(headers: &HeaderMap) -> Self {
        if let Some(token) = headers.get(TOKEN) {
            return token
                .to_str()
                .map_or(Self::Nothing, |token| Self::Token(token.trim().to_owned()));
        }
        Self::in_authorization(headers).unwrap_or(Self::Nothing)
    }

    fn in_authorization(headers: &HeaderMap) -> Option<Self> {
        let (scheme, rest) = authorization(headers)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            Some(Self::Token(rest.to_owned()))
        } else {
            basic(headers).map(Self::Credentials)
        }
    }
}

/// The Basic credentials (RFC 7617) in `headers`.
pub(super) fn basic(headers: &HeaderMap) -> Option<Credentials> {
    let (scheme, rest) = authorization(headers)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(rest).ok()?).ok()?;
    let (key, secret) = text.split_once(':')?;
    Some(Credentials {
        key: key.to_owned(),
        secret: Secret::presented(secret),
    })
}

/// The scheme and the rest of the one `Authorization` header.
fn authorization(headers: &HeaderMap) -> Option<(&str, &str)> {
    let mut values = headers.get_all(AUTHORIZATION);
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, rest) = value.trim().split_once(' ')?;
    Some((scheme, rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn presented(pairs: &[(HeaderName, &str)]) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        match Presented::from_headers(&headers) {
            Presented::Nothing => None,
            Presented::Token(token) => Some(("token".to_owned(), token)),
            Presented::Credentials(Credentials { key, secret }) => {
                Some((key, secret.reveal().to_owned()))
            }
        }
    }

    fn pair(a: &str, b: &str) -> (String, String) {
        (a.to_owned(), b.to_owned())
    }

    #[test]
    fn credentials_and_tokens_are_found_in_every_form() {
        let auth = |value| presented(&[(AUTHORIZATION, value)]);
        assert_eq!(
            auth("Basic ZGVtbzpkZW1vLXNlY3JldA=="),
            Some(pair("demo", "demo-secret"))
        );
        assert_eq!(
            auth("basic  ZGVtbzpkZW1vLXNlY3JldA"),
            Some(pair("demo", "demo-secret"))
        );
        assert_eq!(auth("Basic YTpiOmM="), Some(pair("a", "b:c")));
        assert_eq!(auth("Bearer abc.def"), Some(pair("token", "abc.def")));
        assert_eq!(presented(&[(TOKEN, "abc")]), Some(pair("token", "abc")));
        assert_eq!(
            presented(&[(AUTHORIZATION, "Basic YTpi"), (TOKEN, "abc")]),
            Some(pair("token", "abc"))
        );
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for value in [
            "",
            "Basic",
            "Basic !!!",
            "Basic YWJj",
            "Digest abc",
            "Basic /w==",
        ] {
            assert_eq!(presented(&[(AUTHORIZATION, value)]), None, "{value}");
        }
        let twice = [(AUTHORIZATION, "Basic YTpi"), (AUTHORIZATION, "Basic YTpi")];
        assert_eq!(presented(&twice), None);
    }
}
