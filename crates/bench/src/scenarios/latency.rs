//! How long single enrolments take while the server is half as busy as it can be, from the
//! moment at which each was due.

use anyhow::Result;
use hdrhistogram::Histogram;

use super::{Bench, single};
use crate::load::{self, Until, percentile};
use crate::report::{Baseline, Row, Target};
use crate::stand::Stand;
use crate::stats::Sample;

/// Enough for none to wait for a free one while the server keeps up.
const CONNECTIONS: usize = 128;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let stand = bench.stand().await?;
    let badge = stand.badge().await?;
    let top = if let Some(rate) = bench.top_rate {
        rate
    } else {
        stand.enrol_singly(&badge, single::WARM_UP).await?;
        let until = Until::After(bench.plan.duration);
        stand.enrol_singly(&badge, until).await?.rate()
    };
    let (mut median, mut slowest) = (Sample::default(), Sample::default());
    for _ in 0..bench.plan.repetitions {
        let taken = open_loop(bench, &stand, &badge, top / 2.0).await?;
        median.add(percentile(&taken, 50.0));
        slowest.add(percentile(&taken, 99.0));
    }
    Ok(vec![Row {
        name: "single enrolments at half of the top rate, p99".to_owned(),
        database: bench.database(),
        unit: "ms",
        ours: slowest,
        baseline: Some(Baseline {
            name: "their median".to_owned(),
            sample: median,
        }),
        target: Target::AtMost(5.0),
    }])
}

/// Enrols customers one at a time, so many a second: how long each took, in microseconds.
pub(super) async fn open_loop(
    bench: &Bench<'_>,
    stand: &Stand,
    badge: &str,
    rate: f64,
) -> Result<Histogram<u64>> {
    let mut writer = stand.writer(badge);
    let next = || {
        let customer = stand.passer_by();
        writer.enrol(customer..customer + 1)
    };
    stand.settle().await?;
    let target = stand.target().await?;
    load::open_loop(&target, CONNECTIONS, rate, bench.plan.duration, next).await
}
