//! `job run`: a file from the command line, carried out by a running server.

use std::fs;
use std::path::{Path, PathBuf};

use accolade_tests::{Backend, Client, LOYALTY, Outcome, Server, on_both_databases, shared};
use serde_json::json;
use tempfile::TempDir;

/// A file of five rows, of which one cannot be read and one is refused.
const FILE: &str = "customerId,note\n1,a\n2,\"b\nc\"\nx,d\n2,e\n3,f\n";

/// Has a file carried out that comes by standard input, by a server that is not named.
pub(super) const EARN_FROM_STANDARD_INPUT: &[&str] = &[
    "job",
    "run",
    "--file",
    "-",
    "--format",
    "csv",
    "--operation",
    "earn",
    "--key",
    "x",
    "--secret-stdin",
];

struct Files(TempDir);

impl Files {
    fn new(name: &str, text: &str) -> Self {
        let files = Self(TempDir::new().unwrap());
        fs::write(files.path(name), text).unwrap();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Has `file` carried out for `client`, with further `arguments`.
fn run(server: &Server, client: &Client, file: &Path, arguments: &[&str]) -> Outcome {
    let credentials = client.credentials().unwrap();
    let file = file.to_str().unwrap();
    let mut line = vec!["job", "run", "--file", file];
    line.extend(["--url", server.address(), "--key", &credentials.key]);
    line.extend(arguments);
    let cli = server.cli();
    cli.environment("ACCOLADE_SECRET", &credentials.secret)
        .run(&line)
}

fn enrol<'a>(badge: &'a str, further: &[&'a str]) -> Vec<&'a str> {
    let (owner, reference) = LOYALTY;
    let mut arguments = vec!["--operation", "enrol", "--badge", badge];
    arguments.extend(["--owner-type", owner, "--reference-id", reference]);
    arguments.extend(further);
    arguments
}

fn what_was_not_carried_out_is_written_apart(backend: Backend) {
    let server = shared(backend);
    let org = server.org();
    let badge = org.badge();
    let files = Files::new("customers.csv", FILE);
    let refused = files.path("refused.csv");
    let arguments = enrol(&badge, &["--refused", refused.to_str().unwrap()]);
    let dry = run(
        server,
        &org,
        &files.path("customers.csv"),
        &enrol(&badge, &["--dry-run"]),
    );
    assert_eq!(org.issued_count(&badge), 0);
    assert!(
        dry.stderr
            .contains("of 5 rows 3 would be carried out, 1 refused; 1 cannot be read"),
        "{dry:?}"
    );
    assert_eq!(dry.stdout.lines().count(), 3, "{dry:?}");

    let outcome = run(server, &org, &files.path("customers.csv"), &arguments);
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (Some(1), ""),
        "{outcome:?}"
    );
    assert!(
        outcome
            .stderr
            .contains("of 5 rows 3 were carried out, 1 refused; 1 cannot be read"),
        "{outcome:?}"
    );
    assert_eq!(org.issued_count(&badge), 3);
    let written = fs::read_to_string(&refused).unwrap();
    let lines: Vec<_> = written.lines().collect();
    assert_eq!(lines.len(), 3, "{written}");
    assert_eq!(lines[0], "line,status,id,code,message,customerId,note");
    assert!(lines[1].starts_with("6,REFUSED,"), "{written}");
    assert!(
        lines[1].contains(",1040,") && lines[1].ends_with(",2,e"),
        "{written}"
    );
    assert!(
        lines[2].starts_with("5,INVALID,,400,customerId: ") && lines[2].ends_with(",x,d"),
        "{written}"
    );
}

fn a_file_without_a_flaw_ends_well_and_one_without_a_column_is_not_begun(backend: Backend) {
    let server = shared(backend);
    let org = server.org();
    let badge = org.badge();
    let files = Files::new(
        "customers.ndjson",
        "{\"customerId\":1}\n\n{\"customerId\":2}",
    );
    let file = files.path("customers.ndjson");
    let outcome = run(server, &org, &file, &enrol(&badge, &[]));
    assert!(
        outcome.stderr.contains("of 2 rows 2 were carried out"),
        "{outcome:?}"
    );
    assert_eq!(outcome.ok(), "");

    fs::write(files.path("names.csv"), "name\nAnna\n").unwrap();
    let outcome = run(server, &org, &files.path("names.csv"), &enrol(&badge, &[]));
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("(code 1969)"), "{outcome:?}");
    fs::write(files.path("nothing.csv"), "").unwrap();
    let outcome = run(
        server,
        &org,
        &files.path("nothing.csv"),
        &enrol(&badge, &[]),
    );
    assert!(outcome.refused().ends_with("nothing.csv is empty"));
    let reader = server.client_with(&org, "badges:read");
    let refused = run(server, &reader, &file, &enrol(&badge, &[])).refused();
    assert!(refused.contains("(code 1931)"), "{refused}");
}

fn a_job_that_is_there_is_gone_on_with(backend: Backend) {
    let server = shared(backend);
    let org = server.org();
    let badge = org.badge();
    let (owner, reference) = LOYALTY;
    org.post(
        "jobs",
        &json!({
            "jobId": "spring", "operation": "ENROL", "format": "CSV", "badgeMetaId": badge,
            "triggeredBy": {"ownerType": owner, "referenceId": reference},
        }),
    )
    .ok();
    let files = Files::new("customers.csv", FILE);
    let file = files.path("customers.csv");
    let arguments = enrol(&badge, &["--job-id", "spring"]);
    let first = run(server, &org, &file, &arguments);
    assert!(first.stderr.contains("--job-id spring"), "{first:?}");
    assert_eq!(
        (first.code, first.stdout.lines().count()),
        (Some(1), 3),
        "{first:?}"
    );
    assert_eq!(org.issued_count(&badge), 3);
    // It has ended: there is nothing to send, and its results are what they were.
    let again = run(server, &org, &file, &arguments);
    assert_eq!(again.stdout, first.stdout);
    assert_eq!(org.issued_count(&badge), 3);
    let other = [
        "--operation",
        "earn",
        "--badge",
        &badge,
        "--job-id",
        "spring",
    ];
    let refused = run(server, &org, &file, &other).refused();
    assert!(refused.contains("its operation is ENROL"), "{refused}");
}

on_both_databases! {
    what_was_not_carried_out_is_written_apart
    a_file_without_a_flaw_ends_well_and_one_without_a_column_is_not_begun
    a_job_that_is_there_is_gone_on_with
}
