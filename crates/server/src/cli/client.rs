//! `client`: who may call the API, and with which secret.

use std::io::{self, BufRead};
use std::num::NonZeroU32;
use std::str::FromStr;

use accolade_application::access::{self, ClientKey, MalformedClientKey, Secret};
use accolade_application::ports::{
    BoundsChange, Client, Clock as _, CreateClientError, SecondSecret, UnknownClient,
};
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::login::{Login, UnfitLogin};
use anyhow::{Result, anyhow};
use serde_json::json;

use crate::cli::output::{print_table, printable, tell};
use crate::cli::{CreateClient, RevokeClient, RotateClient, SetClient, print};
use crate::sources::SystemClock;
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

/// Reads a login from the command line.
///
/// # Errors
/// The text is none.
pub(super) fn login(text: &str) -> Result<Login, UnfitLogin> {
    Login::try_from(text)
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
        owner,
        key,
        secret_stdin: _,
        json,
    } = command;
    let shown = printable(name.as_str());
    let groups = groups.into_iter().collect();
    let client = access::CreateClient {
        org,
        name,
        groups,
        owner,
    };
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
    let now = SystemClock.now();
    let or_nothing = |it: Option<String>| it.unwrap_or_else(|| "-".to_owned());
    let a_minute = |it: Option<NonZeroU32>| or_nothing(it.map(|it| it.to_string()));
    let rows: Vec<_> = clients
        .into_iter()
        .map(|client| {
            [
                client.number.to_string(),
                client.key.to_string(),
                client.org.id.to_string(),
                state(&client, now),
                client.groups.to_string(),
                a_minute(client.bounds.requests_per_minute),
                a_minute(client.bounds.customers_per_minute),
                or_nothing(
                    client
                        .last_used_on
                        .map(|it| it.floor_to_second().to_string()),
                ),
                client.name.into(),
            ]
        })
        .collect();
    let head = [
        "NUMBER",
        "KEY",
        "ORG",
        "STATE",
        "GROUPS",
        "REQUESTS/MIN",
        "CUSTOMERS/MIN",
        "LAST USE",
        "NAME",
    ];
    print_table(head, &rows)
}

fn state(client: &Client, now: Instant) -> String {
    let secrets = match client.next_secret {
        Some(_) => "two secrets",
        None => "active",
    };
    match (client.revoked_on, client.bounds.ends_on) {
        (Some(revoked_on), _) => format!("revoked {revoked_on}"),
        (None, Some(end)) if client.is_over(now) => format!("ended {end}"),
        (None, Some(end)) => format!("{secrets} until {end}"),
        (None, None) => secrets.to_owned(),
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
    let (secret, second) = access::begin_rotation(&ports, &key)
        .map_err(|error| unknown(error, &format!("no active client {key}")))?;
    if second == SecondSecret::Replaced {
        tell(format!(
            "note: {key} had a second secret already, which does not hold any more: only its first and \
             the one that is shown now do"
        ));
    }
    let said = format!("{key} has a second secret, shown this once; both hold until `--finish`");
    print_credentials(&key, &secret, &said, json)
}

/// A bound of what a client may ask for a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate(Option<NonZeroU32>);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self(None));
        }
        let number = text.parse().ok();
        let problem = || format!("must be a whole number from 1 to {}, or none", u32::MAX);
        number.map(|it| Self(Some(it))).ok_or_else(problem)
    }
}

/// When a client ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End(Option<Instant>);

impl FromStr for End {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("never") {
            return Ok(Self(None));
        }
        let problem = |_| "must be a moment, such as 2027-01-01T00:00:00Z, or never".to_owned();
        Instant::parse_iso(text)
            .map(|it| Self(Some(it)))
            .map_err(problem)
    }
}

impl SetClient {
    /// What is to change.
    pub(super) fn change(&self) -> BoundsChange {
        BoundsChange {
            requests_per_minute: self.rate.map(|it| it.0),
            customers_per_minute: self.customer_rate.map(|it| it.0),
            ends_on: self.ends.map(|it| it.0),
        }
    }
}

/// Changes how much a client may ask for, and until when.
///
/// # Errors
/// There is no such client, or it is revoked.
pub(super) fn set(command: &SetClient) -> Result<()> {
    let ports = store::of_process()?;
    let key = &command.key;
    let bounds = access::set_bounds(&ports, key, &command.change())
        .map_err(|error| unknown(error, &format!("no active client {key}")))?;
    let a_minute =
        |it: Option<NonZeroU32>| it.map_or("any number of".to_owned(), |it| it.to_string());
    let end = match bounds.ends_on {
        Some(end) => format!("ends on {end}"),
        None => "does not end".to_owned(),
    };
    print(format!(
        "{key} may have {} requests and {} customers a minute, and {end}; servers know within 5 seconds",
        a_minute(bounds.requests_per_minute),
        a_minute(bounds.customers_per_minute),
    ))
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
