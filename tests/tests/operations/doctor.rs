//! `doctor`: it finds what was planted, tells it from what is meant, and fails where something is wrong.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use accolade_tests::{Backend, Cli, Database, Outcome, Pooler, Pooling, Setup, on_both_databases};
use serde_json::json;
use tempfile::TempDir;

/// 32 bytes in Base64.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";

fn examine(cli: &Cli) -> Outcome {
    cli.run(&["doctor"])
}

/// The line about this.
#[track_caller]
fn line<'a>(outcome: &'a Outcome, about: &str) -> &'a str {
    let is_about = |line: &&str| {
        let mut columns = line.split("  ").map(str::trim).filter(|it| !it.is_empty());
        columns.nth(1) == Some(about)
    };
    let found = outcome.stdout.lines().find(is_about);
    found.unwrap_or_else(|| panic!("nothing about {about}: {outcome:?}"))
}

fn a_server_that_runs_is_well(backend: Backend) {
    let server = Setup::new(backend).set("secrets.key", KEY).start();
    let outcome = examine(&server.cli());
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    for (about, says) in [
        ("settings", "a server can start"),
        ("migrations", "none is missing"),
        ("secrets.key", "it reads the secrets of 0 webhooks"),
        ("versions", "UTF"),
    ] {
        let line = line(&outcome, about);
        assert!(line.starts_with("ok ") && line.contains(says), "{line}");
    }
    let of_one = match backend {
        Backend::Sqlite => ["the disk's flush", "free space"].as_slice(),
        Backend::Postgres => &["the clock", "connections", "pooler"],
    };
    for about in of_one {
        assert!(line(&outcome, about).starts_with("ok "), "{outcome:?}");
    }
    server.stranger().get("/health/ready").ok();
}

fn migrations_that_nobody_will_run_are_wrong(backend: Backend) {
    let setup = Setup::unmigrated(backend);
    // SQLite's file is there, and nothing in it.
    if backend == Backend::Sqlite {
        setup.database().execute("PRAGMA user_version = 0");
    }
    let cli = setup.cli();
    let outcome = examine(&cli);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(line(&outcome, "migrations").starts_with("RISK "));

    let outcome = examine(&cli.environment("ACCOLADE__DATABASE__MIGRATE", "false"));
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(line(&outcome, "migrations").starts_with("WRONG "));
    assert_eq!(outcome.refused(), "error: things that are wrong: 1");
}

fn secrets_of_webhooks_that_are_not_encrypted_or_cannot_be_read_are_found(backend: Backend) {
    let setup = Setup::new(backend);
    let cli = setup.cli();
    let create = |setup: Setup| {
        let server = setup.start();
        let body = json!({"url": "https://1.1.1.1/"});
        server.org().post("webhooks", &body).ok();
    };
    create(setup.clone());
    let outcome = examine(&cli);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let found = line(&outcome, "secrets.key");
    assert!(
        found.starts_with("RISK ") && found.contains("1 webhooks"),
        "{found}"
    );

    let with_key = setup.set("secrets.key", KEY);
    create(with_key.clone());
    let with = |key| examine(&cli.clone().environment("ACCOLADE__SECRETS__KEY", key));
    assert!(line(&with(KEY), "secrets.key").starts_with("ok "));
    for outcome in [examine(&cli), with(OTHER_KEY)] {
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        let found = line(&outcome, "secrets.key");
        assert!(
            found.starts_with("WRONG ") && found.contains("encrypted"),
            "{found}"
        );
    }
}

#[test]
fn before_the_first_start_nothing_is_wrong_and_nothing_is_made() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("var/accolade.db");
    let outcome = examine(&Cli::on(&format!("sqlite://{}", file.display())));
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(line(&outcome, "the database").contains("not there yet"));
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_database_that_does_not_answer_is_wrong() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let outcome = examine(&Cli::on(&format!("postgres://u:p@127.0.0.1:{port}/db")));
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let found = line(&outcome, "the database");
    assert!(
        found.starts_with("WRONG ") && found.contains("cannot be reached"),
        "{found}"
    );
}

#[test]
fn a_pooler_that_loses_prepared_statements_is_wrong() {
    let database = Arc::new(Database::create(Backend::Postgres));
    let pooler = Pooler::before(database.url(), Pooling::Transaction).unwrap();
    let outcome = examine(&Setup::on(database).through(pooler.url()).cli());
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(line(&outcome, "the database").contains("pool_mode = session"));
}

#[test]
fn a_key_that_others_can_read_is_found_and_a_weak_or_missing_one_is_told() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("local.toml");
    let key = "9f2c41d07be85a6310fd94e7c8b2a655";
    std::fs::write(&file, format!("auth.token_key = \"{key}\"")).unwrap();
    let database = Database::empty(Backend::Sqlite);
    let with = |mode| {
        std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let cli = Cli::on(database.url()).environment("ACCOLADE_CONFIG_DIR", directory.path());
        examine(&cli.without("ACCOLADE__AUTH__TOKEN_KEY"))
    };
    let outcome = with(0o644);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(line(&outcome, "auth.token_key").contains("others than its owner"));
    assert!(!with(0o600).stdout.contains("auth.token_key"));

    let keys = |value| {
        let cli = Cli::on(database.url()).environment("ACCOLADE__AUTH__TOKEN_KEY", value);
        examine(&cli)
    };
    let twice = keys("0123456789abcdef0123456789abcdef");
    assert!(line(&twice, "auth.token_key").contains("easily guessed"));
    let short = keys("0123456789abcdef");
    assert!(short.refused().contains("ACCOLADE__AUTH__TOKEN_KEY"));
    let none = examine(&Cli::on(database.url()).without("ACCOLADE__AUTH__TOKEN_KEY"));
    assert!(line(&none, "auth.token_key").contains("not set"));
}

on_both_databases! {
    a_server_that_runs_is_well
    migrations_that_nobody_will_run_are_wrong
    secrets_of_webhooks_that_are_not_encrypted_or_cannot_be_read_are_found
}
