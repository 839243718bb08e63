//! The `Idempotency-Key` of a request: how it is read, what it stands for, and
//! which ones are being executed on this server.
//!
//! That a key is executed once is the store's promise. The set of running
//! keys only lets a server tell a caller that it is too early to ask again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use accolade_application::ports::{Fingerprint, IdempotencyKey};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use accolade_domain::rejection::{Code, Rejection};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};

/// The request's header.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The header's name, as documents spell it.
const NAME: &str = "Idempotency-Key";

/// The key that `headers` hold, if any.
///
/// # Errors
/// 400 if it is no key, or if there are several.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Rejection> {
    let mut values = headers.get_all(&KEY);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Rejection::unreadable("Send one Idempotency-Key.").at_field(NAME));
    }
    let malformed = || {
        let message = "Must be 1 to 255 printable ASCII characters, bare or as a quoted string.";
        Rejection::unreadable(message).at_field(NAME)
    };
    let text = value.to_str().map_err(|_| malformed())?;
    let text = unquoted(text.trim()).ok_or_else(malformed)?;
    IdempotencyKey::try_from(text)
        .map(Some)
        .map_err(|_| malformed())
}

/// The text of a structured field's string (RFC 8941), or `text` itself if it does
/// not begin with a quote; `None` if it only begins like one.
fn unquoted(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix('"') else {
        return Some(text.to_owned());
    };
    let mut unquoted = String::with_capacity(rest.len());
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(unquoted),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => unquoted.push(escaped),
                _ => return None,
            },
            character => unquoted.push(character),
        }
    }
}

/// What must be the same when a request is repeated. `read_by` is the header, if the request has one,
/// that makes something else of the same body: by what customers are named, or how it is compressed.
pub(crate) fn fingerprint(
    method: &str,
    path: &str,
    query: &str,
    body: &[u8],
    read_by: Option<&HeaderValue>,
) -> Fingerprint {
    let read_by = read_by.map(|value| value.as_bytes().to_ascii_lowercase());
    let mut hash = Sha256::new();
    let parts = [method.as_bytes(), path.as_bytes(), query.as_bytes(), body];
    for part in parts.into_iter().chain(read_by.as_deref()) {
        // With its length before it, no part can pass for the beginning of the next.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Fingerprint(hash.finalize().into())
}

type Keys = HashSet<(OrgId, Actor, IdempotencyKey)>;

/// The keys whose requests this server is executing.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunningKeys(Arc<Mutex<Keys>>);

impl RunningKeys {
    /// Marks `key` as running until the mark is dropped.
    ///
    /// # Errors
    /// 1911 if it is running already.
    pub(crate) fn start(
        &self,
        org: OrgId,
        actor: Actor,
        key: IdempotencyKey,
    ) -> Result<Running, Rejection> {
        if self.keys().insert((org, actor, key.clone())) {
            Ok(Running {
                keys: self.clone(),
                key: (org, actor, key),
            })
        } else {
            Err(Rejection::new(Code::IdempotencyKeyRunning).at_field(NAME))
        }
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        // A set is whole after a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key that is running.
#[derive(Debug)]
pub(crate) struct Running {
    keys: RunningKeys,
    key: (OrgId, Actor, IdempotencyKey),
}

impl Drop for Running {
    fn drop(&mut self) {
        self.keys.keys().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &'static [u8]) -> Result<Option<String>, u32> {
        let mut headers = HeaderMap::new();
        headers.insert(KEY, HeaderValue::from_bytes(value).unwrap());
        key(&headers)
            .map(|key| key.map(|key| key.as_str().to_owned()))
            .map_err(|rejection| rejection.code.number())
    }

    #[test]
    fn a_bare_and_a_quoted_key_are_the_same_key() {
        let key = Ok(Some("8e03978e".to_owned()));
        assert_eq!(read(b"8e03978e"), key);
        assert_eq!(read(b"\"8e03978e\""), key);
        assert_eq!(read(br#""a\"b\\c""#), Ok(Some("a\"b\\c".to_owned())));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for value in [
            &b""[..],
            b"\"",
            b"\"open",
            b"\"a\"b",
            br#""a\x""#,
            b"\"\"",
            b"\xc3\xa4",
        ] {
            assert_eq!(read(value), Err(400), "{value:?}");
        }
    }

    #[test]
    fn no_part_of_a_request_passes_for_another() {
        let of = |path, query| fingerprint("POST", path, query, b"{}", None).0;
        assert_ne!(of("/a", "b"), of("/ab", ""));
        assert_eq!(of("/a", "b"), of("/a", "b"));
        let by = |kind| {
            fingerprint(
                "POST",
                "/a",
                "b",
                b"{}",
                Some(&HeaderValue::from_static(kind)),
            )
            .0
        };
        assert_ne!(by("email"), of("/a", "b"));
        assert_ne!(by("email"), by("mobile"));
        assert_eq!(by("email"), by("Email"));
    }

    #[test]
    fn a_key_runs_once_at_a_time_for_each_actor() {
        let keys = RunningKeys::default();
        let key = IdempotencyKey::try_from("k".to_owned()).unwrap();
        let org = OrgId::try_from(7).unwrap();
        let actor = |number: i64| Actor::try_from(number).unwrap();
        let running = keys.start(org, actor(1), key.clone()).unwrap();
        let refused = keys.start(org, actor(1), key.clone()).unwrap_err();
        assert_eq!(refused.code.number(), 1911);
        assert!(keys.start(org, actor(2), key.clone()).is_ok());
        drop(running);
        assert!(keys.start(org, actor(1), key).is_ok());
    }
}
