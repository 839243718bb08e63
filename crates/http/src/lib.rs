//! The actix-web adapter.
//!
//! A request passes the `middleware` and meets its handler in `routes`, which the `router` found by
//! the declarations of `operation`s. The handler has its body read by [`accolade_wire`] into a
//! `command`, which is executed on the `dispatch`er, or in company by the `group_commit`;
//! [`accolade_wire`] writes the answer. Whatever goes wrong is a `failure`. Start with [`app`].

pub mod app;
pub mod openapi;
pub mod pages;
pub mod tls;
pub mod traces;

mod address;
mod auth;
mod connections;
mod dispatch;
mod failure;
mod follow;
mod group_commit;
mod idempotency;
mod listeners;
mod metrics;
mod middleware;
mod operation;
mod options;
mod pieces;
mod readiness;
mod response;
mod router;
mod routes;
mod state;
mod streamed;
mod submission;
mod throttle;
mod turned_away;
mod warnings;
