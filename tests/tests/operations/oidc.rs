//! Operators who are signed in by a provider: whom it vouches for, what is not believed, and that it is away.

use accolade_tests::{Backend, Org, Provider, Reply, Server, Setup, Signed, on_both_databases};
use serde_json::{Value, json};

const SUBJECT: &str = "248289761001";

/// What the cookies that `reply` sets are sent back as.
fn cookies(reply: &Reply) -> String {
    let set = reply.headers.get_all("set-cookie").iter();
    let pairs = set.map(|it| it.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

fn get(server: &Server, path: &str, cookies: &str) -> Reply {
    let stranger = server.stranger();
    let request = stranger.request("GET", path).header("Cookie", cookies);
    request.may_fail().send()
}

/// A browser that the provider has sent back: to which path, and with which cookies.
struct Back {
    path: String,
    cookies: String,
}

fn begin(server: &Server, provider: &Provider) -> Back {
    let reply = get(server, "/console/sign-in/oidc?to=/console/badges", "");
    assert_eq!(reply.status, 303, "{reply}");
    let query = provider.sign_in(reply.header("location").unwrap());
    Back {
        path: format!("/console/sign-in/oidc/callback?{query}"),
        cookies: cookies(&reply),
    }
}

fn come_back(server: &Server, back: &Back) -> Reply {
    get(server, &back.path, &back.cookies)
}

fn sign_in(server: &Server, provider: &Provider) -> Reply {
    come_back(server, &begin(server, provider))
}

#[track_caller]
fn assert_in(server: &Server, reply: &Reply) {
    assert_eq!(reply.status, 303, "{reply}");
    assert_eq!(reply.header("location"), Some("/console/badges"));
    let page = get(server, "/console/account", &cookies(reply));
    assert_eq!(page.status, 200, "{page}");
}

/// Refused, and without a session.
#[track_caller]
fn assert_refused(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status, "{reply}");
    assert!(!cookies(reply).contains("__Host-accolade="), "{reply}");
}

/// An org with an operator `ada`, who is linked to the subject.
fn with_ada(server: &Server) -> Org {
    let org = server.org();
    (server.cli()).create_operator(org.id(), "ada", "Ada", "viewer");
    let said = link(server, "ada").ok();
    assert!(
        said.starts_with("ada is linked to 248289761001 at http://"),
        "{said}"
    );
    org
}

fn link(server: &Server, login: &str) -> accolade_tests::Outcome {
    let arguments = ["operator", "link", "--login", login, "--subject", SUBJECT];
    server.cli().run(&arguments)
}

/// What the audit trail tells of operators, oldest first.
fn told(server: &Server, org: &Org) -> Vec<String> {
    let admin = server.client_with(org, "admin");
    let trail = admin.get("audit?entityType=OPERATOR").ok().data();
    let entries = trail["entries"].as_array().unwrap().iter().rev();
    entries
        .map(|it| it["action"].as_str().unwrap().to_owned())
        .collect()
}

fn another_server_signs_in_whom_the_provider_vouches_for_and_a_code_is_good_once(backend: Backend) {
    let provider = Provider::start();
    let server = Setup::new(backend).with_provider(&provider).start();
    let org = with_ada(&server);
    let back = begin(&server, &provider);
    let server = server.kill().start();
    assert_in(&server, &come_back(&server, &back));
    assert_refused(&come_back(&server, &back), 401);
    assert_eq!(told(&server, &org), ["CREATE", "UPDATE", "SIGN_IN"]);
}

fn who_is_not_linked_or_disabled_is_refused_and_nobody_is_created(backend: Backend) {
    let provider = Provider::start();
    let server = Setup::new(backend).with_provider(&provider).start();
    let reply = sign_in(&server, &provider);
    assert_refused(&reply, 403);
    assert!(reply.text().contains(SUBJECT), "{reply}");
    let list = server.cli().run(&["operator", "list"]).ok();
    assert_eq!(list.lines().count(), 1, "{list}");
    let org = with_ada(&server);
    let cli = server.cli();
    cli.run(&["operator", "unlink", "--login", "ada"]).ok();
    assert_refused(&sign_in(&server, &provider), 403);
    link(&server, "ada").ok();
    (server.cli()).create_operator(org.id(), "eve", "Ada", "viewer");
    assert!(link(&server, "eve").refused().contains("unlink her first"));
    assert!(
        link(&server, "zoe")
            .refused()
            .contains("no active operator")
    );
    cli.run(&["operator", "disable", "--login", "ada"]).ok();
    let reply = sign_in(&server, &provider);
    assert_refused(&reply, 403);
    assert!(reply.text().contains("disabled"), "{reply}");
    assert_eq!(told(&server, &org).last().unwrap(), "SIGN_IN_REFUSED");
    link(&server, "eve").ok();
    assert_in(&server, &sign_in(&server, &provider));
}

#[test]
fn a_token_that_is_not_as_it_must_be_signs_nobody_in() {
    let provider = Provider::start();
    let server = Setup::new(Backend::Sqlite).with_provider(&provider).start();
    let org = with_ada(&server);
    let long_ago = accolade_tests::now() - 1;
    let right = json!({});
    let wrong: [(Value, Signed); 13] = [
        (json!({"nonce": "another one"}), Signed::Rightly),
        (json!({ "nonce": null }), Signed::Rightly),
        (json!({ "exp": long_ago }), Signed::Rightly),
        (json!({"aud": "another client"}), Signed::Rightly),
        (
            json!({"aud": ["accolade", "another client"]}),
            Signed::Rightly,
        ),
        (json!({"azp": "another client"}), Signed::Rightly),
        (json!({"iss": "https://evil.example"}), Signed::Rightly),
        (json!({"sub": ""}), Signed::Rightly),
        (json!({"sub": "é"}), Signed::Rightly),
        (
            json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
            Signed::Rightly,
        ),
        (right.clone(), Signed::ByAnother),
        (right.clone(), Signed::ByNobody),
        (right.clone(), Signed::ByTheSecret),
    ];
    for (claims, signed) in wrong {
        provider.give(claims.clone(), signed);
        let reply = sign_in(&server, &provider);
        assert_eq!(reply.status, 401, "{claims} {signed:?} {reply}");
        assert_refused(&reply, 401);
    }
    provider.give(
        json!({"aud": ["accolade"], "azp": "accolade"}),
        Signed::Rightly,
    );
    assert_in(&server, &sign_in(&server, &provider));
    assert_eq!(told(&server, &org), ["CREATE", "UPDATE", "SIGN_IN"]);
    assert!(!server.logs().text().contains("a secret of two"));
}

#[test]
fn a_key_that_the_provider_has_changed_is_asked_for_and_not_more_than_once_a_minute() {
    let provider = Provider::start();
    let server = Setup::new(Backend::Sqlite).with_provider(&provider).start();
    with_ada(&server);
    assert_in(&server, &sign_in(&server, &provider));
    provider.change_its_key();
    assert_in(&server, &sign_in(&server, &provider));
    provider.change_its_key();
    assert_refused(&sign_in(&server, &provider), 401);
}

#[test]
fn while_the_provider_is_away_passwords_are_good_and_it_is_asked_again() {
    let provider = Provider::start();
    let server = Setup::new(Backend::Sqlite).with_provider(&provider).start();
    with_ada(&server);
    provider.be_away(true);
    let reply = get(&server, "/console/sign-in/oidc?to=/console/badges", "");
    assert_refused(&reply, 503);
    assert!(reply.text().contains("does not answer"), "{reply}");
    let stranger = server.stranger();
    let form = "login=ada&password=correct+horse+battery&to=/console/badges";
    let request = stranger.request("POST", "/console/sign-in");
    let reply = request
        .bytes(form.as_bytes().to_vec())
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Sec-Fetch-Site", "same-origin")
        .send();
    assert_in(&server, &reply);
    provider.be_away(false);
    let back = begin(&server, &provider);
    provider.be_away(true);
    assert_refused(&come_back(&server, &back), 503);
    provider.be_away(false);
    assert_in(&server, &sign_in(&server, &provider));
}

#[test]
fn without_a_provider_nobody_is_linked_and_the_console_does_not_name_one() {
    let setup = Setup::new(Backend::Sqlite).set("console.enabled", "true");
    let server = setup.start();
    let page = get(&server, "/console/sign-in", "");
    assert!(!page.text().contains("/console/sign-in/oidc"), "{page}");
    for path in [
        "/console/sign-in/oidc",
        "/console/sign-in/oidc/callback?code=1",
    ] {
        assert_eq!(get(&server, path, "").status, 404, "{path}");
    }
    let refused = link(&server, "ada").refused();
    assert!(refused.contains("console.oidc.issuer"), "{refused}");
}

on_both_databases! {
    another_server_signs_in_whom_the_provider_vouches_for_and_a_code_is_good_once
    who_is_not_linked_or_disabled_is_refused_and_nobody_is_created
}
