//! New secrets, as an input.

/// Makes secrets that nobody can guess.
pub trait SecretSource: Send + Sync {
    /// 32 bytes (256 bits) from a cryptographic source of randomness.
    fn bytes(&self) -> [u8; 32];
}
