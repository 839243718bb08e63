//! The cookie by which a browser shows who is signed in.

use actix_web::HttpRequest;
use actix_web::http::header::COOKIE;

/// Its name. Browsers take one that begins so from our host alone, over a secure connection, and send it
/// to no other.
const NAME: &str = "__Host-accolade";

/// The token in the cookie, if there is one.
pub(crate) fn token(request: &HttpRequest) -> Option<&str> {
    let cookies = request.headers().get_all(COOKIE);
    let pairs = cookies
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'));
    let mut named = pairs.filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == NAME).then_some(value)
    });
    named.next()
}

/// The cookie that keeps `token` until the browser is closed; how long it holds the server decides.
pub(crate) fn set(token: &str) -> String {
    format!("{NAME}={token}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

/// The cookie that takes it away.
pub(crate) fn unset() -> String {
    format!("{NAME}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let request = |cookies: &str| {
            let request = TestRequest::default().insert_header((COOKIE, cookies));
            request.to_http_request()
        };
        let found = request("theme=dark; __Host-accolade=abc; x=__Host-accolade=no");
        assert_eq!(token(&found), Some("abc"));
        assert_eq!(token(&request("accolade=abc")), None);
    }
}
