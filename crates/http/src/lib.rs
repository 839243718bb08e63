//! The actix-web adapter.
//!
//! A request passes the `middleware`, meets its route in `routes`, is
//! read by [`accolade_wire`], and becomes a command that a use case carries out on the
//! `dispatch`er. `accolade_wire` writes the answer; whatever goes wrong is a `failure`. Start with
//! [`app`].

pub mod app;
pub mod openapi;

mod auth;
mod dispatch;
mod failure;
mod group;
mod metrics;
mod middleware;
mod routes;
mod throttle;
