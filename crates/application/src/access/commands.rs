//! API clients as those of an org who administer it create and change them. The server's command line
//! does so by itself ([`clients`](super::clients)).

use accolade_domain::approval::RuledOperation;
use accolade_domain::audit::Attribution;
use accolade_domain::ids::{ClientNumber, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::login::Login;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;
use anyhow::anyhow;
use serde::{Deserialize, Serialize};

use super::{AccessGroups, Caller, ClientKey, Secret};
use crate::answer::{Answer, ShownSecret};
use crate::approvals::Approval;
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{
    AccessStore, BoundsChange, Client, CreateClientError, IdempotencyKeyUsed, NewClient, Ports,
    UnknownClient,
};
use crate::request::Request;
use crate::together::together;

/// Creates an API client of the org with a random key and secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddClient {
    /// Its name.
    pub name: Name,
    /// What it may do.
    pub groups: AccessGroups,
    /// Who owns it, if anybody does.
    pub owner: Option<Login>,
}

/// Gives an API client a second secret; both hold until the rotation is finished.
///
/// Refused with 404, also once it is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RotateClient {
    /// The client.
    pub client: ClientNumber,
}

/// Makes the second secret of an API client its only one.
///
/// Refused with 404, also once it is revoked, or if it has no second one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinishClientRotation {
    /// The client.
    pub client: ClientNumber,
}

/// Revokes an API client for good.
///
/// Refused with 404, also once it is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokeClient {
    /// The client.
    pub client: ClientNumber,
}

/// Changes how much an API client may ask for, and until when.
///
/// Refused with 404, also once it is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundClient {
    /// The client.
    pub client: ClientNumber,
    /// What changes.
    pub change: BoundsChange,
}

/// An API client as it looks at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientView {
    /// Its number.
    pub number: ClientNumber,
    /// Its name.
    pub name: Name,
    /// The public half of its credentials.
    pub key: String,
    /// What it may do.
    pub groups: AccessGroups,
    /// Who owns it, if anybody does.
    pub owner: Option<Login>,
    /// How many requests it may send a minute.
    pub requests_per_minute: Option<u32>,
    /// How many customers it may name a minute.
    pub customers_per_minute: Option<u32>,
    /// From when on it is not let in any more.
    pub ends_on: Option<Instant>,
    /// When it was revoked, if it was.
    pub revoked_on: Option<Instant>,
    /// Its secret, where it is new. It is not kept: an answer that is given again has none.
    #[serde(skip)]
    pub secret: Option<ShownSecret>,
}

impl ClientView {
    /// How `client` looks.
    pub fn new(client: &Client, secret: Option<&Secret>) -> Self {
        let bounds = client.state();
        Self {
            number: client.number,
            name: client.name.clone(),
            key: client.key.as_str().to_owned(),
            groups: client.groups,
            owner: client.owner.clone(),
            requests_per_minute: bounds.requests_per_minute,
            customers_per_minute: bounds.customers_per_minute,
            ends_on: bounds.ends_on,
            revoked_on: client.revoked_on,
            secret: secret.map(|it| ShownSecret::new(it.reveal().to_owned())),
        }
    }
}

/// The API clients of the caller's org, revoked ones included, by number.
///
/// # Errors
/// The store failed.
pub fn clients_of(ports: &Ports, caller: &Caller) -> Result<Vec<Client>, UseCaseError> {
    let mut clients = ports.stores.access.clients()?;
    clients.retain(|client| client.org.id == caller.org);
    Ok(clients)
}

impl Command for AddClient {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Client, |it| Ok(it.into()));

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        once(ports, request, |ports, request| {
            let key = ClientKey::generate(&*ports.secrets);
            let secret = Secret::generate(&*ports.secrets);
            let created = ports.stores.access.create_client(&NewClient {
                org: request.caller.org,
                name: self.name.clone(),
                key: key.clone(),
                groups: self.groups,
                owner: self.owner.clone(),
                secret: secret.hash(),
                created: request.attribution(ports.clock.now()),
            });
            let number = created.map_err(|error| match error {
                CreateClientError::Store(error) => error.into(),
                CreateClientError::UnknownOrg | CreateClientError::KeyTaken => {
                    UseCaseError::unexpected(anyhow!("a client of the org with a new key: {error}"))
                }
            })?;
            let client = found(ports, request.caller.org, number)?;
            Ok(ClientView::new(&client, Some(&secret)))
        })
    }
}

impl Command for RotateClient {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("the secret is shown to who asks, and a leaked one cannot wait");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let secret = Secret::generate(&*ports.secrets);
        let new = Some(&secret);
        change(ports, request, self.client, new, |access, key, by| {
            access.begin_rotation(key, &secret.hash(), by).map(|_| ())
        })
    }
}

impl Command for FinishClientRotation {
    const APPROVAL: Approval<Self> =
        Approval::Exempt("it takes a secret away that may have leaked, which cannot wait");

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        change(ports, request, self.client, None, |access, key, by| {
            access.finish_rotation(key, by)
        })
    }
}

impl Command for RevokeClient {
    const APPROVAL: Approval<Self> = Approval::Exempt(
        "it lets a client in no more whose secret may have leaked, which cannot wait",
    );

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        change(ports, request, self.client, None, |access, key, by| {
            access.revoke(key, by)
        })
    }
}

impl Command for BoundClient {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Client, |it| Ok(it.into()));

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        change(ports, request, self.client, None, |access, key, by| {
            access.set_bounds(key, &self.change, by).map(|_| ())
        })
    }
}

/// Changes a client of the org, once for each idempotency key.
fn change(
    ports: &Ports,
    request: &Request,
    client: ClientNumber,
    secret: Option<&Secret>,
    change: impl Fn(&dyn AccessStore, &ClientKey, &Attribution) -> Result<(), UnknownClient>,
) -> Result<Answer, UseCaseError> {
    once(ports, request, |ports, request| {
        let org = request.caller.org;
        let before = found(ports, org, client)?;
        let by = request.attribution(ports.clock.now());
        let changed = change(&*ports.stores.access, &before.key, &by);
        changed.map_err(|error| match error {
            UnknownClient::Unknown => no_such_client(client).into(),
            UnknownClient::Store(error) => UseCaseError::from(error),
        })?;
        Ok(ClientView::new(&found(ports, org, client)?, secret))
    })
}

/// Does `work`, and keeps what it answers under the request's key in the same transaction.
fn once(
    ports: &Ports,
    request: &Request,
    work: impl Fn(&Ports, &Request) -> Result<ClientView, UseCaseError>,
) -> Result<Answer, UseCaseError> {
    let both = |ports: &Ports| {
        let answer = Answer::Client(Box::new(work(ports, request)?));
        if let Some(record) = request.record(&answer) {
            let remembered = ports.stores.idempotency.remember(&record)?;
            remembered.map_err(|IdempotencyKeyUsed| UseCaseError::IdempotencyKeyUsed)?;
        }
        Ok(answer)
    };
    together(ports, both, |_| true, |_| Ok(false))
}

fn found(ports: &Ports, org: OrgId, number: ClientNumber) -> Result<Client, UseCaseError> {
    let clients = ports.stores.access.clients()?;
    let mut clients = clients.into_iter();
    let found = clients.find(|it| it.org.id == org && it.number == number);
    found.ok_or_else(|| no_such_client(number).into())
}

fn no_such_client(number: ClientNumber) -> Rejection {
    let message = format!("There is no client {number}, or it is revoked.");
    Rejection::new(Code::NotFound).with_message(message)
}
