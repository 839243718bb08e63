//! The contract of every port, on both databases, each of which agrees with itself in the end; and that of recording enrolments with every
//! enrolment copied in as if it were one of many: the same races and walks, the other way.

#![allow(clippy::unwrap_used)]

mod support;

use accolade_contract_tests::{Adapter, run};
use support::verified::Verified;
use support::{Copying, Postgres, Sqlite};

fn main() {
    run([
        Adapter::new("sqlite", Verified::<Sqlite>::fresh),
        Adapter::new("postgres", Verified::<Postgres>::fresh),
        Adapter::recording_enrolments("postgres_copy", || Copying(Postgres::reused())),
    ]);
}
