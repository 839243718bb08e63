//! A request of somebody who is signed in and may do what she asks for: what every page is given.

use std::fmt::Display;
use std::str::FromStr;

use accolade_application::access::Caller;
use accolade_application::error::UseCaseError;
use accolade_application::operators::Session;
use accolade_application::ports::Ports;
use accolade_domain::audit::Attribution;
use accolade_domain::instant::Instant;
use accolade_domain::operator::Permission;
use accolade_domain::rejection::{Code, Rejection};
use accolade_http::pages::{Failure, PageContext, tag};
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use percent_encoding::percent_decode_str;

use crate::form::Form;
use crate::frame::Frame;
use crate::moment::Moments;
use crate::router::Door;
use crate::session;
use crate::texts as t;

/// The most bytes of a form: what is typed, not files.
const MOST_OF_FORM: usize = 512 * 1024;

/// What an address says by which a page asks for itself again, with nobody there who would.
const REFRESH: &str = "refresh";

/// A request of somebody who is signed in and may.
pub(crate) struct Visit {
    /// What the server gives pages.
    pub(crate) context: PageContext,
    /// The request.
    pub(crate) http: HttpRequest,
    /// Who is signed in.
    pub(crate) session: Session,
    /// She, as use cases know her.
    pub(crate) caller: Caller,
    /// What the address says besides its path.
    pub(crate) query: Form,
    payload: Payload,
}

/// What becomes of a request.
pub(crate) enum Opened {
    /// It is answered by its page.
    Visit(Box<Visit>),
    /// Nobody is signed in: to where that is done.
    Elsewhere(HttpResponse),
}

impl Visit {
    /// Opens a request of somebody who must be permitted what it `needs`.
    ///
    /// # Errors
    /// 1931 if she is not; the store failed.
    pub(crate) async fn open(door: Door, needs: Permission) -> Result<Opened, Failure> {
        let Door {
            context,
            http,
            payload,
        } = door;
        let query = Form::parse(http.query_string().as_bytes());
        let session = match session::token(&http) {
            Some(token) if query.given(REFRESH).is_some() => {
                context.session_of_open_page(&http, token).await?
            }
            Some(token) => context.session(&http, token).await?,
            None => None,
        };
        let Some(session) = session else {
            return Ok(Opened::Elsewhere(to_sign_in(&http)));
        };
        let caller = session.caller(needs)?;
        Ok(Opened::Visit(Box::new(Self {
            context,
            http,
            session,
            caller,
            query,
            payload,
        })))
    }

    /// Whether she may do that, too.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.session.may(permission)
    }

    /// The moment.
    pub(crate) fn now(&self) -> Instant {
        self.context.now()
    }

    /// How moments are shown to her.
    pub(crate) fn moments(&self) -> Moments {
        Moments::of(&self.session.org.zone)
    }

    /// What stands around a page with this title.
    pub(crate) fn frame(&self, title: impl Into<String>) -> Frame {
        Frame::of(title, &self.session, self.http.path())
    }

    /// Who does something now, for what is no command.
    pub(crate) fn attribution(&self) -> Attribution {
        Attribution {
            actor: self.caller.actor,
            on: self.now(),
            tag: Some(tag(&self.http)),
        }
    }

    /// The part of the path that is called `name`.
    ///
    /// # Errors
    /// 404 if nothing can be called so.
    pub(crate) fn path<T: FromStr>(&self, name: &str) -> Result<T, Failure> {
        let text = percent_decode_str(self.http.match_info().query(name)).decode_utf8();
        let found = text.ok().and_then(|text| text.parse().ok());
        found.ok_or_else(|| nothing_there().into())
    }

    /// What a field of the address says, if it can be read.
    pub(crate) fn asks<T: FromStr>(&self, name: &str) -> Option<T> {
        self.query.given(name).and_then(|text| text.parse().ok())
    }

    /// The form that was sent.
    ///
    /// # Errors
    /// It is too long, or does not come.
    pub(crate) async fn form(&mut self) -> Result<Form, Failure> {
        Ok(Form::parse(&self.body(MOST_OF_FORM).await?))
    }

    /// What was sent, at most so many bytes.
    ///
    /// # Errors
    /// It is longer, or does not come.
    pub(crate) async fn body(&mut self, most: usize) -> Result<Bytes, Failure> {
        let payload = std::mem::replace(&mut self.payload, Payload::None);
        self.context.body(&self.http, payload, most).await
    }

    /// Looks something up, on a thread that may block.
    ///
    /// # Errors
    /// Those of `work`; it was not its turn in time.
    pub(crate) async fn look_up<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Ports, &Caller) -> Result<T, UseCaseError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.context.look_up(&self.http, &self.caller, work).await
    }

    /// Changes something by what is no command, on a thread that may block.
    ///
    /// # Errors
    /// Those of `work`; it was not its turn in time.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Ports, &Caller) -> Result<T, UseCaseError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.context.change(&self.http, &self.caller, work).await
    }
}

/// 404 for what no path leads to.
pub(crate) fn nothing_there() -> Rejection {
    Rejection::new(Code::NotFound).with_message(t::NOTHING_THERE)
}

/// The answer that leads to `place`, which a browser then asks for.
pub(crate) fn lead_to(place: impl Display) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, place.to_string()))
        .finish()
}

/// To the sign-in, and from there to the page that was asked for. What a form said is gone by then, so it
/// leads to the beginning.
fn to_sign_in(http: &HttpRequest) -> HttpResponse {
    if http.method() != Method::GET {
        return lead_to("/console/sign-in?again=form");
    }
    let wanted = http
        .uri()
        .path_and_query()
        .map_or("/console", |it| it.as_str());
    let query: Form = [("to".to_owned(), wanted.to_owned())].into_iter().collect();
    lead_to(format_args!("/console/sign-in?{}", query.query()))
}
