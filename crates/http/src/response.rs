//! The response that carries an answer of the API.

use accolade_application::Executed;
use accolade_application::error::UseCaseError;
use accolade_domain::zone::Zone;
use accolade_wire::render::{self, Context, Rendered};
use actix_web::HttpResponse;
use actix_web::http::header::{ContentType, ETAG, HeaderValue};

use crate::idempotency::REPLAYED;
use crate::middleware::budget::{BodyBudget, Share};
use crate::pieces;

/// The answer to a request that was executed, rendered.
pub(crate) struct Reply {
    rendered: Rendered,
    replayed: bool,
}

impl Reply {
    /// How `executed` is answered to whoever sees times in `zone`; `recorded`: it was no dry run.
    ///
    /// # Errors
    /// It cannot be written, which should not happen.
    pub(crate) fn new(
        executed: &Executed,
        recorded: bool,
        zone: &Zone,
    ) -> Result<Self, UseCaseError> {
        let warnings = executed.warnings();
        let context = Context { zone, warnings };
        let rendered = render::answer(executed.answer(), recorded, context)?;
        let replayed = matches!(executed, Executed::Replayed(_));
        Ok(Self { rendered, replayed })
    }

    /// The response that carries it, with what its body has of the memory of all `bodies`.
    pub(crate) fn respond(self, bodies: &BodyBudget) -> HttpResponse {
        let share = bodies.for_recorded(self.rendered.body.len());
        let mut response = respond(self.rendered, share);
        if self.replayed {
            let replayed = HeaderValue::from_static("true");
            response.headers_mut().insert(REPLAYED, replayed);
        }
        response
    }
}

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
