//! A server, as one asks it over HTTP.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::time::Duration;

use accolade_domain::job::JobState;
use anyhow::{Result, anyhow, bail};
use backon::{BlockingRetryable as _, ExponentialBuilder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use ureq::http::{Request, Response, StatusCode, request};
use ureq::{Agent, AsSendBody, Body};
use uuid::Uuid;

use super::arguments::RunJob;
use crate::cli::output::printable;
use crate::outward::trusted;

/// Where jobs are on a server.
const JOBS: &str = "/api_gateway/v1/badges/jobs";

/// How long a connection may take, and an answer to begin.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(90);

/// A server that is away or busy is asked again so often, after pauses of up to so long: for two
/// minutes in all.
const RETRIES: usize = 15;
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// An answer that is no stream has no more bytes.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// A server, and who asks it.
pub(super) struct Service {
    agent: Agent,
    jobs: String,
    authorization: String,
}

/// A job that is to be created.
pub(super) struct NewJob {
    pub(super) job_id: String,
    pub(super) operation: &'static str,
    body: String,
}

/// A job as the server shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    #[serde(rename = "jobId")]
    pub(super) id: String,
    pub(super) operation: String,
    pub(super) state: JobState,
    pub(super) rows: Rows,
    #[serde(default)]
    pub(super) failure: Option<String>,
}

/// What became of a job's rows so far.
#[derive(Debug, Deserialize)]
pub(super) struct Rows {
    pub(super) total: Option<u64>,
    pub(super) processed: u64,
    pub(super) succeeded: u64,
    pub(super) refused: u64,
    pub(super) invalid: u64,
}

#[derive(Debug, Deserialize)]
struct Envelope {
    data: Job,
}

#[derive(Debug, Deserialize)]
struct Failure {
    errors: Vec<Notice>,
}

#[derive(Debug, Deserialize)]
struct Notice {
    code: u32,
    message: String,
    reference: Option<String>,
}

/// Why a request was not carried out.
#[derive(Debug)]
pub(super) struct NotDone {
    message: String,
    code: Option<u32>,
    /// Whether it may be the next time.
    is_passing: bool,
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NotDone {}

impl NotDone {
    /// The code that the server gave.
    pub(super) fn code(&self) -> Option<u32> {
        self.code
    }

    fn refused(status: StatusCode, body: &[u8]) -> Self {
        let notices = serde_json::from_slice(body).map_or_else(|_| vec![], |it: Failure| it.errors);
        let said: Vec<_> = notices.iter().map(Notice::to_string).collect();
        let is_passing = matches!(status.as_u16(), 408 | 502 | 503 | 504);
        Self {
            message: if said.is_empty() {
                format!("the server answers {}", status.as_u16())
            } else {
                said.join(" ")
            },
            code: notices.first().map(|notice| notice.code),
            is_passing,
        }
    }

    fn unanswered(message: &str) -> Self {
        Self {
            is_passing: true,
            ..Self::lasting(message)
        }
    }

    fn lasting(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            code: None,
            is_passing: false,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reference) = &self.reference {
            write!(f, "{}: ", printable(reference))?;
        }
        write!(f, "{} (code {})", printable(&self.message), self.code)
    }
}

impl NewJob {
    /// The job that `command` asks for.
    ///
    /// # Errors
    /// The format of its file is not known.
    pub(super) fn from_command(command: &RunJob) -> Result<Self> {
        let Some(format) = command.format() else {
            bail!("say --format csv or --format ndjson: the file's name does not tell");
        };
        // Known before it is created, so that one whose creation was not answered is found again.
        let job_id = command.job_id.clone();
        let job_id = job_id.unwrap_or_else(|| Uuid::now_v7().to_string());
        let operation = command.operation.name();
        let mut body = json!({
            "jobId": job_id,
            "operation": operation,
            "format": format.name(),
            "dryRun": command.dry_run,
        });
        if let Some(badge) = command.badge {
            body["badgeMetaId"] = badge.to_string().into();
        }
        if let Some(date) = &command.event_date {
            body["eventDate"] = date.as_str().into();
        }
        if let (Some(owner), Some(reference)) = (&command.owner_type, &command.reference_id) {
            body["triggeredBy"] = json!({ "ownerType": owner, "referenceId": reference });
        }
        Ok(Self {
            job_id,
            operation,
            body: body.to_string(),
        })
    }
}

impl Service {
    /// The server at `url`, asked by the client with this key and secret.
    ///
    /// # Errors
    /// The url is none of HTTP.
    pub(super) fn new(url: &str, key: &str, secret: &str) -> Result<Self> {
        let parsed = url::Url::parse(url).map_err(|_| anyhow!("--url is no URL"))?;
        let mut config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .http_status_as_error(false)
            // A secret is sent to nobody but whom its owner names.
            .max_redirects(0)
            .max_redirects_will_error(false);
        match parsed.scheme() {
            "http" => {}
            "https" => config = config.tls_config(trusted()),
            _ => bail!("--url must begin with http:// or https://"),
        }
        let agent = config.build().new_agent();
        let credentials = STANDARD.encode(format!("{key}:{secret}"));
        Ok(Self {
            agent,
            jobs: format!("{}{JOBS}", url.trim_end_matches('/')),
            authorization: format!("Basic {credentials}"),
        })
    }

    /// Creates a job. Whether it answers at all, a server is asked once.
    ///
    /// # Errors
    /// It was refused, or the server is away.
    pub(super) fn create(&self, new: &NewJob) -> Result<Job, NotDone> {
        let request = Request::post(&self.jobs).header("content-type", "application/json");
        job_in(self.ask(request, new.body.as_bytes())?)
    }

    /// Sends the part `number` of a job's file.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub(super) fn put_part(&self, job: &str, number: u32, part: &[u8]) -> Result<(), NotDone> {
        retried(|| {
            let url = format!("{}/{job}/parts/{number}", self.jobs);
            let request = Request::put(url).header("content-type", "application/octet-stream");
            self.ask(request, part).map(drop)
        })
    }

    /// Has a job carried out.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub(super) fn start(&self, job: &str) -> Result<Job, NotDone> {
        retried(|| {
            let url = format!("{}/{job}/start", self.jobs);
            job_in(self.ask(Request::post(url), "")?)
        })
    }

    /// A job as it is now.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub(super) fn job(&self, job: &str) -> Result<Job, NotDone> {
        self.look(job, Duration::ZERO)
    }

    /// A job as it is when it has ended, or when so much time has passed.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub(super) fn look(&self, job: &str, wait: Duration) -> Result<Job, NotDone> {
        retried(|| {
            let url = format!("{}/{job}?wait={}", self.jobs, wait.as_secs());
            job_in(self.ask(Request::get(url), ())?)
        })
    }

    /// The results of a job's rows that are `only` such, as its file is written.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub(super) fn results(&self, job: &str, only: &str) -> Result<Results, NotDone> {
        let response = retried(|| {
            let url = format!("{}/{job}/results?only={only}", self.jobs);
            self.ask(Request::get(url), ())
        })?;
        let content_type = response.headers().get("content-type");
        let has_header = content_type.is_some_and(|it| it.as_bytes().starts_with(b"text/csv"));
        Ok(Results {
            body: response.into_body(),
            has_header,
        })
    }

    fn ask(
        &self,
        request: request::Builder,
        body: impl AsSendBody,
    ) -> Result<Response<Body>, NotDone> {
        let request = request
            .header("authorization", &self.authorization)
            .body(body)
            .map_err(|_| NotDone::lasting("the key or the secret cannot be sent"))?;
        // What the library says of a failure may name the address.
        let mut response = self.agent.run(request).map_err(|_| {
            NotDone::unanswered("no server answers at --url, or where http.host and http.port say")
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let body = read(response.body_mut())?;
        Err(NotDone::refused(response.status(), &body))
    }
}

/// Asks again while the server is away or busy.
fn retried<T>(ask: impl Fn() -> Result<T, NotDone>) -> Result<T, NotDone> {
    let pauses = ExponentialBuilder::default()
        .with_max_delay(LONGEST_PAUSE)
        .with_max_times(RETRIES);
    ask.retry(pauses).when(|error| error.is_passing).call()
}

fn job_in(mut response: Response<Body>) -> Result<Job, NotDone> {
    let body = read(response.body_mut())?;
    let envelope: Envelope = serde_json::from_slice(&body)
        .map_err(|_| NotDone::lasting("what answers is no Accolade server"))?;
    Ok(envelope.data)
}

fn read(body: &mut Body) -> Result<Vec<u8>, NotDone> {
    let read = body.with_config().limit(LONGEST_ANSWER).read_to_vec();
    read.map_err(|_| NotDone::unanswered("the server's answer broke off"))
}

/// The results of rows.
pub(super) struct Results {
    body: Body,
    /// Whether they begin with the names of their columns.
    has_header: bool,
}

impl Results {
    /// Writes them to `output`, without a header if it `has` one.
    ///
    /// # Errors
    /// They broke off, or cannot be written.
    pub(super) fn copy(self, output: &mut impl Write, has: bool) -> io::Result<()> {
        let mut results = BufReader::new(self.body.into_reader());
        if self.has_header && has {
            skip_header(&mut results)?;
        }
        io::copy(&mut results, output).map(drop)
    }
}

/// Passes over the first line of CSV, in which a name in quotation marks may have line breaks.
fn skip_header(results: &mut impl BufRead) -> io::Result<()> {
    let mut line = Vec::new();
    let mut is_quoted = false;
    while line.is_empty() || is_quoted {
        line.clear();
        if results.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        for byte in &line {
            is_quoted ^= *byte == b'"';
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_passed_over_with_the_line_breaks_in_it() {
        for (results, rows) in [
            ("line,\"a\n\"\"b\n\",c\n2,\"x\n\",y\n", "2,\"x\n\",y\n"),
            ("line,a\n2,x\n", "2,x\n"),
            ("line,a\n", ""),
            ("", ""),
        ] {
            let mut left = results.as_bytes();
            skip_header(&mut left).unwrap();
            assert_eq!(left, rows.as_bytes());
        }
    }

    #[test]
    fn a_refusal_is_said_in_the_words_of_the_server_and_others_by_their_status() {
        let body =
            br#"{"data":null,"errors":[{"code":1969,"message":"Add it.","reference":"badgeMetaId"},
            {"code":400,"message":"No.","reference":null}],"warnings":null}"#;
        let refused = NotDone::refused(StatusCode::BAD_REQUEST, body);
        assert_eq!(
            refused.to_string(),
            "badgeMetaId: Add it. (code 1969) No. (code 400)"
        );
        assert_eq!((refused.code(), refused.is_passing), (Some(1969), false));
        let away = NotDone::refused(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(away.to_string(), "the server answers 502");
        assert!(away.is_passing);
    }

    #[test]
    fn a_server_is_at_an_address_of_http() {
        for url in ["badges.example.org", "ftp://badges.example.org", "http://"] {
            assert!(Service::new(url, "key", "secret").is_err(), "{url}");
        }
        let service = Service::new("https://badges.example.org/", "key", "secret").unwrap();
        assert_eq!(
            service.jobs,
            "https://badges.example.org/api_gateway/v1/badges/jobs"
        );
    }
}
