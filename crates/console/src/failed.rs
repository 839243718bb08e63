//! The page that says what went wrong, and how to go on.

use accolade_application::operators::Session;
use accolade_http::pages::{Failure, tag};
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::frame::{Frame, show_with};
use crate::texts as t;

#[derive(Template)]
#[template(path = "failed.html")]
struct FailedPage {
    frame: Frame,
    code: u32,
    message: String,
    /// What names the request in the log, where somebody has to look there.
    request: Option<String>,
}

/// The page that tells of `failure`, to who is signed in by `session`, if somebody is.
pub(crate) fn page(
    http: &HttpRequest,
    session: Option<&Session>,
    failure: &Failure,
) -> HttpResponse {
    failure.log();
    let status = failure.status();
    let title = t::failed(status.as_u16());
    let frame = match session {
        Some(session) => Frame::of(title, session, http.path()),
        None => Frame::of_nobody(title),
    };
    let page = FailedPage {
        frame,
        code: failure.code().number(),
        message: failure.message(None),
        request: status
            .is_server_error()
            .then(|| tag(http).as_str().to_owned()),
    };
    let mut response =
        show_with(status, &page).unwrap_or_else(|_| HttpResponse::build(status).finish());
    retry_later(&mut response, failure);
    response
}

/// Has `response` say when what `failure` refused may be tried again, if that is known.
pub(crate) fn retry_later(response: &mut HttpResponse, failure: &Failure) {
    if let Some(seconds) = failure.retry_in() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
}
