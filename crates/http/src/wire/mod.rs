//! The wire: what requests and answers look like, and nothing of what they mean.

pub(crate) mod badge;
pub(crate) mod badge_query;
pub(crate) mod badge_request;
pub(crate) mod claim;
pub(crate) mod constraint;
pub(crate) mod enrolment;
pub(crate) mod enrolment_request;
pub(crate) mod envelope;
pub(crate) mod expiry;
pub(crate) mod instant;
pub(crate) mod list;
pub(crate) mod owner_request;
pub(crate) mod schema;
