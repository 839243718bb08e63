//! Signatures of Standard Webhooks: `id.timestamp.body`, signed with each secret that signs.

use accolade_domain::instant::Instant;
use accolade_domain::webhook::{SigningSecret, SigningSecrets};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// The value of the header `webhook-signature` of a request that is sent at `now`: a signature by each
/// secret that signs then, with a blank between them.
///
/// `timestamp` is what `webhook-timestamp` says.
pub(crate) fn signatures(
    secrets: &SigningSecrets,
    now: Instant,
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> String {
    let prefix = format!("{id}.{timestamp}.");
    let each: Vec<_> = secrets
        .signing(now)
        .filter_map(|secret| sign(secret, prefix.as_bytes(), body))
        .collect();
    each.join(" ")
}

/// The signature by one secret, with its version before it; `None` never: HMAC takes keys of any
/// length.
fn sign(secret: &SigningSecret, prefix: &[u8], body: &[u8]) -> Option<String> {
    match secret {
        SigningSecret::Hmac(key) => {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
            mac.update(prefix);
            mac.update(body);
            let signature = STANDARD.encode(mac.finalize().into_bytes());
            Some(format!("v1,{signature}"))
        }
        SigningSecret::Ed25519 { seed, .. } => {
            let message = [prefix, body].concat();
            let signature = SigningKey::from_bytes(seed).sign(&message);
            Some(format!("v1a,{}", STANDARD.encode(signature.to_bytes())))
        }
    }
}

#[cfg(test)]
mod tests {
    use accolade_domain::fixtures::second;
    use ed25519_dalek::{Signature, Verifier as _};

    use super::*;

    const BODY: &[u8] = br#"{"type":"accolade.earn.created"}"#;

    fn ed25519(seed: [u8; 32]) -> SigningSecret {
        let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
        SigningSecret::Ed25519 { seed, public }
    }

    #[test]
    fn it_is_what_the_official_library_signs() {
        let secrets = SigningSecrets::new(SigningSecret::Hmac([7; 32]));
        let official = standardwebhooks::Webhook::from_bytes(vec![7; 32]).unwrap();
        assert_eq!(
            signatures(&secrets, second(0), "100458-1", 1_700_000_000, BODY),
            official.sign("100458-1", 1_700_000_000, BODY).unwrap()
        );
    }

    #[test]
    fn in_mid_rotation_both_secrets_sign_the_new_one_first() {
        let (old, new) = (SigningSecret::Hmac([1; 32]), SigningSecret::Hmac([2; 32]));
        let secrets = SigningSecrets::new(old).rotated(new, second(0));
        let at = |seconds| signatures(&secrets, second(seconds), "id", seconds, BODY);
        let during = at(86_399);
        let [first, second] = during.split(' ').collect::<Vec<_>>().try_into().unwrap();
        for (key, signature) in [([2; 32], first), ([1; 32], second)] {
            let official = standardwebhooks::Webhook::from_bytes(key.to_vec()).unwrap();
            assert_eq!(official.sign("id", 86_399, BODY).unwrap(), signature);
        }
        assert!(!at(86_400).contains(' '));
    }

    #[test]
    fn whoever_has_the_public_key_can_verify_ed25519() {
        let SigningSecret::Ed25519 { seed, public } = ed25519([9; 32]) else {
            panic!()
        };
        let secrets = SigningSecrets::new(SigningSecret::Ed25519 { seed, public });
        let text = signatures(&secrets, second(0), "id", 5, BODY);
        let signature = STANDARD.decode(text.strip_prefix("v1a,").unwrap()).unwrap();
        let signature = Signature::from_slice(&signature).unwrap();
        let key = ed25519_dalek::VerifyingKey::from_bytes(&public).unwrap();
        let message = [b"id.5.".as_slice(), BODY].concat();
        key.verify(&message, &signature).unwrap();
        key.verify(b"id.6.", &signature).unwrap_err();
    }
}
