//! The contract of every port, on both databases; and that of recording enrolments with every
//! enrolment copied in as if it were one of many: the same races and walks, the other way.

#![allow(clippy::unwrap_used)]

mod support;

use accolade_contract_tests::{Adapter, run};
use support::{Copying, Postgres, Sqlite};

fn main() {
    run([
        Adapter::new("sqlite", Sqlite::fresh),
        Adapter::new("postgres", Postgres::fresh),
        Adapter::recording_enrolments("postgres_copy", || Copying(Postgres::fresh())),
    ]);
}
