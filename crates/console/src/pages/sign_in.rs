//! Signing in and out.

use accolade_application::operators::SignedIn;
use accolade_domain::rejection::Code;
use accolade_http::pages::{Failure, PageContext};
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::assets::asset;
use crate::failed::retry_later;
use crate::form::Form;
use crate::frame::{Frame, Problem, show_with};
use crate::router::{Answered, Door, Page, public};
use crate::session;
use crate::texts as t;
use crate::visit::{lead_to, nothing_there};

/// The most bytes of the form.
const MOST: usize = 16 * 1024;

/// Where everybody begins.
const BEGINNING: &str = "/console/customers";

pub(super) fn pages() -> Vec<Page> {
    vec![
        public(Method::GET, "/console", begin),
        public(Method::GET, "/console/", begin),
        public(Method::GET, "/console/assets/{file}", send_asset),
        public(Method::GET, "/console/sign-in", show),
        public(Method::POST, "/console/sign-in", sign_in),
        public(Method::POST, "/console/sign-out", sign_out),
    ]
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    login: String,
    to: String,
    /// What the provider is called that signs in, too, and the query for the way there.
    provider: Option<(String, String)>,
}

impl SignInPage {
    fn new(frame: Frame, context: &PageContext, login: &str, to: &str) -> Self {
        let query: Form = [("to".to_owned(), to.to_owned())].into_iter().collect();
        let provider = context.provider();
        Self {
            frame,
            login: login.to_owned(),
            to: to.to_owned(),
            provider: provider.map(|it| (it.name().to_owned(), query.query())),
        }
    }
}

async fn begin(_: Door) -> Answered {
    Ok(lead_to(BEGINNING))
}

async fn send_asset(door: Door) -> Answered {
    asset(&door.http).ok_or_else(|| nothing_there().into())
}

async fn show(door: Door) -> Answered {
    let query = Form::parse(door.http.query_string().as_bytes());
    let to = place(query.typed("to")).to_owned();
    if is_signed_in(&door).await? {
        return Ok(lead_to(&to));
    }
    let mut frame = Frame::of_nobody(t::SIGN_IN);
    if query.says("again") {
        frame.problems.push(Problem::new(t::SESSION_HAS_ENDED));
    } else if query.says("out") {
        frame = frame.telling("signed-out");
    }
    let page = SignInPage::new(frame, &door.context, "", &to);
    show_with(StatusCode::OK, &page)
}

/// The page again, with what is to be mended.
pub(super) fn show_again(
    context: &PageContext,
    status: StatusCode,
    problem: Problem,
    (login, to): (&str, &str),
) -> Answered {
    let frame = Frame::of_nobody(t::SIGN_IN).with_problems(vec![problem]);
    show_with(status, &SignInPage::new(frame, context, login, to))
}

async fn sign_in(door: Door) -> Answered {
    let Door {
        context,
        http,
        payload,
    } = door;
    let form = Form::parse(&context.body(&http, payload, MOST).await?);
    let (login, to) = (form.typed("login"), place(form.typed("to")));
    let signed_in = match context.sign_in(&http, login, form.typed("password")).await {
        Ok(signed_in) => signed_in,
        Err(failure) => return refused(&context, &failure, login, to),
    };
    Ok(signed_in_to(&context, &http, &signed_in, to).await)
}

/// To where she wanted to go, with the cookie of the session that begins.
pub(super) async fn signed_in_to(
    context: &PageContext,
    http: &HttpRequest,
    signed_in: &SignedIn,
    to: &str,
) -> HttpResponse {
    // Whoever was signed in here before is not any more, whatever becomes of that.
    if let Some(old) = session::token(http)
        && let Err(failure) = context.sign_out(http, old).await
    {
        failure.log();
    }
    with_cookie(lead_to(to), &session::set(signed_in.token.reveal()))
}

fn refused(context: &PageContext, failure: &Failure, login: &str, to: &str) -> Answered {
    let text = match failure.code() {
        Code::Unauthenticated => t::WRONG_PASSWORD.to_owned(),
        Code::TooManyRequests => t::TOO_MANY_WRONG_PASSWORDS.to_owned(),
        _ => {
            failure.log();
            failure.message(None)
        }
    };
    let problem = Problem::at("login", text);
    let mut response = show_again(context, failure.status(), problem, (login, to))?;
    retry_later(&mut response, failure);
    Ok(response)
}

async fn sign_out(door: Door) -> Answered {
    if let Some(token) = session::token(&door.http) {
        door.context.sign_out(&door.http, token).await?;
    }
    Ok(signed_out())
}

/// To the sign-in, without a cookie.
pub(super) fn signed_out() -> HttpResponse {
    with_cookie(lead_to("/console/sign-in?out=1"), &session::unset())
}

/// `response` with one more cookie.
pub(super) fn with_cookie(mut response: HttpResponse, cookie: &str) -> HttpResponse {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

async fn is_signed_in(door: &Door) -> Result<bool, Failure> {
    let http: &HttpRequest = &door.http;
    match session::token(http) {
        Some(token) => Ok(door.context.session(http, token).await?.is_some()),
        None => Ok(false),
    }
}

/// `wanted`, if it is a page of the console, else where everybody begins: a link to the sign-in leads
/// nowhere else.
pub(super) fn place(wanted: &str) -> &str {
    let rest = wanted.strip_prefix("/console");
    let is_here = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let is_plain = wanted
        .bytes()
        .all(|it| it.is_ascii_graphic() && it != b'\\');
    // Back to the sign-in would lead round and round.
    let leads_on = !wanted.starts_with("/console/sign-");
    if is_here && is_plain && leads_on && !wanted.contains("//") {
        wanted
    } else {
        BEGINNING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_in_leads_to_pages_of_the_console_only() {
        for wanted in [
            "/console",
            "/console/customers/7?tab=earned",
            "/console/audit?from=2026-05-01T00%3A00",
        ] {
            assert_eq!(place(wanted), wanted);
        }
        for wanted in [
            "",
            "https://evil.example/console",
            "//evil.example/console",
            "/console//evil.example",
            "/consolement",
            "/console\\evil",
            "/console/x\r\nLocation: /",
            "/console/sign-in",
            "/docs",
        ] {
            assert_eq!(place(wanted), BEGINNING, "{wanted:?}");
        }
    }
}
