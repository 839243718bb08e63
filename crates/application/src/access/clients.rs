//! Creating clients, and the life of their secrets.

use accolade_domain::audit::Attribution;
use accolade_domain::ids::{ClientNumber, OrgId};
use accolade_domain::login::Login;
use accolade_domain::text::Name;
use anyhow::anyhow;

use crate::access::{AccessGroups, ClientKey, Secret, SecretHash};
use crate::ports::{
    BoundsChange, ClientBounds, CreateClientError, NewClient, Ports, SecondSecret, StoreError,
    UnknownClient,
};

/// A client to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateClient {
    /// The org that it acts for.
    pub org: OrgId,
    /// Its name.
    pub name: Name,
    /// What it may do.
    pub groups: AccessGroups,
    /// Who owns it, if anybody does.
    pub owner: Option<Login>,
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
    let number = create(ports, command, &key, secret.hash())?;
    Ok(NewCredentials {
        number,
        key,
        secret,
    })
}

/// Creates a client with a key and a secret that its callers use already. It works at once.
///
/// # Errors
/// [`CreateClientError::UnknownOrg`]; [`CreateClientError::KeyTaken`], whichever org has it.
pub fn create_client_with(
    ports: &Ports,
    command: CreateClient,
    key: &ClientKey,
    secret: &Secret,
) -> Result<ClientNumber, CreateClientError> {
    let hash = secret
        .slow_hash(key)
        .ok_or_else(|| StoreError::Unexpected(anyhow!("the secret cannot be hashed")))?;
    create(ports, command, key, hash)
}

fn create(
    ports: &Ports,
    command: CreateClient,
    key: &ClientKey,
    secret: SecretHash,
) -> Result<ClientNumber, CreateClientError> {
    ports.stores.access.create_client(&NewClient {
        org: command.org,
        name: command.name,
        key: key.clone(),
        groups: command.groups,
        owner: command.owner,
        secret,
        created: by_system(ports),
    })
}

/// Gives a client a second secret; both hold until [`finish_rotation`]. One that it had already does not
/// hold any more.
///
/// # Errors
/// [`UnknownClient::Unknown`].
pub fn begin_rotation(
    ports: &Ports,
    key: &ClientKey,
) -> Result<(Secret, SecondSecret), UnknownClient> {
    let secret = Secret::generate(&*ports.secrets);
    let by = by_system(ports);
    let second = (ports.stores.access).begin_rotation(key, &secret.hash(), &by)?;
    Ok((secret, second))
}

/// Ends a client's first secret; the second one is its only one.
///
/// # Errors
/// [`UnknownClient::Unknown`], also if it has no second one.
pub fn finish_rotation(ports: &Ports, key: &ClientKey) -> Result<(), UnknownClient> {
    ports.stores.access.finish_rotation(key, &by_system(ports))
}

/// Revokes a client for good.
///
/// # Errors
/// [`UnknownClient::Unknown`].
pub fn revoke_client(ports: &Ports, key: &ClientKey) -> Result<(), UnknownClient> {
    ports.stores.access.revoke(key, &by_system(ports))
}

/// Changes how much a client may ask for, and until when; gives what holds now.
///
/// # Errors
/// [`UnknownClient::Unknown`].
pub fn set_bounds(
    ports: &Ports,
    key: &ClientKey,
    change: &BoundsChange,
) -> Result<ClientBounds, UnknownClient> {
    ports
        .stores
        .access
        .set_bounds(key, change, &by_system(ports))
}

/// Clients are created and changed on the command line only.
fn by_system(ports: &Ports) -> Attribution {
    Attribution::system(ports.clock.now())
}
