//! Secrets that a test knows beforehand.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use accolade_application::ports::SecretSource;

/// Makes 1, 2, 3, … as "secrets": each one's eight bytes four times over.
#[derive(Debug, Default)]
pub struct FixedSecrets {
    made: AtomicU64,
}

impl SecretSource for FixedSecrets {
    fn bytes(&self) -> [u8; 32] {
        let number = (self.made.fetch_add(1, Relaxed) + 1).to_be_bytes();
        std::array::from_fn(|i| number[i % number.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_another_number() {
        let secrets = FixedSecrets::default();
        assert_eq!(secrets.bytes()[..8], [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(secrets.bytes()[24..], [0, 0, 0, 0, 0, 0, 0, 2]);
    }
}
