//! The style, the script and the icon: in the binary, and kept by browsers as long as they are the same.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse};

/// The version in the addresses of assets: that of the release, as the files are.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is served below `/console/assets/`.
const FILES: &[(&str, &str, &[u8])] = &[
    (
        "console.css",
        "text/css; charset=utf-8",
        include_bytes!("../assets/console.css"),
    ),
    (
        "htmx.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../assets/htmx.min.js"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_bytes!("../assets/icon.svg"),
    ),
];

/// The file that the path names.
pub(crate) fn asset(request: &HttpRequest) -> Option<HttpResponse> {
    let name = request.match_info().query("file");
    let (_, kind, bytes) = FILES.iter().find(|(known, ..)| *known == name)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, *kind));
    // A new release has another address for them; a day bounds what a server under development shows.
    response.insert_header((CACHE_CONTROL, "private, max-age=86400"));
    Some(response.body(*bytes))
}
