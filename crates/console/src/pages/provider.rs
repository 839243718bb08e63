//! Signing in by a provider: a browser's way there, and what becomes of it when it comes back.
//!
//! It is sent there by a link, since our policy lets a form lead nowhere else. What it is sent with, and that it
//! was this browser that went, follows from a secret that its cookie keeps: any server goes on with what
//! another one began, and whoever was never sent comes back for nothing.

use accolade_application::operators::{ProvidedResult, RoundTrip};
use accolade_domain::operator::Subject;
use accolade_domain::rejection::Code;
use accolade_http::pages::{Failure, PageContext};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::sign_in::{place, show_again, signed_in_to, with_cookie};
use crate::failed::retry_later;
use crate::form::Form;
use crate::frame::{Frame, Problem, show_with};
use crate::guard;
use crate::router::{Answered, Door, Page, public};
use crate::session;
use crate::texts as t;
use crate::visit::{lead_to, nothing_there};

pub(super) fn pages() -> Vec<Page> {
    vec![
        public(Method::GET, "/console/sign-in/oidc", begin),
        public(Method::GET, "/console/sign-in/oidc/callback", come_back),
    ]
}

#[derive(Template)]
#[template(path = "not_linked.html")]
struct NotLinkedPage {
    frame: Frame,
    text: &'static str,
    subject: String,
}

async fn begin(door: Door) -> Answered {
    let Door { context, http, .. } = door;
    let query = Form::parse(http.query_string().as_bytes());
    let to = place(query.typed("to"));
    // Nobody is signed in because another site's page wants her to be: she is asked first.
    if guard::is_from_elsewhere(http.headers()) {
        let query: Form = [("to".to_owned(), to.to_owned())].into_iter().collect();
        return Ok(lead_to(format_args!("/console/sign-in?{}", query.query())));
    }
    match context.begin_at_provider(&http).await {
        Ok((trip, entrance)) => {
            let cookie = session::set_trip(&trip, to);
            Ok(with_cookie(lead_to(entrance), &cookie))
        }
        Err(failure) => refused(&context, &failure, to),
    }
}

async fn come_back(door: Door) -> Answered {
    let Door { context, http, .. } = door;
    let query = Form::parse(http.query_string().as_bytes());
    let begun = session::trip(&http);
    let (trip, to) = match &begun {
        Some((trip, to)) if trip.is_of(query.typed("state")) => (trip, place(to)),
        // The cookie stays: it is of another trip, of which nothing is known.
        _ => return not_begun(&context),
    };
    let answered = answer(&context, &http, &query, trip, to).await?;
    Ok(with_cookie(answered, &session::unset_trip()))
}

/// What is answered to a browser that comes back from where it was sent.
async fn answer(
    context: &PageContext,
    http: &HttpRequest,
    query: &Form,
    trip: &RoundTrip,
    to: &str,
) -> Answered {
    let Some(provider) = context.provider() else {
        return Err(nothing_there().into());
    };
    if query.says("error") {
        let text = t::provider_refused(provider.name());
        return show_again(context, StatusCode::FORBIDDEN, Problem::new(text), ("", to));
    }
    // Providers may say who they are (RFC 9207): it is then the one that she was sent to.
    let is_another = query.says("iss") && query.typed("iss") != provider.issuer().as_str();
    let code = query.typed("code");
    if code.is_empty() || is_another {
        return not_begun(context);
    }
    let signed_in = context.sign_in_by_provider(http, code, trip.clone());
    match signed_in.await {
        Ok(ProvidedResult::SignedIn(signed_in)) => {
            Ok(signed_in_to(context, http, &signed_in, to).await)
        }
        Ok(ProvidedResult::Unlinked(subject)) => not_linked(t::NOT_LINKED_TEXT, &subject),
        Ok(ProvidedResult::Disabled(subject)) => not_linked(t::LINKED_TO_DISABLED_TEXT, &subject),
        Err(failure) => refused(context, &failure, to),
    }
}

fn not_begun(context: &PageContext) -> Answered {
    if context.provider().is_none() {
        return Err(nothing_there().into());
    }
    let problem = Problem::new(t::NOT_BEGUN_HERE);
    show_again(context, StatusCode::BAD_REQUEST, problem, ("", ""))
}

fn not_linked(text: &'static str, subject: &Subject) -> Answered {
    let page = NotLinkedPage {
        frame: Frame::of_nobody(t::NOT_LINKED),
        text,
        subject: subject.to_string(),
    };
    show_with(StatusCode::FORBIDDEN, &page)
}

/// The sign-in again, where a password is asked for, with what is wrong with the provider.
fn refused(context: &PageContext, failure: &Failure, to: &str) -> Answered {
    let Some(provider) = context.provider() else {
        return Err(nothing_there().into());
    };
    failure.log();
    let text = match failure.code() {
        Code::Unauthenticated => t::provider_is_not_believed(provider.name()),
        Code::Unavailable => t::provider_is_away(provider.name()),
        Code::TooManyRequests => t::TOO_MANY_FAILED.to_owned(),
        _ => failure.message(None),
    };
    let mut response: HttpResponse =
        show_again(context, failure.status(), Problem::new(text), ("", to))?;
    retry_later(&mut response, failure);
    Ok(response)
}
