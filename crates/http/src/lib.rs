//! The actix-web adapter: the wire.
//!
//! A request passes the `middleware`, meets its route in `routes`, is
//! read by `json` and `wire`, and becomes a command that a use case carries out on the
//! `dispatch`er. `render` makes the answer; whatever goes wrong is a `failure`. Start with
//! [`app`].

pub mod app;
pub mod openapi;

mod auth;
mod dispatch;
mod failure;
mod group;
mod json;
mod metrics;
mod middleware;
mod render;
mod routes;
mod throttle;
mod wire;
