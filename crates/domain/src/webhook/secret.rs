//! What the requests to a webhook are signed with.

use std::fmt;

use time::Duration;

use crate::instant::Instant;
use crate::webhook::SignatureKind;

/// A secret of which only whoever sends knows the whole. It is never printed.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SigningSecret {
    /// A key that sender and receiver share, for HMAC-SHA256.
    Hmac([u8; 32]),
    /// A pair of keys: the receiver needs the public one only.
    Ed25519 {
        /// What both keys are made from.
        seed: [u8; 32],
        /// The public key.
        public: [u8; 32],
    },
}

impl SigningSecret {
    /// Which signature it makes.
    pub const fn kind(&self) -> SignatureKind {
        match self {
            Self::Hmac(_) => SignatureKind::Hmac,
            Self::Ed25519 { .. } => SignatureKind::Ed25519,
        }
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

/// The secret of a webhook, and the one before it while that signs too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SigningSecrets {
    /// The secret.
    pub current: SigningSecret,
    /// The one before, and when it ceases to sign.
    pub previous: Option<(SigningSecret, Instant)>,
}

impl SigningSecrets {
    /// How long the secret before signs beside a new one.
    pub const OVERLAP: Duration = Duration::hours(24);

    /// The secrets of a new webhook.
    pub const fn new(current: SigningSecret) -> Self {
        Self {
            current,
            previous: None,
        }
    }

    /// The secrets after `next` replaced the current one at `now`. One that was on its way out signs
    /// no more.
    pub fn rotated(&self, next: SigningSecret, now: Instant) -> Self {
        Self {
            current: next,
            previous: Some((self.current.clone(), now + Self::OVERLAP)),
        }
    }

    /// Those that sign at `now`, the current one first.
    pub fn signing(&self, now: Instant) -> impl Iterator<Item = &SigningSecret> {
        let previous = self.previous.iter().filter(move |(_, until)| now < *until);
        std::iter::once(&self.current).chain(previous.map(|(secret, _)| secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::second;

    #[test]
    fn both_secrets_sign_for_a_day_and_neither_is_printed() {
        let (old, new) = (SigningSecret::Hmac([1; 32]), SigningSecret::Hmac([2; 32]));
        let secrets = SigningSecrets::new(old.clone()).rotated(new.clone(), second(0));
        let signing = |seconds| secrets.signing(second(seconds)).collect::<Vec<_>>();
        assert_eq!(signing(86_399), [&new, &old]);
        assert_eq!(signing(86_400), [&new]);
        assert_eq!(format!("{old:?}"), "SigningSecret(…)");
    }
}
