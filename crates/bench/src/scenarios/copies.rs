//! What goes through a whole database: an export, a verification, a copy, a transfer to the other kind of
//! database; and forgetting one customer, for which every answer of the ledger is looked at.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::Bench;
use crate::database::Kind;
use crate::http::Connection;
use crate::load::Until;
use crate::report::{Row, Target};
use crate::stand::{CUSTOMERS, Stand};
use crate::stats::Sample;

/// How many bulk requests, and how many single ones, are sent with one token.
const BULK_AT_ONCE: u64 = 50;
const SINGLE_AT_ONCE: u64 = 50_000;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let stand = bench.set_up().await?;
    let rows = fill(&stand, bench.plan.job_rows, bench.plan.copied_requests).await?;
    stand.settle().await?;
    let (mut exports, mut verifications) = (Sample::default(), Sample::default());
    let (mut backups, mut erasures) = (Sample::default(), Sample::default());
    let (mut transfers, mut moved) = (Sample::default(), 0);
    let is_file = bench.database() == Kind::Sqlite;
    for number in 0..bench.plan.repetitions {
        exports.add(per_second(rows, export(&stand, rows).await?));
        let begun = Instant::now();
        stand.command(&["verify"])?;
        verifications.add(per_second(rows, begun.elapsed()));
        if is_file {
            let copy = stand.database().directory();
            let copy = copy.join(format!("copy-{number}.db"));
            let copy = copy.to_str().context("a path that is not UTF-8")?;
            let begun = Instant::now();
            stand.command(&["backup", copy])?;
            backups.add(per_second(rows, begun.elapsed()));
        }
    }
    // What is counted above is there no more afterwards.
    for customer in 0..bench.plan.repetitions {
        let customer = FIRST + i64::try_from(customer)?;
        erasures.add(stand.erase(customer).await?.as_secs_f64());
    }
    let other = bench.ground.other()?;
    let (binary, source) = stand.stopped()?;
    for _ in 0..bench.plan.repetitions {
        let target = other.database()?;
        let begun = Instant::now();
        let (from, to) = (source.url(), target.url());
        let said = binary.run(&target, &["transfer", "--from", &from, "--to", &to])?;
        let elapsed = begun.elapsed();
        moved = rows_of(&said)?;
        transfers.add(per_second(moved, elapsed));
    }
    let row = |name: String, unit, ours, target| Row {
        name,
        database: bench.database(),
        unit,
        ours,
        baseline: None,
        target,
    };
    let requests = bench.plan.copied_requests;
    let mut measured = vec![
        row(
            format!("an export of {rows} enrolments"),
            "rows/s",
            exports,
            Target::None,
        ),
        row(
            format!("verifying {rows} enrolments"),
            "rows/s",
            verifications,
            Target::None,
        ),
        row(
            format!("erasing a customer among {requests} single requests"),
            "s",
            erasures,
            Target::None,
        ),
        row(
            format!("a transfer of {moved} rows to {}", other.kind().name()),
            "rows/s",
            transfers,
            Target::AtLeast(100_000.0),
        ),
    ];
    if is_file {
        let name = format!("a backup of {rows} enrolments");
        measured.push(row(name, "rows/s", backups, Target::None));
    }
    Ok(measured)
}

/// The first of the customers who are enrolled in bulk.
const FIRST: i64 = 1;

/// Enrols so many customers in bulk, and as many one at a time as there are to be `requests`; gives how
/// many there are.
async fn fill(stand: &Stand, rows: u64, requests: u64) -> Result<u64> {
    let badge = stand.badge().await?;
    let bulk = rows / CUSTOMERS.cast_unsigned();
    let mut sent = 0;
    while sent < bulk {
        let some = BULK_AT_ONCE.min(bulk - sent);
        let first = FIRST + sent.cast_signed() * CUSTOMERS;
        stand.enrol(&badge, first, Until::Requests(some)).await?;
        sent += some;
    }
    let mut single = 0;
    while single < requests {
        let some = SINGLE_AT_ONCE.min(requests - single);
        stand.enrol_singly(&badge, Until::Requests(some)).await?;
        single += some;
    }
    Ok(bulk * CUSTOMERS.cast_unsigned() + requests)
}

/// How long it takes to read all enrolments, which are so many.
async fn export(stand: &Stand, rows: u64) -> Result<Duration> {
    let mut connection = Connection::open(&stand.target().await?).await?;
    let begun = Instant::now();
    let lines = connection.lines("exports/enrolments").await?;
    ensure!(lines == rows, "an export of {rows} rows has {lines} lines");
    Ok(begun.elapsed())
}

impl Stand {
    /// Forgets the customer; gives how long that takes.
    async fn erase(&self, customer: i64) -> Result<Duration> {
        let mut connection = Connection::open(&self.target_of_admin().await?).await?;
        let begun = Instant::now();
        let erased = connection.delete(&format!("customers/{customer}")).await?;
        ensure!(erased["customerId"] == customer, "{erased}");
        Ok(begun.elapsed())
    }
}

/// How many rows a transfer has moved, which its last line begins with.
fn rows_of(said: &[u8]) -> Result<u64> {
    let said = String::from_utf8_lossy(said);
    let last = said.lines().last().unwrap_or_default();
    let rows = last.split(' ').next().unwrap_or_default().parse();
    rows.with_context(|| format!("a transfer ends with {last:?}"))
}

#[allow(clippy::cast_precision_loss)]
fn per_second(rows: u64, elapsed: Duration) -> f64 {
    rows as f64 / elapsed.as_secs_f64()
}
