//! Creating clients, and the life of their secrets.

use accolade_domain::ids::{ClientNumber, OrgId};
use accolade_domain::text::Name;

use crate::access::{AccessGroups, ClientKey, Secret};
use crate::ports::{CreateClientError, NewClient, Ports, UnknownClient};

/// A client to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateClient {
    /// The org that it acts for.
    pub org: OrgId,
    /// Its name.
    pub name: Name,
    /// What it may do.
    pub groups: AccessGroups,
}

/// What a new client presents from now on. The secret is shown once.
#[derive(Debug, Clone)]
pub struct NewCredentials {
    /// Its number.
    pub number: ClientNumber,
    /// Its key.
    pub key: ClientKey,
    /// Its secret.
    pub secret: Secret,
}

/// Creates a client with a random key and secret. It works at once.
///
/// # Errors
/// [`CreateClientError::UnknownOrg`].
pub fn create_client(
    ports: &Ports,
    command: CreateClient,
) -> Result<NewCredentials, CreateClientError> {
    let key = ClientKey::generate(&*ports.secrets);
    let secret = Secret::generate(&*ports.secrets);
    let number = ports.stores.access.create_client(&NewClient {
        org: command.org,
        name: command.name,
        key: key.clone(),
        groups: command.groups,
        secret: secret.hash(),
        created_on: ports.clock.now(),
    })?;
    Ok(NewCredentials {
        number,
        key,
        secret,
    })
}

/// Gives a client a second secret; both hold until [`finish_rotation`].
///
/// # Errors
/// [`UnknownClient::Unknown`].
pub fn begin_rotation(ports: &Ports, key: &ClientKey) -> Result<Secret, UnknownClient> {
    let secret = Secret::generate(&*ports.secrets);
    ports.stores.access.begin_rotation(key, &secret.hash())?;
    Ok(secret)
}

/// Ends a client's first secret; the second one is its only one.
///
/// # Errors
/// [`UnknownClient::Unknown`], also if it has no second one.
pub fn finish_rotation(ports: &Ports, key: &ClientKey) -> Result<(), UnknownClient> {
    ports.stores.access.finish_rotation(key)
}

/// Revokes a client for good.
///
/// # Errors
/// [`UnknownClient::Unknown`].
pub fn revoke_client(ports: &Ports, key: &ClientKey) -> Result<(), UnknownClient> {
    ports.stores.access.revoke(key, ports.clock.now())
}
