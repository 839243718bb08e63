//! How long single enrolments take while the server is half as busy as it can be, from the
//! moment at which each was due.

use anyhow::Result;

use super::{Bench, single};
use crate::load::{self, Until, percentile};
use crate::report::{Baseline, Row, Target};
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
        let mut writer = stand.writer(&badge);
        let next = || {
            let customer = stand.passer_by();
            writer.enrol(customer..customer + 1)
        };
        stand.settle().await?;
        let duration = bench.plan.duration;
        let target = stand.target().await?;
        let taken = load::open_loop(&target, CONNECTIONS, top / 2.0, duration, next).await?;
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
