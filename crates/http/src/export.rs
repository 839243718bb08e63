//! An export on its way to its caller: a stretch is read, sent, and then the next one is read.
//!
//! However long it takes, it holds a place among those that run, and the bytes of one stretch; a thread
//! and a connection to the database only while a stretch is read, which nobody does before the one
//! before is sent. What ends it before its end breaks the connection, so that nobody takes the half for
//! the whole: the caller goes on behind the last row that it has.

mod places;

use std::fmt;
use std::time::Duration;

use accolade_application::access::Caller;
use accolade_application::exports::{Export, stretch};
use accolade_application::ports::Ports;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::export::{Format, write};
use actix_web::web;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use tokio::time::{Instant, sleep};
use tracing::{Instrument as _, Span};

use crate::auth::Permit;
use crate::dispatch::Effect;
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use crate::state::AppState;

pub(crate) use places::{Place, Places};

/// How many bytes are handed to a connection at once.
const CHUNK: usize = 32 * 1024;

/// How long to wait for a database that is away, or for a turn, before the next try.
const PAUSE: Duration = Duration::from_millis(200);

/// What is to be sent, and what more there is to read.
pub(crate) struct Read {
    /// The lines of some rows.
    pub(crate) bytes: Bytes,
    /// How many rows they are.
    pub(crate) rows: usize,
    /// What is left to read.
    pub(crate) next: Option<Export>,
}

/// Reads a stretch of `export` and writes it.
///
/// # Errors
/// The store failed.
pub(crate) fn read(
    ports: &Ports,
    caller: &Caller,
    export: Export,
    format: Format,
) -> Result<Read, Failure> {
    let stretch = stretch(ports, caller, export)?;
    Ok(Read {
        bytes: write(&stretch, format, caller.org, &caller.zone)?.into(),
        rows: stretch.rows.len(),
        next: stretch.next,
    })
}

/// An export that goes on.
pub(crate) struct Sending {
    state: web::Data<AppState>,
    caller: Caller,
    permit: Permit,
    format: Format,
    /// What was read and is not sent.
    bytes: Bytes,
    next: Option<Export>,
    told: Told,
}

impl Sending {
    /// The one of `caller`, of which `first` was read, under a header. It has the `place` while it runs.
    pub(crate) fn new(
        state: web::Data<AppState>,
        (caller, permit): (Caller, Permit),
        place: Place,
        format: Format,
        (header, first): (Vec<u8>, Read),
    ) -> Self {
        let rows = first.rows;
        Self {
            state,
            caller,
            permit,
            format,
            bytes: Bytes::from([header, first.bytes.into()].concat()),
            next: first.next,
            told: Told {
                _place: place,
                span: Span::current(),
                rows,
                is_whole: false,
            },
        }
    }

    /// Everything that is sent, a part after the other.
    pub(crate) fn parts(self) -> impl Stream<Item = Result<Bytes, Broken>> + 'static {
        try_unfold(self, |sending| {
            let span = sending.told.span.clone();
            sending.part().instrument(span)
        })
    }

    /// The next part; `None` at the end.
    async fn part(mut self) -> Result<Option<(Bytes, Self)>, Broken> {
        loop {
            self.go_on().await?;
            if !self.bytes.is_empty() {
                let len = self.bytes.len().min(CHUNK);
                let part = self.bytes.split_to(len);
                return Ok(Some((part, self)));
            }
            let Some(export) = self.next.take() else {
                self.told.is_whole = true;
                return Ok(None);
            };
            let read = self.read(export).await?;
            self.told.rows += read.rows;
            (self.bytes, self.next) = (read.bytes, read.next);
        }
    }

    /// Whether more may be sent: the server goes on, and the client has not been revoked.
    async fn go_on(&mut self) -> Result<(), Failure> {
        if self.state.draining.has_begun() {
            let message = "The server is stopping. Go on behind the last row, at another one.";
            return Err(Rejection::new(Code::Unavailable)
                .with_message(message)
                .into());
        }
        if self.permit.is_old() {
            let (ports, permit) = (self.state.ports.clone(), self.permit.clone());
            self.permit = self.patiently(move || Ok(permit.renewed(&ports)?)).await?;
        }
        Ok(())
    }

    async fn read(&self, export: Export) -> Result<Read, Failure> {
        let (ports, caller) = (self.state.ports.clone(), self.caller.clone());
        let format = self.format;
        self.patiently(move || read(&ports, &caller, export, format))
            .await
    }

    /// Does `work` on a thread that may block, again and again while the database is away, for as long
    /// as a request may take.
    async fn patiently<R: Send + 'static>(
        &self,
        work: impl Fn() -> Result<R, Failure> + Clone + Send + 'static,
    ) -> Result<R, Failure> {
        let patience = self.state.options.request_timeout;
        let end = Instant::now() + patience;
        loop {
            let turn = self.state.exports.turn().await;
            let (deadline, work) = (Deadline::after(patience), work.clone());
            let dispatcher = &self.state.dispatcher;
            let done = dispatcher.run(deadline, Effect::Reads, work).await;
            drop(turn);
            match done.flatten() {
                Err(failure)
                    if failure.code() == Code::Unavailable
                        && !self.state.draining.has_begun()
                        && Instant::now() + PAUSE < end =>
                {
                    sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }
}

/// What the log is told once an export is over, however it ends.
struct Told {
    _place: Place,
    span: Span,
    rows: usize,
    is_whole: bool,
}

impl Drop for Told {
    fn drop(&mut self) {
        let (rows, whole) = (self.rows, self.is_whole);
        tracing::info!(parent: &self.span, rows, whole, "export ended");
    }
}

/// Why an export breaks off; the log has it.
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
        write!(f, "an export broke off: {}", self.0.message())
    }
}

impl std::error::Error for Broken {}
