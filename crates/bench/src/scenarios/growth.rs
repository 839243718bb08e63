//! Bulk enrolment with many rows already there, against none: customers whom the database
//! does not know yet, and those whom it does, for another badge.

use anyhow::Result;

use super::memory::Filled;
use super::{Bench, bulk};
use crate::load::Until;
use crate::report::{Baseline, Row, Target};
use crate::stand::Stand;
use crate::stats::Sample;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let mut filled = bench.filled().await?;
    let mut rows = Vec::new();
    for there in &bench.plan.rows_there {
        filled.fill(*there).await?;
        rows.extend(compare(bench, &filled, *there).await?);
    }
    bench.filled = Some(filled);
    Ok(rows)
}

async fn compare(bench: &Bench<'_>, filled: &Filled, there: u64) -> Result<[Row; 2]> {
    let (mut new, mut known, mut none) = <(Sample, Sample, Sample)>::default();
    for _ in 0..bench.plan.repetitions {
        let empty = bench.set_up().await?;
        none.add(rate(bench, &empty, empty.customers()).await?);
        drop(empty);
        let full = &filled.stand;
        new.add(rate(bench, full, full.customers()).await?);
        known.add(rate(bench, full, 1).await?);
    }
    let row = |whom: &str, ours: Sample| Row {
        name: format!("bulk enrolment of {whom} customers, {there} rows there"),
        database: bench.database(),
        unit: "rows/s",
        ours,
        baseline: Some(Baseline {
            name: "no rows there".to_owned(),
            sample: none.clone(),
        }),
        target: Target::AtLeast(0.85),
    };
    Ok([row("new", new), row("the same", known)])
}

/// Enrols the customers from `first` on for a new badge, after others for the same: rows a
/// second.
async fn rate(bench: &Bench<'_>, stand: &Stand, first: i64) -> Result<f64> {
    let badge = stand.badge().await?;
    stand
        .enrol(&badge, stand.customers(), bulk::WARM_UP)
        .await?;
    stand.settle().await?;
    let until = Until::After(bench.plan.duration);
    let done = stand.enrol(&badge, first, until).await?;
    Ok(done.customers())
}
