//! Where organisations and their API clients live.

use std::num::NonZeroU32;

use accolade_domain::audit::{Attribution, ClientState, Entry, telling};
use accolade_domain::identifier::Region;
use accolade_domain::ids::{ClientNumber, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::login::Login;
use accolade_domain::text::Name;
use accolade_domain::zone::Zone;
use serde::{Deserialize, Deserializer, Serialize};

use crate::access::{AccessGroups, ClientKey, SecretHash};
use crate::ports::StoreError;

/// An organisation: the tenant that everything belongs to. Its zone and region never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    /// Its number, chosen by who creates it.
    pub id: OrgId,
    /// Its name, for people.
    pub name: Name,
    /// Its time zone, which decides when a day begins.
    pub zone: Zone,
    /// Where telephone numbers are dialled that have no code of their country; `None`: nowhere.
    pub region: Option<Region>,
}

/// An API client of an org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its number: unique over all orgs, given by the store in ascending order.
    pub number: ClientNumber,
    /// The org that it belongs to, and only ever acts for.
    pub org: Org,
    /// Its name, for people.
    pub name: Name,
    /// The public half of its credentials: unique over all orgs.
    pub key: ClientKey,
    /// What it may do.
    pub groups: AccessGroups,
    /// Who owns it, if anybody does: its votes are those of this person.
    pub owner: Option<Login>,
    /// The hash of its secret.
    pub secret: SecretHash,
    /// The hash of a second secret that holds beside the first, while one is rotated.
    pub next_secret: Option<SecretHash>,
    /// When it was created.
    pub created_on: Instant,
    /// When it was revoked, if it was.
    pub revoked_on: Option<Instant>,
    /// How much it may ask for, and until when.
    pub bounds: ClientBounds,
    /// When it was last let in, to about a minute; `None` if it never was.
    pub last_used_on: Option<Instant>,
}

impl Client {
    /// Whether it was revoked or has ended at `now`, so that nobody is let in with its secrets.
    pub fn is_over(&self, now: Instant) -> bool {
        self.revoked_on.is_some() || self.bounds.ends_on.is_some_and(|end| end <= now)
    }

    /// What an entry of the audit trail has of it.
    pub fn state(&self) -> ClientState {
        ClientState {
            requests_per_minute: self.bounds.requests_per_minute.map(NonZeroU32::get),
            customers_per_minute: self.bounds.customers_per_minute.map(NonZeroU32::get),
            ends_on: self.bounds.ends_on,
            owner: self.owner.clone(),
            ..ClientState::new(self.name.clone(), self.groups.names())
        }
    }
}

/// How much a client may ask for, and until when. What is `None` is not bounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientBounds {
    /// How many requests it may send a minute.
    pub requests_per_minute: Option<NonZeroU32>,
    /// How many customers it may name a minute in requests that change something.
    pub customers_per_minute: Option<NonZeroU32>,
    /// From when on it is not let in any more.
    pub ends_on: Option<Instant>,
}

/// Which bounds of a client change, and to what: `Some(None)` takes a bound away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BoundsChange {
    /// How many requests a minute.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub requests_per_minute: Option<Option<NonZeroU32>>,
    /// How many customers a minute.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub customers_per_minute: Option<Option<NonZeroU32>>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "said")]
    pub ends_on: Option<Option<Instant>>,
}

/// What is said at all, be it that there is nothing: what is not said is left out.
fn said<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl BoundsChange {
    /// `bounds` after it.
    pub fn of(self, bounds: ClientBounds) -> ClientBounds {
        ClientBounds {
            requests_per_minute: self
                .requests_per_minute
                .unwrap_or(bounds.requests_per_minute),
            customers_per_minute: self
                .customers_per_minute
                .unwrap_or(bounds.customers_per_minute),
            ends_on: self.ends_on.unwrap_or(bounds.ends_on),
        }
    }
}

/// What became of a second secret when another one was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondSecret {
    /// There was none.
    New,
    /// There was one, which does not hold any more.
    Replaced,
}

/// A client to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    /// The org that it will belong to.
    pub org: OrgId,
    /// Its name.
    pub name: Name,
    /// Its key.
    pub key: ClientKey,
    /// What it may do.
    pub groups: AccessGroups,
    /// Who owns it, if anybody does; she need not be known otherwise.
    pub owner: Option<Login>,
    /// The hash of its secret.
    pub secret: SecretHash,
    /// When it is created, and by whom.
    pub created: Attribution,
}

impl NewClient {
    /// What the audit trail tells of it once it has got its `number`.
    pub fn entry(&self, number: ClientNumber) -> Entry {
        let state = ClientState {
            owner: self.owner.clone(),
            ..ClientState::new(self.name.clone(), self.groups.names())
        };
        telling::client_created(self.org, number, state, &self.created)
    }
}

/// Why an org was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateOrgError {
    /// Its number is taken. The org that has it is unchanged.
    #[error("an organisation with this id exists")]
    Exists,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a client was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateClientError {
    /// There is no such org.
    #[error("there is no organisation with this id")]
    UnknownOrg,
    /// Its key is taken. The client that has it is unchanged.
    #[error("a client with this key exists")]
    KeyTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a client was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UnknownClient {
    /// There is no client with this key, it is revoked, or (finishing a
    /// rotation) it has no second secret.
    #[error("there is no such client, it is revoked, or it has no second secret to keep")]
    Unknown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where organisations and their API clients live. Whatever changes a client, the audit trail of
/// its org tells, in the same transaction: by whom and when, and no secret.
pub trait AccessStore: Send + Sync {
    /// Creates `org`. Of two that race for one number exactly one wins.
    ///
    /// # Errors
    /// [`CreateOrgError::Exists`] if its number is taken.
    fn create_org(&self, org: &Org, created_on: Instant) -> Result<(), CreateOrgError>;

    /// Every org, by number.
    ///
    /// # Errors
    /// The store failed.
    fn orgs(&self) -> Result<Vec<Org>, StoreError>;

    /// Creates a client and gives it the next number. Of two that race for one key
    /// exactly one wins.
    ///
    /// # Errors
    /// [`CreateClientError::UnknownOrg`], [`CreateClientError::KeyTaken`].
    fn create_client(&self, client: &NewClient) -> Result<ClientNumber, CreateClientError>;

    /// Every client, revoked ones included, by number.
    ///
    /// # Errors
    /// The store failed.
    fn clients(&self) -> Result<Vec<Client>, StoreError>;

    /// The client with this key, revoked or not, as it is now.
    ///
    /// # Errors
    /// The store failed.
    fn client(&self, key: &ClientKey) -> Result<Option<Client>, StoreError>;

    /// Gives the client a second secret beside its first; replaces a second
    /// one that it has already, and says so.
    ///
    /// # Errors
    /// [`UnknownClient::Unknown`] also if it is revoked.
    fn begin_rotation(
        &self,
        key: &ClientKey,
        next: &SecretHash,
        by: &Attribution,
    ) -> Result<SecondSecret, UnknownClient>;

    /// Makes the second secret the only one.
    ///
    /// # Errors
    /// [`UnknownClient::Unknown`] also if it is revoked or has no second secret.
    fn finish_rotation(&self, key: &ClientKey, by: &Attribution) -> Result<(), UnknownClient>;

    /// Revokes the client for good, at the moment that `by` has. Its first revocation's moment stays.
    ///
    /// # Errors
    /// [`UnknownClient::Unknown`] if there is no such client or it is revoked already.
    fn revoke(&self, key: &ClientKey, by: &Attribution) -> Result<(), UnknownClient>;

    /// Changes how much the client may ask for, and until when; gives what holds now. Of changes at once
    /// none is lost. What changes nothing is in no audit trail.
    ///
    /// # Errors
    /// [`UnknownClient::Unknown`] also if it is revoked.
    fn set_bounds(
        &self,
        key: &ClientKey,
        change: &BoundsChange,
        by: &Attribution,
    ) -> Result<ClientBounds, UnknownClient>;

    /// Writes down that these clients were let in at `on`, those of them that were not later already. It
    /// is in no audit trail. Numbers of nobody are ignored.
    ///
    /// # Errors
    /// The store failed.
    fn note_uses(&self, clients: &[ClientNumber], on: Instant) -> Result<(), StoreError>;
}
