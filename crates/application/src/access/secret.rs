//! Keys and secrets of clients.
//!
//! A secret has 256 random bits, so a plain fast hash is enough to store: nobody can try
//! them all. It is compared in constant time and never printed by accident.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::ports::SecretSource;

/// The public half of a client's credentials: 1 to 64 of letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey(String);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client key is 1 to 64 letters, digits, '.', '_' or '-'")]
pub struct MalformedClientKey;

impl ClientKey {
    /// A new key that nobody has: 128 random bits as hex digits.
    pub fn generate(source: &dyn SecretSource) -> Self {
        Self(hex::encode(&source.bytes()[..16]))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for ClientKey {
    type Error = MalformedClientKey;

    fn try_from(text: &str) -> Result<Self, MalformedClientKey> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedClientKey)
        }
    }
}

impl fmt::Display for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The private half of a client's credentials.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A new secret of 256 random bits, as hex digits.
    pub fn generate(source: &dyn SecretSource) -> Self {
        Self(hex::encode(source.bytes()))
    }

    /// What somebody claims to be the secret.
    pub fn presented(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The hash that is stored.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The SHA-256 of a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash with these bytes, as stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether it is the hash of `secret`; takes as long whichever bytes differ.
    pub fn matches(&self, secret: &Secret) -> bool {
        self.0.ct_eq(&secret.hash().0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_matches_its_secret_only_and_neither_is_printed() {
        let secret = Secret::presented("demo-secret");
        assert!(secret.hash().matches(&secret));
        assert!(!secret.hash().matches(&Secret::presented("demo-secreT")));
        assert_eq!(
            format!("{secret:?} {:?}", secret.hash()),
            "Secret(…) SecretHash(…)"
        );
    }

    #[test]
    fn a_key_has_no_colon_which_ends_it_in_basic_credentials() {
        assert_eq!(ClientKey::try_from("a:b"), Err(MalformedClientKey));
        assert_eq!(ClientKey::try_from("").unwrap_err(), MalformedClientKey);
        assert!(ClientKey::try_from("demo").is_ok());
    }
}
