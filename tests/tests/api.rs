//! What the API answers, on both databases.
#![allow(clippy::unwrap_used)]

mod api {
    #[macro_use]
    mod produced;

    mod access;
    mod badge_lists;
    mod badges;
    mod claims;
    mod codes;
    mod constraints;
    mod demo;
    mod earning_codes;
    mod edge;
    mod enrolment;
    mod expiry;
    mod idempotency;
    mod openapi;
    mod order_of_checks;
    mod periods;
    mod readme;
    mod requests;
    mod throttle;
}
