//! `client`: who may call the API, and with which secret.

use std::io::{self, BufRead};

use accolade_application::access::{self, ClientKey, MalformedClientKey, Secret};
use accolade_application::ports::{Client, CreateClientError, UnknownClient};
use accolade_domain::ids::OrgId;
use anyhow::{Result, anyhow};
use serde_json::json;

use crate::cli::output::{print_table, printable};
use crate::cli::{CreateClient, RevokeClient, RotateClient, print};
use crate::store;

/// No line with a secret has more bytes.
const LONGEST_LINE: u64 = 8 * 1024;

/// Reads a key from the command line.
///
/// # Errors
/// The text is none.
pub(super) fn key(text: &str) -> Result<ClientKey, MalformedClientKey> {
    ClientKey::try_from(text)
}

/// Creates a client and prints its credentials, or takes those that callers have.
///
/// # Errors
/// There is no such organisation; the key is taken, or the secret unfit.
pub(super) fn create(command: CreateClient) -> Result<()> {
    let CreateClient {
        org,
        name,
        groups,
        key,
        secret_stdin: _,
        json,
    } = command;
    let shown = printable(name.as_str());
    let groups = groups.into_iter().collect();
    let client = access::CreateClient { org, name, groups };
    if let Some(key) = key {
        let secret = secret_of_callers(io::stdin().lock())?;
        let ports = store::of_process()?;
        let created = access::create_client_with(&ports, client, &key, &secret);
        let number = created.map_err(|error| not_created(error, org))?;
        return print(if json {
            json!({ "key": key.as_str() }).to_string()
        } else {
            format!(
                "created the client {number} ({shown}) of the organisation {org} with the key {key}"
            )
        });
    }
    let ports = store::of_process()?;
    let created = access::create_client(&ports, client);
    let created = created.map_err(|error| not_created(error, org))?;
    let said = format!(
        "created the client {} ({shown}) of the organisation {org}; its secret is shown this once",
        created.number
    );
    print_credentials(&created.key, &created.secret, &said, json)
}

/// The secret on the first line of `input`.
///
/// # Errors
/// It cannot be read or is unfit; neither says what it is.
fn secret_of_callers(input: impl BufRead) -> Result<Secret> {
    Secret::brought_along(&secret_on_first_line(input)?)
        .map_err(|unfit| anyhow!("the secret on the first line of standard input {unfit}"))
}

/// The first line of `input`.
///
/// # Errors
/// It is no text.
pub(super) fn secret_on_first_line(input: impl BufRead) -> Result<String> {
    let mut line = String::new();
    input
        .take(LONGEST_LINE)
        .read_line(&mut line)
        .map_err(|_| anyhow!("the first line of standard input is not UTF-8 text"))?;
    // Some editors and shells begin a text with a byte order mark, which nobody sees.
    let text = line.strip_prefix('\u{feff}').unwrap_or(&line);
    let text = text.strip_suffix('\n').unwrap_or(text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

fn not_created(error: CreateClientError, org: OrgId) -> anyhow::Error {
    match error {
        CreateClientError::UnknownOrg => anyhow!(
            "there is no organisation {org}: `accolade-server org list` names those there are"
        ),
        CreateClientError::KeyTaken => anyhow!(
            "there is a client with this key already: a key belongs to one client of the whole \
             installation, see `accolade-server client list`"
        ),
        CreateClientError::Store(error) => error.into(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_of_what_is_read_and_never_repeated() {
        let read = |input: &[u8]| secret_of_callers(input);
        for input in [
            "a secret: of callers\nmore",
            "a secret: of callers\r\n",
            "\u{feff}a secret: of callers\n",
            "a secret: of callers",
        ] {
            assert_eq!(
                read(input.as_bytes()).unwrap().reveal(),
                "a secret: of callers"
            );
        }
        for input in [
            &b""[..],
            b"\n0123456789abcdef",
            b"too short",
            b"0123456789abcdef\xff",
        ] {
            let error = read(input).unwrap_err().to_string();
            assert!(error.contains("standard input"), "{error}");
            assert!(
                !error.contains("short") && !error.contains("0123"),
                "{error}"
            );
        }
    }
}
