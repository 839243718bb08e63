//! The contract of every port, on PostgreSQL.

#![allow(clippy::unwrap_used)]

mod support;

use accolade_contract_tests::contract_tests;

contract_tests!(support::Postgres::fresh());
