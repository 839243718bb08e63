//! Secrets as they are stored: encrypted, where the servers have a key for that.
//!
//! The first byte says which form follows:
//!
//! - 0: the secret as it is, of a server without a key.
//! - 1: 24 random bytes, and what XChaCha20-Poly1305 makes of the secret with them and the key. Whose
//!   secret it is belongs to what is authenticated, so that nobody who can write to the database
//!   gives one webhook the secrets of another.
//!
//! What was stored before there was a key stays readable, and is encrypted when it is stored again.

use std::fmt;

use anyhow::{Context as _, anyhow, bail};
use chacha20poly1305::aead::{Aead as _, AeadCore as _, KeyInit as _, OsRng, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

const PLAIN: u8 = 0;
const ENCRYPTED: u8 = 1;

/// How many random bytes are used with the key.
const NONCE: usize = 24;

/// The key under which secrets are stored: 32 bytes. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey(pub [u8; 32]);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

/// What makes the stored form of secrets, and secrets of that.
#[derive(Clone)]
pub(crate) struct Sealing {
    cipher: Option<XChaCha20Poly1305>,
}

impl Sealing {
    /// With `key`, or with none.
    pub(crate) fn new(key: Option<&SealingKey>) -> Self {
        Self {
            cipher: key.map(|key| XChaCha20Poly1305::new(Key::from_slice(&key.0))),
        }
    }

    /// The form in which `secret` of `whose` is stored.
    pub(crate) fn seal(&self, secret: &[u8], whose: &[u8]) -> anyhow::Result<Vec<u8>> {
        let Some(cipher) = &self.cipher else {
            return Ok([&[PLAIN], secret].concat());
        };
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let payload = Payload {
            msg: secret,
            aad: whose,
        };
        let encrypted = cipher.encrypt(&nonce, payload);
        let encrypted = encrypted.map_err(|_| anyhow!("a secret could not be encrypted"))?;
        Ok([&[ENCRYPTED], nonce.as_slice(), &encrypted].concat())
    }

    /// The secret of `whose` that is stored as `sealed`.
    pub(crate) fn unseal(&self, sealed: &[u8], whose: &[u8]) -> anyhow::Result<Vec<u8>> {
        match sealed.split_first() {
            Some((&PLAIN, secret)) => Ok(secret.to_vec()),
            Some((&ENCRYPTED, rest)) => {
                let cipher = self.cipher.as_ref().context(
                    "a stored secret is encrypted, and this server has no secrets.key: give it the \
                     key of the others",
                )?;
                let (nonce, encrypted) = rest.split_at_checked(NONCE).context("a stored secret")?;
                let payload = Payload {
                    msg: encrypted,
                    aad: whose,
                };
                cipher
                    .decrypt(XNonce::from_slice(nonce), payload)
                    .map_err(|_| {
                        anyhow!(
                            "a stored secret was encrypted with another secrets.key, or damaged"
                        )
                    })
            }
            form => bail!("a stored secret has the form {:?}", form.map(|it| it.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(byte: u8) -> Sealing {
        Sealing::new(Some(&SealingKey([byte; 32])))
    }

    #[test]
    fn what_is_sealed_is_read_with_the_same_key_by_the_same_owner_only() {
        let sealed = with(1).seal(b"secret", b"owner").unwrap();
        assert_eq!(with(1).unseal(&sealed, b"owner").unwrap(), b"secret");
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert!(with(1).unseal(&sealed, b"another").is_err());
        assert!(with(2).unseal(&sealed, b"owner").is_err());
        assert!(Sealing::new(None).unseal(&sealed, b"owner").is_err());
    }

    #[test]
    fn the_same_secret_is_stored_in_another_form_each_time() {
        let seal = || with(1).seal(b"secret", b"owner").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn what_was_stored_without_a_key_stays_readable_with_one() {
        let plain = Sealing::new(None).seal(b"secret", b"owner").unwrap();
        for sealing in [Sealing::new(None), with(1)] {
            assert_eq!(sealing.unseal(&plain, b"owner").unwrap(), b"secret");
        }
    }

    #[test]
    fn damaged_bytes_are_an_error_and_no_panic() {
        let sealed = with(1).seal(b"secret", b"owner").unwrap();
        for len in 0..sealed.len() {
            assert!(with(1).unseal(&sealed[..len], b"owner").is_err(), "{len}");
        }
        assert!(with(1).unseal(&[9, 9], b"owner").is_err());
    }
}
