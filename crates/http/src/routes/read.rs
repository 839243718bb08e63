//! The way of every operation that reads: who calls, may it, what is asked, look it up, answer.

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::error::UseCaseError;
use accolade_application::ports::Ports;
use accolade_wire::query::Query;
use accolade_wire::render::{self, Context};
use actix_web::HttpResponse;

use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::routes::call::Call;
use crate::routes::write::respond;

/// Answers `call`, which needs `group` and whose query `read` reads, with what `look_up` finds and
/// `render` writes.
pub(crate) async fn answer<Q, T>(
    call: Call,
    group: AccessGroup,
    read: impl FnOnce(&mut Query) -> Q,
    look_up: impl FnOnce(&Ports, &Caller, &Q) -> Result<T, UseCaseError> + Send + 'static,
    render: impl FnOnce(&T, &Q, Context<'_>) -> render::Result + Send + 'static,
) -> Result<HttpResponse, Failure>
where
    Q: Send + 'static,
{
    let caller = call.caller(group).await?;
    let mut query = call.query();
    let asked = read(&mut query);
    let report = query.finish();
    if !report.problems.is_empty() {
        return Err(report.problems.into());
    }
    let rendered = call
        .run(Effect::Reads, move |ports| {
            let found = look_up(ports, &caller, &asked)?;
            let context = Context {
                zone: &caller.zone,
                warnings: &report.warnings,
            };
            render(&found, &asked, context)
        })
        .await?;
    Ok(respond(rendered))
}
