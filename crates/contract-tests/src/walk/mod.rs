//! Random walks: the same steps on an adapter and in memory must be answered the same.

mod action;
mod catalogue;
mod context;
mod earning;
mod holdings;
mod side;
mod steps;

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use proptest::prop_assert_eq;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

use crate::World;
use action::Planner;
use side::Side;
use steps::{Step, steps};

/// How many walks there are unless `PROPTEST_CASES` says otherwise.
const WALKS: u32 = 32;

/// Walks at random on the world's database and in memory, and compares every answer.
pub(crate) fn compare(world: &World) {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let defaults = Config::default();
    let config = Config {
        cases: if asked { defaults.cases } else { WALKS },
        failure_persistence: None,
        max_shrink_iters: 300,
        ..defaults
    };
    let orgs = AtomicI64::new(1);
    let walked = TestRunner::new(config).run(&steps(), |steps| {
        walk(world, orgs.fetch_add(1, Relaxed), &steps)
    });
    if let Err(failure) = walked {
        panic!("{failure}");
    }
}

/// One walk, in an org of its own, so that all can share a database.
fn walk(world: &World, org: i64, steps: &[Step]) -> TestCaseResult {
    let tenant = world.tenant(org);
    let planner = Planner::new(world, tenant);
    let mut adapter = Side::new(world.stores.clone());
    let mut model = Side::in_memory();
    for (minute, step) in steps.iter().enumerate() {
        let action = planner.plan(step, minute);
        let answered = adapter.perform(&action);
        let expected = model.perform(&action);
        prop_assert_eq!(answered, expected, "step {}: {:?}", minute, action);
    }
    Ok(())
}
