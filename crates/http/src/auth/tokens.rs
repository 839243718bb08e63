//! Access tokens: JSON Web Tokens, signed with HMAC-SHA-256.
//!
//! A token says which client it was given to, until when it is good and, if it is narrowed, to which
//! access groups. What the client itself may do, and whether it is revoked, is asked of the store.

use std::time::Duration;

use accolade_application::access::{AccessGroup, AccessGroups, ClientKey};
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
    /// The access groups that it is narrowed to, between blanks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// What a token says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grant {
    /// The key of the client that it was given to.
    pub(super) key: ClientKey,
    /// What it is narrowed to; `None` leaves it all that its client has.
    pub(super) scope: Option<AccessGroups>,
}

/// The names of `groups` between blanks, as a scope is written (RFC 6749, section 3.3).
pub(super) fn scope_text(groups: AccessGroups) -> String {
    let names: Vec<_> = groups.iter().map(AccessGroup::name).collect();
    names.join(" ")
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
        // Against the clock port, in `read`.
        validation.validate_exp = false;
        let seconds = ttl.as_millis().div_ceil(1_000);
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
            ttl_seconds: i64::from(u32::try_from(seconds).unwrap_or(u32::MAX)),
        }
    }

    /// A token that says `grant`.
    ///
    /// # Errors
    /// It cannot be signed.
    pub(super) fn issue(&self, grant: &Grant, now: Instant) -> Result<AccessToken, Failure> {
        let issued_at = seconds(now);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: grant.key.as_str().to_owned(),
            iat: issued_at,
            exp: issued_at.saturating_add(self.ttl_seconds),
            scope: grant.scope.map(scope_text),
        };
        let text = encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(Failure::unexpected)?;
        Ok(AccessToken {
            text,
            ttl_seconds: self.ttl_seconds,
        })
    }

    /// What `token` says, if it is ours and still good. One that is narrowed to what is no access
    /// group here is not.
    pub(super) fn read(&self, token: &str, now: Instant) -> Option<Grant> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation)
            .ok()?
            .claims;
        if seconds(now) >= claims.exp {
            return None;
        }
        let groups = |scope: String| scope.split(' ').map(|name| name.parse().ok()).collect();
        let scope = match claims.scope.map(groups) {
            Some(None) => return None,
            Some(narrowed) => narrowed,
            None => None,
        };
        let key = ClientKey::try_from(claims.sub.as_str()).ok()?;
        Some(Grant { key, scope })
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

    fn grant(scope: Option<&[AccessGroup]>) -> Grant {
        Grant {
            key: ClientKey::try_from("demo").unwrap(),
            scope: scope.map(|groups| groups.iter().copied().collect()),
        }
    }

    #[test]
    fn a_token_is_good_for_its_time_and_for_its_signer_only() {
        let tokens = Tokens::new(&[7; 32], Duration::from_mins(5));
        let token = tokens.issue(&grant(None), at(1_000)).unwrap();
        assert_eq!(token.ttl_seconds, 300);
        assert_eq!(tokens.read(&token.text, at(1_000)), Some(grant(None)));
        assert_eq!(tokens.read(&token.text, at(1_299)), Some(grant(None)));
        assert_eq!(tokens.read(&token.text, at(1_300)), None);
        let others = Tokens::new(&[8; 32], Duration::from_mins(5));
        assert_eq!(others.read(&token.text, at(1_000)), None);
    }

    #[test]
    fn a_narrowed_token_says_to_what() {
        let tokens = Tokens::new(&[7; 32], Duration::from_mins(5));
        for groups in [
            &[AccessGroup::BadgesRead][..],
            &[AccessGroup::BadgesIssue, AccessGroup::Admin],
        ] {
            let token = tokens.issue(&grant(Some(groups)), at(0)).unwrap().text;
            assert_eq!(tokens.read(&token, at(0)), Some(grant(Some(groups))));
        }
    }

    #[test]
    fn what_is_not_signed_as_agreed_is_no_token() {
        let tokens = Tokens::new(&[7; 32], Duration::from_mins(5));
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: "demo".to_owned(),
            iat: 0,
            exp: 9_000,
            scope: None,
        };
        let other = Header::new(Algorithm::HS384);
        let other = encode(&other, &claims, &EncodingKey::from_secret(&[7; 32])).unwrap();
        // {"alg":"none"} and the claims, without a signature.
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", other.split('.').nth(1).unwrap());
        let unknown = Claims {
            scope: Some("badges:fly".to_owned()),
            ..claims
        };
        let unknown = encode(
            &Header::new(Algorithm::HS256),
            &unknown,
            &EncodingKey::from_secret(&[7; 32]),
        );
        let unknown = unknown.unwrap();
        for token in ["", "a.b.c", &*other, &*unsigned, &*unknown] {
            assert_eq!(tokens.read(token, at(0)), None, "{token}");
        }
    }
}
