//! Keys and secrets of clients.
//!
//! A secret that is made here has 256 random bits, so a plain fast hash is enough to store: nobody
//! can try them all. One that callers bring along may be made of a password, so what is stored of it
//! is a hash that takes long to compute, for everybody who tries. Both are 32 bytes. They
//! are compared in constant time and never printed by accident.

use std::fmt;

use argon2::Argon2;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::ports::SecretSource;

/// The public half of a client's credentials: 1 to 128 printable characters without `:`, which ends
/// it in Basic credentials.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey(String);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client key is 1 to 128 printable characters without ':'")]
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
        let allowed = |c: char| c != ':' && !c.is_control();
        if (1..=128).contains(&text.chars().count()) && text.chars().all(allowed) {
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

/// The text cannot be a secret that callers bring along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 16 to 1024 printable characters")]
pub struct UnfitSecret;

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

    /// A secret that callers use already: 16 to 1024 printable characters.
    ///
    /// # Errors
    /// It has more, fewer, or others.
    pub fn brought_along(text: &str) -> Result<Self, UnfitSecret> {
        let length = text.chars().count();
        if (16..=1024).contains(&length) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnfitSecret)
        }
    }

    /// The text, to be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The hash that is stored of a secret that was made here: its SHA-256.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The hash that is stored of a secret that callers brought along with `key`: Argon2id with 19 MiB
    /// and two passes, salted by the key, which no other client has. Takes tens of milliseconds.
    /// `None` if it is too long to be a secret.
    pub fn slow_hash(&self, key: &ClientKey) -> Option<SecretHash> {
        let salt = Sha256::digest(format!("accolade client {key}"));
        let mut hash = [0; 32];
        Argon2::default()
            .hash_password_into(self.0.as_bytes(), &salt, &mut hash)
            .ok()?;
        Some(SecretHash(hash))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A hash of a secret. Which of the two a stored one is, nobody needs to know: no secret has the
/// SHA-256 that is the slow hash of another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
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

    /// Whether it is `other`; takes as long whichever bytes differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
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
        let other = Secret::presented("demo-secreT").hash();
        assert!(secret.hash().matches(&secret.hash()));
        assert!(!secret.hash().matches(&other));
        assert_eq!(
            format!("{secret:?} {:?}", secret.hash()),
            "Secret(…) SecretHash(…)"
        );
    }

    #[test]
    fn a_slow_hash_is_of_one_secret_and_one_key() {
        let hash = |secret, key| {
            let key = ClientKey::try_from(key).unwrap();
            Secret::presented(secret).slow_hash(&key).unwrap()
        };
        let first = hash("a secret of callers", "till");
        assert!(first.matches(&hash("a secret of callers", "till")));
        assert!(!first.matches(&hash("a secret of caller", "till")));
        assert!(!first.matches(&hash("a secret of callers", "kiosk")));
        assert!(!first.matches(&Secret::presented("a secret of callers").hash()));
        // What is stored must hold for ever.
        let start = hex::encode(&first.as_bytes()[..4]);
        assert_eq!(start, "84ffb577");
    }

    #[test]
    fn a_key_is_what_callers_may_use_already_without_a_colon() {
        let longest = "ä".repeat(128);
        for key in ["demo", "till user@example.org/7", "%2B+", "k", &longest] {
            assert!(ClientKey::try_from(key).is_ok(), "{key:?}");
        }
        let too_long = "a".repeat(129);
        for key in ["", "a:b", "a\nb", "a\0", "\u{7f}", &too_long] {
            assert_eq!(ClientKey::try_from(key), Err(MalformedClientKey), "{key:?}");
        }
    }

    #[test]
    fn a_secret_that_is_brought_along_has_at_least_sixteen_characters() {
        for fit in [
            "0123456789abcdef",
            "pass: wörd with blanks",
            &"x".repeat(1024),
        ] {
            assert_eq!(Secret::brought_along(fit).unwrap().reveal(), fit);
        }
        for unfit in [
            "",
            "0123456789abcde",
            "0123456789abcde\r",
            &"x".repeat(1025),
        ] {
            assert_eq!(Secret::brought_along(unfit).unwrap_err(), UnfitSecret);
        }
    }
}
