//! Fair turns: what single enrolments take beside connections that send nothing but bulk requests, and
//! what the singles cost those.

use anyhow::Result;

use super::{Bench, bulk};
use crate::load::{self, Until, percentile};
use crate::report::{Baseline, Row, Target};
use crate::stand::{BULK_CONNECTIONS, SINGLE_CONNECTIONS, Stand};
use crate::stats::Sample;

/// How many single enrolments are sent a second beside the bulk requests.
const SINGLES: f64 = 100.0;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let stand = bench.set_up().await?;
    let (mut median, mut slowest) = (Sample::default(), Sample::default());
    let (mut alone, mut beside) = (Sample::default(), Sample::default());
    for repetition in 0..=bench.plan.repetitions {
        let until = match repetition {
            0 => bulk::WARM_UP,
            _ => Until::After(bench.plan.duration),
        };
        let by_themselves = flood(&stand, until).await?;
        stand.settle().await?;
        let target = stand.target().await?;
        let mut till = stand.writer(&stand.badge().await?);
        let next = || {
            let customer = stand.passer_by();
            till.enrol(customer..customer + 1)
        };
        let duration = bench.plan.duration;
        let singles = load::open_loop(&target, SINGLE_CONNECTIONS, SINGLES, duration, next);
        let flood = flood(&stand, Until::After(duration));
        let (taken, with_singles) = tokio::try_join!(singles, flood)?;
        if repetition > 0 {
            median.add(percentile(&taken, 50.0));
            slowest.add(percentile(&taken, 99.0));
            alone.add(by_themselves);
            beside.add(with_singles);
        }
    }
    let name =
        |of: &str| format!("single enrolments beside {BULK_CONNECTIONS} bulk connections, {of}");
    Ok(vec![
        bench.row(name("median"), "ms", median, None, Target::None),
        bench.row(name("p99"), "ms", slowest, None, Target::AtMost(50.0)),
        bench.row(
            format!("bulk enrolment beside {SINGLES} single ones a second"),
            "rows/s",
            beside,
            Some(Baseline {
                name: "bulk enrolment alone".to_owned(),
                sample: alone,
            }),
            Target::AtLeast(0.85),
        ),
    ])
}

/// Enrols customers in bulk for a new badge: customers a second.
async fn flood(stand: &Stand, until: Until) -> Result<f64> {
    let badge = stand.badge().await?;
    stand.settle().await?;
    let done = stand.enrol(&badge, stand.customers(), until).await?;
    Ok(done.customers())
}
