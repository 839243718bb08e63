//! How requests are sent: as fast as answers come, or at fixed moments.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::try_join_all;
use hdrhistogram::Histogram;
use tokio::sync::mpsc;

use crate::http::{Call, Connection, Target};
use crate::stand::CUSTOMERS;

/// What a load achieved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    /// How many requests were answered.
    pub(crate) requests: u64,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
}

impl Done {
    /// Requests a second.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn rate(self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    /// Customers a second, if each request had [`CUSTOMERS`].
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn customers(self) -> f64 {
        self.rate() * CUSTOMERS as f64
    }
}

/// When a closed loop ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// No request begins after this.
    After(Duration),
    /// So many requests have been sent.
    Requests(u64),
}

/// Keeps `connections` busy: each sends its next request when it has its answer. `next`
/// makes the requests, in the order in which they are sent.
///
/// Everything that was begun is waited for and counted, and so is the time that it takes.
///
/// # Errors
/// An answer that is not what it must be.
pub(crate) async fn closed_loop(
    target: &Target,
    connections: usize,
    until: Until,
    next: impl FnMut() -> Call,
) -> Result<Done> {
    let open = try_join_all((0..connections).map(|_| Connection::open(target))).await?;
    let next = RefCell::new(next);
    let sent = Cell::new(0);
    let begun = Instant::now();
    let goes_on = || match until {
        Until::After(duration) => begun.elapsed() < duration,
        Until::Requests(count) => sent.get() < count,
    };
    try_join_all(open.into_iter().map(|mut connection| {
        let (next, sent, goes_on) = (&next, &sent, &goes_on);
        async move {
            while goes_on() {
                sent.set(sent.get() + 1);
                let call = next.borrow_mut()();
                connection.call(call).await?;
            }
            anyhow::Ok(())
        }
    }))
    .await?;
    Ok(Done {
        requests: sent.get(),
        elapsed: begun.elapsed(),
    })
}

/// Sends a request at each multiple of 1/`rate` seconds, whether or not the earlier ones have
/// been answered, for `duration`. Gives how long each took in microseconds, counted from the
/// moment at which it was due, so that a server that stalls does not hide it by making the
/// next ones late.
///
/// If all `connections` are busy, a request waits for one, and its time runs.
///
/// # Errors
/// An answer that is not what it must be.
pub(crate) async fn open_loop(
    target: &Target,
    connections: usize,
    rate: f64,
    duration: Duration,
    next: impl FnMut() -> Call,
) -> Result<Histogram<u64>> {
    let open = try_join_all((0..connections).map(|_| Connection::open(target))).await?;
    let taken = RefCell::new(Histogram::<u64>::new(3)?);
    let next = RefCell::new(next);
    let due = schedule(rate, duration);
    let due = tokio::sync::Mutex::new(due);
    try_join_all(open.into_iter().map(|mut connection| {
        let (taken, next, due) = (&taken, &next, &due);
        async move {
            loop {
                let Some(moment) = due.lock().await.recv().await else {
                    return anyhow::Ok(());
                };
                let call = next.borrow_mut()();
                connection.call(call).await?;
                let micros = u64::try_from(moment.elapsed().as_micros())?;
                taken.borrow_mut().record(micros.max(1))?;
            }
        }
    }))
    .await?;
    Ok(taken.into_inner())
}

/// Tells the moments when they come. A thread, because the timers of an event loop count
/// whole milliseconds.
fn schedule(rate: f64, duration: Duration) -> mpsc::UnboundedReceiver<Instant> {
    let (tell, told) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let begun = Instant::now();
        for number in 0_u32.. {
            let after = Duration::from_secs_f64(f64::from(number) / rate);
            if after > duration {
                return;
            }
            let moment = begun + after;
            std::thread::sleep(moment.saturating_duration_since(Instant::now()));
            if tell.send(moment).is_err() {
                return;
            }
        }
    });
    told
}

/// The value below which `percent` of the recorded ones are, in milliseconds.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn percentile(taken: &Histogram<u64>, percent: f64) -> f64 {
    taken.value_at_percentile(percent) as f64 / 1000.0
}
