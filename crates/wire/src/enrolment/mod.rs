//! Enrolling customers for a badge, and revoking enrolments.

pub mod answer;
pub mod request;
pub mod revocation;
pub mod revocation_request;
