//! Randomness that nobody can guess.

use accolade_application::ports::SecretSource;

/// The operating system's randomness, by way of a generator made for secrets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemSecrets;

impl SecretSource for SystemSecrets {
    fn bytes(&self) -> [u8; 32] {
        rand::random()
    }
}
