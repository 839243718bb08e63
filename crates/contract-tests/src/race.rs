//! Things that happen at the same moment.

use std::fmt::Debug;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

/// Does `act` in `racers` threads, each with its own number from 0, all
/// released at once; gives what each got, by number.
pub(crate) fn race<T: Send>(racers: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(racers);
    let run = |racer| {
        barrier.wait();
        act(racer)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..racers)
            .map(|racer| {
                let run = &run;
                scope.spawn(move || run(racer))
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    })
}

/// How many racers still run; others can do something until none does, even if one fails.
pub(crate) struct Running(AtomicUsize);

impl Running {
    pub(crate) const fn all(racers: usize) -> Self {
        Self(AtomicUsize::new(racers))
    }

    /// What a racer holds while it runs.
    pub(crate) const fn one(&self) -> OneRunning<'_> {
        OneRunning(self)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.load(SeqCst) == 0
    }
}

/// A racer that runs.
pub(crate) struct OneRunning<'a>(&'a Running);

impl Drop for OneRunning<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, SeqCst);
    }
}

/// Tries until `attempt` succeeds; fails the test if that takes a minute.
pub(crate) fn eventually(mut attempt: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !attempt() {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "it never succeeded"
        );
        thread::yield_now();
    }
}

/// Checks that exactly one of `results` is `Ok` and that the others failed as they
/// must; gives the winner's number.
pub(crate) fn only_winner<T: Debug, E: Debug>(
    results: &[Result<T, E>],
    must: impl Fn(&E) -> bool,
) -> usize {
    let mut winners = results.iter().enumerate().filter(|(_, r)| r.is_ok());
    let (winner, _) = winners.next().unwrap();
    assert!(winners.next().is_none(), "more than one won: {results:?}");
    let mut losers = results.iter().filter_map(|result| result.as_ref().err());
    assert!(losers.all(must), "{results:?}");
    winner
}

/// The numbers 1 to `len` in an order of the racer's own.
pub(crate) fn shuffled(racer: usize, len: i64) -> Vec<i64> {
    let mut numbers: Vec<_> = (1..=len).collect();
    match racer % 4 {
        0 => {}
        1 => numbers.reverse(),
        2 => numbers.sort_by_key(|number| (number % 2, *number)),
        _ => numbers.sort_by_key(|number| (number * 7919) % 104_729),
    }
    numbers
}
