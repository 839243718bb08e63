//! Who may call, and as whom.

use std::time::Duration;

use accolade_tests::{
    Client, Org, Reply, Server, assert_answer, enrolment, on_both_databases, until, with,
};
use serde_json::{Value, json};

fn form(client: &Client, body: &str) -> accolade_tests::Request<'static> {
    // The client of a token endpoint carries no credentials by itself.
    let client: &'static Client = Box::leak(Box::new(client.clone()));
    client
        .request("POST", "/oauth2/token")
        .unauthorised()
        .bytes(body.as_bytes().to_vec())
        .header("Content-Type", "application/x-www-form-urlencoded")
}

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
    for value in [
        "Basic",
        "Basic !!!",
        "Basic Zm9v",
        "Digest x",
        "Bearer",
        "Bearer x.y.z",
        "x",
    ] {
        refused(with_header(server, "Authorization", value));
    }
    refused(with_header(server, "X-CAP-API-OAUTH-TOKEN", "x"));
    // The scheme's name is not case-sensitive.
    with_header(
        server,
        "Authorization",
        &credentials.basic().replace("Basic", "bASIC"),
    )
    .ok();
}

fn a_token_is_taken_in_either_header(server: &Server) {
    let org = server.org();
    let token = token(server, &org);
    with_header(server, "X-CAP-API-OAUTH-TOKEN", &token).ok();
    with_header(server, "Authorization", &format!("Bearer {token}")).ok();
    let mut forged = token.clone();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    // The last letter of base64 may hold bits that do not count; change one in the middle too.
    let middle = forged.len() - 10;
    let letter = if &forged[middle..=middle] == "A" {
        "B"
    } else {
        "A"
    };
    forged.replace_range(middle..=middle, letter);
    assert_eq!(
        with_header(server, "X-CAP-API-OAUTH-TOKEN", &forged).codes(),
        [1930]
    );
    let mut parts = token.split('.');
    let unsigned = format!(
        "{}.{}.",
        parts.next().unwrap(),
        parts.next().unwrap_or_default()
    );
    assert_eq!(
        with_header(server, "X-CAP-API-OAUTH-TOKEN", &unsigned).codes(),
        [1930]
    );
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

fn a_token_is_not_given_for_wrong_credentials(server: &Server) {
    let org = server.org();
    let key = &org.credentials().unwrap().key;
    let ask = |body: &Value| server.stranger().post("/v3/oauth/token/generate", body);
    for body in [
        json!({"key": key, "secret": "wrong"}),
        json!({"key": "", "secret": ""}),
    ] {
        let reply = ask(&body);
        assert_eq!(reply.status, 401, "{reply}");
        assert_eq!(reply.json()["errors"][0]["code"], 1930, "{reply}");
        assert_eq!(reply.json()["data"], Value::Null, "{reply}");
    }
    for body in [
        json!({"key": key}),
        json!([]),
        json!({"key": 1, "secret": []}),
    ] {
        let reply = ask(&body);
        assert_eq!(reply.status, 400, "{reply}");
    }
}

fn the_standard_grant_gives_a_token_to_a_form_and_to_basic(server: &Server) {
    let org = server.org();
    let credentials = org.credentials().unwrap();
    let stranger = server.stranger();
    let by_form = form(
        &stranger,
        &format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            credentials.key, credentials.secret
        ),
    )
    .send()
    .ok();
    let by_basic = form(&stranger, "grant_type=client_credentials")
        .header("Authorization", &credentials.basic())
        .send()
        .ok();
    for reply in [by_form, by_basic] {
        let json = reply.json();
        assert_eq!(json["expires_in"], 300);
        assert!(
            json["token_type"]
                .as_str()
                .unwrap()
                .eq_ignore_ascii_case("bearer")
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let token = json["access_token"].as_str().unwrap();
        with_header(server, "Authorization", &format!("Bearer {token}")).ok();
    }
}

fn the_standard_grant_has_its_own_errors(server: &Server) {
    let org = server.org();
    let key = &org.credentials().unwrap().key;
    let stranger = server.stranger();
    let error = |reply: Reply| {
        (
            reply.status,
            reply.json()["error"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let ask = |body: &str| error(form(&stranger, body).send());
    let wrong = format!("grant_type=client_credentials&client_id={key}&client_secret=x");
    assert_eq!(ask(&wrong), (401, "invalid_client".to_owned()));
    assert_eq!(
        ask("grant_type=client_credentials"),
        (401, "invalid_client".to_owned())
    );
    let password = format!("grant_type=password&client_id={key}&client_secret=x");
    assert_eq!(ask(&password), (400, "unsupported_grant_type".to_owned()));
    assert_eq!(
        ask(&format!("client_id={key}")),
        (400, "invalid_request".to_owned())
    );
    let basic = form(&stranger, "grant_type=client_credentials")
        .header("Authorization", &org.credentials().unwrap().wrong().basic())
        .send();
    assert!(basic.header("www-authenticate").is_some(), "{basic}");
    assert_eq!(error(basic), (401, "invalid_client".to_owned()));
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

fn an_access_group_permits_what_it_says_and_admin_everything(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let may = |groups: &str| {
        let client = server.client_with(&org, groups);
        let get = client.get("badgeMeta");
        let create = client.creating(&accolade_tests::badge()).send();
        let enrol = client.enrol(&enrolment(&badge));
        [get, create, enrol].map(|reply| match reply.status {
            200 => true,
            403 => {
                assert_eq!(reply.codes(), [1931]);
                false
            }
            _ => panic!("{reply}"),
        })
    };
    assert_eq!(may("badges:read"), [true, false, false]);
    assert_eq!(may("badges:write"), [false, true, false]);
    assert_eq!(may("badges:issue"), [false, false, true]);
    assert_eq!(may("badges:read,badges:issue"), [true, false, true]);
    assert_eq!(may("admin"), [true, true, true]);
}

fn who_created_a_badge_is_recorded(server: &Server) {
    let org = server.org();
    let other = server.client_with(&org, "badges:write");
    let by = |client: &Client| {
        let data = client.creating(&accolade_tests::badge()).send().ok().data();
        (
            data["createdBy"].as_i64().unwrap(),
            data["lastUpdatedBy"].as_i64().unwrap(),
        )
    };
    let (first, second) = (by(&org), by(&other));
    assert_eq!(first.0, first.1);
    assert_eq!(second.0, second.1);
    assert!(first.0 > 0 && second.0 > 0 && first.0 != second.0);
}

fn orgs_never_see_each_other(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let badge = org.badge();
    org.enrol(&with(&enrolment(&badge), &json!({"requestId": "theirs"})))
        .ok();
    assert_eq!(other.get("badgeMeta").ok().data()["pagination"]["total"], 0);
    let reply = other.enrol(&enrolment(&badge));
    assert_eq!((reply.status, reply.codes()), (404, vec![404]));
    assert_eq!(other.outcome("theirs").status, 404);
    assert_eq!(org.issued_count(&badge), 1);
}

fn both_secrets_hold_during_a_rotation_and_the_new_one_after_it(server: &Server) {
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
    let patience = Duration::from_secs(5);
    until("the new secret works", patience, || {
        server.client(&new).get("badgeMeta").status == 200
    });
    org.get("badgeMeta").ok();
    server
        .cli()
        .run(&["client", "rotate", "--key", &old.key, "--finish"])
        .ok();
    until("the old secret ends", patience, || {
        org.get("badgeMeta").status == 401
    });
    server.client(&new).get("badgeMeta").ok();
}

fn a_revoked_client_is_refused_everywhere_within_five_seconds(server: &Server) {
    let org = server.org();
    let token = token(server, &org);
    with_header(server, "X-CAP-API-OAUTH-TOKEN", &token).ok();
    server
        .cli()
        .run(&["client", "revoke", "--key", &org.credentials().unwrap().key])
        .ok();
    let patience = Duration::from_secs(5);
    until("its secret is refused", patience, || {
        org.get("badgeMeta").status == 401
    });
    until("its token is refused", patience, || {
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

fn refusals_of_access_answer_byte_for_byte(server: &Server) {
    let org = server.org();
    assert_answer!("missing_credentials", server.stranger().get("badgeMeta"));
    assert_answer!(
        "wrong_secret",
        server
            .client(&org.credentials().unwrap().wrong())
            .get("badgeMeta")
    );
    assert_answer!(
        "missing_group",
        server.client_with(&org, "badges:issue").get("badgeMeta")
    );
    let other = org
        .request("GET", "badgeMeta")
        .header("X-CAP-API-AUTH-ORG-ID", "1")
        .send();
    assert_answer!("other_org_named", other);
}

on_both_databases! {
    basic_credentials_are_taken_and_wrong_ones_are_not
    a_token_is_taken_in_either_header
    a_token_is_not_given_for_wrong_credentials
    the_standard_grant_gives_a_token_to_a_form_and_to_basic
    the_standard_grant_has_its_own_errors
    the_org_header_must_name_the_clients_org
    an_access_group_permits_what_it_says_and_admin_everything
    who_created_a_badge_is_recorded
    orgs_never_see_each_other
    both_secrets_hold_during_a_rotation_and_the_new_one_after_it
    a_revoked_client_is_refused_everywhere_within_five_seconds
    a_new_client_works_at_once_even_if_its_key_was_asked_for_before
    refusals_of_access_answer_byte_for_byte
}
