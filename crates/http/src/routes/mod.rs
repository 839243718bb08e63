//! The routes: what can be asked, and the way of each question.

pub(crate) mod badges;
pub(crate) mod custom_fields;
pub(crate) mod customers;
pub(crate) mod directory;
pub(crate) mod earning;
pub(crate) mod enrolment;
pub(crate) mod groups;
pub(crate) mod ops;
pub(crate) mod requests;
pub(crate) mod windows;

mod call;
mod docs;
mod idempotency;
mod identifier;
mod preconditions;
mod read;
mod write;

pub(crate) use earning::earn_together;
pub(crate) use enrolment::enrol_together;
pub(crate) use idempotency::RunningKeys;
pub(crate) use ops::Readiness;
pub(crate) use write::Job;

use accolade_domain::rejection::Code;
use actix_web::guard::{Any, Get, Head};
use actix_web::web::{ServiceConfig, delete, post, put, resource, route, scope, to};
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
                    taking("POST", "/badgeMeta/customer/revokeIssue")
                        .route(post().to(enrolment::revoke_enrolments)),
                )
                .service(
                    taking(READ, "/requests/{requestId}")
                        .route(reading().to(requests::get_requests)),
                )
                .service(
                    taking("GET, HEAD, POST, PUT", "/badgeMeta")
                        .route(post().to(badges::create_badge))
                        .route(put().to(badges::update_named_badge))
                        .route(reading().to(badges::list_badges)),
                )
                .service(
                    taking(READ, "/badgeMeta/getFixedWindowDetails")
                        .route(reading().to(windows::get_fixed_windows)),
                )
                .service(
                    taking("GET, HEAD, PUT", "/badgeMeta/{id}")
                        .route(reading().to(badges::get_badge))
                        .route(put().to(badges::update_badge)),
                )
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
                .configure(earning)
                .configure(catalogue)
                .configure(customers)
                .default_service(to(path_not_found)),
        )
        .service(taking("POST", "/v3/oauth/token/generate").route(post().to(auth::generate_token)))
        .service(taking("POST", "/oauth2/token").route(post().to(auth::oauth2_token)))
        .service(taking(READ, "/openapi.json").route(reading().to(docs::document)))
        .service(taking(READ, "/docs").route(reading().to(docs::redirect)))
        .service(taking(READ, "/docs/{file:.*}").route(reading().to(docs::page)))
        .default_service(to(path_not_found));
}

fn earning(config: &mut ServiceConfig) {
    config
        .service(taking("POST", "/customer/earn").route(post().to(earning::earn_badge)))
        .service(taking("POST", "/customer/earnBulk").route(post().to(earning::earn_badge_bulk)))
        .service(taking("POST", "/customer/revokeEarn").route(post().to(earning::revoke_earn)))
        .service(
            taking("POST, PUT", "/import/customerBadges")
                .route(post().to(earning::post_customer_badges))
                .route(put().to(earning::import_customer_badges)),
        );
}

fn catalogue(config: &mut ServiceConfig) {
    config
        .service(
            taking("GET, HEAD, POST", "/group")
                .route(post().to(groups::create))
                .route(reading().to(groups::list)),
        )
        .service(
            taking("DELETE, GET, HEAD, PUT", "/group/{id}")
                .route(put().to(groups::update))
                .route(reading().to(groups::get))
                .route(delete().to(groups::remove)),
        )
        .service(
            taking("GET, HEAD, POST", "/customField")
                .route(post().to(custom_fields::create))
                .route(reading().to(custom_fields::list)),
        )
        .service(
            taking("GET, HEAD, PUT", "/customField/{id}")
                .route(put().to(custom_fields::update))
                .route(reading().to(custom_fields::get)),
        );
}

fn customers(config: &mut ServiceConfig) {
    config
        .service(
            taking(READ, "/customer/{customerId}")
                .route(reading().to(customers::list_customer_badges)),
        )
        .service(
            taking(READ, "/management/{customerId}")
                .route(reading().to(customers::list_managed_badges)),
        )
        .service(
            taking(READ, "/management/{customerId}/badge/{badgeId}")
                .route(reading().to(customers::get_customer_badge)),
        )
        .service(taking("POST", "/customers/bulk").route(post().to(directory::put_customers)))
        .service(taking("PUT", "/customers/{customerId}").route(put().to(directory::put_customer)));
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
