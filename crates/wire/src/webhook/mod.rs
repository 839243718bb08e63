//! Webhooks: the bodies of requests and answers, and which attempts a list is to have.

pub mod answer;
pub mod attempt;
pub mod request;
pub mod resend;
