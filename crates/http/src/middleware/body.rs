//! Receiving a body: no larger, no later and no other than agreed.

use accolade_domain::rejection::{Code, Rejection};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, UPGRADE};
use actix_web::{HttpMessage as _, HttpRequest};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use tokio::time::timeout_at;

use crate::failure::Failure;
use crate::middleware::deadline::Deadline;

/// The body of `request`, if its content type is JSON or absent.
///
/// # Errors
/// 1943 if it is not JSON; those of [`bytes`].
pub(crate) async fn json(
    request: &HttpRequest,
    payload: impl Stream<Item = Result<Bytes, PayloadError>>,
    limit: usize,
) -> Result<Bytes, Failure> {
    let is_json = match request.mime_type() {
        Ok(None) => true,
        Ok(Some(mime)) => mime.subtype() == "json" || mime.suffix().is_some_and(|s| s == "json"),
        Err(_) => false,
    };
    if !is_json {
        return Err(Failure::new(Code::UnsupportedMediaType));
    }
    bytes(request, payload, limit).await
}

/// The body of `request`, at most `limit` bytes of it.
///
/// # Errors
/// 1942 if it is larger, 1943 if it is compressed, 1945 if it is not there by the request's
/// deadline, 400 if it breaks off.
pub(crate) async fn bytes(
    request: &HttpRequest,
    payload: impl Stream<Item = Result<Bytes, PayloadError>>,
    limit: usize,
) -> Result<Bytes, Failure> {
    if let Some(encoding) = request.headers().get(CONTENT_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let message = "Send the body without Content-Encoding.";
        return Err(Rejection::new(Code::UnsupportedMediaType)
            .with_message(message)
            .into());
    }
    encoded(request, payload, limit).await
}

/// The body of `request` as it is sent, compressed or not, at most `limit` bytes of it.
///
/// # Errors
/// 1942 if it is larger, 1945 if it is not there by the request's deadline, 400 if it breaks off.
pub(crate) async fn encoded(
    request: &HttpRequest,
    payload: impl Stream<Item = Result<Bytes, PayloadError>>,
    limit: usize,
) -> Result<Bytes, Failure> {
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
        collect(payload, limit, announced),
    )
    .await
    .unwrap_or_else(|_| Err(Failure::new(Code::BodyTimeout)))
}

async fn collect(
    payload: impl Stream<Item = Result<Bytes, PayloadError>>,
    limit: usize,
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
    let mut body = BytesMut::from(first);
    while body.len() <= limit {
        match payload.next().await {
            Some(piece) => body.extend_from_slice(&piece.map_err(|error| broken(&error))?),
            None => return Ok(body.freeze()),
        }
        if body.len() >= announced {
            body.truncate(announced);
            return Ok(body.freeze());
        }
    }
    Err(too_large(limit))
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
        json(&request(headers), pieces(parts), 8)
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
        let failure = json(&request, stream::pending(), 8).await.unwrap_err();
        assert_eq!(failure.code().number(), 1945);
    }

    #[actix_web::test]
    async fn a_body_that_breaks_off_is_the_callers_fault() {
        let broken = stream::iter([Ok(Bytes::from("{")), Err(PayloadError::Incomplete(None))]);
        let failure = json(&request(&[]), broken, 8).await.unwrap_err();
        assert_eq!(failure.code().number(), 400);
        let message = failure.message(None);
        assert!(message.starts_with("The body broke off"), "{message}");
    }
}
