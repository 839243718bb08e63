//! Answers that are made while they are sent: block by block, as fast as the caller takes them.
//!
//! A block is made when the connection has room for it, on a thread that may block; between two of
//! them nothing is held but what makes them. So whoever reads slowly ties up no thread and no
//! connection to the database, and whoever stops reading stops the making. What goes wrong before the
//! first block is an answer like any other; later the connection is broken off, so that nobody
//! takes what came for everything.

use std::future::ready;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use accolade_application::access::Caller;
use accolade_application::error::UseCaseError;
use accolade_application::ports::{Ports, StoreError};
use accolade_domain::rejection::Code;
use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, Span};

use crate::dispatch::{Dispatcher, Effect};
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use crate::routes::lookup::Lookup;

/// How long a block may wait for its turn and for the database before the connection is broken off.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long is waited before a block is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// What makes an answer.
pub(crate) trait Blocks: Send + 'static {
    /// The next block, made in a moment: an empty one if there is nothing to be sent yet; `None` at the
    /// end.
    ///
    /// # Errors
    /// The store failed. If it is only away, the same block can be asked for again.
    fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError>;
}

/// What has blocks made. Cheap to clone; clones share the bound.
#[derive(Clone)]
pub(crate) struct Streams {
    dispatcher: Dispatcher,
    /// Streams make their blocks in turns, so that many of them do not take all places of those who
    /// ask for something else.
    turns: Arc<Semaphore>,
}

impl Streams {
    /// Blocks are made through `dispatcher`, which does `concurrency` things at a time.
    pub(crate) fn new(dispatcher: &Dispatcher, concurrency: usize) -> Self {
        Self {
            dispatcher: dispatcher.clone(),
            turns: Arc::new(Semaphore::new((concurrency / 4).max(1))),
        }
    }

    /// The next block of `blocks`. One that had no turn, or for which the database was away, is tried
    /// again for a while.
    async fn next<B: Blocks>(&self, blocks: &Arc<Mutex<B>>) -> Result<Option<Bytes>, Failure> {
        let mut deadline = Deadline::after(PATIENCE);
        loop {
            let made = self.make(deadline, blocks).await;
            match made {
                Ok(Some(block)) if block.is_empty() => deadline = Deadline::after(PATIENCE),
                Err(failure)
                    if failure.code() == Code::Unavailable
                        && Instant::now() + PAUSE < deadline.instant() =>
                {
                    sleep(PAUSE).await;
                }
                made => return made,
            }
        }
    }

    async fn make<B: Blocks>(
        &self,
        deadline: Deadline,
        blocks: &Arc<Mutex<B>>,
    ) -> Result<Option<Bytes>, Failure> {
        let _turn = self.turns.acquire().await.map_err(Failure::unexpected)?;
        let blocks = Arc::clone(blocks);
        let work = move || {
            // After a panic nobody asks again.
            let mut blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
            blocks.next()
        };
        let block = self.dispatcher.run(deadline, Effect::Reads, work).await??;
        Ok(block.map(Bytes::from))
    }

    /// `first`, and the blocks behind it.
    fn stream<B: Blocks>(
        self,
        first: Bytes,
        blocks: Arc<Mutex<B>>,
    ) -> impl Stream<Item = io::Result<Bytes>> {
        let span = Span::current();
        let rest = stream::try_unfold((self, blocks), move |(streams, blocks)| {
            let made = async move {
                match streams.next(&blocks).await {
                    Ok(block) => Ok(block.map(|block| (block, (streams, blocks)))),
                    Err(failure) => {
                        failure.log();
                        Err(io::Error::other(failure.to_string()))
                    }
                }
            };
            made.instrument(span.clone())
        });
        stream::once(ready(Ok(first))).chain(rest)
    }
}

impl Lookup {
    /// Answers it with the blocks of what `open` gives, of the type of content that it names.
    ///
    /// # Errors
    /// What is wrong with the query, all at once; those of `open`; why the first block could not be made.
    pub(crate) async fn answer_in_blocks<B: Blocks>(
        self,
        open: impl FnOnce(&Ports, &Caller) -> Result<(B, &'static str), UseCaseError> + Send + 'static,
    ) -> Result<HttpResponse, Failure> {
        let report = self.query.finish();
        if !report.problems.is_empty() {
            return Err(report.problems.into());
        }
        let (caller, ports) = (self.caller, self.state.ports.clone());
        let dispatcher = &self.state.dispatcher;
        let open = move || open(&ports, &caller);
        let opened = dispatcher.run(self.deadline, Effect::Reads, open).await?;
        let (blocks, content_type) = opened?;
        let mut response = HttpResponse::Ok();
        response.content_type(content_type);
        if self.is_head {
            return Ok(response.finish());
        }
        let (streams, blocks) = (self.state.streams.clone(), Arc::new(Mutex::new(blocks)));
        Ok(match streams.next(&blocks).await? {
            Some(first) => response.streaming(streams.stream(first, blocks)),
            None => response.finish(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Makes these blocks.
    struct Made(VecDeque<Result<Option<Vec<u8>>, StoreError>>);

    impl Blocks for Made {
        fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.pop_front().unwrap_or(Ok(None))
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is what makes a block")]
    fn block(text: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(Some(text.as_bytes().to_vec()))
    }

    fn away() -> Result<Option<Vec<u8>>, StoreError> {
        Err(StoreError::Unavailable(anyhow::anyhow!("away")))
    }

    fn broken() -> Result<Option<Vec<u8>>, StoreError> {
        Err(StoreError::Unexpected(anyhow::anyhow!("broken")))
    }

    fn streams() -> Streams {
        Streams::new(&Dispatcher::new(4, 16), 4)
    }

    /// What comes of `blocks`, and whether all of it came.
    async fn sent<const N: usize>(
        blocks: [Result<Option<Vec<u8>>, StoreError>; N],
    ) -> (String, bool) {
        let blocks = Arc::new(Mutex::new(Made(blocks.into())));
        let (mut text, mut is_whole) = (String::new(), true);
        let stream = streams().stream(Bytes::from_static(b"first "), blocks);
        let mut stream = std::pin::pin!(stream);
        while let Some(block) = stream.next().await {
            match block {
                Ok(block) => text.push_str(std::str::from_utf8(&block).unwrap()),
                Err(_) => is_whole = false,
            }
        }
        (text, is_whole)
    }

    #[tokio::test]
    async fn blocks_come_in_their_order_until_there_are_no_more() {
        let (text, is_whole) = sent([block("second "), block(""), block("third")]).await;
        assert_eq!((text.as_str(), is_whole), ("first second third", true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_is_away_is_waited_for() {
        let (text, is_whole) = sent([away(), away(), block("second"), away()]).await;
        assert_eq!((text.as_str(), is_whole), ("first second", true));
    }

    #[tokio::test]
    async fn what_is_broken_ends_the_stream_before_its_end() {
        let (text, is_whole) = sent([block("second"), broken(), block("third")]).await;
        assert_eq!((text.as_str(), is_whole), ("first second", false));
    }

    #[tokio::test]
    async fn nothing_is_made_that_nobody_takes() {
        let made = Arc::new(Mutex::new(Made([block("second"), block("third")].into())));
        let stream = streams().stream(Bytes::from_static(b"first"), Arc::clone(&made));
        let mut stream = std::pin::pin!(stream);
        let left = || made.lock().unwrap().0.len();
        stream.next().await.unwrap().unwrap();
        assert_eq!(left(), 2);
        stream.next().await.unwrap().unwrap();
        assert_eq!(left(), 1);
    }
}
