//! Access tokens: JSON Web Tokens, signed with HMAC-SHA-256.
//!
//! A token says which client it was given to and until when it is good, and nothing else: what
//! the client may do, and whether it is revoked, is asked of the store.

use std::time::Duration;

use accolade_application::access::ClientKey;
use accolade_domain::instant::Instant;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

const ISSUER: &str = "accolade";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    /// The client's key.
    sub: String,
    /// Seconds since 1970.
    iat: i64,
    /// Seconds since 1970; from then on it is not good any more.
    exp: i64,
}

/// A token that was just made.
#[derive(Debug)]
pub(super) struct AccessToken {
    /// The token itself.
    pub(super) text: String,
    /// For how many seconds it is good.
    pub(super) ttl_seconds: i64,
}

/// Makes tokens and reads them.
#[derive(Clone)]
pub(super) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    ttl_seconds: i64,
}

impl Tokens {
    pub(super) fn new(key: &[u8], ttl: Duration) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "sub", "exp"]);
        // Against the clock port, in `key_of`.
        validation.validate_exp = false;
        let seconds = ttl.as_millis().div_ceil(1_000);
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
            ttl_seconds: i64::from(u32::try_from(seconds).unwrap_or(u32::MAX)),
        }
    }

    /// A token for the client with `key`.
    ///
    /// # Errors
    /// It cannot be signed.
    pub(super) fn issue(&self, key: &ClientKey, now: Instant) -> Result<AccessToken, Failure> {
        let issued_at = seconds(now);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: key.as_str().to_owned(),
            iat: issued_at,
            exp: issued_at.saturating_add(self.ttl_seconds),
        };
        let text = encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(Failure::unexpected)?;
        Ok(AccessToken {
            text,
            ttl_seconds: self.ttl_seconds,
        })
    }

    /// The key of the client that `token` was given to, if it is ours and still good.
    pub(super) fn key_of(&self, token: &str, now: Instant) -> Option<ClientKey> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation)
            .ok()?
            .claims;
        if seconds(now) < claims.exp {
            ClientKey::try_from(claims.sub.as_str()).ok()
        } else {
            None
        }
    }
}

fn seconds(instant: Instant) -> i64 {
    instant.unix_micros().div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_unix_seconds(seconds).unwrap()
    }

    #[test]
    fn a_token_is_good_for_its_time_and_for_its_signer_only() {
        let tokens = Tokens::new(&[7; 32], Duration::from_mins(5));
        let key = ClientKey::try_from("demo").unwrap();
        let token = tokens.issue(&key, at(1_000)).unwrap();
        assert_eq!(token.ttl_seconds, 300);
        assert_eq!(tokens.key_of(&token.text, at(1_000)), Some(key.clone()));
        assert_eq!(tokens.key_of(&token.text, at(1_299)), Some(key));
        assert_eq!(tokens.key_of(&token.text, at(1_300)), None);
        let others = Tokens::new(&[8; 32], Duration::from_mins(5));
        assert_eq!(others.key_of(&token.text, at(1_000)), None);
    }

    #[test]
    fn what_is_not_signed_as_agreed_is_no_token() {
        let tokens = Tokens::new(&[7; 32], Duration::from_mins(5));
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: "demo".to_owned(),
            iat: 0,
            exp: 9_000,
        };
        let other = Header::new(Algorithm::HS384);
        let other = encode(&other, &claims, &EncodingKey::from_secret(&[7; 32])).unwrap();
        // {"alg":"none"} and the claims, without a signature.
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", other.split('.').nth(1).unwrap());
        for token in ["", "a.b.c", other.as_str(), unsigned.as_str()] {
            assert_eq!(tokens.key_of(token, at(0)), None, "{token}");
        }
    }
}
