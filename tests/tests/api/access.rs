//! Who may call, and as whom.

use std::time::Duration;

use accolade_tests::{Backend, Org, Reply, Server, enrolment, on_both_databases, shared, until};
use serde_json::{Value, json};

/// What is remembered of a client is forgotten after less than five seconds, which a test of
/// `crates/http` holds; a busy machine may need longer to show it.
const PATIENCE: Duration = Duration::from_secs(30);

fn token(server: &Server, org: &Org) -> String {
    let credentials = org.credentials().unwrap();
    let body = json!({"key": credentials.key, "secret": credentials.secret});
    let reply = server
        .stranger()
        .post("/v3/oauth/token/generate", &body)
        .ok();
    let json = reply.json();
    assert_eq!(json["errors"], Value::Null, "{reply}");
    assert_eq!(json["data"]["ttlSeconds"], 300, "{reply}");
    json["data"]["accessToken"].as_str().unwrap().to_owned()
}

fn with_header(server: &Server, name: &str, value: &str) -> Reply {
    server
        .stranger()
        .request("GET", "badgeMeta")
        .header(name, value)
        .send()
}

fn basic_credentials_are_taken_and_wrong_ones_are_not(server: &Server) {
    let org = server.org();
    org.get("badgeMeta").ok();
    let refused = |reply: Reply| {
        assert_eq!((reply.status, reply.codes()), (401, vec![1930]), "{reply}");
        assert!(reply.header("www-authenticate").is_some(), "{reply}");
    };
    let credentials = org.credentials().unwrap();
    refused(server.stranger().get("badgeMeta"));
    refused(server.client(&credentials.wrong()).get("badgeMeta"));
    let unknown = accolade_tests::Credentials {
        key: "nobody".to_owned(),
        secret: credentials.secret.clone(),
    };
    refused(server.client(&unknown).get("badgeMeta"));
}

fn a_token_is_taken_in_either_header(server: &Server) {
    let org = server.org();
    let token = token(server, &org);
    with_header(server, "X-CAP-API-OAUTH-TOKEN", &token).ok();
    with_header(server, "Authorization", &format!("Bearer {token}")).ok();
    // It acts for its client.
    let badge = org.badge();
    let reply = server
        .stranger()
        .request("POST", "badgeMeta/customer/issueBulk")
        .header("X-CAP-API-OAUTH-TOKEN", &token)
        .json(&enrolment(&badge))
        .send()
        .ok();
    reply.issued();
}

fn the_org_header_must_name_the_clients_org(server: &Server) {
    let org = server.org();
    let asked = |value: &str| {
        org.request("GET", "badgeMeta")
            .header("X-CAP-API-AUTH-ORG-ID", value)
            .send()
    };
    asked(&org.id().to_string()).ok();
    for value in ["1", "x", "-1", &(org.id() + 1).to_string()] {
        let reply = asked(value);
        assert_eq!((reply.status, reply.codes()), (403, vec![1931]), "{reply}");
    }
}

/// What is remembered of a client is nothing to its database: one will do for each of these.
#[test]
fn both_secrets_hold_during_a_rotation_and_the_new_one_after_it() {
    let server = shared(Backend::Sqlite);
    let org = server.org();
    let old = org.credentials().unwrap();
    let printed = server
        .cli()
        .run(&["client", "rotate", "--key", &old.key])
        .ok();
    let secret = printed
        .split_whitespace()
        .rfind(|word| {
            word.len() >= 32 && !printed.contains(&format!("key {word}")) && *word != old.key
        })
        .unwrap()
        .to_owned();
    let new = accolade_tests::Credentials {
        key: old.key.clone(),
        secret,
    };
    until("the new secret works", PATIENCE, || {
        server.client(&new).get("badgeMeta").status == 200
    });
    org.get("badgeMeta").ok();
    server
        .cli()
        .run(&["client", "rotate", "--key", &old.key, "--finish"])
        .ok();
    until("the old secret ends", PATIENCE, || {
        org.get("badgeMeta").status == 401
    });
    server.client(&new).get("badgeMeta").ok();
}

#[test]
fn a_revoked_client_is_soon_refused_with_its_secret_and_with_its_token() {
    let server = shared(Backend::Postgres);
    let org = server.org();
    let token = token(server, &org);
    with_header(server, "X-CAP-API-OAUTH-TOKEN", &token).ok();
    server
        .cli()
        .run(&["client", "revoke", "--key", &org.credentials().unwrap().key])
        .ok();
    until("its secret is refused", PATIENCE, || {
        org.get("badgeMeta").status == 401
    });
    until("its token is refused", PATIENCE, || {
        with_header(server, "X-CAP-API-OAUTH-TOKEN", &token).status == 401
    });
}

fn a_new_client_works_at_once_even_if_its_key_was_asked_for_before(server: &Server) {
    let org = server.org();
    for _ in 0..5 {
        server
            .client_with(&org, "badges:read")
            .get("badgeMeta")
            .ok();
    }
}

on_both_databases! {
    basic_credentials_are_taken_and_wrong_ones_are_not
    a_token_is_taken_in_either_header
    the_org_header_must_name_the_clients_org
    a_new_client_works_at_once_even_if_its_key_was_asked_for_before
}
