//! `org`: the tenants.

use accolade_application::access;
use accolade_application::ports::{CreateOrgError, Org};
use anyhow::{Result, anyhow};

use crate::cli::output::{print_table, printable};
use crate::cli::{CreateOrg, print};
use crate::store;

/// Creates an organisation.
///
/// # Errors
/// Its number is taken.
pub(super) fn create(command: CreateOrg) -> Result<()> {
    let ports = store::of_process()?;
    let org = Org {
        id: command.id,
        name: command.name,
        zone: command.time_zone,
        region: command.region,
    };
    match access::create_org(&ports, &org) {
        Ok(()) => print(format!(
            "created the organisation {} ({}) in {}{}",
            org.id,
            printable(org.name.as_str()),
            org.zone,
            (org.region).map_or_else(String::new, |region| format!(", region {region}"))
        )),
        Err(CreateOrgError::Exists) => Err(anyhow!("there is an organisation {} already", org.id)),
        Err(CreateOrgError::Store(error)) => Err(error.into()),
    }
}

/// Lists the organisations.
///
/// # Errors
/// The database does not answer.
pub(super) fn list() -> Result<()> {
    let orgs = store::of_process()?.stores.access.orgs()?;
    let rows: Vec<_> = orgs
        .into_iter()
        .map(|org| {
            let region = org.region.map_or_else(String::new, |it| it.to_string());
            [
                org.id.to_string(),
                org.zone.to_string(),
                region,
                org.name.into(),
            ]
        })
        .collect();
    print_table(["ID", "TIME ZONE", "REGION", "NAME"], &rows)
}
