//! What a request presents to say who calls.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use accolade_application::access::Credentials;

use crate::auth::{Presented, TOKEN};

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
