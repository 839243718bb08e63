//! The log: to standard error, for people or for machines.
//!
//! A thread of its own writes it. Whoever logs gives it a line and goes on, however slow the reader of
//! standard error is: a line for which there is no room is dropped and counted, and the log says how
//! many were as soon as it is read again. A server must not stand still because nobody reads its log.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Stderr, Write};
use std::panic::PanicHookInfo;
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tracing::Subscriber;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::serve::traces::SpanLayer;
use crate::settings::{LogFormat, LogSettings};

/// Who tells what `serve` tells better, or calls it an error of the server's when a stranger sends
/// what is not HTTP; unless `log.level` names them.
///
/// Spans of the target `traces` are for traces alone.
const QUIET: &str = "actix_server=warn,actix_http::h1::dispatcher=off,traces=off";

/// How many lines wait for the reader: a few megabytes of a slow one's time.
const MOST_LINES: usize = 8_192;

/// How long the end of the process waits for the reader.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often the log says, while lines are dropped, that they are.
const SAY_AGAIN: Duration = Duration::from_secs(1);

/// The log of this process, once it has one.
static LOG: OnceLock<Log> = OnceLock::new();

/// What writes the log.
struct Log {
    dropped: ErrorCounter,
    /// Writes what waits, when it goes.
    worker: Mutex<Option<WorkerGuard>>,
}

/// Starts the log of this process, with `spans` beside it where somebody collects those. Panics are lines
/// of it, too.
///
/// # Errors
/// It has one already, or `log.level` cannot be read.
pub(super) fn start(settings: &LogSettings, spans: Option<SpanLayer>) -> Result<()> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", settings.level))
        .map_err(|_| anyhow!("log.level cannot be read"))?;
    let registry = tracing_subscriber::registry();
    let writer = writer()?;
    let started = match (settings.format, spans) {
        (LogFormat::Pretty, None) => registry.with(filter).with(pretty(writer)).try_init(),
        (LogFormat::Json, None) => registry.with(filter).with(json(writer)).try_init(),
        // What is in the log is not what is collected: each has a filter of its own.
        (format, Some(spans)) => {
            let log: SpanLayer = match format {
                LogFormat::Pretty => Box::new(pretty(writer).with_filter(filter)),
                LogFormat::Json => Box::new(json(writer).with_filter(filter)),
            };
            registry.with(vec![log, spans]).try_init()
        }
    };
    started.map_err(|error| anyhow!("the log: {error}"))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Lines for people.
fn pretty<S>(writer: NonBlocking) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fmt::layer().with_writer(writer).with_ansi(on_terminal())
}

/// Lines for machines. Keeps the fields of a span as they are written: others read them anew for each
/// line.
fn json<S>(writer: NonBlocking) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    json_subscriber::fmt::layer()
        .flatten_event(true)
        .with_writer(writer)
}

/// How many lines of the log were dropped since the start.
pub(super) fn dropped_lines() -> u64 {
    LOG.get()
        .map_or(0, |log| log.dropped.dropped_lines() as u64)
}

/// Writes what waits to be written, if it is read soon. Nothing is logged after that.
pub(super) fn finish() {
    let Some(worker) = LOG.get().and_then(take_worker) else {
        return;
    };
    // The library has a bound of its own, beyond which it prints that it was reached, on a standard
    // output that may be as stuck.
    let (done, is_done) = mpsc::channel();
    let finishing = thread::Builder::new().spawn(move || {
        drop(worker);
        // Nobody is left who could be told.
        let _ = done.send(());
    });
    if finishing.is_ok() {
        let _ = is_done.recv_timeout(PATIENCE);
    }
}

fn take_worker(log: &Log) -> Option<WorkerGuard> {
    log.worker
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

/// Where lines are given to, whose thread writes them to standard error.
fn writer() -> Result<NonBlocking> {
    let (writer, worker) = NonBlockingBuilder::default()
        .thread_name("log")
        .lossy(true)
        .buffered_lines_limit(MOST_LINES)
        .finish(Reporting::new(io::stderr()));
    let log = Log {
        dropped: writer.error_counter(),
        worker: Mutex::new(Some(worker)),
    };
    LOG.set(log)
        .map_err(|_| anyhow!("this process has a log already"))?;
    Ok(writer)
}

/// Standard error, with a line of the log about those that were dropped.
struct Reporting {
    stderr: Stderr,
    said: u64,
    said_at: Option<Instant>,
}

impl Reporting {
    fn new(stderr: Stderr) -> Self {
        Self {
            stderr,
            said: 0,
            said_at: None,
        }
    }

    /// Logs how many lines were dropped, if more were since it was logged last.
    fn report(&mut self) {
        let dropped = dropped_lines();
        if dropped == self.said {
            return;
        }
        tracing::warn!(
            dropped_since_start = dropped,
            "lines of the log were dropped before this one: standard error was not read"
        );
        self.said = dropped;
        self.said_at = Some(Instant::now());
    }
}

impl Write for Reporting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Of a reader who is always too slow it is said now and then. There is room for that line: one
        // was just taken out. If others are faster, it is dropped too.
        if self.said_at.is_none_or(|it| it.elapsed() > SAY_AGAIN) {
            self.report();
        }
        self.stderr.write(bytes)
    }

    /// Is called when no line waits.
    fn flush(&mut self) -> io::Result<()> {
        self.report();
        self.stderr.flush()
    }
}

/// Logs a panic, with what it says if that is a constant: else it might be a value that belongs into
/// no log.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let said = panic.payload().downcast_ref::<&'static str>().copied();
    let place = panic.location().map(ToString::to_string);
    let thread = thread::current().name().map(ToOwned::to_owned);
    let backtrace = Backtrace::capture();
    let backtrace =
        (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(said, place, thread, backtrace, "a panic");
}

/// Colours are for terminals, and not for people who refuse them.
fn on_terminal() -> bool {
    use std::io::IsTerminal as _;
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
}
