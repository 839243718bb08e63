//! Jobs: a file of customers who are enrolled, against the same customers in bulk requests; what a job
//! that is at work costs those who enrol one customer; and how much memory it takes.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::Bench;
use crate::calls::{OWNER, REFERENCE};
use crate::http::Connection;
use crate::load::{self, Until, percentile};
use crate::report::{Baseline, Row, Target};
use crate::stand::{BULK_CONNECTIONS, CUSTOMERS, Stand};
use crate::stats::Sample;

/// How many bytes of the file a part has.
const PART: usize = 4 << 20;

/// How many single enrolments are sent a second beside a job.
const SINGLES: f64 = 100.0;

/// Enough for none of them to wait for a free one.
const CONNECTIONS: usize = 32;

/// Bytes of a MiB.
const MIB: f64 = 1_048_576.0;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    // One of its own, whose memory no other scenario has taken.
    let stand = bench.set_up().await?;
    let rows = bench.plan.job_rows;
    let (mut jobs, mut requests) = (Sample::default(), Sample::default());
    let mut beside = Sample::default();
    for _ in 0..bench.plan.repetitions {
        let job = stand.upload_job(rows).await?;
        stand.settle().await?;
        let begun = UNIX_EPOCH.elapsed()?;
        stand.start_job(&job).await?;
        // Who waits for the end learns of it some tenths of a second later.
        let ended = stand.finish_job(&job, rows).await?;
        jobs.add(per_second(rows, ended.saturating_sub(begun)));
    }
    // Requests of ten thousand need more than a job does.
    let peak = stand.server().peak_memory()?;
    for _ in 0..bench.plan.repetitions {
        let badge = stand.badge().await?;
        stand.settle().await?;
        let until = Until::Requests(rows / CUSTOMERS.cast_unsigned());
        let done = stand.enrol(&badge, stand.customers(), until).await?;
        requests.add(done.customers());
    }
    for _ in 0..bench.plan.repetitions {
        beside.add(slowest_beside_a_job(&stand, rows, bench.plan.duration).await?);
    }
    #[allow(clippy::cast_precision_loss)]
    let peak = peak as f64 / MIB;
    Ok(vec![
        bench.row(
            format!("a job of {rows} enrolments"),
            "rows/s",
            jobs,
            Some(Baseline {
                name: format!("bulk requests on {BULK_CONNECTIONS} connections"),
                sample: requests,
            }),
            Target::AtLeast(0.8),
        ),
        bench.row(
            "single enrolments beside a job, p99".to_owned(),
            "ms",
            beside,
            None,
            Target::AtMost(50.0),
        ),
        bench.row(
            format!("peak memory after jobs of {rows} rows"),
            "MiB",
            [peak].into_iter().collect(),
            None,
            Target::AtMost(150.0),
        ),
    ])
}

/// How long single enrolments take while a job is at work.
async fn slowest_beside_a_job(stand: &Stand, rows: u64, duration: Duration) -> Result<f64> {
    let job = stand.upload_job(rows).await?;
    let badge = stand.badge().await?;
    stand.settle().await?;
    stand.start_job(&job).await?;
    let mut writer = stand.writer(&badge);
    let next = || {
        let customer = stand.passer_by();
        writer.enrol(customer..customer + 1)
    };
    let target = stand.target().await?;
    let taken = load::open_loop(&target, CONNECTIONS, SINGLES, duration, next).await?;
    stand.finish_job(&job, rows).await?;
    Ok(percentile(&taken, 99.0))
}

impl Stand {
    /// Creates a job that enrols so many customers whom nothing else has, and sends its file; gives its
    /// id.
    async fn upload_job(&self, rows: u64) -> Result<String> {
        let badge = self.badge().await?;
        let mut connection = Connection::open(&self.target().await?).await?;
        let body = json!({
            "operation": "ENROL", "format": "CSV", "badgeMetaId": badge,
            "triggeredBy": {"ownerType": OWNER, "referenceId": REFERENCE},
        });
        let created = connection.post("jobs", &body).await?;
        let job = created["jobId"].as_str().context("a job without an id")?;
        let (mut part, mut number) = ("customerId\n".to_owned(), 1);
        let first = self.customers();
        for customer in first..first + rows.cast_signed() {
            // Nothing that is written to memory fails.
            let _ = writeln!(part, "{customer}");
            if part.len() >= PART {
                let path = format!("jobs/{job}/parts/{number}");
                connection.put(&path, std::mem::take(&mut part)).await?;
                number += 1;
            }
        }
        if !part.is_empty() {
            let path = format!("jobs/{job}/parts/{number}");
            connection.put(&path, part).await?;
        }
        Ok(job.to_owned())
    }

    async fn start_job(&self, job: &str) -> Result<()> {
        let mut connection = Connection::open(&self.target().await?).await?;
        let path = format!("jobs/{job}/start");
        connection.post(&path, &json!({})).await?;
        Ok(())
    }

    /// Waits for the end of a job, all of whose `rows` must have been carried out; gives when it ended,
    /// since 1970.
    async fn finish_job(&self, job: &str, rows: u64) -> Result<Duration> {
        loop {
            // A token does not last for a long job.
            let mut connection = Connection::open(&self.target().await?).await?;
            let job = connection.get(&format!("jobs/{job}?wait=25")).await?;
            match job["state"].as_str() {
                Some("QUEUED" | "RUNNING") => {}
                Some("COMPLETED") => {
                    ensure!(job["rows"]["succeeded"] == rows, "some were refused: {job}");
                    let ended = job["finishedOn"].as_f64().context("a job without an end")?;
                    return Ok(Duration::try_from_secs_f64(ended)?);
                }
                _ => anyhow::bail!("the job has not completed: {job}"),
            }
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn per_second(rows: u64, elapsed: Duration) -> f64 {
    rows as f64 / elapsed.as_secs_f64()
}
