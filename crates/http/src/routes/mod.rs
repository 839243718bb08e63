//! The routes: what can be asked, and the way of each question.

pub(crate) mod badges;
pub(crate) mod enrolment;
pub(crate) mod ops;
pub(crate) mod requests;

mod call;
mod docs;
mod idempotency;
mod query;
mod read;
mod write;

pub(crate) use idempotency::RunningKeys;
pub(crate) use ops::Readiness;
pub(crate) use query::{Query, number};

use accolade_domain::rejection::Code;
use actix_web::guard::{Any, Get, Head};
use actix_web::web::{ServiceConfig, post, put, resource, route, scope, to};
use actix_web::{HttpResponse, Resource, Route};

use crate::auth;
use crate::failure::Failure;

/// What the paths of the API begin with.
pub(crate) const PREFIX: &str = "/api_gateway/v1/badges";

/// The methods of what only reads.
const READ: &str = "GET, HEAD";

/// Everything that callers see.
pub(crate) fn api(config: &mut ServiceConfig) {
    config
        .service(
            scope(PREFIX)
                .service(
                    taking("POST", "/badgeMeta/customer/issueBulk")
                        .route(post().to(enrolment::enrol_customers)),
                )
                .service(
                    taking(READ, "/requests/{requestId}")
                        .route(reading().to(requests::get_requests)),
                )
                .service(
                    taking("GET, HEAD, POST", "/badgeMeta")
                        .route(post().to(badges::create_badge))
                        .route(reading().to(badges::list_badges)),
                )
                .service(taking(READ, "/badgeMeta/{id}").route(reading().to(badges::get_badge)))
                .service(
                    taking("POST", "/badgeMeta/{id}/claim").route(post().to(badges::claim_badge)),
                )
                .service(
                    taking("POST", "/badgeMeta/{id}/unclaim")
                        .route(post().to(badges::unclaim_badge)),
                )
                .service(
                    limited(
                        "PUT",
                        resource(["/badgeMeta/{id}/activate", "/badgeMeta/{id}/Activate"]),
                    )
                    .route(put().to(badges::activate_badge)),
                )
                .service(
                    limited(
                        "PUT",
                        resource(["/badgeMeta/{id}/deactivate", "/badgeMeta/{id}/Deactivate"]),
                    )
                    .route(put().to(badges::deactivate_badge)),
                )
                .default_service(to(path_not_found)),
        )
        .service(taking("POST", "/v3/oauth/token/generate").route(post().to(auth::generate_token)))
        .service(taking("POST", "/oauth2/token").route(post().to(auth::oauth2_token)))
        .service(taking(READ, "/openapi.json").route(reading().to(docs::document)))
        .service(taking(READ, "/docs").route(reading().to(docs::redirect)))
        .service(taking(READ, "/docs/{file:.*}").route(reading().to(docs::page)))
        .default_service(to(path_not_found));
}

/// What operators see of their server.
pub(crate) fn health(config: &mut ServiceConfig) {
    config
        .service(taking(READ, "/health/live").route(reading().to(ops::live)))
        .service(taking(READ, "/health/ready").route(reading().to(ops::ready)));
}

/// What Prometheus sees.
pub(crate) fn metrics(config: &mut ServiceConfig) {
    config.service(taking(READ, "/metrics").route(reading().to(ops::metrics)));
}

/// A route for `GET`, and for `HEAD`, whose answer is the same without its body.
fn reading() -> Route {
    route().guard(Any(Get()).or(Head()))
}

/// The resource at `path`, which takes only the methods `allowed`.
fn taking(allowed: &'static str, path: &str) -> Resource {
    limited(allowed, resource(path))
}

/// `resource`, which takes only the methods `allowed`. If it has several paths, the log and the
/// metrics call it by the first.
fn limited(allowed: &'static str, resource: Resource) -> Resource {
    let refuse =
        move || async move { Err::<HttpResponse, _>(Failure::method_not_allowed(allowed)) };
    resource.default_service(to(refuse))
}

/// Whatever else is asked for.
pub(crate) async fn path_not_found() -> Result<HttpResponse, Failure> {
    Err(Failure::of(Code::PathNotFound))
}
