//! Bulk enrolment against the fastest way to get the same rows into the same database.

use anyhow::{Result, ensure};

use super::Bench;
use crate::baselines::{postgres, sqlite};
use crate::database::Kind;
use crate::load::Until;
use crate::report::{Baseline, Row, Target};
use crate::stand::{BULK_CONNECTIONS, CUSTOMERS, Stand};
use crate::stats::Sample;

/// How many requests come before anything is measured.
pub(super) const WARM_UP: Until = Until::Requests(2 * BULK_CONNECTIONS as u64);

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let stand = bench.stand().await?;
    let loader = Loader::make(&stand).await?;
    let (mut ours, mut theirs) = (Sample::default(), Sample::default());
    for repetition in 0..=bench.plan.repetitions {
        let warm_up = repetition == 0;
        let until = if warm_up {
            WARM_UP
        } else {
            Until::After(bench.plan.duration)
        };
        let badge = stand.badge().await?;
        stand.settle().await?;
        let done = stand.enrol(&badge, stand.customers(), until).await?;
        let rows = done.requests * CUSTOMERS.cast_unsigned();
        let by_itself = loader.load(&stand, &badge, rows).await?;
        if !warm_up {
            ours.add(done.customers());
            theirs.add(by_itself);
        }
    }
    let name = match stand.database().kind() {
        Kind::Sqlite => "prepared INSERT, 10 000 a commit",
        Kind::Postgres => "COPY, best of 1 and 2 streams",
    };
    Ok(vec![Row {
        name: "bulk enrolment".to_owned(),
        database: bench.database(),
        unit: "rows/s",
        ours,
        baseline: Some(Baseline {
            name: name.to_owned(),
            sample: theirs,
        }),
        target: Target::AtLeast(0.6),
    }])
}

/// Loads rows that the server wrote into tables of its own.
enum Loader {
    Sqlite(sqlite::Table),
    /// One table for each number of streams, so that each grows as the server's does.
    Postgres {
        url: String,
    },
}

impl Loader {
    async fn make(stand: &Stand) -> Result<Self> {
        if let Some(file) = stand.database().file() {
            return Ok(Self::Sqlite(sqlite::Table::make(file, "bulk.db")?));
        }
        let url = stand.database().url();
        for streams in 1..=2 {
            postgres::make_table(&url, &table(streams)).await?;
        }
        Ok(Self::Postgres { url })
    }

    /// Loads the `expected` enrolments for a badge, and tells how many rows a second.
    #[allow(clippy::cast_precision_loss)]
    async fn load(&self, stand: &Stand, badge: &str, expected: u64) -> Result<f64> {
        let mut best: f64 = 0.0;
        match self {
            Self::Sqlite(table) => {
                let rows = table.read(badge)?;
                check(rows.len() as u64, expected)?;
                let elapsed = table.load(&rows, usize::try_from(CUSTOMERS)?)?;
                best = expected as f64 / elapsed.as_secs_f64();
            }
            Self::Postgres { url } => {
                for streams in 1..=2 {
                    let mut rows = Vec::new();
                    for stream in 0..streams {
                        rows.push(postgres::read(url, badge, CUSTOMERS, (stream, streams)).await?);
                    }
                    stand.settle().await?;
                    let (count, elapsed) = postgres::copy(url, &table(streams), &rows).await?;
                    check(count, expected)?;
                    best = best.max(expected as f64 / elapsed.as_secs_f64());
                }
            }
        }
        Ok(best)
    }
}

fn table(streams: usize) -> String {
    format!("bench_copy_{streams}")
}

/// The server has written what it said.
fn check(found: u64, expected: u64) -> Result<()> {
    ensure!(
        found == expected,
        "{expected} customers were said to be enrolled, and there are {found} rows"
    );
    Ok(())
}
