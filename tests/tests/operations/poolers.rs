//! The program behind pgbouncer: every command ends, and so does the next one.

use std::sync::Arc;

use accolade_tests::{Backend, Database, Pooler, Pooling, Setup, enrolment, with};
use serde_json::json;

#[test]
fn behind_pgbouncer_in_session_mode_commands_end_and_servers_serve() {
    let database = Arc::new(Database::empty(Backend::Postgres));
    let pooler = Pooler::before(database.url(), Pooling::Session).unwrap();
    let setup = Setup::on(database).through(pooler.url());
    let cli = setup.cli();
    assert!(cli.run(&["migrate"]).ok().contains("ran "));
    for _ in 0..3 {
        cli.run(&["migrate"]).ok();
        cli.run(&["client", "list"]).ok();
    }
    let servers = accolade_tests::at_once(2, |_| setup.clone().start());
    let org = servers[0].org();
    let badge = org.badge();
    for (customer, server) in servers.iter().enumerate() {
        let body = with(&enrolment(&badge), &json!({"customers": [customer + 1]}));
        server.take_over(&org).enrol(&body).ok().issued();
    }
    cli.run(&["client", "list"]).ok();
    assert_eq!(org.issued_count(&badge), 2);
}

#[test]
fn behind_a_pooler_that_loses_prepared_statements_every_command_says_so_at_once() {
    let database = Arc::new(Database::create(Backend::Postgres));
    let pooler = Pooler::before(database.url(), Pooling::Transaction).unwrap();
    let setup = Setup::on(database).through(pooler.url());
    let cli = setup.cli();
    for refused in [
        setup.stops(),
        cli.run(&["migrate"]),
        cli.run(&["client", "list"]),
    ] {
        let line = refused.refused();
        assert!(
            line.contains("database.url") && line.contains("pool_mode = session"),
            "{line}"
        );
    }
}
