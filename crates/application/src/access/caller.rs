//! Who calls: a client whose secret was presented becomes a caller, unless it is revoked.

use accolade_domain::actor::Actor;
use accolade_domain::identifier::Region;
use accolade_domain::ids::OrgId;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::zone::Zone;

use crate::access::{AccessGroup, AccessGroups, Secret, SecretHash};
use crate::ports::Client;

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
    /// 1931, naming the groups any one of which would be enough.
    pub fn require(&self, groups: AccessGroups) -> Result<(), Rejection> {
        if self.groups.permit(groups) {
            Ok(())
        } else {
            let names: Vec<_> = groups.iter().map(AccessGroup::name).collect();
            Err(Rejection::new(Code::Forbidden).with_message(format!(
                "The client lacks the access group {}.",
                names.join(" or ")
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

/// The client that `client` says it is, unless it is revoked or has ended at `now`.
pub fn caller_of(client: &Client, now: Instant) -> Option<Caller> {
    (!client.is_over(now)).then(|| Caller {
        org: client.org.id,
        zone: client.org.zone.clone(),
        region: client.org.region,
        actor: client.number.into(),
        groups: client.groups,
    })
}

impl Client {
    /// Whether `secret` is one of its secrets that were made here, and it is not revoked.
    pub fn admits(&self, secret: &Secret) -> bool {
        self.admits_hash(&secret.hash())
    }

    /// Whether `hash` is stored of one of its secrets, and it is not revoked.
    pub fn admits_hash(&self, hash: &SecretHash) -> bool {
        self.has(hash) && self.revoked_on.is_none()
    }

    /// Whether `secret` is one of its secrets that were made here.
    pub fn has_secret(&self, secret: &Secret) -> bool {
        self.has(&secret.hash())
    }

    fn has(&self, hash: &SecretHash) -> bool {
        let first = self.secret.matches(hash);
        let second = self.next_secret.is_some_and(|next| next.matches(hash));
        first | second
    }
}
