//! Random walks: the same steps on an adapter and in memory must be answered the same.

mod action;
mod catalogue;
mod context;
mod earning;
mod holdings;
mod people;
mod side;
mod steps;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};
use proptest::{prop_assert, prop_assert_eq};

use crate::World;
use action::Planner;
use side::Side;
use steps::steps;

/// How many walks there are unless `PROPTEST_CASES` says otherwise.
const WALKS: u32 = 32;

/// Walks at random on the world's database and in memory, and compares every answer, and
/// in the end all that there is.
pub(crate) fn compare(world: &World) {
    run(WALKS, &steps(), |org, steps| {
        let tenant = world.tenant(org);
        let planner = Planner::new(world, tenant);
        let mut adapter = Side::new(world.stores.clone());
        let mut model = Side::in_memory();
        let actions = (0..)
            .zip(&steps)
            .map(|(minute, step)| planner.plan(step, minute));
        let review = planner.review(steps.len());
        let review = review.chain([planner.review_feed(steps.len())]);
        for (step, action) in actions.chain(review).enumerate() {
            let answered = adapter.perform(&action);
            let expected = model.perform(&action);
            prop_assert!(
                answered == expected,
                "{} in step {step}: {action:?}",
                difference(&answered, &expected)
            );
        }
        Ok(())
    });
}

/// The first line in which the answers differ, the adapter's first: whole ones are too long to read.
fn difference(answered: &str, expected: &str) -> String {
    let mut both = answered.lines().zip(expected.lines());
    match both.find(|(answered, expected)| answered != expected) {
        Some((answered, expected)) => format!("{} instead of {}", answered.trim(), expected.trim()),
        None => "one answer is longer".to_owned(),
    }
}

/// Walks at random on the world's database, and checks that what customers hold, and the catalogue,
/// are what the details of every badge say.
pub(crate) fn compare_holdings(world: &World) {
    run(WALKS / 2, &steps(), |org, steps| {
        let tenant = world.tenant(org);
        let planner = Planner::new(world, tenant);
        let mut adapter = Side::new(world.stores.clone());
        for (minute, step) in steps.iter().enumerate() {
            adapter.perform(&planner.plan(step, minute));
        }
        let context = planner.context(steps.len());
        for number in 1..8 {
            let (held, expected) = adapter.held_twice(number, &context);
            prop_assert_eq!(held, expected, "customer {}", number);
        }
        Ok(())
    });
}

/// Runs `walk` for many values, each in an org of its own, so that all can share a database.
fn run<S: Strategy>(walks: u32, steps: &S, walk: impl Fn(i64, S::Value) -> TestCaseResult) {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let defaults = Config::default();
    let seed = match defaults.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => RandomState::new().build_hasher().finish(),
    };
    let cases = if asked { defaults.cases } else { walks };
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..defaults
    };
    let orgs = AtomicI64::new(1);
    let walked =
        TestRunner::new(config).run(steps, |steps| walk(orgs.fetch_add(1, Relaxed), steps));
    if let Err(failure) = walked {
        panic!("{failure}\nThe same walks again: PROPTEST_RNG_SEED={seed} PROPTEST_CASES={cases}");
    }
}
