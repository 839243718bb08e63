//! Passwords of operators.
//!
//! What is stored of one is a random salt and a hash that takes long to compute and much memory, so that
//! whoever gets hold of it cannot try many. Passwords are compared in constant time and never printed by
//! accident.

use std::fmt;

use accolade_domain::text::normalized;
use anyhow::anyhow;
use argon2::Argon2;

use crate::access::SecretHash;
use crate::ports::{SecretSource, StoreError};

/// A password that an operator may have: 12 to 1024 characters.
#[derive(Clone)]
pub struct Password(String);

/// The text cannot be the password of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has 12 to 1024 characters")]
pub struct UnfitPassword;

impl Password {
    /// The password `text`, cut of blanks around it.
    ///
    /// # Errors
    /// It has fewer characters, or more.
    pub fn new(text: &str) -> Result<Self, UnfitPassword> {
        let password = Self::presented(text);
        if (12..=1024).contains(&password.0.chars().count()) {
            Ok(password)
        } else {
            Err(UnfitPassword)
        }
    }

    /// What somebody claims to be the password. Keyboards write one letter in several ways: they are one
    /// here.
    pub fn presented(text: &str) -> Self {
        Self(normalized(text).into_owned())
    }

    /// What is stored of it, with a salt of its own. Takes tens of milliseconds.
    ///
    /// # Errors
    /// It cannot be computed.
    pub fn hash(&self, source: &dyn SecretSource) -> Result<PasswordHash, StoreError> {
        let salt = source.bytes();
        let hash = self.hash_with(&salt)?;
        Ok(PasswordHash { salt, hash })
    }

    /// Argon2id with 19 MiB and two passes.
    fn hash_with(&self, salt: &[u8; 32]) -> Result<SecretHash, StoreError> {
        let mut hash = [0; 32];
        Argon2::default()
            .hash_password_into(self.0.as_bytes(), salt, &mut hash)
            .map_err(|error| StoreError::Unexpected(anyhow!("a password: {error}")))?;
        Ok(SecretHash::from_bytes(hash))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What is stored of a password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordHash {
    salt: [u8; 32],
    hash: SecretHash,
}

impl PasswordHash {
    /// That of nobody's password: computing the hash of another one with it takes as long as with
    /// anybody's.
    pub const NOBODY: Self = Self {
        salt: [0; 32],
        hash: SecretHash::from_bytes([0; 32]),
    };

    /// The hash that was stored as these bytes.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        let (mut salt, mut hash) = ([0; 32], [0; 32]);
        salt.copy_from_slice(&bytes[..32]);
        hash.copy_from_slice(&bytes[32..]);
        Self {
            salt,
            hash: SecretHash::from_bytes(hash),
        }
    }

    /// The bytes to store.
    pub fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.salt);
        bytes[32..].copy_from_slice(self.hash.as_bytes());
        bytes
    }

    /// Whether it is of `password`. Takes tens of milliseconds, whether it is or not.
    ///
    /// # Errors
    /// It cannot be computed.
    pub fn is_of(&self, password: &Password) -> Result<bool, StoreError> {
        Ok(self.hash.matches(&password.hash_with(&self.salt)?))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

    /// Salts that count up.
    #[derive(Default)]
    struct Salts(AtomicU8);

    impl SecretSource for Salts {
        fn bytes(&self) -> [u8; 32] {
            [self.0.fetch_add(1, Relaxed); 32]
        }
    }

    #[test]
    fn a_hash_is_of_its_password_alone_and_neither_is_printed() {
        let password = Password::new("correct horse battery").unwrap();
        let hash = password.hash(&Salts::default()).unwrap();
        assert!(hash.is_of(&password).unwrap());
        let other = Password::presented("correct horse batterY");
        assert!(!hash.is_of(&other).unwrap());
        assert_eq!(
            format!("{password:?} {hash:?}"),
            "Password(…) PasswordHash(…)"
        );
        assert_eq!(PasswordHash::from_bytes(&hash.to_bytes()), hash);
        assert!(!PasswordHash::NOBODY.is_of(&password).unwrap());
    }

    #[test]
    fn the_same_password_is_never_stored_as_the_same_bytes() {
        let password = Password::new("correct horse battery").unwrap();
        let source = Salts::default();
        let [one, other] = [(); 2].map(|()| password.hash(&source).unwrap());
        assert_ne!(one, other);
        assert!(one.is_of(&password).unwrap() && other.is_of(&password).unwrap());
    }

    #[test]
    fn what_is_stored_holds_for_ever() {
        let salted = PasswordHash {
            salt: [7; 32],
            hash: SecretHash::from_bytes([0; 32]),
        };
        let hash = Password::presented("pässword of old")
            .hash_with(&salted.salt)
            .unwrap();
        let composed = Password::presented("pa\u{308}ssword of old");
        assert!(hash.matches(&composed.hash_with(&salted.salt).unwrap()));
    }

    #[test]
    fn a_password_has_at_least_twelve_characters() {
        for fit in ["123456789012", "pass wörd 12", &"x".repeat(1024)] {
            assert!(Password::new(fit).is_ok(), "{fit:?}");
        }
        for unfit in ["", "12345678901", " 12345678901 ", &"x".repeat(1025)] {
            assert_eq!(
                Password::new(unfit).unwrap_err(),
                UnfitPassword,
                "{unfit:?}"
            );
        }
    }
}
