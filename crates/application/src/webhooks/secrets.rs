//! The secrets of webhooks: made, and written as Standard Webhooks has them.

use accolade_domain::webhook::{SignatureKind, SigningSecret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;

use crate::answer::ShownSecret;
use crate::ports::SecretSource;

/// A new secret for signatures of this kind.
pub(super) fn generate(kind: SignatureKind, source: &dyn SecretSource) -> SigningSecret {
    let bytes = source.bytes();
    match kind {
        SignatureKind::Hmac => SigningSecret::Hmac(bytes),
        SignatureKind::Ed25519 => SigningSecret::Ed25519 {
            seed: bytes,
            public: SigningKey::from_bytes(&bytes).verifying_key().to_bytes(),
        },
    }
}

/// The secret that the receiver must know, for its owner to see once: `None` where the receiver needs
/// the public key only. A private key never leaves the server, because nobody else needs it.
pub fn secret_text(secret: &SigningSecret) -> Option<ShownSecret> {
    match secret {
        SigningSecret::Hmac(key) => {
            let text = format!("whsec_{}", STANDARD.encode(key));
            Some(ShownSecret::new(text))
        }
        SigningSecret::Ed25519 { .. } => None,
    }
}

/// The public key, if there is one.
pub fn public_key_text(secret: &SigningSecret) -> Option<String> {
    match secret {
        SigningSecret::Hmac(_) => None,
        SigningSecret::Ed25519 { public, .. } => Some(format!("whpk_{}", STANDARD.encode(public))),
    }
}
