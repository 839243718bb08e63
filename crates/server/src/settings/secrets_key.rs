//! `secrets.key`: what stored secrets are encrypted with.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{Deserialize, Deserializer, Error};

/// A key of 32 bytes, never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretsKey([u8; 32]);

impl SecretsKey {
    /// The bytes to encrypt with.
    pub(crate) const fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

impl<'de> Deserialize<'de> for SecretsKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = BASE64_STANDARD.decode(text.trim()).ok();
        let key = bytes.and_then(|bytes| bytes.try_into().ok());
        key.map(Self).ok_or_else(|| {
            D::Error::custom("must be 32 bytes in Base64; `openssl rand -base64 32` makes one")
        })
    }
}

impl fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretsKey(…)")
    }
}
