//! How long single enrolments take while a million enrolments that expired at one instant become
//! events, against the same before.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::time::sleep;

use super::{Bench, latency, single};
use crate::http::Connection;
use crate::load::{Until, percentile};
use crate::report::{Baseline, Row, Target};
use crate::stand::{CUSTOMERS, Stand};
use crate::stats::Sample;

/// How long it may take to enrol those who expire, and to measure before they do.
const UNTIL_DUE: Duration = Duration::from_mins(2);

/// How soon the first is to be an event.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many expiries have become events.
const EXPIRED: &str = "accolade_events_expired_total ";

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let Some(due) = bench.plan.rows_due else {
        return Ok(Vec::new());
    };
    let binary = bench
        .binary
        .with(&[("ACCOLADE__EVENTS__EXPIRY_GRACE", "1s")]);
    let stand = Stand::set_up(bench.ground, &binary).await?;
    let badge = stand.badge().await?;
    stand.enrol_singly(&badge, single::WARM_UP).await?;
    let until = Until::After(bench.plan.duration);
    let top = stand.enrol_singly(&badge, until).await?.rate();

    let begun = Instant::now();
    let expires = stand.badge_that_expires(UNTIL_DUE).await?;
    let requests = due / CUSTOMERS.unsigned_abs();
    let first = stand.customers();
    stand
        .enrol(&expires, first, Until::Requests(requests))
        .await?;

    let mut alone = Sample::default();
    for _ in 0..bench.plan.repetitions {
        let taken = latency::open_loop(bench, &stand, &badge, top / 2.0).await?;
        alone.add(percentile(&taken, 99.0));
    }
    let left = UNTIL_DUE.checked_sub(begun.elapsed());
    sleep(left.context("they expired before everything was measured")?).await;
    wait_for_the_first(&stand).await?;

    let (mut beside, mut rate) = <(Sample, Sample)>::default();
    for _ in 0..bench.plan.repetitions {
        let (before, begun) = (expired(&stand).await?, Instant::now());
        let taken = latency::open_loop(bench, &stand, &badge, top / 2.0).await?;
        beside.add(percentile(&taken, 99.0));
        rate.add((expired(&stand).await? - before) / begun.elapsed().as_secs_f64());
    }
    Ok(vec![
        Row {
            name: format!("single enrolments while {due} expire, p99"),
            database: bench.database(),
            unit: "ms",
            ours: beside,
            baseline: Some(Baseline {
                name: "the same before".to_owned(),
                sample: alone,
            }),
            target: Target::AtMost(2.0),
        },
        Row {
            name: "expiries beside them".to_owned(),
            database: bench.database(),
            unit: "events/s",
            ours: rate,
            baseline: None,
            target: Target::None,
        },
    ])
}

async fn wait_for_the_first(stand: &Stand) -> Result<()> {
    let begun = Instant::now();
    while expired(stand).await? < 1.0 {
        ensure!(begun.elapsed() < PATIENCE, "nothing expires");
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn expired(stand: &Stand) -> Result<f64> {
    let mut connection = Connection::open(&stand.target().await?).await?;
    let metrics = connection.metrics().await?;
    let value = metrics.lines().find_map(|line| line.strip_prefix(EXPIRED));
    Ok(value.context("no such metric")?.parse()?)
}
