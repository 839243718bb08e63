//! Which pages of other origins a browser lets call the API, and what they may send and read.
//!
//! A preflight request asks for that and is answered here, without credentials: it has none.

use actix_cors::Cors;
use actix_web::http::Method;

/// How many seconds a browser may remember the answer to a preflight request.
const REMEMBERED: usize = 600;

/// The headers that the API reads.
const SENT: [&str; 11] = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "requestId",
    "X-CAP-API-AUTH-ORG-ID",
    "X-CAP-API-OAUTH-TOKEN",
    "X-CAP-BADGES-MIGRATION",
    "X-CAP-CUSTOMER-IDENTIFIER",
    "X-CAP-REQUEST-ID",
    "X-Request-Id",
];

/// The headers of answers that a page may read beside those that it always may.
const READ: [&str; 11] = [
    "Accolade-As-Of",
    "Accolade-Oldest",
    "Accolade-Warnings",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-CAP-REQUEST-ID",
    "X-Request-Id",
];

/// Lets pages of `origins` call the API, and nobody else's.
pub(crate) fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::DELETE,
        ])
        .allowed_headers(SENT)
        .expose_headers(READ)
        .max_age(REMEMBERED);
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}
