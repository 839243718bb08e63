//! Access tokens: JSON Web Tokens, signed with HMAC-SHA-256.
//!
//! A token says which client it was given to, for which of its secrets, until when it is good and, if
//! it is narrowed, to which access groups. What the client itself may do, and whether it is revoked or
//! has that secret no more, is asked of the store.
//!
//! Clocks that jump must leave no token that is good for ever: one from the future is none.

use std::time::Duration;

use accolade_application::access::{AccessGroup, AccessGroups, ClientKey, SecretHash};
use accolade_domain::instant::Instant;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::failure::Failure;

const ISSUER: &str = "accolade";

/// By how much the clocks of servers may differ.
const SKEW_SECONDS: i64 = 60;

/// No token is good for longer.
const LONGEST_SECONDS: i64 = 24 * 60 * 60;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    /// The client's key.
    sub: String,
    /// Seconds since 1970.
    iat: i64,
    /// Seconds since 1970; from then on it is not good any more.
    exp: i64,
    /// The mark of the secret that it was given for.
    sec: String,
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
    /// The [mark](Tokens::mark) of the secret that it was given for.
    pub(super) secret: String,
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
    /// The first makes tokens; those of all are read.
    keys: Vec<TokenKey>,
    validation: Validation,
    ttl_seconds: i64,
}

#[derive(Clone)]
struct TokenKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Tokens {
    pub(super) fn new(keys: &[Vec<u8>], ttl: Duration) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "sub", "exp"]);
        // Against the clock port, in `read`.
        validation.validate_exp = false;
        let seconds = i64::try_from(ttl.as_millis().div_ceil(1_000)).unwrap_or(i64::MAX);
        let keys = keys.iter().map(|key| TokenKey {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
        });
        Self {
            keys: keys.collect(),
            validation,
            ttl_seconds: seconds.min(LONGEST_SECONDS),
        }
    }

    /// What a token says of the secret that it is given for: a signature of what is stored of it, of
    /// which nobody but the servers can make anything.
    ///
    /// # Errors
    /// It cannot be signed.
    pub(super) fn mark(&self, secret: &SecretHash) -> Result<String, Failure> {
        self.first()?.mark(secret).map_err(Failure::unexpected)
    }

    /// Whether `mark` was made of `secret`.
    pub(super) fn is_of(&self, mark: &str, secret: &SecretHash) -> bool {
        let mut marks = self.keys.iter().flat_map(|key| key.mark(secret));
        marks.any(|it| it.as_bytes().ct_eq(mark.as_bytes()).into())
    }

    fn first(&self) -> Result<&TokenKey, Failure> {
        let missing = || Failure::unexpected(anyhow::anyhow!("there is no key for tokens"));
        self.keys.first().ok_or_else(missing)
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
            sec: grant.secret.clone(),
            scope: grant.scope.map(scope_text),
        };
        let text = encode(
            &Header::new(Algorithm::HS256),
            &claims,
            &self.first()?.encoding,
        )
        .map_err(Failure::unexpected)?;
        Ok(AccessToken {
            text,
            ttl_seconds: self.ttl_seconds,
        })
    }

    /// What `token` says, if it is ours and still good. One that is narrowed to what is no access
    /// group here is not.
    pub(super) fn read(&self, token: &str, now: Instant) -> Option<Grant> {
        let read = |key: &TokenKey| decode::<Claims>(token, &key.decoding, &self.validation).ok();
        let claims = self.keys.iter().find_map(read)?.claims;
        let latest = seconds(now).saturating_add(SKEW_SECONDS);
        let is_too_long = claims.exp > claims.iat.saturating_add(LONGEST_SECONDS);
        if seconds(now) >= claims.exp || claims.iat > latest || is_too_long {
            return None;
        }
        let groups = |scope: String| scope.split(' ').map(|name| name.parse().ok()).collect();
        let scope = match claims.scope.map(groups) {
            Some(None) => return None,
            Some(narrowed) => narrowed,
            None => None,
        };
        let key = ClientKey::try_from(claims.sub.as_str()).ok()?;
        let secret = claims.sec;
        Some(Grant { key, scope, secret })
    }
}

impl TokenKey {
    fn mark(&self, secret: &SecretHash) -> jsonwebtoken::errors::Result<String> {
        let said = [b"accolade secret ".as_slice(), secret.as_bytes()].concat();
        sign(&said, &self.encoding, Algorithm::HS256)
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
            secret: "mark".to_owned(),
        }
    }

    fn tokens_of(keys: &[u8]) -> Tokens {
        let keys: Vec<_> = keys.iter().map(|byte| vec![*byte; 32]).collect();
        Tokens::new(&keys, Duration::from_mins(5))
    }

    #[test]
    fn a_token_is_good_for_its_time_and_for_its_signer_only() {
        let tokens = tokens_of(&[7]);
        let token = tokens.issue(&grant(None), at(1_000)).unwrap();
        assert_eq!(token.ttl_seconds, 300);
        assert_eq!(tokens.read(&token.text, at(1_000)), Some(grant(None)));
        assert_eq!(tokens.read(&token.text, at(1_299)), Some(grant(None)));
        assert_eq!(tokens.read(&token.text, at(1_300)), None);
        let others = tokens_of(&[8]);
        assert_eq!(others.read(&token.text, at(1_000)), None);
    }

    #[test]
    fn while_keys_are_changed_tokens_of_both_are_good() {
        let old = tokens_of(&[7]).issue(&grant(None), at(0)).unwrap().text;
        let both = tokens_of(&[8, 7]);
        assert_eq!(both.read(&old, at(0)), Some(grant(None)));
        let new = both.issue(&grant(None), at(0)).unwrap().text;
        assert_eq!(tokens_of(&[7]).read(&new, at(0)), None);
        assert_eq!(tokens_of(&[8]).read(&new, at(0)), Some(grant(None)));
    }

    #[test]
    fn a_token_from_the_future_or_for_ever_is_none() {
        let tokens = tokens_of(&[7]);
        let token = tokens.issue(&grant(None), at(1_000)).unwrap().text;
        assert_eq!(tokens.read(&token, at(940)), Some(grant(None)));
        assert_eq!(tokens.read(&token, at(939)), None);
        let keys = [vec![7; 32]];
        let long = Tokens::new(&keys, Duration::from_hours(1_000));
        let token = long.issue(&grant(None), at(0)).unwrap();
        assert_eq!(token.ttl_seconds, 86_400);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: "demo".to_owned(),
            iat: 0,
            exp: 86_401,
            sec: "mark".to_owned(),
            scope: None,
        };
        let header = Header::new(Algorithm::HS256);
        let text = encode(&header, &claims, &EncodingKey::from_secret(&[7; 32])).unwrap();
        assert_eq!(tokens.read(&text, at(0)), None);
    }

    #[test]
    fn a_token_tells_its_secret_from_others() {
        let (first, second) = (
            SecretHash::from_bytes([1; 32]),
            SecretHash::from_bytes([2; 32]),
        );
        let mark = tokens_of(&[7]).mark(&first).unwrap();
        assert!(tokens_of(&[8, 7]).is_of(&mark, &first));
        assert!(!tokens_of(&[8, 7]).is_of(&mark, &second));
        assert!(!tokens_of(&[8]).is_of(&mark, &first));
    }

    #[test]
    fn a_narrowed_token_says_to_what() {
        let tokens = tokens_of(&[7]);
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
        let tokens = tokens_of(&[7]);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: "demo".to_owned(),
            iat: 0,
            exp: 9_000,
            sec: "mark".to_owned(),
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
