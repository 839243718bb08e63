//! Things that happen at the same moment.

use std::fmt::Debug;
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
