//! The way of every operation that reads: who calls, may it, what is asked, look it up, answer.

use accolade_application::access::{AccessGroup, Caller};
use accolade_application::error::UseCaseError;
use accolade_application::ports::Ports;
use accolade_domain::rejection::Rejection;
use actix_web::HttpResponse;
use actix_web::http::header::ContentType;

use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::routes::call::Call;
use crate::routes::query::Query;
use crate::routes::write::unwritable;

/// Answers `call`, whose query `read` reads, with what `look_up` finds and `render` writes.
pub(crate) async fn answer<Q, T>(
    call: Call,
    read: impl FnOnce(&mut Query) -> Q,
    look_up: impl FnOnce(&Ports, &Caller, &Q) -> Result<T, UseCaseError> + Send + 'static,
    render: impl FnOnce(&T, &Q, &[Rejection]) -> serde_json::Result<Vec<u8>> + Send + 'static,
) -> Result<HttpResponse, Failure>
where
    Q: Send + 'static,
{
    let caller = call.caller(AccessGroup::BadgesRead).await?;
    let mut query = call.query();
    let asked = read(&mut query);
    let report = query.finish();
    if !report.problems.is_empty() {
        return Err(report.problems.into());
    }
    let body = call
        .run(Effect::Reads, move |ports| {
            let found = look_up(ports, &caller, &asked)?;
            render(&found, &asked, &report.warnings).map_err(unwritable)
        })
        .await?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(body))
}
