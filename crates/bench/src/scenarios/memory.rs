//! The most memory that a fresh server has had after bulk requests. What they wrote stays for
//! the scenarios that need a full database.

use anyhow::Result;

use super::Bench;
use crate::load::Until;
use crate::report::{Row, Target};
use crate::stand::{CUSTOMERS, Stand};

/// A database in which the customers from 1 on are enrolled for one badge.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) stand: Stand,
    pub(super) badge: String,
    /// How many are.
    pub(super) rows: u64,
    /// The most memory that the server had until the first of them were, in bytes.
    peak_memory: u64,
}

impl Filled {
    /// Enrols more customers, until there are `rows`.
    pub(super) async fn fill(&mut self, rows: u64) -> Result<()> {
        /// A token does not last for ten million.
        const AT_ONCE: u64 = 50;
        while self.rows < rows {
            let requests = (rows - self.rows)
                .div_ceil(CUSTOMERS.cast_unsigned())
                .min(AT_ONCE);
            let first = self.rows.cast_signed() + 1;
            let until = Until::Requests(requests);
            self.stand.enrol(&self.badge, first, until).await?;
            self.rows += requests * CUSTOMERS.cast_unsigned();
        }
        Ok(())
    }
}

impl Bench<'_> {
    /// Takes the filled database, which is filled by the first who does.
    pub(super) async fn filled(&mut self) -> Result<Filled> {
        if let Some(filled) = self.filled.take() {
            return Ok(filled);
        }
        let stand = self.set_up().await?;
        let badge = stand.badge().await?;
        let mut filled = Filled {
            stand,
            badge,
            rows: 0,
            peak_memory: 0,
        };
        let rows = self.plan.memory_requests * CUSTOMERS.cast_unsigned();
        filled.fill(rows).await?;
        filled.peak_memory = filled.stand.server().peak_memory()?;
        Ok(filled)
    }
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    /// Bytes of a MiB.
    const MIB: f64 = 1_048_576.0;
    let filled = bench.filled().await?;
    #[allow(clippy::cast_precision_loss)]
    let peak = filled.peak_memory as f64 / MIB;
    bench.filled = Some(filled);
    Ok(vec![Row {
        name: format!(
            "peak memory after {} requests of 10 000",
            bench.plan.memory_requests
        ),
        database: bench.database(),
        unit: "MiB",
        ours: [peak].into_iter().collect(),
        baseline: None,
        target: Target::AtMost(150.0),
    }])
}
