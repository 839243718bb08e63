//! `auth.token_key` and `auth.token_keys`: the keys that access tokens are signed with.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};

/// A key of 32 characters or more, never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SigningKey(Vec<u8>);

impl SigningKey {
    /// The fewest characters that it may have.
    const MIN: usize = 32;

    /// The fewest different characters that it may have: 32 random hexadecimal digits have more, but
    /// for one key in a million.
    const MIN_DIFFERENT: usize = 8;

    /// The key made of these bytes.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }

    /// Whether it is a shorter text several times over, which is as easily guessed as that one.
    pub(crate) fn is_repetition(&self) -> bool {
        (1..=self.0.len() / 2).any(|len| {
            let first = &self.0[..len];
            self.0.len().is_multiple_of(len) && self.0.chunks(len).all(|part| part == first)
        })
    }

    /// The bytes to sign with.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SigningKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let characters = text.chars().count();
        if characters < Self::MIN {
            return Err(D::Error::custom(format!(
                "must have {} characters or more, not {characters}; `openssl rand -hex 32` makes one",
                Self::MIN
            )));
        }
        if text.chars().collect::<BTreeSet<_>>().len() < Self::MIN_DIFFERENT {
            return Err(D::Error::custom(
                "is easily guessed; `openssl rand -hex 32` makes one that is not",
            ));
        }
        Ok(Self(text.into_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}
