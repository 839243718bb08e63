//! The response that carries an answer of the API.

use accolade_wire::render::Rendered;
use actix_web::HttpResponse;
use actix_web::http::header::{ContentType, ETAG};

use crate::pieces;

/// The response that carries `rendered`.
pub(crate) fn respond(rendered: Rendered) -> HttpResponse {
    let mut response = if rendered.created {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    if let Some(etag) = rendered.etag {
        response.insert_header((ETAG, format!("\"{etag}\"")));
    }
    response
        .content_type(ContentType::json())
        .body(pieces::body(rendered.body.into()))
}
