//! A request that only reads, once it is known who calls.

use accolade_application::access::Caller;
use accolade_application::customers::{NamedCustomer, resolve_one};
use accolade_application::error::UseCaseError;
use accolade_application::gate::{Size, Turn};
use accolade_application::ports::Ports;
use accolade_domain::ids::CustomerId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;
use accolade_wire::query::Query;
use accolade_wire::render::{self, Context};
use actix_web::http::Version;
use actix_web::{HttpResponse, web};

use crate::auth::Permit;
use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use crate::state::AppState;
use crate::traces;

/// A request whose caller may look up what it asks for.
pub(crate) struct Lookup {
    /// Who asks.
    pub(crate) caller: Caller,
    /// The query, from which the handler reads what is asked for.
    pub(crate) query: Query,
    pub(crate) deadline: Deadline,
    /// Whether nobody wants to see more than the headers.
    pub(crate) is_head: bool,
    /// The version of HTTP that it came by.
    pub(crate) version: Version,
    /// That the caller may, as it was when the request was opened.
    pub(crate) permit: Permit,
    pub(crate) state: web::Data<AppState>,
}

impl Lookup {
    /// The moment at which it is asked.
    pub(crate) fn now(&self) -> Instant {
        self.state.ports.clock.now()
    }

    /// Answers it with what `look_up` finds and renders, on a thread that may block.
    ///
    /// # Errors
    /// What is wrong with the query, all at once; those of `look_up`; those of the
    /// [dispatcher](crate::dispatch::Dispatcher::run).
    pub(crate) async fn answer<F>(self, look_up: F) -> Result<HttpResponse, Failure>
    where
        F: FnOnce(&Ports, &Caller, Context<'_>) -> render::Result + Send + 'static,
    {
        let turn = self.turn();
        let report = self.query.finish();
        if !report.problems.is_empty() {
            return Err(report.problems.into());
        }
        let (caller, ports) = (self.caller, self.state.ports.clone());
        let work = move || {
            let _span = traces::use_case(traces::name::<F>);
            let context = Context {
                zone: &caller.zone,
                warnings: &report.warnings,
            };
            look_up(&ports, &caller, context)
        };
        let dispatcher = &self.state.dispatcher;
        let rendered = dispatcher
            .run(turn, self.deadline, Effect::Reads, work)
            .await??;
        self.state.answer(rendered)
    }

    /// Whose turn it is when it is answered.
    pub(crate) const fn turn(&self) -> Turn {
        Turn::new(self.caller.org, Size::Small)
    }
}

/// The customer whom the path names, and what is odd about the request once it is looked for.
///
/// # Errors
/// That the path names none, or nobody who is known; the store failed.
pub(crate) fn find_customer(
    ports: &Ports,
    caller: &Caller,
    named: Result<NamedCustomer, Rejection>,
    context: Context<'_>,
) -> Result<(CustomerId, Vec<Rejection>), UseCaseError> {
    let mut warnings = context.warnings.to_vec();
    let customer = resolve_one(ports, caller, &mut warnings, named?, None)?;
    Ok((customer, warnings))
}
