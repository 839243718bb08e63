//! Answers kept under idempotency keys.

use std::fmt;

use accolade_domain::actor::Actor;
use accolade_domain::ids::{BadgeNumber, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;

use crate::answer::Answer;
use crate::ports::StoreError;

/// The caller's key: 1 to 255 printable ASCII characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The key is empty, too long, or has a character that cannot be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key must be 1 to 255 printable ASCII characters")]
pub struct MalformedIdempotencyKey;

impl TryFrom<String> for IdempotencyKey {
    type Error = MalformedIdempotencyKey;

    fn try_from(text: String) -> Result<Self, MalformedIdempotencyKey> {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if (1..=255).contains(&text.len()) && printable {
            Ok(Self(text))
        } else {
            Err(MalformedIdempotencyKey)
        }
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A SHA-256 of everything that must be the same when a request is repeated:
/// method, path, query and body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// The key that guards a request, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyGuard {
    /// The org in which the key is used.
    pub org: OrgId,
    /// Whose key it is.
    pub actor: Actor,
    /// The key: unique for org and actor.
    pub key: IdempotencyKey,
    /// The request that it was first used for.
    pub fingerprint: Fingerprint,
    /// The warnings that the answer carries.
    pub warnings: Vec<Rejection>,
    /// When it is used.
    pub used_on: Instant,
    /// Until when it is remembered; from then on it is as good as new.
    pub expires_on: Instant,
}

/// A key and the answer that is given again under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The key and the request.
    pub guard: IdempotencyGuard,
    /// The answer.
    pub answer: Answer,
}

impl IdempotencyRecord {
    /// The same for a badge that is being created, with the number that it gets.
    pub fn numbered(&self, number: BadgeNumber) -> Self {
        let mut record = self.clone();
        if let Answer::BadgeCreated(view) = &mut record.answer {
            view.number = Some(number);
        }
        record
    }
}

/// A request with this idempotency key was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency key has been used")]
pub struct IdempotencyKeyUsed;

/// Answers kept under idempotency keys. Ports that execute requests write to
/// it, in the transaction of what the key guards: a key is executed once.
/// A key that has expired at the moment of its next use
/// ([`used_on`](IdempotencyGuard::used_on)) is replaced by it.
pub trait IdempotencyStore: Send + Sync {
    /// What is remembered under this key of this actor in this org, unless it has expired at `now`.
    ///
    /// # Errors
    /// The store failed.
    fn find(
        &self,
        org: OrgId,
        actor: Actor,
        key: &IdempotencyKey,
        now: Instant,
    ) -> Result<Option<IdempotencyRecord>, StoreError>;

    /// Remembers `record`, of a request that had nothing to change. Of two that
    /// race for one key exactly one wins.
    ///
    /// # Errors
    /// [`IdempotencyKeyUsed`] if the key was used and has not expired; the store failed.
    fn remember(
        &self,
        record: &IdempotencyRecord,
    ) -> Result<Result<(), IdempotencyKeyUsed>, StoreError>;
}
