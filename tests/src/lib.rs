//! End-to-end tests: the real server binary, spoken to over HTTP, on both databases.
//!
//! This library is the harness; the tests are in `tests/`. A test names a [`Server`]: one
//! that all tests of a binary share for each database ([`on_both_databases!`]), where an
//! [`Org`] of its own keeps it apart from the others, or one of its own, made with
//! [`Setup`], if it treats the server badly. [`Client`] speaks HTTP and holds every answer
//! to what is true of all of them; [`Raw`] speaks bytes, for what no HTTP client would send.
//!
//! The binary is the one that `ACCOLADE_SERVER_BIN` names, else the debug build of the
//! workspace.
// A harness has one way to report: the test that uses it fails.
#![allow(clippy::unwrap_used)]

mod backend;
mod badge;
mod browser;
mod cli;
mod client;
mod collector;
mod document;
mod earning;
mod job;
mod listening;
mod logs;
mod org;
mod process;
mod provider;
mod race;
mod raw;
mod receiver;
mod reply;
mod reverse_proxy;
mod server;
mod snapshot;
mod tls;

pub use accolade_test_postgres::{Mode, Pooler, Pooling, Proxy, Then};
pub use backend::{Backend, Database, Transaction};
pub use badge::{LOYALTY, badge, badge_from, direct_badge, enrolment, with};
pub use browser::{Axe, Browser, Key, Scheme, Scripts, Width};
pub use cli::{Cli, Outcome, PASSWORD, Running};
pub use client::{Client, Credentials, PREFIX, Request};
pub use collector::{CollectedSpan, Collector};
pub use earning::{badge_value, customer_value, earning, earning_all, imported, limited, new_id};
pub use insta;
pub use job::{RowResult, customers_file, dry, enrolling_job, enrolling_query, without_ids};
pub use logs::Logs;
pub use org::Org;
pub use provider::{Provider, Signed, Tokens};
pub use race::{at_once, until};
pub use raw::Raw;
pub use receiver::Receiver;
pub use reply::Reply;
pub use reverse_proxy::ReverseProxy;
pub use server::{Server, Setup, shared};
pub use snapshot::{redacted, with_snapshots};
pub use tls::{Certificate, TlsFiles};

/// The wall clock, in whole seconds of the epoch.
#[allow(clippy::disallowed_methods)] // These tests stand outside the system, where time is real.
pub fn now() -> i64 {
    time::UtcDateTime::now().unix_timestamp()
}

/// Makes two tests of each function that is named, `name::sqlite` and `name::postgres`.
///
/// A function of a `&Server` gets the one that the tests of the binary share, and makes an
/// org of its own there; a function of a [`Backend`] starts what it needs itself.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident)*) => {
        $(mod $name {
            #[test]
            fn sqlite() {
                super::$name($crate::Given::on($crate::Backend::Sqlite));
            }
            #[test]
            fn postgres() {
                super::$name($crate::Given::on($crate::Backend::Postgres));
            }
        })*
    };
}

/// What a test is given for each database.
pub trait Given {
    /// The one for this database.
    fn on(backend: Backend) -> Self;
}

impl Given for Backend {
    fn on(backend: Backend) -> Self {
        backend
    }
}

impl Given for &'static Server {
    fn on(backend: Backend) -> Self {
        shared(backend)
    }
}
