//! Copies of SQLite's file: of the file alone when the server has stopped, and by `backup` while it
//! runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use accolade_tests::{Backend, Org, Server, enrolment, on_both_databases, until, with};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

/// Customers of one request.
const BATCH: i64 = 40;

fn path(server: &Server) -> PathBuf {
    let url = server.database().url();
    url.strip_prefix("sqlite://").unwrap().into()
}

/// Enrols customers whom no other request names.
fn enrol(org: &Org, badge: &str, number: i64) -> String {
    let customers: Vec<i64> = (number * BATCH + 1..=(number + 1) * BATCH).collect();
    let id = format!("request-{number}");
    let request = with(
        &enrolment(badge),
        &json!({"requestId": id, "customers": customers}),
    );
    org.enrol(&request).ok();
    id
}

fn assert_nothing_is_beside(file: &Path) {
    for suffix in ["-wal", "-shm"] {
        let beside = PathBuf::from(format!("{}{suffix}", file.display()));
        assert!(!beside.exists(), "{}", beside.display());
    }
}

#[test]
fn after_sigterm_the_file_alone_has_every_answered_request() {
    let server = Server::start(Backend::Sqlite);
    let org = server.org();
    let badge = org.badge();
    let requests: Vec<String> = (0..20).map(|number| enrol(&org, &badge, number)).collect();
    let (file, setup) = (path(&server), server.setup().clone());
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    assert_nothing_is_beside(&file);
    // Nor is there after a command.
    let cli = setup.cli();
    cli.run(&["org", "create", "--id", "77", "--name", "x"])
        .ok();
    assert_nothing_is_beside(&file);

    let directory = TempDir::new().unwrap();
    let copy = directory.path().join("a copy.db");
    fs::copy(&file, &copy).unwrap();
    let url = format!("sqlite://{}", copy.display()).replace(' ', "%20");
    let server = setup.through(&url).start();
    let org = server.take_over(&org);
    for request in requests {
        org.outcome(&request).ok();
    }
    assert_eq!(org.issued_count(&badge), 20 * BATCH);
    let orgs = server.cli().run(&["org", "list"]).ok();
    assert!(orgs.lines().any(|line| line.starts_with("77 ")), "{orgs}");
}

#[test]
fn a_backup_beside_a_load_ends_and_has_whole_requests_and_all_that_were_answered_before() {
    let server = Server::start(Backend::Sqlite);
    let org = server.org();
    let badge = org.badge();
    let directory = TempDir::new().unwrap();
    let copy = directory.path().join("copy.db");
    let (answered, done) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let before = std::thread::scope(|scope| {
        for writer in 0..4 {
            let (org, badge, answered, done) = (&org, &badge, &answered, &done);
            scope.spawn(move || {
                for round in 0.. {
                    if done.load(Ordering::SeqCst) {
                        return;
                    }
                    let request = enrol(org, badge, round * 4 + writer);
                    answered.lock().unwrap().push(request);
                }
            });
        }
        until("requests are answered", Duration::from_mins(1), || {
            answered.lock().unwrap().len() >= 20
        });
        let before = answered.lock().unwrap().clone();
        let said = server.cli().run(&["backup", copy.to_str().unwrap()]);
        done.store(true, Ordering::SeqCst);
        assert!(said.ok().contains(" rows in "));
        before
    });

    let url = format!("sqlite://{}", copy.display());
    let restored = server.setup().clone().through(&url).start();
    let org = restored.take_over(&org);
    for request in before {
        org.outcome(&request).ok();
    }
    let requests = answered.into_inner().unwrap();
    let copied = requests.iter().filter(|it| org.outcome(it).status == 200);
    let copied = i64::try_from(copied.count()).unwrap();
    assert_eq!(org.issued_count(&badge), copied * BATCH);
}

#[test]
fn a_backup_for_which_the_disk_is_too_small_leaves_nothing() {
    let server = accolade_tests::shared(Backend::Sqlite);
    let directory = TempDir::new().unwrap();
    let copy = directory.path().join("copy.db");
    let cli = server.cli().on_a_small_disk();
    let line = cli.run(&["backup", copy.to_str().unwrap()]).refused();
    assert!(line.contains("the database cannot be copied"), "{line}");
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_backup_that_is_restored_answers_as_the_database_did() {
    let server = Server::start(Backend::Sqlite);
    let org = server.org();
    let badge = org.badge();
    let requests: Vec<String> = (0..3).map(|number| enrol(&org, &badge, number)).collect();
    let directory = TempDir::new().unwrap();
    let copy = directory.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    server.cli().run(&["backup", copy]).ok();

    let line = server.cli().run(&["restore", copy]).refused();
    assert!(line.contains("another server runs on the file"), "{line}");
    let setup = server.kill();
    let line = setup.cli().run(&["restore", copy]).refused();
    assert!(line.contains("it is not empty"), "{line}");

    let url = format!("sqlite://{}", directory.path().join("var/new.db").display());
    let restored = setup.through(&url);
    let said = restored.cli().run(&["restore", copy]).ok();
    assert!(
        said.contains(" rows in ") && said.trim().ends_with("checked"),
        "{said}"
    );
    let server = restored.start();
    let org = server.take_over(&org);
    for request in requests {
        org.outcome(&request).ok();
    }
    assert_eq!(org.issued_count(&badge), 3 * BATCH);
}

#[test]
fn a_restore_for_which_the_disk_is_too_small_leaves_nothing() {
    let server = accolade_tests::shared(Backend::Sqlite);
    let directory = TempDir::new().unwrap();
    let copy = directory.path().join("copy.db");
    server.cli().run(&["backup", copy.to_str().unwrap()]).ok();
    let target = TempDir::new().unwrap();
    let url = format!("sqlite://{}", target.path().join("new.db").display());
    let cli = server.setup().clone().through(&url).cli().on_a_small_disk();
    let line = cli.run(&["restore", copy.to_str().unwrap()]).refused();
    assert!(line.contains("cannot be written"), "{line}");
    let left = fs::read_dir(target.path()).unwrap();
    let left: Vec<_> = left.map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, ["new.db.lock"]);
}

fn a_database_is_verified_beside_its_server(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let badge = org.badge();
    enrol(&org, &badge, 0);
    let said = server.cli().run(&["verify"]).ok();
    assert!(said.contains("all agrees"), "{said}");
    server
        .database()
        .execute("UPDATE badge_counts SET issued = issued + 1");
    let outcome = server.cli().run(&["verify"]);
    let expected = format!(
        "counts of enrolments: badge {badge} of org {}: 41 are counted, 40 are there",
        org.id()
    );
    assert_eq!(outcome.stdout.lines().next(), Some(expected.as_str()));
    let line = outcome.refused();
    assert_eq!(
        line,
        "error: the database disagrees with itself in one place"
    );
}

fn what_cannot_be_backed_up_is_said_in_one_line(backend: Backend) {
    let server = accolade_tests::shared(backend);
    let directory = TempDir::new().unwrap();
    let copy = directory.path().join("copy.db");
    if backend == Backend::Sqlite {
        fs::write(&copy, "precious").unwrap();
    }
    let line = server
        .cli()
        .run(&["backup", copy.to_str().unwrap()])
        .refused();
    match backend {
        Backend::Sqlite => {
            assert!(line.contains("copy.db is there already"), "{line}");
            assert_eq!(fs::read_to_string(&copy).unwrap(), "precious");
        }
        Backend::Postgres => {
            assert!(line.contains("pg_dump"), "{line}");
            assert!(!copy.exists());
        }
    }
}

on_both_databases! {
    a_database_is_verified_beside_its_server
    what_cannot_be_backed_up_is_said_in_one_line
}
