//! How long and how often is measured.

use std::time::Duration;

use serde::Serialize;

use crate::cli::Arguments;

/// The sizes of one run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    /// How the run is called.
    pub(crate) name: &'static str,
    /// How often each side of a ratio is measured, in turns.
    pub(crate) repetitions: usize,
    /// How long one side is measured each time.
    #[serde(rename = "secondsEach", serialize_with = "seconds")]
    pub(crate) duration: Duration,
    /// How many bulk requests come before the memory is read.
    pub(crate) memory_requests: u64,
    /// How many rows the file of a job has.
    pub(crate) job_rows: u64,
    /// How many requests for one customer are in the database that is copied.
    pub(crate) copied_requests: u64,
    /// How many rows are there when bulk requests are compared with those into an empty table;
    /// nothing if there is to be no such comparison.
    pub(crate) rows_there: Vec<u64>,
    /// How many enrolments expire at one instant while single ones are measured; `None` if that is
    /// not to be.
    pub(crate) rows_due: Option<u64>,
    /// How often the server is started.
    pub(crate) starts: usize,
    /// How many customers have badges that are looked up.
    pub(crate) holders: i64,
}

impl Plan {
    /// What the command line asks for.
    pub(crate) fn of(arguments: &Arguments) -> Self {
        let usual = Self {
            name: "usual",
            repetitions: 3,
            duration: Duration::from_millis(2500),
            memory_requests: 100,
            job_rows: 1_000_000,
            copied_requests: 100_000,
            rows_there: vec![1_000_000],
            rows_due: Some(1_000_000),
            starts: 7,
            holders: 20_000,
        };
        if arguments.quick {
            Self {
                name: "quick",
                repetitions: 2,
                duration: Duration::from_secs(1),
                memory_requests: 20,
                job_rows: 100_000,
                copied_requests: 2_000,
                // It takes longer than a minute to fill a table.
                rows_there: Vec::new(),
                rows_due: None,
                starts: 3,
                holders: 4_000,
            }
        } else if arguments.full {
            Self {
                name: "full",
                job_rows: 10_000_000,
                copied_requests: 1_000_000,
                rows_there: vec![1_000_000, 10_000_000],
                ..usual
            }
        } else {
            usual
        }
    }
}

fn seconds<S: serde::Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(duration.as_secs_f64())
}
