//! Answers that are made while they are sent: exports, and what became of the rows of a job.
//!
//! A block is made when the connection has taken the one before, on a thread that may block. However
//! long an answer takes, between two blocks it holds its place among those that are sent, and what
//! makes them; a thread and a connection to the database it has only while one is made. So whoever
//! reads slowly ties up neither, and whoever stops reading stops the making. What goes wrong before
//! the first block is an answer like any other. Later the connection is broken off, so that nobody takes
//! what came for everything.

mod places;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use accolade_application::access::Caller;
use accolade_application::gate::Turn;
use accolade_application::ports::Ports;
use accolade_domain::rejection::{Code, Rejection};
use actix_web::HttpResponse;
use actix_web::http::Version;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::{self, try_unfold};
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, Span};

use crate::auth::Permit;
use crate::dispatch::{Dispatcher, Effect};
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use crate::middleware::draining::Draining;
use crate::options::HttpOptions;
use crate::routes::lookup::Lookup;
use crate::warnings::warn;

use places::{Place, Places};

/// How many bytes are handed to a connection at once.
const CHUNK: usize = 32 * 1024;

/// How long to wait for a database that is away, or for a turn, before the next try.
const PAUSE: Duration = Duration::from_millis(200);

/// What makes an answer.
pub(crate) trait Blocks: Send + 'static {
    /// The next block, made in a moment; `None` at the end.
    ///
    /// # Errors
    /// The store failed. If it is only away, the same block can be asked for again.
    fn next(&mut self) -> Result<Option<Block>, Failure>;
}

/// Some of an answer: nothing, if there is nothing to be sent yet.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) bytes: Bytes,
    /// How many rows are in it.
    pub(crate) rows: usize,
}

/// What was found out before the first block: what makes the answer, and what its head says.
pub(crate) struct Opened<B> {
    pub(crate) blocks: B,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// What is odd about the request, beside what is odd about its query.
    pub(crate) warnings: Vec<Rejection>,
}

/// What has blocks made. Cheap to clone; clones share the places.
#[derive(Clone)]
pub(crate) struct Streams {
    ports: Ports,
    dispatcher: Dispatcher,
    draining: Draining,
    places: Places,
    /// How long is waited for a block.
    patience: Duration,
}

impl Streams {
    /// Blocks are made through `dispatcher`, and no more of them once the server is `draining`.
    pub(crate) fn new(
        ports: &Ports,
        dispatcher: &Dispatcher,
        draining: &Draining,
        options: &HttpOptions,
    ) -> Self {
        Self {
            ports: ports.clone(),
            dispatcher: dispatcher.clone(),
            draining: draining.clone(),
            places: Places::new(options.concurrency),
            patience: options.request_timeout,
        }
    }

    /// How many answers are being sent.
    pub(crate) fn count(&self) -> usize {
        self.places.count()
    }

    /// Does `work` on a thread that may block, again and again while the database is away, for as long
    /// as a request may take.
    async fn patiently<R: Send + 'static>(
        &self,
        work: impl Fn() -> Result<R, Failure> + Clone + Send + 'static,
    ) -> Result<R, Failure> {
        let end = Instant::now() + self.patience;
        loop {
            let turn = self.places.turn().await;
            // Work that has begun is never left for another try: its time ends behind that of all.
            let (deadline, work) = (Deadline::after(self.patience), work.clone());
            let done = self
                .dispatcher
                .run(Turn::SYSTEM, deadline, Effect::Reads, work)
                .await;
            drop(turn);
            match done.flatten() {
                Err(failure)
                    if failure.code() == Code::Unavailable
                        && !self.draining.has_begun()
                        && Instant::now() + PAUSE < end =>
                {
                    sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }
}

impl Lookup {
    /// Answers it with the blocks of what `open` gives.
    ///
    /// # Errors
    /// The request came by a version of HTTP in which a broken answer looks whole; what is wrong with
    /// the query, all at once; so many answers are sent already that there is no place; those of
    /// `open`; why the first block could not be made.
    pub(crate) async fn answer_in_blocks<B: Blocks>(
        self,
        open: impl FnOnce(&Ports, &Caller) -> Result<Opened<B>, Failure> + Send + 'static,
    ) -> Result<HttpResponse, Failure> {
        refuse_without_an_end(self.version)?;
        let turn = self.turn();
        let report = self.query.finish();
        if !report.problems.is_empty() {
            return Err(report.problems.into());
        }
        let place = self.state.streams.places.take(self.caller.org);
        let place = place.ok_or_else(too_many)?;
        let (caller, ports, is_head) = (self.caller, self.state.ports.clone(), self.is_head);
        let work = move || -> Result<_, Failure> {
            let mut opened = open(&ports, &caller)?;
            let first = if is_head {
                None
            } else {
                Some(opened.blocks.next()?)
            };
            Ok((opened, first))
        };
        let dispatcher = &self.state.dispatcher;
        let begun = dispatcher
            .run(turn, self.deadline, Effect::Reads, work)
            .await?;
        let (opened, first) = begun?;

        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, opened.content_type));
        for header in opened.headers {
            response.insert_header(header);
        }
        let mut response = if let Some(first) = first {
            let making = Making {
                streams: self.state.streams.clone(),
                permit: self.permit,
                blocks: Arc::new(Mutex::new(opened.blocks)),
            };
            response.streaming(Sending::new(making, place, first).parts())
        } else {
            response.streaming(stream::empty::<Result<Bytes, Broken>>())
        };
        let warnings = [report.warnings, opened.warnings].concat();
        warn(response.headers_mut(), &warnings)?;
        Ok(response)
    }
}

/// What makes the blocks that are still to come.
struct Making<B> {
    streams: Streams,
    permit: Permit,
    blocks: Arc<Mutex<B>>,
}

impl<B: Blocks> Making<B> {
    /// Whether more may be sent: the server goes on, and the client has not been revoked.
    async fn go_on(&mut self) -> Result<(), Failure> {
        if self.streams.draining.has_begun() {
            let message =
                "The server is stopping. Ask another one; an export goes on behind its last row.";
            return Err(Rejection::new(Code::Unavailable)
                .with_message(message)
                .into());
        }
        if self.permit.is_old() {
            let (ports, permit) = (self.streams.ports.clone(), self.permit.clone());
            let renewed = move || Ok(permit.renewed(&ports)?);
            self.permit = self.streams.patiently(renewed).await?;
        }
        Ok(())
    }

    async fn next(&self) -> Result<Option<Block>, Failure> {
        let blocks = Arc::clone(&self.blocks);
        let next = move || {
            // After a panic nobody asks again.
            let mut blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
            blocks.next()
        };
        self.streams.patiently(next).await
    }
}

/// An answer that is being sent.
struct Sending<B> {
    making: Making<B>,
    /// What was made and is not sent.
    bytes: Bytes,
    has_ended: bool,
    told: Told,
}

impl<B: Blocks> Sending<B> {
    fn new(making: Making<B>, place: Place, first: Option<Block>) -> Self {
        let has_ended = first.is_none();
        let Block { bytes, rows } = first.unwrap_or_default();
        Self {
            making,
            bytes,
            has_ended,
            told: Told {
                _place: place,
                span: Span::current(),
                rows,
                is_whole: false,
            },
        }
    }

    /// Everything that is sent, a part after the other.
    fn parts(self) -> impl Stream<Item = Result<Bytes, Broken>> + 'static {
        try_unfold(self, |sending| {
            let span = sending.told.span.clone();
            sending.part().instrument(span)
        })
    }

    /// The next part; `None` at the end.
    async fn part(mut self) -> Result<Option<(Bytes, Self)>, Broken> {
        loop {
            self.making.go_on().await?;
            if !self.bytes.is_empty() {
                let len = self.bytes.len().min(CHUNK);
                let part = self.bytes.split_to(len);
                return Ok(Some((part, self)));
            }
            if self.has_ended {
                self.told.is_whole = true;
                return Ok(None);
            }
            match self.making.next().await? {
                Some(Block { bytes, rows }) => {
                    self.bytes = bytes;
                    self.told.rows += rows;
                }
                None => self.has_ended = true,
            }
        }
    }
}

/// What the log is told once an answer is over, however it ends.
struct Told {
    _place: Place,
    span: Span,
    rows: usize,
    is_whole: bool,
}

impl Drop for Told {
    fn drop(&mut self) {
        let (rows, whole) = (self.rows, self.is_whole);
        tracing::info!(parent: &self.span, rows, whole, "stream ended");
    }
}

/// Why an answer breaks off; the log has it.
#[derive(Debug)]
pub(crate) struct Broken(Code);

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        failure.log();
        Self(failure.code())
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an answer broke off: {}", self.0.message())
    }
}

impl std::error::Error for Broken {}

/// Before HTTP/1.1 an answer ends where its connection does, so that a broken one looks whole.
///
/// # Errors
/// 400 for such a version.
fn refuse_without_an_end(version: Version) -> Result<(), Rejection> {
    if version >= Version::HTTP_11 {
        return Ok(());
    }
    let message = "This needs HTTP/1.1, where an answer that breaks off can be told from a whole one. If a \
                   proxy asks for you, let it: in nginx, proxy_http_version 1.1.";
    Err(Rejection::unreadable(message))
}

/// 1951.
fn too_many() -> Failure {
    let message = "Too many exports and results of jobs are sent already. Send it again when one of them \
                   has ended.";
    Rejection::new(Code::Unavailable)
        .with_message(message)
        .into()
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::pin::pin;

    use accolade_application::ports::StoreError;
    use accolade_domain::fixtures::at;
    use accolade_memory::{FixedClock, MemoryStore, memory_ports};
    use futures_util::StreamExt as _;

    use super::*;

    type Made = Result<Option<Block>, StoreError>;

    /// Makes these blocks.
    struct Prepared(VecDeque<Made>);

    impl Blocks for Prepared {
        fn next(&mut self) -> Result<Option<Block>, Failure> {
            Ok(self.0.pop_front().unwrap_or(Ok(None))?)
        }
    }

    fn block(text: &'static str) -> Block {
        Block {
            bytes: Bytes::from_static(text.as_bytes()),
            rows: 1,
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is what makes a block")]
    fn made(text: &'static str) -> Made {
        Ok(Some(block(text)))
    }

    fn away() -> Made {
        Err(StoreError::Unavailable(anyhow::anyhow!("away")))
    }

    fn broken() -> Made {
        Err(StoreError::Unexpected(anyhow::anyhow!("broken")))
    }

    fn streams() -> Streams {
        let clock = Arc::new(FixedClock::at(at("2026-05-01T12:00:00Z")));
        Streams {
            ports: memory_ports(Arc::new(MemoryStore::default()), clock),
            dispatcher: Dispatcher::new(4, 16),
            draining: Draining::default(),
            places: Places::new(4),
            patience: Duration::from_secs(30),
        }
    }

    /// An answer that begins with the block "first " and goes on with `blocks`.
    fn sending(streams: &Streams, blocks: &Arc<Mutex<Prepared>>) -> Sending<Prepared> {
        let making = Making {
            streams: streams.clone(),
            permit: Permit::fresh("till".try_into().unwrap()),
            blocks: Arc::clone(blocks),
        };
        let place = streams.places.take(7.try_into().unwrap()).unwrap();
        Sending::new(making, place, Some(block("first ")))
    }

    fn prepared<const N: usize>(blocks: [Made; N]) -> Arc<Mutex<Prepared>> {
        Arc::new(Mutex::new(Prepared(blocks.into())))
    }

    /// What comes of `blocks`, and whether all of it came.
    async fn sent<const N: usize>(blocks: [Made; N]) -> (String, bool) {
        let (mut text, mut is_whole) = (String::new(), true);
        let mut parts = pin!(sending(&streams(), &prepared(blocks)).parts());
        while let Some(part) = parts.next().await {
            match part {
                Ok(part) => text.push_str(std::str::from_utf8(&part).unwrap()),
                Err(_) => is_whole = false,
            }
        }
        (text, is_whole)
    }

    #[tokio::test]
    async fn blocks_come_in_their_order_until_there_are_no_more() {
        let (text, is_whole) = sent([made("second "), made(""), made("third")]).await;
        assert_eq!((text.as_str(), is_whole), ("first second third", true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_is_away_is_waited_for() {
        let (text, is_whole) = sent([away(), away(), made("second"), away()]).await;
        assert_eq!((text.as_str(), is_whole), ("first second", true));
    }

    #[tokio::test]
    async fn what_is_broken_ends_the_answer_before_its_end() {
        let (text, is_whole) = sent([made("second"), broken(), made("third")]).await;
        assert_eq!((text.as_str(), is_whole), ("first second", false));
    }

    #[tokio::test]
    async fn nothing_is_made_that_nobody_takes() {
        let blocks = prepared([made("second"), made("third")]);
        let mut parts = pin!(sending(&streams(), &blocks).parts());
        let left = || blocks.lock().unwrap().0.len();
        parts.next().await.unwrap().unwrap();
        assert_eq!(left(), 2);
        parts.next().await.unwrap().unwrap();
        assert_eq!(left(), 1);
    }

    #[tokio::test]
    async fn an_answer_breaks_off_when_the_server_stops() {
        let streams = streams();
        let mut parts = pin!(sending(&streams, &prepared([made("second")])).parts());
        parts.next().await.unwrap().unwrap();
        streams.draining.begin();
        assert!(parts.next().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn an_answer_has_its_place_until_it_is_over_or_nobody_wants_it() {
        let streams = streams();
        let sending = sending(&streams, &prepared([]));
        assert_eq!(streams.count(), 1);
        drop(sending);
        assert_eq!(streams.count(), 0);
    }
}
