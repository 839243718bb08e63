//! Receiving a body: no larger, no later and no other than agreed.

use accolade_domain::rejection::{Code, Rejection};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, UPGRADE};
use actix_web::{HttpMessage as _, HttpRequest};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::time::timeout_at;

use crate::failure::Failure;
use crate::middleware::budget::{BodyBudget, Share};
use crate::middleware::deadline::Deadline;

/// How much there is room for of a body.
#[derive(Clone, Copy)]
pub(crate) struct Room<'a> {
    /// The most bytes that it may have.
    pub(crate) most: usize,
    /// The memory that it shares with others; `None` if it is small.
    pub(crate) budget: Option<&'a BodyBudget>,
}

/// The body of `request`, if its content type is JSON or absent.
///
/// # Errors
/// 1943 if it is not JSON; those of [`bytes`].
pub(crate) async fn json(
    request: &HttpRequest,
    payload: impl Stream<Item = Result<Bytes, PayloadError>>,
    room: Room<'_>,
) -> Result<Bytes, Failure> {
    let is_json = match request.mime_type() {
        Ok(None) => true,
        Ok(Some(mime)) => mime.subtype() == "json" || mime.suffix().is_some_and(|s| s == "json"),
        Err(_) => false,
    };
    if !is_json {
        return Err(Failure::new(Code::UnsupportedMediaType));
    }
    bytes(request, payload, room).await
}

/// The body of `request`, if there is `room` for it.
///
/// # Errors
/// 1942 if it is too large, 1951 if too much is held already, 1943 if it is compressed, 1945 if it is not there by the request's
/// deadline, 400 if it breaks off.
pub(crate) async fn bytes(
    request: &HttpRequest,
    payload: impl Stream<Item = Result<Bytes, PayloadError>>,
    room: Room<'_>,
) -> Result<Bytes, Failure> {
    if let Some(encoding) = request.headers().get(CONTENT_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let message = "Send the body without Content-Encoding.";
        return Err(Rejection::new(Code::UnsupportedMediaType)
            .with_message(message)
            .into());
    }
    encoded(request, payload, room).await
}

/// The body of `request` as it is sent, compressed or not, if there is `room` for it.
///
/// # Errors
/// 1942 if it is too large, 1951 if too much is held already, 1945 if it is not there by the request's deadline, 400 if it breaks off.
pub(crate) async fn encoded(
    request: &HttpRequest,
    payload: impl Stream<Item = Result<Bytes, PayloadError>>,
    room: Room<'_>,
) -> Result<Bytes, Failure> {
    let limit = room.most;
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let announced = match announced {
        Some(length) if length > limit => return Err(too_large(limit)),
        Some(length) => length,
        // The framework takes whatever follows an offer to go on in another protocol for a body.
        None if offers_upgrade(request) => 0,
        None => usize::MAX,
    };
    timeout_at(
        Deadline::from_request(request).instant(),
        collect(payload, room, announced),
    )
    .await
    .unwrap_or_else(|_| Err(Failure::new(Code::BodyTimeout)))
}

async fn collect(
    payload: impl Stream<Item = Result<Bytes, PayloadError>>,
    room: Room<'_>,
    announced: usize,
) -> Result<Bytes, Failure> {
    if announced == 0 {
        return Ok(Bytes::new());
    }
    let mut payload = std::pin::pin!(payload);
    let Some(first) = payload.next().await else {
        return Ok(Bytes::new());
    };
    let mut first = first.map_err(|error| broken(&error))?;
    // Most bodies come in one piece.
    if first.len() >= announced {
        first.truncate(announced);
        return Ok(first);
    }
    // What is announced is at most the limit, but may never come: no more than what
    // came is believed.
    let mut body = Collected::new(room);
    body.add(&first)?;
    while body.bytes.len() < announced
        && let Some(piece) = payload.next().await
    {
        let piece = piece.map_err(|error| broken(&error))?;
        let len = piece.len().min(announced - body.bytes.len());
        body.add(&piece[..len])?;
    }
    Ok(body.into())
}

/// What came of a body so far, and its share of the memory of all.
struct Collected {
    bytes: Vec<u8>,
    share: Option<Share>,
    most: usize,
}

impl Collected {
    fn new(room: Room<'_>) -> Self {
        Self {
            bytes: Vec::new(),
            share: room.budget.map(BodyBudget::share),
            most: room.most,
        }
    }

    /// Adds a piece. What there is room for grows by steps, so that little is copied, and never beyond
    /// the limit.
    ///
    /// # Errors
    /// 1942 if there is no room for it ever, 1951 if there is none now.
    fn add(&mut self, piece: &[u8]) -> Result<(), Failure> {
        let len = self.bytes.len() + piece.len();
        if len > self.most {
            return Err(too_large(self.most));
        }
        if len > self.bytes.capacity() {
            let capacity = len.max((2 * self.bytes.capacity()).min(self.most));
            if let Some(share) = &mut self.share {
                share.resize(capacity)?;
            }
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

impl From<Collected> for Bytes {
    /// The body, which has its share for as long as there is something of it.
    fn from(collected: Collected) -> Self {
        Self::from_owner(collected)
    }
}

impl AsRef<[u8]> for Collected {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Whether `request`, which says nothing of a body, offers to go on in another protocol.
fn offers_upgrade(request: &HttpRequest) -> bool {
    request.headers().contains_key(UPGRADE) && !request.chunked().unwrap_or(false)
}

fn too_large(limit: usize) -> Failure {
    let message = format!("The body is larger than {limit} bytes. Split the request.");
    Rejection::new(Code::BodyTooLarge)
        .with_message(message)
        .into()
}

fn broken(error: &PayloadError) -> Failure {
    let message =
        "The body broke off before its end. Send the request again, with all of its body.";
    let failure = Failure::from(Rejection::unreadable(message));
    failure.with_cause(anyhow::anyhow!("the body of a request: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::CONTENT_TYPE;
    use actix_web::test::TestRequest;
    use futures_util::stream;
    use std::time::Duration;

    const ROOM: Room<'static> = Room {
        most: 8,
        budget: None,
    };

    fn request(headers: &[(&str, &str)]) -> HttpRequest {
        let mut request = TestRequest::post();
        for header in headers {
            request = request.insert_header(*header);
        }
        let request = request.to_http_request();
        let deadline = Deadline::after(Duration::from_mins(1));
        request.extensions_mut().insert(deadline);
        request
    }

    fn pieces(pieces: &[&'static str]) -> impl Stream<Item = Result<Bytes, PayloadError>> {
        let pieces: Vec<_> = pieces
            .iter()
            .map(|piece| Ok(Bytes::from_static(piece.as_bytes())))
            .collect();
        stream::iter(pieces)
    }

    async fn received(headers: &[(&str, &str)], parts: &[&'static str]) -> Result<Bytes, u32> {
        json(&request(headers), pieces(parts), ROOM)
            .await
            .map_err(|failure| failure.code().number())
    }

    #[actix_web::test]
    async fn a_body_of_json_or_of_no_type_is_received_whole() {
        assert_eq!(received(&[], &["{}"]).await, Ok(Bytes::from("{}")));
        assert_eq!(
            received(&[], &["1234", "5678"]).await,
            Ok(Bytes::from("12345678"))
        );
        assert_eq!(
            received(&[("content-length", "2")], &["{}"]).await,
            Ok(Bytes::from("{}"))
        );
        for kind in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
        ] {
            assert_eq!(
                received(&[(CONTENT_TYPE.as_str(), kind)], &["{}"]).await,
                Ok(Bytes::from("{}")),
                "{kind}"
            );
        }
        assert_eq!(received(&[], &[]).await, Ok(Bytes::new()));
    }

    #[actix_web::test]
    async fn a_body_ends_where_it_said_that_it_would() {
        let length = ("content-length", "3");
        for parts in [
            &["123", "next"][..],
            &["123next"],
            &["1", "2", "3"],
            &["12", "3next"],
        ] {
            assert_eq!(received(&[length], parts).await, Ok(Bytes::from("123")));
        }
        let upgrade = ("upgrade", "websocket");
        assert_eq!(received(&[upgrade], &["next"]).await, Ok(Bytes::new()));
        assert_eq!(
            received(&[upgrade, ("transfer-encoding", "chunked")], &["{}"]).await,
            Ok(Bytes::from("{}"))
        );
    }

    #[actix_web::test]
    async fn a_body_that_is_too_large_is_refused_as_soon_as_that_is_known() {
        assert_eq!(received(&[("content-length", "9")], &[]).await, Err(1942));
        assert_eq!(
            received(&[], &["12345", "6789", "never asked for"]).await,
            Err(1942)
        );
    }

    #[actix_web::test]
    async fn a_large_body_has_its_share_until_nothing_is_left_of_it() {
        let budget = BodyBudget::new(100_000);
        let room = Room {
            most: 90_000,
            budget: Some(&budget),
        };
        let piece = Bytes::from(vec![b' '; 30_000]);
        let sent = |pieces: usize| stream::iter(vec![piece.clone(); pieces]).map(Ok);
        let length = request(&[("content-length", "90000")]);
        let first = json(&length, sent(3), room).await.unwrap();
        assert_eq!((first.len(), budget.held()), (90_000, 90_000));
        let refused = json(&length, sent(3), room).await.unwrap_err();
        assert_eq!(refused.code().number(), 1951);
        assert_eq!(budget.held(), 90_000);
        // What is small is received all the same.
        json(&request(&[]), sent(1), room).await.unwrap();
        let rest = first.slice(80_000..);
        drop(first);
        assert_eq!(budget.held(), 90_000);
        drop(rest);
        assert_eq!(budget.held(), 0);
        json(&length, sent(3), room).await.unwrap();
    }

    #[actix_web::test]
    async fn a_body_of_another_type_or_compressed_is_refused() {
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "nonsense",
        ] {
            assert_eq!(
                received(&[(CONTENT_TYPE.as_str(), kind)], &["{}"]).await,
                Err(1943),
                "{kind}"
            );
        }
        assert_eq!(
            received(&[("content-encoding", "gzip")], &["{}"]).await,
            Err(1943)
        );
        assert_eq!(
            received(&[("content-encoding", "identity")], &["{}"]).await,
            Ok(Bytes::from("{}"))
        );
    }

    #[actix_web::test]
    async fn a_body_that_does_not_come_in_time_is_a_time_out() {
        let request = TestRequest::post().to_http_request();
        request
            .extensions_mut()
            .insert(Deadline::after(Duration::ZERO));
        let failure = json(&request, stream::pending(), ROOM).await.unwrap_err();
        assert_eq!(failure.code().number(), 1945);
    }

    #[actix_web::test]
    async fn a_body_that_breaks_off_is_the_callers_fault() {
        let broken = stream::iter([Ok(Bytes::from("{")), Err(PayloadError::Incomplete(None))]);
        let failure = json(&request(&[]), broken, ROOM).await.unwrap_err();
        assert_eq!(failure.code().number(), 400);
        let message = failure.message(None);
        assert!(message.starts_with("The body broke off"), "{message}");
    }
}
