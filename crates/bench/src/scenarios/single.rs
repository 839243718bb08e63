//! Enrolling one customer a request, by many connections at once, against as many single-row
//! transactions.

use std::iter::repeat_with;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::Bench;
use crate::baselines::{pgbench, postgres, sqlite};
use crate::calls::scattered;
use crate::database::Kind;
use crate::load::Until;
use crate::report::{Baseline, Row, Target};
use crate::stand::{SINGLE_CONNECTIONS, Stand};
use crate::stats::Sample;

/// The table of the baseline on PostgreSQL.
const TABLE: &str = "bench_single";

/// How many requests come before anything is measured.
pub(super) const WARM_UP: Until = Until::Requests(500);

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let stand = bench.stand().await?;
    let badge = stand.badge().await?;
    stand.enrol_singly(&badge, WARM_UP).await?;
    let mut inserter = Inserter::make(&stand, &badge).await?;
    let (mut ours, mut theirs) = (Sample::default(), Sample::default());
    let duration = bench.plan.duration;
    for _ in 0..bench.plan.repetitions {
        stand.settle().await?;
        let done = stand.enrol_singly(&badge, Until::After(duration)).await?;
        ours.add(done.rate());
        stand.settle().await?;
        theirs.add(inserter.insert(&stand, duration)?);
    }
    bench.top_rate = Some(ours.median());
    let (name, least) = match bench.database() {
        Kind::Sqlite => ("one row a commit", 4.0),
        Kind::Postgres => ("pgbench, one row a transaction, 32 clients", 1.5),
    };
    Ok(vec![Row {
        name: "single enrolments".to_owned(),
        database: bench.database(),
        unit: "requests/s",
        ours,
        baseline: Some(Baseline {
            name: name.to_owned(),
            sample: theirs,
        }),
        target: Target::AtLeast(least),
    }])
}

/// Inserts rows like those that the server wrote, one a transaction.
enum Inserter {
    Sqlite {
        table: sqlite::Table,
        row: Vec<rusqlite::types::Value>,
        inserted: u64,
    },
    Postgres {
        url: String,
        script: String,
    },
}

impl Inserter {
    async fn make(stand: &Stand, badge: &str) -> Result<Self> {
        let Some(file) = stand.database().file() else {
            let url = stand.database().url();
            postgres::make_table(&url, TABLE).await?;
            let insert = postgres::insert_like(&url, TABLE, ":customer").await?;
            // From as many customers as the server's come from; none comes twice.
            let script = format!("\\set customer random(1, {})\n{insert};\n", 1_i64 << 52);
            return Ok(Self::Postgres { url, script });
        };
        let table = sqlite::Table::make(file, "single.db")?;
        let row = table.read(badge)?.into_iter().next();
        Ok(Self::Sqlite {
            table,
            row: row.context("nobody is enrolled yet")?,
            inserted: 0,
        })
    }

    /// Tells how many transactions a second.
    fn insert(&mut self, stand: &Stand, duration: Duration) -> Result<f64> {
        match self {
            Self::Sqlite {
                table,
                row,
                inserted,
            } => {
                let customers = repeat_with(|| {
                    *inserted += 1;
                    scattered(*inserted)
                });
                table.insert_singly(row, duration, customers)
            }
            Self::Postgres { url, script } => pgbench::run(
                url,
                stand.database().directory(),
                script,
                SINGLE_CONNECTIONS,
                duration,
            ),
        }
    }
}
