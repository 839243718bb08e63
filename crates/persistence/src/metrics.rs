//! What operators can watch of the database: for how long is waited, for what, and what was repeated.
//!
//! Labels name what this program is made of, never an org or a customer. What only PostgreSQL knows,
//! such as who waits for whose lock, PostgreSQL tells better.

use std::path::{Path, PathBuf};
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    Result,
};

use crate::query_failure::QueryFailure;
use crate::retry::Ending;

/// Upper bounds of the buckets, in seconds.
const BUCKETS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// Why transactions are repeated, in the words of operators.
const CAUSES: [&str; 3] = ["conflict", "connection_lost", "connection_unfit"];

const ENDINGS: [&str; 3] = ["committed", "undone", "unknown"];

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It may write.
    Write,
    /// It only reads.
    Read,
}

impl Use {
    const fn label(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
        }
    }
}

/// The figures of one database. Cheap to clone; clones share them.
#[derive(Clone)]
pub(crate) struct Metrics {
    waits: HistogramVec,
    transactions: HistogramVec,
    commits: Histogram,
    repeats: IntCounterVec,
    lost_commits: IntCounterVec,
    /// SQLite: how large its files are.
    files: Option<FileSizes>,
}

impl Metrics {
    /// Figures at zero; of the file at this path too, if there is one.
    ///
    /// # Errors
    /// A name is not one that Prometheus takes.
    pub(crate) fn new(file: Option<&Path>) -> Result<Self> {
        let metrics = Self {
            waits: histograms(
                "accolade_database_connection_wait_seconds",
                "How long was waited for a connection of the pool, by what it is used for.",
            )?,
            transactions: histograms(
                "accolade_database_transaction_seconds",
                "How long transactions took from BEGIN to COMMIT, waits for locks included, by what they are for.",
            )?,
            commits: Histogram::with_opts(options(
                "accolade_database_commit_seconds",
                "How long COMMIT took of transactions that may write: the flush to disk, and on SQLite checkpoints.",
            ))?,
            repeats: IntCounterVec::new(
                Opts::new(
                    "accolade_database_transaction_retries_total",
                    "Attempts that were undone and made once more, by cause.",
                ),
                &["cause"],
            )?,
            lost_commits: IntCounterVec::new(
                Opts::new(
                    "accolade_database_lost_commits_total",
                    "Transactions whose COMMIT was not answered, by what was found out of their end.",
                ),
                &["ending"],
            )?,
            files: file.map(FileSizes::new).transpose()?,
        };
        for cause in CAUSES {
            metrics.repeats.with_label_values(&[cause]);
        }
        for ending in ENDINGS {
            metrics.lost_commits.with_label_values(&[ending]);
        }
        Ok(metrics)
    }

    /// Shows the figures in `registry`.
    ///
    /// # Errors
    /// Something has one of the names already.
    pub(crate) fn register(&self, registry: &Registry) -> Result<()> {
        registry.register(Box::new(self.waits.clone()))?;
        registry.register(Box::new(self.transactions.clone()))?;
        registry.register(Box::new(self.commits.clone()))?;
        registry.register(Box::new(self.repeats.clone()))?;
        registry.register(Box::new(self.lost_commits.clone()))?;
        match &self.files {
            Some(files) => registry.register(Box::new(files.clone())),
            None => Ok(()),
        }
    }

    /// Those of the transactions that are for this.
    pub(crate) fn of(&self, used_for: Use) -> TransactionMetrics {
        let labels = [used_for.label()];
        TransactionMetrics {
            wait: self.waits.with_label_values(&labels),
            whole: self.transactions.with_label_values(&labels),
            commit: (used_for == Use::Write).then(|| self.commits.clone()),
            repeats: CAUSES.map(|cause| self.repeats.with_label_values(&[cause])),
            lost_commits: ENDINGS.map(|ending| self.lost_commits.with_label_values(&[ending])),
        }
    }
}

/// The figures of transactions of one kind.
#[derive(Clone)]
pub(crate) struct TransactionMetrics {
    wait: Histogram,
    whole: Histogram,
    commit: Option<Histogram>,
    repeats: [IntCounter; 3],
    lost_commits: [IntCounter; 3],
}

impl TransactionMetrics {
    /// A connection was waited for.
    pub(crate) fn waited(&self, time: Duration) {
        self.wait.observe(time.as_secs_f64());
    }

    /// A transaction was committed, which took so long from its beginning, and COMMIT itself so long.
    pub(crate) fn committed(&self, whole: Duration, commit: Duration) {
        self.whole.observe(whole.as_secs_f64());
        if let Some(commits) = &self.commit {
            commits.observe(commit.as_secs_f64());
        }
    }

    /// An attempt failed by this and is made once more.
    pub(crate) fn repeated(&self, failure: QueryFailure) {
        let [conflict, lost, unfit] = &self.repeats;
        match failure {
            QueryFailure::Conflict => conflict.inc(),
            QueryFailure::Broken => lost.inc(),
            QueryFailure::Unfit => unfit.inc(),
            // Those are not repeated.
            QueryFailure::Unavailable | QueryFailure::Unexpected => {}
        }
    }

    /// COMMIT was not answered, and this was found out of how it ended.
    pub(crate) fn lost_commit(&self, ending: Ending) {
        let [committed, undone, unknown] = &self.lost_commits;
        match ending {
            Ending::Committed => committed.inc(),
            Ending::Undone => undone.inc(),
            Ending::Unknown => unknown.inc(),
        }
    }
}

/// How large the file of SQLite is, and the `-wal` beside it: looked at whenever somebody asks.
#[derive(Clone)]
struct FileSizes {
    file: PathBuf,
    wal: PathBuf,
    file_bytes: IntGauge,
    wal_bytes: IntGauge,
}

impl FileSizes {
    fn new(path: &Path) -> Result<Self> {
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        Ok(Self {
            file: path.to_owned(),
            wal: wal.into(),
            file_bytes: IntGauge::new(
                "accolade_sqlite_file_bytes",
                "The size of the database's file.",
            )?,
            wal_bytes: IntGauge::new(
                "accolade_sqlite_wal_bytes",
                "The size of the -wal beside the database's file.",
            )?,
        })
    }
}

impl Collector for FileSizes {
    fn desc(&self) -> Vec<&Desc> {
        let mut all = self.file_bytes.desc();
        all.extend(self.wal_bytes.desc());
        all
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.file_bytes.set(size(&self.file));
        self.wal_bytes.set(size(&self.wal));
        let mut all = self.file_bytes.collect();
        all.extend(self.wal_bytes.collect());
        all
    }
}

/// The size of the file, 0 if it is not there.
fn size(path: &Path) -> i64 {
    let bytes = std::fs::metadata(path).map_or(0, |about| about.len());
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn options(name: &str, help: &str) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(BUCKETS.to_vec())
}

fn histograms(name: &str, help: &str) -> Result<HistogramVec> {
    HistogramVec::new(options(name, help), &["use"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(registry: &Registry) -> String {
        prometheus::TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap()
    }

    #[test]
    fn every_figure_is_there_before_anything_happens_and_counts_what_happens() {
        let metrics = Metrics::new(None).unwrap();
        let registry = Registry::new();
        metrics.register(&registry).unwrap();
        let (writes, reads) = (metrics.of(Use::Write), metrics.of(Use::Read));
        let shows = |line: &str| text(&registry).lines().any(|found| found == line);
        for line in [
            r#"accolade_database_connection_wait_seconds_count{use="read"} 0"#,
            r#"accolade_database_transaction_seconds_count{use="write"} 0"#,
            "accolade_database_commit_seconds_count 0",
            r#"accolade_database_transaction_retries_total{cause="conflict"} 0"#,
            r#"accolade_database_lost_commits_total{ending="unknown"} 0"#,
        ] {
            assert!(shows(line), "{line} is not in\n{}", text(&registry));
        }
        writes.waited(Duration::from_millis(3));
        writes.committed(Duration::from_millis(5), Duration::from_millis(2));
        reads.committed(Duration::from_millis(1), Duration::ZERO);
        writes.repeated(QueryFailure::Conflict);
        reads.repeated(QueryFailure::Broken);
        writes.repeated(QueryFailure::Unexpected);
        writes.lost_commit(Ending::Committed);
        for line in [
            r#"accolade_database_connection_wait_seconds_count{use="write"} 1"#,
            r#"accolade_database_transaction_seconds_count{use="write"} 1"#,
            r#"accolade_database_transaction_seconds_count{use="read"} 1"#,
            "accolade_database_commit_seconds_count 1",
            r#"accolade_database_transaction_retries_total{cause="conflict"} 1"#,
            r#"accolade_database_transaction_retries_total{cause="connection_lost"} 1"#,
            r#"accolade_database_lost_commits_total{ending="committed"} 1"#,
        ] {
            assert!(shows(line), "{line} is not in\n{}", text(&registry));
        }
        assert!(!text(&registry).contains("accolade_sqlite"));
    }

    #[test]
    fn the_sizes_of_files_are_those_of_the_moment() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.db");
        std::fs::write(&file, "12345").unwrap();
        let registry = Registry::new();
        let metrics = Metrics::new(Some(&file)).unwrap();
        metrics.register(&registry).unwrap();
        assert!(text(&registry).contains("accolade_sqlite_file_bytes 5"));
        assert!(text(&registry).contains("accolade_sqlite_wal_bytes 0"));
        std::fs::write(directory.path().join("a.db-wal"), "123").unwrap();
        assert!(text(&registry).contains("accolade_sqlite_wal_bytes 3"));
    }
}
