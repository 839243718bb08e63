//! Enrolment: the job that Accolade exists for, and what became of earlier requests.

mod enrol;
mod requests;
mod revoke;

pub use enrol::EnrolCustomers;
pub(crate) use requests::imports_with;
pub use requests::requests;
pub use revoke::{RevokeEnrolments, WhichEnrolments};
