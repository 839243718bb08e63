//! `job run`: sends a file to a server, has its rows carried out there, and shows what was refused.
//!
//! It is a client of the API like any other, so that what a job may do is what its client may do,
//! and whoever has the file needs no database. The server does the work: the command may be stopped
//! and started again.

mod arguments;
mod parts;
mod progress;
mod service;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use accolade_domain::job::JobState;
use anyhow::{Context as _, Result, anyhow, bail};

use crate::cli::client::secret_on_first_line;
use crate::cli::health;
use crate::cli::output::{printable, tell};
use crate::settings::{CLIENT_SECRET, Environment, load};
use parts::Parts;
use progress::Progress;
use service::{NewJob, Rows, Service};

pub(super) use arguments::RunJob;

/// The code of a job id that is used already.
const ID_USED: u32 = 809;

/// How long the server is asked to wait for the end before it says how far it is.
const LOOK: Duration = Duration::from_secs(1);

/// Sends the file, follows the job to its end, and writes the rows that were refused or cannot be
/// read.
///
/// # Errors
/// It could not be sent, did not complete, or has such rows.
pub(super) fn run(command: &RunJob) -> Result<()> {
    let new = NewJob::from_command(command)?;
    let (file, length) = open(&command.file)?;
    let service = service(command)?;
    let job = match service.create(&new) {
        Err(refused) if refused.code() == Some(ID_USED) && command.job_id.is_some() => {
            let job = service.job(&new.job_id)?;
            if job.operation != new.operation {
                bail!(
                    "there is another job with this id: its operation is {}",
                    job.operation
                );
            }
            job
        }
        created => created?,
    };
    tell(format!(
        "job {id}: if this command is stopped, it goes on with --job-id {id}",
        id = job.id
    ));
    if job.state == JobState::Open {
        send(&service, &new.job_id, file, length)?;
        service.start(&new.job_id)?;
    }
    let rows = follow(&service, &new.job_id)?;
    tell(summary(&rows, command.dry_run));
    if rows.refused + rows.invalid == 0 {
        return Ok(());
    }
    write_failed(&service, &new.job_id, &rows, command.failed.as_deref())?;
    Err(anyhow!(
        "{} of {} rows were not carried out",
        rows.refused + rows.invalid,
        rows.processed
    ))
}

/// What is read, and how long it is if that is known.
type Opened = (Box<dyn Read>, Option<u64>);

fn open(path: &Path) -> Result<Opened> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let file = File::open(path).with_context(|| shown(path))?;
    let length = file.metadata().with_context(|| shown(path))?.len();
    if length == 0 {
        bail!("{} is empty", shown(path));
    }
    Ok((Box::new(file), Some(length)))
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// The server that is meant, with who asks it.
fn service(command: &RunJob) -> Result<Service> {
    let url = if let Some(url) = &command.url {
        url.clone()
    } else {
        let settings = load(&Environment::of_process()?)?.settings;
        if settings.http.tls.is_set() {
            bail!("the server speaks TLS: say --url with the name that its certificate has");
        }
        format!("http://{}", health::address(&settings.http)?)
    };
    let secret = if command.secret_stdin {
        secret_on_first_line(&mut io::stdin().lock())?
    } else {
        std::env::var(CLIENT_SECRET).map_err(|_| {
            anyhow!("the client's secret is needed: set {CLIENT_SECRET}, or say --secret-stdin")
        })?
    };
    Service::new(&url, &command.key, &secret)
}

fn send(service: &Service, job: &str, file: Box<dyn Read>, length: Option<u64>) -> Result<()> {
    let progress = Progress::of_bytes(length);
    let mut parts = Parts::of(file);
    while let Some((number, part)) = parts.next().context("the file")? {
        service.put_part(job, number, part)?;
        progress.add(part.len() as u64);
    }
    Ok(())
}

/// Waits for the end of a job.
///
/// # Errors
/// It was cancelled or has failed.
fn follow(service: &Service, id: &str) -> Result<Rows> {
    let progress = Progress::of_rows();
    loop {
        let job = service.look(id, LOOK)?;
        progress.show(&job.rows);
        match job.state {
            JobState::Completed => return Ok(job.rows),
            JobState::Cancelled => bail!(
                "the job was cancelled after {} rows: GET jobs/{id}/results has them",
                job.rows.processed
            ),
            JobState::Failed => bail!(
                "the job has failed after {} rows: {}",
                job.rows.processed,
                printable(&job.failure.unwrap_or_default())
            ),
            JobState::Open | JobState::Queued | JobState::Running | JobState::Cancelling => {}
        }
    }
}

fn summary(rows: &Rows, is_dry_run: bool) -> String {
    let Rows {
        processed,
        succeeded,
        refused,
        invalid,
        ..
    } = rows;
    if is_dry_run {
        format!(
            "of {processed} rows {succeeded} would be carried out, {refused} refused; {invalid} \
             cannot be read"
        )
    } else {
        format!(
            "of {processed} rows {succeeded} were carried out, {refused} refused; {invalid} cannot be \
             read"
        )
    }
}

/// Writes the rows that were refused, then those that cannot be read, to `path` or standard output.
fn write_failed(service: &Service, job: &str, rows: &Rows, path: Option<&Path>) -> Result<()> {
    let mut output: Box<dyn Write> = match path {
        Some(path) => Box::new(File::create(path).with_context(|| shown(path))?),
        None => Box::new(io::stdout()),
    };
    let mut has_header = false;
    for (count, only) in [(rows.refused, "refused"), (rows.invalid, "invalid")] {
        if count > 0 {
            let results = service.results(job, only)?;
            results
                .copy(&mut output, has_header)
                .context("the results")?;
            has_header = true;
        }
    }
    output.flush().context("the results")
}
