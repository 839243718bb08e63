//! Jobs: created, sent their files, and followed to their end.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::badge::{LOYALTY, with};
use crate::client::{Client, Request};
use crate::race::until;

/// How long a job of these tests may take, on a busy machine and killed several times.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(10);

/// A job that enrols customers for a badge with the usual claim by rows of CSV.
pub fn enrolling_job(badge: &str) -> Value {
    let (owner, reference) = LOYALTY;
    json!({
        "operation": "ENROL",
        "format": "CSV",
        "badgeMetaId": badge,
        "triggeredBy": {"ownerType": owner, "referenceId": reference},
    })
}

/// The same as the query of a request that has the file as its body, with `further` parameters.
pub fn enrolling_query(badge: &str, further: &str) -> String {
    let (owner, reference) = LOYALTY;
    format!(
        "jobs?operation=ENROL&format=CSV&badgeMetaId={badge}&ownerType={owner}\
         &referenceId={reference}{further}"
    )
}

/// A CSV file of customers.
pub fn customers_file(customers: impl IntoIterator<Item = i64>) -> String {
    let mut file = "customerId\n".to_owned();
    for customer in customers {
        writeln!(file, "{customer}").unwrap();
    }
    file
}

/// What became of a row: its line, its status, its id, its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowResult {
    /// The line of the file.
    pub line: u64,
    /// The status.
    pub status: String,
    /// The id of what was recorded, or stands in the way; empty if there is none.
    pub id: String,
    /// The code; empty if there is none.
    pub code: String,
}

impl Client {
    /// Creates a job with this body; gives its id.
    #[track_caller]
    pub fn create_job(&self, body: &Value) -> String {
        let reply = self.post("jobs", body).ok();
        reply.data()["jobId"].as_str().unwrap().to_owned()
    }

    /// A request that sends a part of a job's file, not sent yet.
    pub fn putting_part(&self, job: &str, number: usize, data: &[u8]) -> Request<'_> {
        self.request("PUT", &format!("jobs/{job}/parts/{number}"))
            .bytes(data.to_vec())
            .header("Content-Type", "text/csv")
    }

    /// Starts a job.
    #[track_caller]
    pub fn start_job(&self, job: &str) {
        let path = format!("jobs/{job}/start");
        self.request("POST", &path).send().ok();
    }

    /// Cancels a job.
    #[track_caller]
    pub fn cancel_job(&self, job: &str) {
        let path = format!("jobs/{job}/cancel");
        self.request("POST", &path).send().ok();
    }

    /// Creates a job like `body` for a badge, with this file in one part, and starts it; gives its id.
    #[track_caller]
    pub fn run_job(&self, body: &Value, file: &str) -> String {
        let job = self.create_job(body);
        self.putting_part(&job, 1, file.as_bytes()).send().ok();
        self.start_job(&job);
        job
    }

    /// A job as it is now.
    #[track_caller]
    pub fn job(&self, job: &str) -> Value {
        self.get(&format!("jobs/{job}")).ok().data()
    }

    /// How many rows of a job have their outcome.
    #[track_caller]
    pub fn processed(&self, job: &str) -> u64 {
        self.job(job)["rows"]["processed"].as_u64().unwrap()
    }

    /// A job once it has ended.
    #[track_caller]
    pub fn finished_job(&self, job: &str) -> Value {
        let mut seen = Value::Null;
        until("the job has ended", PATIENCE, || {
            seen = self.get(&format!("jobs/{job}?wait=25")).ok().data();
            let state = seen["state"].as_str().unwrap();
            ["COMPLETED", "CANCELLED", "FAILED"].contains(&state)
        });
        seen
    }

    /// The results of a job, as they stand in the answer.
    #[track_caller]
    pub fn results_text(&self, job: &str) -> String {
        let reply = self.get(&format!("jobs/{job}/results?only=all")).ok();
        reply.text().to_owned()
    }

    /// The results of a job whose rows have no quotation marks, each taken apart.
    #[track_caller]
    pub fn results(&self, job: &str) -> Vec<RowResult> {
        let text = self.results_text(job);
        let rows = text.lines().skip(1).map(|line| {
            let mut values = line.split(',').map(str::to_owned);
            let mut value = || values.next().unwrap();
            RowResult {
                line: value().parse().unwrap(),
                status: value(),
                id: value(),
                code: value(),
            }
        });
        rows.collect()
    }
}

/// `results` of a CSV file without the ids, which differ from job to job.
pub fn without_ids(results: &str) -> String {
    let mut plain = String::with_capacity(results.len());
    for line in results.lines() {
        let mut values = line.splitn(4, ',');
        let mut value = || values.next().unwrap_or_default();
        let (number, status, _id, rest) = (value(), value(), value(), value());
        writeln!(plain, "{number},{status},{rest}").unwrap();
    }
    plain
}

/// `body` as a dry run.
pub fn dry(body: &Value) -> Value {
    with(body, &json!({"dryRun": true}))
}
