//! Enrolment: the job that Accolade exists for, and what became of earlier requests.

mod enrol;
mod group;
mod requests;
mod revoke;

pub use enrol::{EnrolCustomers, enrol, preview};
pub use group::enrol_group;
pub use requests::requests;
pub use revoke::{RevokeEnrolments, revoke};
