//! Configuration: what is wrong is named, what holds is shown, secrets are masked.

use std::collections::BTreeSet;
use std::path::Path;

use accolade_tests::{Backend, Cli, Setup};
use tempfile::TempDir;

fn cli() -> Cli {
    Cli::on("sqlite:///nowhere/accolade.db")
}

fn directory(local: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("local.toml"), local).unwrap();
    directory
}

fn with_files(directory: &Path) -> Cli {
    cli().environment("ACCOLADE_CONFIG_DIR", directory)
}

#[test]
fn what_is_wrong_in_the_environment_is_named_by_its_variable() {
    for (name, value) in [
        ("ACCOLADE__HTTP__PROT", "1"),
        ("ACCOLADE__HTTP__PORT", "abc"),
        ("ACCOLADE__DATABASE__URL", "mysql://x"),
        ("ACCOLADE__AUTH__TOKEN_KEY", "short"),
    ] {
        for command in [&["config", "check"][..], &["serve"]] {
            let line = cli().environment(name, value).run(command).refused();
            assert!(line.contains(name), "{name}={value}: {line}");
        }
    }
}

/// What the files of `directory` and those below say.
fn all_that_is_said(directory: &Path) -> String {
    let entries = directory.read_dir().unwrap();
    let said = entries.map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all_that_is_said(&path)
        } else {
            std::fs::read_to_string(path).unwrap()
        }
    });
    said.collect()
}

#[test]
fn every_variable_that_a_set_up_names_is_one_of_a_key() {
    let docker = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docker"));
    let said = all_that_is_said(docker);
    let is_of_names = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names: BTreeSet<_> = said
        .split(|c| !is_of_names(c))
        .filter(|word| word.starts_with("ACCOLADE__"))
        .collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        // Wrong for each key, and so told from what is none.
        let outcome = cli().environment(name, "?").run(&["config", "check"]);
        let line = outcome.refused();
        assert!(
            line.contains(name) && !line.contains("there is no key"),
            "{line}"
        );
    }
}

#[test]
fn what_is_wrong_in_a_file_is_named_by_the_file_and_the_key() {
    for (text, key) in [("[http]\nprot = 1\n", "prot"), ("[http\n", "local.toml")] {
        let directory = directory(text);
        let line = with_files(directory.path())
            .run(&["config", "check"])
            .refused();
        assert!(
            line.contains("local.toml") && line.contains(key),
            "{text}: {line}"
        );
    }
}

#[test]
fn a_profile_or_directory_that_is_not_there_is_said_or_does_without() {
    let line = cli()
        .environment("ACCOLADE_PROFILE", "../etc")
        .run(&["config", "check"])
        .refused();
    assert!(line.contains("ACCOLADE_PROFILE"), "{line}");
    // The defaults are inside the binary: an empty directory is enough.
    let empty = TempDir::new().unwrap();
    with_files(empty.path()).run(&["config", "check"]).ok();
}

#[test]
fn later_sources_win() {
    let directory = directory("[http]\nport = 9001\n[log]\nlevel = \"warn\"\n");
    let shown = with_files(directory.path())
        .environment("ACCOLADE__HTTP__PORT", "9002")
        .run(&["config", "show"])
        .ok();
    assert!(shown.contains("9002") && !shown.contains("9001"), "{shown}");
    assert!(shown.contains("warn"), "{shown}");
}

#[test]
fn secrets_are_masked_where_configuration_is_shown() {
    let shown = cli()
        .environment(
            "ACCOLADE__DATABASE__URL",
            "postgres://user:hunter2@db.example:5432/accolade?password=hunter3",
        )
        .environment(
            "ACCOLADE__AUTH__TOKEN_KEY",
            "super-secret-token-key-of-32-characters",
        )
        .run(&["config", "show"])
        .ok();
    for secret in ["hunter2", "hunter3", "super-secret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("db.example"), "{shown}");
    assert!(shown.contains("token_key"), "{shown}");
}

#[test]
fn limits_of_the_configuration_hold() {
    let server = Setup::new(Backend::Sqlite)
        .set("limits.customers_per_request", "2")
        .start();
    let org = server.org();
    let body = accolade_tests::with(
        &accolade_tests::enrolment(&org.badge()),
        &serde_json::json!({"customers": [1, 2, 3]}),
    );
    org.enrol(&body).refused(1905, Some("customers"));
}

#[test]
fn token_life_is_what_is_configured_and_a_token_ends() {
    let server = Setup::new(Backend::Sqlite)
        .set("auth.token_ttl", "1s")
        .start();
    let org = server.org();
    let credentials = org.credentials().unwrap();
    let body = serde_json::json!({"key": credentials.key, "secret": credentials.secret});
    let reply = server
        .stranger()
        .post("/v3/oauth/token/generate", &body)
        .ok();
    assert_eq!(reply.json()["data"]["ttlSeconds"], 1);
    let token = reply.json()["data"]["accessToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let ask = || {
        server
            .stranger()
            .request("GET", "badgeMeta")
            .header("X-CAP-API-OAUTH-TOKEN", &token)
            .send()
    };
    accolade_tests::until("the token ends", std::time::Duration::from_secs(30), || {
        ask().status == 401
    });
}
