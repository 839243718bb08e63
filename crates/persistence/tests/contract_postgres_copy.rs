//! The contract of recording enrolments, on PostgreSQL, with every enrolment copied in as if it
//! were one of many: the same races and walks, the other way.

#![allow(clippy::unwrap_used)]

mod support;

use accolade_contract_tests::enrolment_contract_tests;

enrolment_contract_tests!(support::Copying(support::Postgres::fresh()));
