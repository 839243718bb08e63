//! The contract of every port, on PostgreSQL, with every enrolment copied in as if it were one
//! of many: the same walks and races, the other way.

#![allow(clippy::unwrap_used)]

mod support;

use accolade_contract_tests::contract_tests;

contract_tests!(support::Copying(support::Postgres::fresh()));
