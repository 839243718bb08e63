//! Bodies that go out in pieces.
//!
//! The framework copies what it is given into the buffer of a connection, at once, whether the other side
//! reads or not. Of a large body it gets a piece when it has sent the one before: who takes nothing costs
//! one piece, and a body that many ask for is in memory once.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

use crate::middleware::budget::{SMALL, Share};

/// The most bytes that a connection is given at once.
const PIECE: usize = SMALL;

/// A body in pieces.
#[derive(Debug)]
pub(crate) struct Pieces {
    rest: Bytes,
    /// What it has of the memory of all.
    _share: Option<Share>,
}

/// `bytes` as a body, in pieces if they are many, with its share of the memory of all if it is not in
/// memory anyway.
pub(crate) fn body(bytes: Bytes, share: Option<Share>) -> BoxBody {
    if bytes.len() <= PIECE {
        BoxBody::new(bytes)
    } else {
        BoxBody::new(Pieces {
            rest: bytes,
            _share: share,
        })
    }
}

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let len = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(self.rest.split_to(len))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::middleware::budget::BodyBudget;
    use std::future::poll_fn;

    #[actix_web::test]
    async fn a_large_body_comes_in_pieces_and_whole() {
        let sent: Vec<u8> = (0..=250).cycle().take(2 * PIECE + 7).collect();
        let budget = BodyBudget::new(100_000);
        let share = budget.for_answer(sent.len()).unwrap();
        let mut body = body(sent.clone().into(), Some(share));
        assert_eq!(budget.held(), sent.len());
        assert_eq!(body.size(), BodySize::Sized(sent.len() as u64));
        let (mut received, mut sizes) = (Vec::new(), Vec::new());
        while let Some(piece) = poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
            let piece = piece.unwrap();
            sizes.push(piece.len());
            received.extend_from_slice(&piece);
        }
        assert_eq!(sizes, [PIECE, PIECE, 7]);
        assert!(received == sent);
        drop(body);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn a_small_body_is_one() {
        let small = body(Bytes::from_static(b"{}"), None);
        assert_eq!(small.try_into_bytes().ok(), Some(Bytes::from_static(b"{}")));
    }
}
