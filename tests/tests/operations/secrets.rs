//! Nothing of a value of the configuration is in what any command says when something is wrong:
//! it might be a secret, also one in the wrong place.

use std::net::TcpListener;

use accolade_tests::{Backend, Cli, Database, Outcome};
use tempfile::TempDir;

use super::job_run::EARN_FROM_STANDARD_INPUT;

/// Stands in every value for the secret.
const SECRET: &str = "hunter2";

/// Commands that read the configuration.
const COMMANDS: [&[&str]; 14] = [
    &["config", "check"],
    &["config", "show"],
    &["serve"],
    &["migrate"],
    &["health"],
    &["doctor"],
    &["org", "list"],
    &["org", "create", "--id", "77", "--name", "x"],
    &["client", "list"],
    &["backup", "/dev/null/copy.db"],
    EARN_FROM_STANDARD_INPUT,
    &["restore", "/dev/null/copy.db"],
    &["verify"],
    &[
        "transfer",
        "--from",
        "hunter2",
        "--to",
        "postgres://u:hunter2%@h/db",
    ],
];

fn cli() -> Cli {
    Cli::on("sqlite:///dev/null/hunter2/accolade.db")
}

#[track_caller]
fn assert_silent(outcome: &Outcome, of: &str) {
    for said in [&outcome.stdout, &outcome.stderr] {
        assert!(!said.contains(SECRET), "{of}: {said}");
    }
}

#[test]
fn each_broken_value_is_found_by_config_check_with_its_name_and_is_repeated_by_nobody() {
    for (name, value) in [
        ("ACCOLADE_PROFILE", "hunter2"),
        ("ACCOLADE_PROFILE", "../hunter2"),
        ("ACCOLADE_CONFIG_DIR", "/nowhere/hunter2"),
        ("ACCOLADE__HTTP__PROT", "hunter2"),
        ("ACCOLADE_HTTP_PORT", "hunter2"),
        ("ACCOLADE__HTTP__HOST", "hunter2"),
        ("ACCOLADE__HTTP__PORT", "hunter2"),
        ("ACCOLADE__HTTP__WORKERS", "hunter2"),
        ("ACCOLADE__HTTP__BODY_LIMIT", "hunter2"),
        ("ACCOLADE__HTTP__REQUEST_TIMEOUT", "hunter2"),
        ("ACCOLADE__HTTP__QUEUE", "hunter2"),
        ("ACCOLADE__DATABASE__URL", "hunter2"),
        ("ACCOLADE__DATABASE__URL", "mysql://u:hunter2@h/db"),
        ("ACCOLADE__DATABASE__URL", "sqlite://hunter2%.db"),
        ("ACCOLADE__DATABASE__URL", "sqlite://hunter2?mode=ro"),
        ("ACCOLADE__DATABASE__URL", "postgres://u:100%hunter2@h/db"),
        ("ACCOLADE__DATABASE__URL", "postgres://u:hunter2%@h/db"),
        (
            "ACCOLADE__DATABASE__URL",
            "postgres://u:hun/ter2@hunter2/db",
        ),
        ("ACCOLADE__DATABASE__URL", "postgres://u:hunter2@h:port/db"),
        ("ACCOLADE__DATABASE__URL", "postgres://u@h/db?hunter2=1"),
        (
            "ACCOLADE__DATABASE__URL",
            "postgres://u@h/db?sslmode=hunter2",
        ),
        (
            "ACCOLADE__DATABASE__URL",
            "postgres://u@h/db?connect_timeout=hunter2",
        ),
        ("ACCOLADE__DATABASE__POOL_SIZE", "hunter2"),
        ("ACCOLADE__DATABASE__MIGRATE", "hunter2"),
        ("ACCOLADE__DATABASE__LOCK_TIMEOUT", "hunter2"),
        ("ACCOLADE__DATABASE__STATEMENT_TIMEOUT", "9000h"),
        ("ACCOLADE__DATABASE__SYNCHRONOUS", "hunter2"),
        ("ACCOLADE__AUTH__TOKEN_KEY", "hunter2"),
        ("ACCOLADE__AUTH__TOKEN_TTL", "hunter2"),
        ("ACCOLADE__AUTH__FAILURES_PER_KEY", "hunter2"),
        ("ACCOLADE__LIMITS__CUSTOMERS_PER_REQUEST", "hunter2"),
        ("ACCOLADE__IDEMPOTENCY__RETENTION", "hunter2"),
        ("ACCOLADE__LOG__FORMAT", "hunter2"),
        ("ACCOLADE__LOG__LEVEL", "hunter2"),
        ("ACCOLADE__LOG__LEVEL", "info,accolade=hunter2"),
        ("ACCOLADE__METRICS__PORT", "hunter2"),
        ("ACCOLADE__METRICS__HOST", "hunter2"),
        ("ACCOLADE__DEMO__ENABLED", "hunter2"),
    ] {
        let cli = cli().environment(name, value);
        for command in [&["config", "check"][..], &["serve"]] {
            let outcome = cli.run(command);
            assert_silent(&outcome, &format!("{name}={value}"));
            let line = outcome.refused();
            assert!(line.contains(name), "{name}={value}: {line}");
        }
    }
}

#[test]
fn what_is_wrong_in_a_file_is_not_repeated_either() {
    for text in [
        "database.url = postgres://u:hunter2@h/db",
        "database.url = \"postgres://u:100%hunter2@h/db\"",
        "auth.token_key = \"hunter2",
        "hunter2",
        "http.port = \"hunter2\"",
        "log.format = \"hunter2\"",
        "database.synchronous = \"hunter2\"",
        "auth.token_key = [\"hunter2\"]",
    ] {
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("local.toml"), text).unwrap();
        let cli = Cli::on("sqlite://x.db").environment("ACCOLADE_CONFIG_DIR", directory.path());
        let outcome = cli.run(&["config", "check"]);
        assert_silent(&outcome, text);
        assert!(outcome.refused().contains("local.toml"), "{text}");
    }
}

#[test]
fn no_command_repeats_a_value_that_it_cannot_work_with() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    for url in [
        "postgres://u:100%hunter2@h/db".to_owned(),
        format!("postgres://hunter2:hunter2@127.0.0.1:{port}/hunter2?application_name=hunter2"),
        "postgres://u:p@hunter2.invalid/db?connect_timeout=2".to_owned(),
        "postgres:///db?host=/nowhere/hunter2".to_owned(),
        "sqlite:///dev/null/hunter2/accolade.db".to_owned(),
        "sqlite:///proc/hunter2.db".to_owned(),
    ] {
        let cli = Cli::on(&url).environment("ACCOLADE__HTTP__PORT", port.to_string());
        for command in COMMANDS {
            let outcome = cli.run(command);
            // What holds is what `config show` is for; passwords are masked there.
            if command != ["config", "show"] || outcome.code != Some(0) {
                assert_silent(&outcome, &format!("{url}: {command:?}"));
            }
        }
    }
}

#[test]
fn what_postgresql_says_of_a_user_or_a_database_that_is_not_there_is_not_repeated() {
    let database = Database::empty(Backend::Postgres);
    let right = url::Url::parse(database.url()).unwrap();
    let mut without_user = right.clone();
    without_user.set_username(SECRET).unwrap();
    without_user.set_password(Some(SECRET)).unwrap();
    let mut without_database = right;
    without_database.set_path(SECRET);
    for url in [without_user, without_database] {
        let outcome = Cli::on(url.as_str()).run(&["migrate"]);
        assert_silent(&outcome, "migrate");
        let line = outcome.refused();
        assert!(line.contains("PostgreSQL cannot be reached: "), "{line}");
    }
}
