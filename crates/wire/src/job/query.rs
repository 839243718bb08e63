//! What is asked for of a job that there is.

use std::time::Duration;

use accolade_domain::job::{JobFormat, RowStatus};

use crate::query::words::{self, Words, meaning};
use crate::query::{Query, number};

/// The longest that a request waits for the end of a job, in seconds.
const LONGEST_WAIT: u32 = 25;

const ROWS: &Words<Option<RowStatus>> = &[
    (None, "ALL"),
    (Some(RowStatus::Succeeded), "SUCCEEDED"),
    (Some(RowStatus::Refused), "REFUSED"),
    (Some(RowStatus::Invalid), "INVALID"),
    (Some(RowStatus::Unprocessed), "UNPROCESSED"),
];

/// Which results of a job a caller wants to see, and how they are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedResults {
    /// Those of this status; `None`: all.
    pub only: Option<RowStatus>,
    /// The format; as the job's file is written if `None`.
    pub format: Option<JobFormat>,
}

/// How long `query` wants to wait for the end of a job. What is wrong with it is remembered there.
pub fn wait(query: &mut Query) -> Duration {
    let wait = query.read("wait", number(0, LONGEST_WAIT)).unwrap_or(0);
    Duration::from_secs(wait.into())
}

/// Which results `query` asks for. What is wrong with it is remembered there.
pub fn results(query: &mut Query) -> AskedResults {
    AskedResults {
        only: query.read("only", |text| meaning(text, ROWS)).flatten(),
        format: query.read("format", |text| {
            words::one_of(text, JobFormat::ALL, JobFormat::name)
        }),
    }
}

/// The type of the content of results in `format`.
pub const fn content_type(format: JobFormat) -> &'static str {
    match format {
        JobFormat::Csv => CSV,
        JobFormat::Ndjson => NDJSON,
    }
}

/// The type of content that is CSV.
pub const CSV: &str = "text/csv; charset=utf-8";

/// The type of content that has a JSON value in each line.
pub const NDJSON: &str = "application/x-ndjson";

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> (AskedResults, Vec<Option<String>>) {
        let mut query = Query::parse(text);
        let asked = results(&mut query);
        let problems = query.finish().problems.into_iter();
        (asked, problems.map(|problem| problem.field).collect())
    }

    #[test]
    fn all_results_are_shown_as_the_file_was_written_unless_told_otherwise() {
        let all = AskedResults {
            only: None,
            format: None,
        };
        assert_eq!(asked(""), (all, vec![]));
        assert_eq!(asked("only=all"), (all, vec![]));
        let refused = AskedResults {
            only: Some(RowStatus::Refused),
            format: Some(JobFormat::Ndjson),
        };
        assert_eq!(asked("only=refused&format=ndjson"), (refused, vec![]));
        let problems = vec![Some("only".to_owned()), Some("format".to_owned())];
        assert_eq!(asked("only=failed&format=xml"), (all, problems));
    }

    #[test]
    fn nobody_waits_longer_than_a_proxy_does() {
        let mut query = Query::parse("wait=25");
        assert_eq!(wait(&mut query), Duration::from_secs(25));
        let mut query = Query::parse("wait=26");
        wait(&mut query);
        assert_eq!(query.finish().problems.len(), 1);
    }
}
