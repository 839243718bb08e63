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
mod query;
mod read;
mod write;

pub(crate) use idempotency::RunningKeys;
pub(crate) use ops::Readiness;
pub(crate) use query::{Query, number};

use accolade_domain::rejection::Code;
use actix_web::web::{ServiceConfig, delete, get, post, put, resource, scope, to};
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
                    taking("POST", "/badgeMeta/customer/revokeIssue")
                        .route(post().to(enrolment::revoke_enrolments)),
                )
                .service(
                    taking("GET", "/requests/{requestId}").route(get().to(requests::get_requests)),
                )
                .service(
                    taking("GET, POST, PUT", "/badgeMeta")
                        .route(post().to(badges::create_badge))
                        .route(put().to(badges::update_named_badge))
                        .route(get().to(badges::list_badges)),
                )
                .service(
                    taking("GET", "/badgeMeta/getFixedWindowDetails")
                        .route(get().to(windows::get_fixed_windows)),
                )
                .service(
                    taking("GET, PUT", "/badgeMeta/{id}")
                        .route(get().to(badges::get_badge))
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
                    taking("PUT", "/badgeMeta/{id}/{_:[aA]ctivate}")
                        .route(put().to(badges::activate_badge)),
                )
                .service(
                    taking("PUT", "/badgeMeta/{id}/{_:[dD]eactivate}")
                        .route(put().to(badges::deactivate_badge)),
                )
                .configure(earning)
                .configure(catalogue)
                .configure(customers)
                .default_service(to(path_not_found)),
        )
        .service(taking("POST", "/v3/oauth/token/generate").route(post().to(auth::generate_token)))
        .service(taking("POST", "/oauth2/token").route(post().to(auth::oauth2_token)))
        .service(taking("GET", "/openapi.json").route(get().to(docs::document)))
        .service(taking("GET", "/docs").route(get().to(docs::redirect)))
        .service(taking("GET", "/docs/{file:.*}").route(get().to(docs::page)))
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
            taking("GET, POST", "/group")
                .route(post().to(groups::create))
                .route(get().to(groups::list)),
        )
        .service(
            taking("DELETE, GET, PUT", "/group/{id}")
                .route(put().to(groups::update))
                .route(get().to(groups::get))
                .route(delete().to(groups::remove)),
        )
        .service(
            taking("GET, POST", "/customField")
                .route(post().to(custom_fields::create))
                .route(get().to(custom_fields::list)),
        )
        .service(
            taking("GET, PUT", "/customField/{id}")
                .route(put().to(custom_fields::update))
                .route(get().to(custom_fields::get)),
        );
}

fn customers(config: &mut ServiceConfig) {
    config
        .service(
            taking("GET", "/customer/{customerId}")
                .route(get().to(customers::list_customer_badges)),
        )
        .service(
            taking("GET", "/management/{customerId}")
                .route(get().to(customers::list_managed_badges)),
        )
        .service(
            taking("GET", "/management/{customerId}/badge/{badgeId}")
                .route(get().to(customers::get_customer_badge)),
        )
        .service(taking("POST", "/customers/bulk").route(post().to(directory::put_customers)))
        .service(taking("PUT", "/customers/{customerId}").route(put().to(directory::put_customer)));
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
