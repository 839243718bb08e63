//! The cookies by which a browser shows who is signed in, and which sign-in by a provider it has begun.
//!
//! Browsers take one whose name begins with `__Host-` from our host alone, over a secure connection, and send
//! it to no other: nobody else can give a browser one of ours.

use accolade_application::access::Secret;
use accolade_application::operators::RoundTrip;
use actix_web::HttpRequest;
use actix_web::http::header::COOKIE;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Of who is signed in.
const SESSION: &str = "__Host-accolade";

/// Of who went to a provider.
const TRIP: &str = "__Host-accolade-trip";

/// How many seconds somebody may take to sign in there.
const PATIENCE: u32 = 600;

/// The most bytes of where she wanted to go: browsers keep so many of a cookie, and a little more.
const MOST: usize = 2_048;

/// The token of the session, if there is one.
pub(crate) fn token(request: &HttpRequest) -> Option<&str> {
    named(request, SESSION)
}

/// The cookie that keeps `token` until the browser is closed; how long it holds the server decides.
pub(crate) fn set(token: &str) -> String {
    format!("{SESSION}={token}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

/// The cookie that takes it away.
pub(crate) fn unset() -> String {
    taken_away(SESSION)
}

/// The trip that the browser has begun, and where she wanted to go.
pub(crate) fn trip(request: &HttpRequest) -> Option<(RoundTrip, String)> {
    let (secret, to) = named(request, TRIP)?.split_once('.')?;
    let to = percent_decode_str(to).decode_utf8().ok()?;
    Some((
        RoundTrip::presented(Secret::presented(secret)),
        to.into_owned(),
    ))
}

/// The cookie that keeps `trip` for as long as she may take, with where she wants to go. It comes back
/// from the provider, as the cookie of a session does from any site that leads here: by its link, and by
/// nothing else that a page of that site does.
pub(crate) fn set_trip(trip: &RoundTrip, to: &str) -> String {
    let (secret, to) = (
        trip.secret().reveal(),
        utf8_percent_encode(to, NON_ALPHANUMERIC),
    );
    let to = Some(to.to_string()).filter(|to| to.len() <= MOST);
    let to = to.unwrap_or_default();
    format!("{TRIP}={secret}.{to}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={PATIENCE}")
}

/// The cookie that takes it away.
pub(crate) fn unset_trip() -> String {
    taken_away(TRIP)
}

fn taken_away(name: &str) -> String {
    format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// The value of the first cookie that is called `name`.
fn named<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let cookies = request.headers().get_all(COOKIE);
    let pairs = cookies
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'));
    let mut found = pairs.filter_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        (known == name).then_some(value)
    });
    found.next()
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

    #[test]
    fn a_round_trip_keeps_where_she_wanted_to_go_unless_that_is_too_long() {
        let begun = RoundTrip::presented(Secret::presented("abc"));
        let kept = |to: &str| {
            let set = set_trip(&begun, to);
            let cookie = set.split(';').next().unwrap().to_owned();
            let request = TestRequest::default().insert_header((COOKIE, cookie));
            let (trip, to) = trip(&request.to_http_request()).unwrap();
            assert_eq!(trip.state(), begun.state());
            to
        };
        let wanted = "/console/audit?from=2026-05-01T00%3A00&q=a.b;c,\"d\"";
        assert_eq!(kept(wanted), wanted);
        assert_eq!(kept(&format!("/console?q={}", "x".repeat(3_000))), "");
    }
}
