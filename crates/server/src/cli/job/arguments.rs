//! What can be said of a job on the command line.

use std::path::{Path, PathBuf};

use accolade_domain::ids::BadgeId;
use accolade_domain::job::{JobFormat, JobOperation};
use accolade_wire::json::{not_a_word, word};
use clap::Args;

/// A file, and what is to be done by its rows.
#[derive(Debug, Args)]
pub(crate) struct RunJob {
    /// The file, CSV or NDJSON; - is standard input
    #[arg(long)]
    pub(super) file: PathBuf,
    /// What each row does: enrol, earn, revoke-enrolments, revoke-earns, import or customers
    #[arg(long, value_parser = operation)]
    pub(super) operation: JobOperation,
    /// How the rows are written: csv or ndjson. Needed if the file's name does not tell
    #[arg(long, value_parser = format)]
    pub(super) format: Option<JobFormat>,
    /// The badge of the rows that name none
    #[arg(long, value_name = "ID")]
    pub(super) badge: Option<BadgeId>,
    /// The event date of the rows that have none
    #[arg(long, value_name = "DATE")]
    pub(super) event_date: Option<String>,
    /// The module that triggers the rows that name none, such as Loyalty
    #[arg(long, value_name = "MODULE", requires = "reference_id")]
    pub(super) owner_type: Option<String>,
    /// The module's own id of what triggers them
    #[arg(long, value_name = "ID", requires = "owner_type")]
    pub(super) reference_id: Option<String>,
    /// Record nothing: say what would happen
    #[arg(long)]
    pub(super) dry_run: bool,
    /// The job's id; with that of a job that is there already, go on with it
    #[arg(long, value_name = "ID")]
    pub(super) job_id: Option<String>,
    /// Where to write the rows that were refused or cannot be read, rather than to standard output
    #[arg(long = "refused", value_name = "FILE")]
    pub(super) failed: Option<PathBuf>,
    /// The server, such as `https://badges.example.org`; without it, the one on this machine
    #[arg(long)]
    pub(super) url: Option<String>,
    /// The key of the client for whom it is done; its secret is taken from `ACCOLADE_SECRET`
    #[arg(long)]
    pub(super) key: String,
    /// Read the client's secret from the first line of standard input
    #[arg(long)]
    pub(super) secret_stdin: bool,
}

impl RunJob {
    /// The format that is said, or that the file's name tells.
    pub(super) fn format(&self) -> Option<JobFormat> {
        self.format.or_else(|| of_name(&self.file))
    }
}

fn of_name(file: &Path) -> Option<JobFormat> {
    let extension = file.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "csv" => Some(JobFormat::Csv),
        "ndjson" | "jsonl" => Some(JobFormat::Ndjson),
        _ => None,
    }
}

fn operation(text: &str) -> Result<JobOperation, String> {
    one_of(text, JobOperation::ALL, JobOperation::name)
}

fn format(text: &str) -> Result<JobFormat, String> {
    one_of(text, JobFormat::ALL, JobFormat::name)
}

fn one_of<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    word(text, all, name).ok_or_else(|| not_a_word(all, name).message)
}
