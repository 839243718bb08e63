//! The real server binary, spoken to over HTTP, on both databases: what only shows there.
//!
//! That is what a process does (starting, stopping, its command line, its configuration, its
//! logs), what faults and races do to it, who may call, that each code is produced, and that
//! the README and the demo say the truth. What a rule decides is tested in the domain, what a
//! use case does in the application, what a store promises in the contract suite, and what
//! stands in a body in `crates/http`, in memory.
#![allow(clippy::unwrap_used)]

mod architecture;

mod api {
    #[macro_use]
    pub(crate) mod produced;

    mod access;
    mod answers;
    mod codes;
    mod demo;
    mod earning_codes;
    mod events;
    mod exports;
    mod generations;
    mod jobs;
    mod openapi;
    mod readme;
}

mod operations {
    mod command_line;
    mod configuration;
    mod copies;
    mod doctor;
    mod job_run;
    mod log;
    mod observation;
    mod oidc;
    mod operators;
    mod poolers;
    mod privacy;
    mod proxies;
    mod secrets;
    mod service_manager;
    mod shutdown;
    mod start;
    mod tls;
    mod traces;
    mod transfer;
}

mod robustness {
    mod approvals;
    mod bad_input;
    mod callers;
    mod contention;
    mod database_faults;
    mod deliveries;
    mod durability;
    mod earning_durability;
    mod exports;
    mod fuzz;
    mod jobs;
    mod limit_races;
    mod memory;
    mod races;
    mod readiness;
    mod sizes;
}
