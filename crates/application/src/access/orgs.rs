//! Creating organisations.

use crate::ports::{CreateOrgError, Org, Ports};

/// Creates an org.
///
/// # Errors
/// [`CreateOrgError::Exists`] if its number is taken.
pub fn create_org(ports: &Ports, org: &Org) -> Result<(), CreateOrgError> {
    ports.stores.access.create_org(org, ports.clock.now())
}
