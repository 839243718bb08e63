//! A short form of each subject, with a seed of its own each time, which is printed if it fails.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hash::{BuildHasher as _, RandomState};

use accolade_tests::Backend;
use accolade_torture::{Grounds, Scale, Subject};

/// One round on that database.
fn round(subject: Subject, backend: Backend) {
    let seed = match std::env::var("SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => RandomState::new().hash_one(0) % 1_000_000,
    };
    println!("{subject:?} on {backend:?}: SEED={seed}");
    subject.round(backend, seed, Scale::Short, &Grounds::default());
}

#[test]
fn no_parser_panics_or_changes_its_mind() {
    // It needs no database.
    round(Subject::Fuzz, Backend::Sqlite);
}

macro_rules! short {
    ($($name:ident: $subject:ident;)*) => {
        $(mod $name {
            use super::*;

            #[test]
            fn on_sqlite() {
                round(Subject::$subject, Backend::Sqlite);
            }

            #[test]
            fn on_postgresql() {
                round(Subject::$subject, Backend::Postgres);
            }
        })*
    };
}

short! {
    killed_at_random_moments_nothing_is_lost_or_doubled: Crash;
    an_unhealthy_database_costs_answers_and_nothing_else: Unhealthy;
    whatever_clients_do_at_once_has_an_order_that_the_model_knows: Model;
    healthy_clients_are_served_in_a_crowd_and_soon_nothing_of_it_is_felt: Crowds;
}
