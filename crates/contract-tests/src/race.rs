//! Things that happen at the same moment.

use std::sync::Barrier;
use std::thread;

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

/// How many of `results` are `Ok`, and the errors of the others.
pub(crate) fn winners<T, E>(results: Vec<Result<T, E>>) -> (usize, Vec<E>) {
    let racers = results.len();
    let losers: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    (racers - losers.len(), losers)
}
