//! How long the server takes from the start of its process until it says that it is ready, on
//! a database that there is.

use anyhow::Result;

use super::Bench;
use crate::report::{Row, Target};
use crate::stats::Sample;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let mut filled = bench.filled().await?;
    let mut taken = Sample::default();
    for _ in 0..bench.plan.starts {
        filled.stand = filled.stand.restarted().await?;
        taken.add(filled.stand.server().ready_after().as_secs_f64() * 1000.0);
    }
    bench.filled = Some(filled);
    Ok(vec![Row {
        name: "start until ready".to_owned(),
        database: bench.database(),
        unit: "ms",
        ours: taken,
        baseline: None,
        target: Target::AtMost(300.0),
    }])
}
