//! Jobs looked up.

use accolade_domain::job::{JobId, JobOperation};

use super::{found, scope, view};
use crate::access::Caller;
use crate::answer::JobView;
use crate::error::UseCaseError;
use crate::ports::{Page, PageOf, Ports};

/// One job, as it is now.
///
/// # Errors
/// 1962; 1931.
pub fn job(ports: &Ports, caller: &Caller, job: &JobId) -> Result<JobView, UseCaseError> {
    Ok(view(&found(ports, caller, job)?))
}

/// A page of the org's jobs, the newest first: those that do what the caller may do.
///
/// # Errors
/// The store failed.
pub fn jobs(ports: &Ports, caller: &Caller, page: PageOf) -> Result<Page<JobView>, UseCaseError> {
    let mut operations = JobOperation::ALL.to_vec();
    operations.retain(|operation| caller.groups.permit(scope(*operation)));
    let found = ports.stores.jobs.jobs(caller.org, &operations, page)?;
    Ok(Page {
        items: found.items.iter().map(view).collect(),
        total: found.total,
    })
}
