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
use actix_web::web::{ServiceConfig, get, post, put, resource, scope, to};
use actix_web::{HttpResponse, Resource};

use crate::auth;
use crate::failure::Failure;

/// What the paths of the API begin with.
pub(crate) const PREFIX: &str = "/api_gateway/v1/badges";

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
                    taking("GET", "/requests/{requestId}").route(get().to(requests::get_requests)),
                )
                .service(
                    taking("GET, POST", "/badgeMeta")
                        .route(post().to(badges::create_badge))
                        .route(get().to(badges::list_badges)),
                )
                .service(taking("GET", "/badgeMeta/{id}").route(get().to(badges::get_badge)))
                .service(
                    taking("POST", "/badgeMeta/{id}/claim").route(post().to(badges::claim_badge)),
                )
                .service(
                    taking("POST", "/badgeMeta/{id}/unclaim")
                        .route(post().to(badges::unclaim_badge)),
                )
                .service(
                    taking("PUT", "/badgeMeta/{id}/{_:[aA]ctivate}")
                        .route(put().to(badges::activate_badge)),
                )
                .service(
                    taking("PUT", "/badgeMeta/{id}/{_:[dD]eactivate}")
                        .route(put().to(badges::deactivate_badge)),
                )
                .default_service(to(path_not_found)),
        )
        .service(taking("POST", "/v3/oauth/token/generate").route(post().to(auth::generate_token)))
        .service(taking("POST", "/oauth2/token").route(post().to(auth::oauth2_token)))
        .service(taking("GET", "/openapi.json").route(get().to(docs::document)))
        .service(taking("GET", "/docs").route(get().to(docs::redirect)))
        .service(taking("GET", "/docs/{file:.*}").route(get().to(docs::page)))
        .default_service(to(path_not_found));
}

/// What operators see of their server.
pub(crate) fn health(config: &mut ServiceConfig) {
    config
        .service(taking("GET", "/health/live").route(get().to(ops::live)))
        .service(taking("GET", "/health/ready").route(get().to(ops::ready)));
}

/// What Prometheus sees.
pub(crate) fn metrics(config: &mut ServiceConfig) {
    config.service(taking("GET", "/metrics").route(get().to(ops::metrics)));
}

/// The resource at `path`, which takes only the methods `allowed`.
fn taking(allowed: &'static str, path: &str) -> Resource {
    let refuse =
        move || async move { Err::<HttpResponse, _>(Failure::method_not_allowed(allowed)) };
    resource(path).default_service(to(refuse))
}

/// Whatever else is asked for.
pub(crate) async fn path_not_found() -> Result<HttpResponse, Failure> {
    Err(Failure::of(Code::PathNotFound))
}
