//! Tortures the server for a while: `accolade-torture --help`.
//!
//! Each subject runs in rounds, each on a fresh database and with a seed that is printed; a round whose
//! promise does not hold is told, and the run fails in the end. `--seed` begins with that seed, so that the
//! same subject and database have the same round again.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod cli;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use accolade_tests::Backend;
use accolade_torture::{Figures, Grounds, Scale, Subject, table};
use clap::Parser as _;

use crate::cli::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let grounds = Grounds::default();
    let mut columns = Vec::new();
    let mut failures = Vec::new();
    for backend in arguments.databases() {
        for subject in arguments.subjects() {
            let title = format!("{subject} on {}", cli::name(backend));
            let (figures, failed) = run(&arguments, subject, backend, &grounds);
            failures.extend(failed.into_iter().map(|seed| {
                format!("{title}: accolade-torture --only {subject} --database {} --seed {seed} --rounds 1", cli::name(backend))
            }));
            columns.push((title, figures));
        }
    }
    println!("\n{}", table(&columns));
    if failures.is_empty() {
        println!("\nEvery promise held.");
        return ExitCode::SUCCESS;
    }
    println!("\nBROKEN, to be had again by:");
    for failure in failures {
        println!("  {failure}");
    }
    ExitCode::FAILURE
}

/// Rounds until the time is over, one at least; gives the seeds of those that failed.
fn run(
    arguments: &Arguments,
    subject: Subject,
    backend: Backend,
    grounds: &Grounds,
) -> (Figures, Vec<u64>) {
    let begun = Instant::now();
    let time = arguments.time_for(subject);
    let mut figures = Figures::default();
    let mut failed = Vec::new();
    for round in 0.. {
        if round >= arguments.rounds || round > 0 && begun.elapsed() >= time {
            break;
        }
        let seed = arguments.first_seed().wrapping_add(round);
        println!("{subject} on {}: seed {seed}", cli::name(backend));
        let attempt = || subject.round(backend, seed, Scale::Long, grounds);
        match catch_unwind(AssertUnwindSafe(attempt)) {
            Ok(counted) => figures.join(&counted),
            Err(_) => failed.push(seed),
        }
        figures.join(&Figures::one("rounds"));
    }
    (figures, failed)
}
