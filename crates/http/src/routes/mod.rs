//! The operations: what can be asked, each with its handler.
//!
//! A file has the declarations of its operations first, and then their handlers, which all read
//! alike: open the [call], read what is asked for, one use case, the answer.

pub(crate) mod call;
pub(crate) mod lookup;
pub(crate) mod mutation;
pub(crate) mod ops;

mod actors;
mod approvals;
mod audit;
mod badges;
mod custom_fields;
mod customers;
mod directory;
mod earning;
mod enrolment;
mod events;
mod exports;
mod groups;
mod jobs;
mod people;
mod requests;
mod webhooks;
mod windows;
mod workflow;

use crate::auth;
use crate::operation::Operation;

/// Every operation that callers see, in the order in which who integrates needs them and the
/// document shows them.
pub(crate) fn api_operations() -> Vec<Operation> {
    [
        enrolment::operations(),
        requests::operations(),
        earning::operations(),
        customers::operations(),
        directory::operations(),
        jobs::operations(),
        people::operations(),
        events::operations(),
        exports::operations(),
        badges::operations(),
        windows::operations(),
        groups::operations(),
        custom_fields::operations(),
        webhooks::operations(),
        approvals::operations(),
        workflow::operations(),
        actors::operations(),
        audit::operations(),
        auth::generate::operations(),
        auth::oauth2::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Every operation that the document shows.
pub(crate) fn operations() -> Vec<Operation> {
    let mut operations = api_operations();
    operations.extend(ops::health_operations());
    operations.extend(ops::metrics_operations());
    operations
}
