//! `client`: who may call the API, and with which secret.

use accolade_application::access::{self, ClientKey, MalformedClientKey, Secret};
use accolade_application::ports::{Client, CreateClientError, UnknownClient};
use anyhow::{Result, anyhow};
use serde_json::json;

use crate::cli::output::{print_table, printable};
use crate::cli::{CreateClient, RevokeClient, RotateClient, print};
use crate::store;

/// Reads a key from the command line.
///
/// # Errors
/// The text is none.
pub(super) fn key(text: &str) -> Result<ClientKey, MalformedClientKey> {
    ClientKey::try_from(text)
}

/// Creates a client and prints its credentials.
///
/// # Errors
/// There is no such organisation.
pub(super) fn create(command: CreateClient) -> Result<()> {
    let ports = store::of_process()?;
    let org = command.org;
    let name = printable(command.name.as_str());
    let created = access::create_client(
        &ports,
        access::CreateClient {
            org,
            name: command.name,
            groups: command.groups.into_iter().collect(),
        },
    );
    let created = match created {
        Ok(created) => created,
        Err(CreateClientError::UnknownOrg) => {
            return Err(anyhow!(
                "there is no organisation {org}: `accolade-server org list` names those there are"
            ));
        }
        Err(other) => return Err(other.into()),
    };
    let said = format!(
        "created the client {} ({name}) of the organisation {org}; its secret is shown this once",
        created.number
    );
    print_credentials(&created.key, &created.secret, &said, command.json)
}

fn print_credentials(key: &ClientKey, secret: &Secret, said: &str, json: bool) -> Result<()> {
    if json {
        return print(json!({ "key": key.as_str(), "secret": secret.reveal() }).to_string());
    }
    print(format!(
        "{said}\nkey     {key}\nsecret  {}",
        secret.reveal()
    ))
}

/// Lists the clients.
///
/// # Errors
/// The database does not answer.
pub(super) fn list() -> Result<()> {
    let clients = store::of_process()?.stores.access.clients()?;
    let rows: Vec<_> = clients
        .into_iter()
        .map(|client| {
            [
                client.number.to_string(),
                client.key.to_string(),
                client.org.id.to_string(),
                state(&client),
                client.groups.to_string(),
                client.name.into(),
            ]
        })
        .collect();
    print_table(["NUMBER", "KEY", "ORG", "STATE", "GROUPS", "NAME"], &rows)
}

fn state(client: &Client) -> String {
    match (client.revoked_on, client.next_secret) {
        (Some(revoked_on), _) => format!("revoked {revoked_on}"),
        (None, Some(_)) => "two secrets".to_owned(),
        (None, None) => "active".to_owned(),
    }
}

/// Gives a client a second secret, or ends its first.
///
/// # Errors
/// There is no such client, or it has no second secret.
pub(super) fn rotate(command: RotateClient) -> Result<()> {
    let ports = store::of_process()?;
    let RotateClient { key, finish, json } = command;
    if finish {
        access::finish_rotation(&ports, &key).map_err(|error| {
            unknown(
                error,
                &format!("no active client {key} with a second secret"),
            )
        })?;
        return print(format!("the first secret of {key} has ended"));
    }
    let secret = access::begin_rotation(&ports, &key)
        .map_err(|error| unknown(error, &format!("no active client {key}")))?;
    let said = format!("{key} has a second secret, shown this once; both hold until `--finish`");
    print_credentials(&key, &secret, &said, json)
}

/// Revokes a client.
///
/// # Errors
/// There is no such client, or it is revoked.
pub(super) fn revoke(command: &RevokeClient) -> Result<()> {
    let ports = store::of_process()?;
    let key = &command.key;
    access::revoke_client(&ports, key)
        .map_err(|error| unknown(error, &format!("no active client {key}")))?;
    print(format!("{key} is revoked"))
}

fn unknown(error: UnknownClient, what: &str) -> anyhow::Error {
    match error {
        UnknownClient::Unknown => anyhow!("there is {what}: see `accolade-server client list`"),
        UnknownClient::Store(error) => error.into(),
    }
}
