//! Who calls: credentials become a caller, or do not.

use accolade_domain::actor::Actor;
use accolade_domain::identifier::Region;
use accolade_domain::ids::OrgId;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::zone::Zone;

use crate::access::{AccessGroup, AccessGroups, ClientKey, Secret, SecretHash};
use crate::ports::{Client, Ports, StoreError};

/// Who calls, after authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The org that it acts for.
    pub org: OrgId,
    /// The org's zone.
    pub zone: Zone,
    /// The org's region.
    pub region: Option<Region>,
    /// Who it is (wire: `createdBy`).
    pub actor: Actor,
    /// What it may do.
    pub groups: AccessGroups,
}

impl Caller {
    /// # Errors
    /// 1931, naming the group that is missing.
    pub fn require(&self, group: AccessGroup) -> Result<(), Rejection> {
        if self.groups.permit(group) {
            Ok(())
        } else {
            Err(Rejection::of(Code::Forbidden).saying(format!(
                "The client lacks the access group {}.",
                group.name()
            )))
        }
    }
}

/// What a caller presents.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The key, as presented.
    pub key: String,
    /// The secret, as presented.
    pub secret: Secret,
}

/// The client that `client` says it is, unless it is revoked.
pub fn caller_of(client: &Client) -> Option<Caller> {
    client.revoked_on.is_none().then(|| Caller {
        org: client.org.id,
        zone: client.org.zone.clone(),
        region: client.org.region,
        actor: client.number.into(),
        groups: client.groups,
    })
}

/// Compared with where there is no client, so that it takes as long.
const NOBODYS: SecretHash = SecretHash::from_bytes([0; 32]);

/// The client that these credentials belong to, if they are right and it is
/// not revoked. Takes as long for a key that nobody has.
///
/// # Errors
/// The store failed.
pub fn authenticate(
    ports: &Ports,
    credentials: &Credentials,
) -> Result<Option<Client>, StoreError> {
    let Ok(key) = ClientKey::try_from(credentials.key.as_str()) else {
        return Ok(None);
    };
    let secret = &credentials.secret;
    let client = ports.stores.access.client(&key)?;
    if client.is_none() {
        NOBODYS.matches(secret);
    }
    Ok(client.filter(|client| client.admits(secret)))
}

impl Client {
    /// Whether `secret` is one of its secrets and it is not revoked.
    pub fn admits(&self, secret: &Secret) -> bool {
        self.has_secret(secret) && self.revoked_on.is_none()
    }

    /// Whether `secret` is one of its secrets.
    pub fn has_secret(&self, secret: &Secret) -> bool {
        let first = self.secret.matches(secret);
        let second = self.next_secret.is_some_and(|hash| hash.matches(secret));
        first | second
    }
}
