//! Ready means ready: while nothing can be written the balancer is told so, and when it can be again the
//! first request is executed.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use accolade_tests::{Backend, Org, Server, Setup, enrolment, on_both_databases, until, with};
use serde_json::json;

/// A server, an org with a badge in its database.
fn given(setup: Setup) -> (Server, Org, String) {
    let server = setup.start();
    let org = server.org();
    let badge = org.badge();
    (server, org, badge)
}

fn readiness(server: &Server) -> (u16, String) {
    let client = server.stranger();
    let reply = client.request("GET", "/health/ready").may_fail().send();
    (reply.status, reply.text().to_owned())
}

/// That writes get 503 and readiness says so, with this in its reason.
fn assert_not_ready(server: &Server, org: &Org, badge: &str, reason: &str) {
    let reply = org.enrolling(&enrolment(badge)).may_fail().send();
    assert_eq!((reply.status, reply.codes()), (503, vec![1951]), "{reply}");
    assert!(reply.header("retry-after").is_some());
    until("it is not ready", Duration::from_secs(10), || {
        let (status, text) = readiness(server);
        status == 503 && text.contains(reason)
    });
    assert_eq!(server.stranger().get("/health/live").status, 200);
}

/// That it becomes ready, and from then on no write fails.
fn assert_ready_again(server: &Server, org: &Org, badge: &str) {
    until("it is ready", Duration::from_secs(30), || {
        readiness(server).0 == 200
    });
    for customer in 1..=40 {
        let body = with(&enrolment(badge), &json!({"customers": [customer]}));
        org.enrol(&body).ok().issued();
    }
    assert_eq!(org.issued_count(badge), 40);
}

#[test]
fn while_postgresql_is_read_only_a_server_is_not_ready_and_its_connections_do_not_stay_so() {
    let (first, org, badge) = given(Setup::new(Backend::Postgres));
    let database = first.database();
    let set = |value: &str| {
        database.execute(&format!(
            "BEGIN READ WRITE; \
             DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {value}', \
             current_database()); END $$; \
             COMMIT"
        ));
    };
    set("on");
    // The connection of this one is opened now.
    let setup = first.setup().clone().set("database.pool_size", "1");
    let server = setup.start();
    let org = server.take_over(&org);
    assert_not_ready(&server, &org, &badge, "read-only");
    set("off");
    assert_ready_again(&server, &org, &badge);
}

#[test]
fn while_sqlites_file_is_not_where_it_was_a_server_is_not_ready_and_makes_no_other() {
    let (server, org, badge) = given(Setup::new(Backend::Sqlite));
    let path = server.database().url().strip_prefix("sqlite://").unwrap();
    let aside = format!("{path}.aside");
    std::fs::rename(path, &aside).unwrap();
    assert_not_ready(&server, &org, &badge, "file is gone");
    assert!(!std::fs::exists(path).unwrap());
    std::fs::copy(&aside, path).unwrap();
    assert_not_ready(&server, &org, &badge, "not the one that was opened");
    std::fs::rename(&aside, path).unwrap();
    assert_ready_again(&server, &org, &badge);
}

#[test]
fn while_sqlites_disk_takes_nothing_a_server_is_not_ready_and_then_it_is() {
    let (server, org, badge) = given(Setup::new(Backend::Sqlite));
    server.limit_files(true);
    assert_not_ready(&server, &org, &badge, "not available");
    server.limit_files(false);
    assert_ready_again(&server, &org, &badge);
}

/// Lets the server write the file, those beside it and their directory, or only read them.
fn let_write(server: &Setup, may_write: bool) {
    let file = Path::new(server.database().url().strip_prefix("sqlite://").unwrap());
    let directory = file.parent().unwrap();
    let (of_files, of_directory) = if may_write {
        (0o600, 0o700)
    } else {
        (0o400, 0o500)
    };
    // What is done last leaves nothing to be done in the directory.
    std::fs::set_permissions(directory, Permissions::from_mode(0o700)).unwrap();
    for file in std::fs::read_dir(directory).unwrap() {
        let mode = Permissions::from_mode(of_files);
        std::fs::set_permissions(file.unwrap().path(), mode).unwrap();
    }
    std::fs::set_permissions(directory, Permissions::from_mode(of_directory)).unwrap();
}

#[test]
fn a_server_whose_file_may_not_be_written_any_more_goes_on_with_what_it_has_open() {
    let (server, org, badge) = given(Setup::new(Backend::Sqlite).bound_by_modes());
    let_write(server.setup(), false);
    // Connections that are replaced have the same descriptors.
    server.limit_files(true);
    assert_not_ready(&server, &org, &badge, "not available");
    server.limit_files(false);
    assert_ready_again(&server, &org, &badge);
    let_write(server.setup(), true);
    let next = server.kill().start();
    assert_eq!(next.take_over(&org).issued_count(&badge), 40);
}

#[test]
fn a_server_does_not_start_on_a_file_that_may_not_be_written_and_says_what_to_do() {
    let (server, ..) = given(Setup::new(Backend::Sqlite).bound_by_modes());
    let setup = server.kill();
    let file = setup
        .database()
        .url()
        .strip_prefix("sqlite://")
        .unwrap()
        .to_owned();
    let_write(&setup, false);
    let line = setup.stops().refused();
    let about_lock = "let the user that the server runs as write it and the directory";
    assert!(line.contains(about_lock), "{line}");
    let_write(&setup, true);
    std::fs::set_permissions(&file, Permissions::from_mode(0o400)).unwrap();
    let line = setup.stops().refused();
    let about_file = "let the user that the server runs as write the file and its directory";
    assert!(line.contains(about_file), "{line}");
    let_write(&setup, true);
    setup.start();
}

fn a_lock_that_others_hold_is_no_reason_to_be_unready_once_it_is_free(backend: Backend) {
    let setup = Setup::new(backend).set("database.lock_timeout", "100ms");
    let (server, org, badge) = given(setup);
    let held = server.database().hold("enrolments");
    let reply = org.enrolling(&enrolment(&badge)).may_fail().send();
    assert_eq!((reply.status, reply.codes()), (503, vec![1951]), "{reply}");
    drop(held);
    assert_ready_again(&server, &org, &badge);
}

on_both_databases! {
    a_lock_that_others_hold_is_no_reason_to_be_unready_once_it_is_free
}
