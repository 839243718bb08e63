//! What stops a start: one line, and an exit code that is not 0.

use std::net::TcpListener;
use std::time::Duration;

use accolade_tests::{Backend, Server, Setup, enrolment, on_both_databases, until};

fn a_busy_port_is_said_in_one_line(backend: Backend) {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let line = Setup::new(backend)
        .set("http.port", &port)
        .stops()
        .refused();
    assert!(line.contains("http.port"), "{line}");
}

fn a_server_starts_on_a_database_that_is_empty(backend: Backend) {
    let server = Setup::unmigrated(backend).start();
    let org = server.org();
    org.enrol(&enrolment(&org.badge())).ok().issued();
}

fn a_server_that_may_not_migrate_is_not_ready_until_somebody_has(backend: Backend) {
    let server = Setup::unmigrated(backend)
        .set("database.migrate", "false")
        .start();
    let ready = || {
        server
            .stranger()
            .request("GET", "/health/ready")
            .may_fail()
            .send()
            .status
    };
    assert_eq!(ready(), 503);
    server.cli().run(&["migrate"]).ok();
    until("it is ready", Duration::from_secs(30), || ready() == 200);
    let org = server.org();
    org.enrol(&enrolment(&org.badge())).ok().issued();
}

fn servers_that_start_together_on_an_empty_database_all_start(backend: Backend) {
    let setup = Setup::unmigrated(backend);
    if backend == Backend::Sqlite {
        // One server a file: here it is the tools that come together.
        accolade_tests::at_once(4, |_| setup.cli().run(&["migrate"]).ok());
        return;
    }
    let servers = accolade_tests::at_once(4, |_| setup.clone().start());
    let org = servers[0].org();
    servers[3].take_over(&org).get("badgeMeta").ok();
}

#[test]
fn a_server_opens_as_many_files_as_it_ever_may() {
    let server = Setup::new(Backend::Sqlite).with_few_files().start();
    let [soft, hard] = server.most_files();
    assert!(soft == hard && soft > 256, "{soft} of {hard}");
}

#[test]
fn a_second_server_on_a_file_of_sqlite_is_refused_also_if_the_lock_beside_it_was_removed() {
    let server = Server::start(Backend::Sqlite);
    let path = server.database().url().strip_prefix("sqlite://").unwrap();
    for is_removed in [false, true] {
        if is_removed {
            std::fs::remove_file(format!("{path}.lock")).unwrap();
        }
        let refused = server.setup().stops().refused();
        assert!(
            refused.contains("another server runs on the file"),
            "{refused}"
        );
    }
    server.org().get("badgeMeta").ok();
}

#[test]
fn a_path_that_cannot_be_written_is_said_in_one_line() {
    for url in [
        "sqlite:///dev/null/accolade.db",
        "sqlite:///proc/accolade.db",
    ] {
        let line = Setup::new(Backend::Sqlite).through(url).stops().refused();
        assert!(line.contains("database.url"), "{line}");
    }
}

#[test]
fn a_database_that_does_not_answer_is_said_in_one_line() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("postgres://u:hunter2@{nobody}/x");
    let line = Setup::new(Backend::Sqlite)
        .set("database.connect_timeout", "1s")
        .through(&url)
        .stops()
        .refused();
    assert!(!line.contains("hunter2"), "{line}");
}

#[test]
fn of_several_hosts_a_server_takes_the_one_that_answers() {
    let setup = Setup::new(Backend::Postgres);
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = setup
        .database()
        .url()
        .replacen('@', &format!("@{nobody},"), 1);
    let url = format!("{url}?target_session_attrs=read-write");
    let server = setup.through(&url).start();
    let org = server.org();
    org.enrol(&enrolment(&org.badge())).ok().issued();
}

fn a_command_that_waits_for_another_process_says_so(backend: Backend) {
    let setup = Setup::unmigrated(backend);
    let held = setup
        .database()
        .begin("SELECT pg_advisory_xact_lock(1633904495, 1)");
    let migrate = setup.cli().start(&["migrate"]);
    migrate.stderr().expect("waiting for the ");
    drop(held);
    assert!(migrate.end().ok().contains("ran "));
}

#[test]
fn a_second_server_on_one_sqlite_file_is_refused() {
    let server = Server::start(Backend::Sqlite);
    let line = server.setup().stops().refused();
    assert!(line.contains("another server runs on the file"), "{line}");
    // The first one is not disturbed, and when it is gone another may start.
    let org = server.org();
    org.get("badgeMeta").ok();
    let server = server.kill().start();
    server.take_over(&org).get("badgeMeta").ok();
}

#[test]
fn the_demo_is_refused_where_others_can_reach_it() {
    let line = Setup::new(Backend::Sqlite)
        .set("demo.enabled", "true")
        .set("http.host", "0.0.0.0")
        .stops()
        .refused();
    assert!(line.contains("demo"), "{line}");
}

on_both_databases! {
    a_command_that_waits_for_another_process_says_so
    a_busy_port_is_said_in_one_line
    a_server_starts_on_a_database_that_is_empty
    a_server_that_may_not_migrate_is_not_ready_until_somebody_has
    servers_that_start_together_on_an_empty_database_all_start
}
