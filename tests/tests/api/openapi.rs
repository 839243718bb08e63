//! Every operation of the OpenAPI document is guarded.

use std::collections::BTreeSet;

use accolade_tests::{
    Client, Org, PREFIX, Reply, Server, badge, enrolment, on_both_databases, with,
};
use serde_json::{Value, json};
use url::Url;

/// What another org's client gets when it asks for what is not its own.
enum Foreign {
    /// 404.
    NotFound,
    /// A success that shows nothing of it.
    OwnView,
}

/// One operation as it is called here.
struct Operation {
    method: &'static str,
    /// Below the prefix, with `{}` for every parameter.
    path: &'static str,
    group: &'static str,
    body: Option<Value>,
    foreign: Foreign,
}

fn operations(badge_id: &str) -> Vec<Operation> {
    let owner = || Some(json!({"ownerType": "Loyalty", "referenceId": "123694"}));
    let operation = |method, path, group, body, foreign| Operation {
        method,
        path,
        group,
        body,
        foreign,
    };
    let future = json!({"startOn": "2080-01-01T00:00:00Z", "expiresOn": "2090-01-01T00:00:00Z"});
    vec![
        operation(
            "post",
            "badgeMeta/customer/issueBulk",
            "badges:issue",
            Some(enrolment(badge_id)),
            Foreign::NotFound,
        ),
        operation("get", "requests/{}", "badges:read", None, Foreign::NotFound),
        operation(
            "post",
            "badgeMeta",
            "badges:write",
            Some(with(&badge(), &future)),
            Foreign::OwnView,
        ),
        operation("get", "badgeMeta", "badges:read", None, Foreign::OwnView),
        operation(
            "get",
            "badgeMeta/{}",
            "badges:read",
            None,
            Foreign::NotFound,
        ),
        operation(
            "post",
            "badgeMeta/{}/claim",
            "badges:write",
            owner(),
            Foreign::NotFound,
        ),
        operation(
            "post",
            "badgeMeta/{}/unclaim",
            "badges:write",
            owner(),
            Foreign::NotFound,
        ),
        operation(
            "put",
            "badgeMeta/{}/activate",
            "badges:write",
            None,
            Foreign::NotFound,
        ),
        operation(
            "put",
            "badgeMeta/{}/deactivate",
            "badges:write",
            None,
            Foreign::NotFound,
        ),
    ]
}

/// The document's operations below the prefix, parameters without their names.
fn documented(server: &Server) -> BTreeSet<String> {
    let document = server.stranger().get("/openapi.json").ok().json();
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix(&format!("{PREFIX}/")) else {
            continue;
        };
        let path = path
            .split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        for method in item.as_object().unwrap().keys() {
            if ["get", "post", "put", "delete", "patch"].contains(&method.as_str()) {
                found.insert(format!("{method} {path}"));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

fn call(client: &Client, operation: &Operation, parameter: &str) -> Reply {
    let path = operation.path.replace("{}", parameter);
    let request = client.request(&operation.method.to_uppercase(), &path);
    match &operation.body {
        Some(body) => request.json(body).send(),
        None => request.send(),
    }
}

fn parameter_of<'a>(operation: &Operation, badge: &'a str) -> &'a str {
    if operation.path.starts_with("requests") {
        "walked"
    } else {
        badge
    }
}

fn prepared(server: &Server) -> (Org, String) {
    let org = server.org();
    let badge = org.badge();
    let body = with(
        &enrolment(&badge),
        &json!({"requestId": "walked", "customers": [9]}),
    );
    org.enrol(&body).ok();
    (org, badge)
}

fn the_operations_that_are_walked_are_all_there_are(server: &Server) {
    let walked: BTreeSet<String> = operations("")
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    let documented = documented(server);
    let uncovered: Vec<_> = documented.difference(&walked).collect();
    assert!(
        uncovered.is_empty(),
        "documented and not walked: {uncovered:?}"
    );
    let undocumented: Vec<_> = walked.difference(&documented).collect();
    assert!(
        undocumented.is_empty(),
        "walked and not documented: {undocumented:?}"
    );
}

fn every_operation_refuses_who_has_no_credentials_or_wrong_ones(server: &Server) {
    let (org, badge) = prepared(server);
    let wrong = server.client(&org.credentials().unwrap().wrong());
    for operation in operations(&badge) {
        let parameter = parameter_of(&operation, &badge);
        for client in [&server.stranger(), &wrong] {
            let reply = call(client, &operation, parameter);
            assert_eq!((reply.status, reply.codes()), (401, vec![1930]), "{reply}");
            assert!(reply.header("www-authenticate").is_some(), "{reply}");
        }
    }
}

fn every_operation_refuses_who_lacks_its_access_group(server: &Server) {
    let (org, badge) = prepared(server);
    let groups = ["badges:read", "badges:write", "badges:issue"];
    for missing in groups {
        let others: Vec<_> = groups
            .into_iter()
            .filter(|group| *group != missing)
            .collect();
        let client = server.client_with(&org, &others.join(","));
        for operation in operations(&badge)
            .iter()
            .filter(|operation| operation.group == missing)
        {
            let reply = call(&client, operation, parameter_of(operation, &badge));
            assert_eq!((reply.status, reply.codes()), (403, vec![1931]), "{reply}");
        }
    }
}

fn every_operation_hides_what_belongs_to_another_org(server: &Server) {
    let (org, badge) = prepared(server);
    let other = server.org();
    let before = org.get(&format!("badgeMeta/{badge}")).ok();
    for operation in operations(&badge) {
        let reply = call(&other, &operation, parameter_of(&operation, &badge));
        match operation.foreign {
            Foreign::NotFound => {
                assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
            }
            Foreign::OwnView => assert!(!reply.ok().text().contains(&badge)),
        }
    }
    assert_eq!(
        org.get(&format!("badgeMeta/{badge}")).ok().text(),
        before.text()
    );
}

fn every_operation_lets_the_right_client_through(server: &Server) {
    let (org, badge) = prepared(server);
    for operation in operations(&badge) {
        call(&org, &operation, parameter_of(&operation, &badge)).ok();
    }
}

fn the_document_names_every_code_and_can_be_browsed(server: &Server) {
    let reply = server.stranger().get("/openapi.json").ok();
    assert!(reply.json()["openapi"].as_str().unwrap().starts_with("3.1"));
    for code in accolade_domain::rejection::Code::ALL {
        assert!(
            reply.text().contains(&code.number().to_string()),
            "{code} is not documented"
        );
    }
    let page = server.stranger().get("/docs");
    let page = match page.header("location") {
        Some(location) => {
            let here = Url::parse(server.address()).unwrap().join("/docs").unwrap();
            server.stranger().get(here.join(location).unwrap().path())
        }
        None => page,
    };
    let text = page.ok().text().to_lowercase();
    assert!(text.contains("<html"));
    assert!(
        !text.contains("src=\"http") && !text.contains("href=\"http"),
        "{text}"
    );
}

on_both_databases! {
    the_operations_that_are_walked_are_all_there_are
    every_operation_refuses_who_has_no_credentials_or_wrong_ones
    every_operation_refuses_who_lacks_its_access_group
    every_operation_hides_what_belongs_to_another_org
    every_operation_lets_the_right_client_through
    the_document_names_every_code_and_can_be_browsed
}
