//! The response that carries an answer of the API.

use accolade_wire::render::Rendered;
use actix_web::HttpResponse;
use actix_web::http::header::{ContentType, ETAG};

use crate::middleware::budget::Share;
use crate::pieces;

/// The response that carries `rendered`, and has the `share` of its body until that is sent.
pub(crate) fn respond(rendered: Rendered, share: Share) -> HttpResponse {
    let mut response = match (rendered.created, rendered.held) {
        (true, _) => HttpResponse::Created(),
        (false, true) => HttpResponse::Accepted(),
        (false, false) => HttpResponse::Ok(),
    };
    if let Some(etag) = rendered.etag {
        response.insert_header((ETAG, format!("\"{etag}\"")));
    }
    response
        .content_type(ContentType::json())
        .body(pieces::body(rendered.body.into(), Some(share)))
}
