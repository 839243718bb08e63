//! Exports.

use accolade_application::access::{AccessGroup, NewCredentials};
use actix_web::http::{Method, Version};
use actix_web::test::{self, TestRequest};
use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{BADGE, DOCUMENT, IDENTIFIER, PREFIX, Reply, TestApp, basic, code_at, json};

const EXPORTS: [&str; 6] = [
    "enrolments",
    "earnedBadges",
    "badges",
    "groups",
    "customFields",
    "customers",
];

/// What their rows are called in the document.
const SCHEMAS: [&str; 6] = [
    "ExportedEnrolment",
    "ExportedEarnedBadge",
    "ExportedBadge",
    "ExportedGroup",
    "ExportedCustomField",
    "ExportedCustomer",
];

/// An application with something of everything, and a client of its org that may export customers.
async fn furnished() -> (TestApp, NewCredentials) {
    let app = TestApp::new();
    let admin = app.client(&[AccessGroup::Admin]);
    app.register().await;
    let body = format!(
        r#"{{"requestId":"r1","badgeMetaId":"{BADGE}","customers":[2,1],
            "triggeredBy":{{"ownerType":"Loyalty","referenceId":"123694"}}}}"#
    );
    app.enrol(&body).await.ok();
    let body = format!(r#"{{"requestId":"e1","badgeMetaId":"{BADGE}","customerId":2}}"#);
    app.post("customer/earn", &body).await.ok();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1],"reason":"a, \"b\""}}"#);
    app.post("badgeMeta/customer/revokeIssue", &body).await.ok();
    let group = r#"{"name":"Metals","rank":2}"#;
    let group = app.post("group", group).await.json()["data"]["id"].to_string();
    let path = format!("group/{}", group.trim_matches('"'));
    app.send(json(Method::DELETE, &path, "")).await.ok();
    let field = r#"{"name":"Size","dataType":"STRING","isMandatory":true,"defaultValue":"M"}"#;
    app.post("customField", field).await.ok();
    (app, admin)
}

async fn export(app: &TestApp, by: &NewCredentials, what: &str) -> Reply {
    let request = TestRequest::get().uri(&format!("{PREFIX}/exports/{what}"));
    app.send_as(by, request).await
}

/// The value that a row has at `name`, of each row.
fn column(reply: &Reply, name: &str) -> Vec<Value> {
    let rows = reply.ok().lines();
    let rows = rows.map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| row[name].clone()).collect()
}

#[actix_web::test]
async fn everything_is_exported_in_both_formats() {
    let (app, admin) = furnished().await;
    for what in EXPORTS {
        let reply = export(&app, &admin, what).await;
        assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("accolade-warnings"), None);
        assert!(reply.header("accolade-as-of").is_some());
        assert_snapshot!(format!("{what}.ndjson"), reply.ok());
        let reply = export(&app, &admin, &format!("{what}?format=csv")).await;
        let kind = Some("text/csv; charset=utf-8; header=present");
        assert_eq!(reply.header("content-type"), kind);
        assert_snapshot!(format!("{what}.csv"), reply.ok());
    }
}

#[actix_web::test]
async fn every_row_is_what_the_document_says() {
    let (app, admin) = furnished().await;
    for (what, schema) in EXPORTS.iter().zip(SCHEMAS) {
        let reply = export(&app, &admin, what).await;
        for line in reply.ok().lines() {
            let row = serde_json::from_str(line).unwrap();
            let schema = format!("#/components/schemas/{schema}");
            DOCUMENT.fits(&schema, &row).unwrap();
        }
    }
}

#[test]
fn the_examples_of_both_formats_are_rows_as_the_document_has_them() {
    let document = serde_json::to_value(accolade_http::openapi::openapi()).unwrap();
    for (what, schema) in EXPORTS.iter().zip(SCHEMAS) {
        let content = format!("{PREFIX}/exports/{what}");
        let content = &document["paths"][&content]["get"]["responses"]["200"]["content"];
        let rows = content["application/x-ndjson"]["example"].as_str().unwrap();
        let mut names = Vec::new();
        for line in rows.lines() {
            let row = serde_json::from_str(line).unwrap();
            let schema = format!("#/components/schemas/{schema}");
            DOCUMENT.fits(&schema, &row).unwrap();
            names = row.as_object().unwrap().keys().cloned().collect();
        }
        let table = content["text/csv"]["example"].as_str().unwrap();
        assert_eq!(table.lines().next().unwrap(), names.join(","), "{what}");
        assert_eq!(table.lines().count(), rows.lines().count() + 1, "{what}");
    }
}

#[actix_web::test]
async fn an_export_goes_on_behind_the_row_whose_cursor_is_sent() {
    let (app, admin) = furnished().await;
    let all = export(&app, &admin, "enrolments").await;
    assert_eq!(column(&all, "customerId"), [1, 2]);
    let cursors = column(&all, "cursor");
    let first = cursors[0].as_str().unwrap();
    let rest = export(&app, &admin, &format!("enrolments?after={first}")).await;
    assert_eq!(rest.body, format!("{}\n", all.body.lines().last().unwrap()));
    let last = cursors[1].as_str().unwrap();
    let none = export(&app, &admin, &format!("enrolments?after={last}")).await;
    assert_eq!(none.ok(), "");

    let elsewhere = export(&app, &admin, &format!("earnedBadges?after={first}")).await;
    assert_eq!(elsewhere.failure(), (400, vec![code_at(400, "after")]));
    assert!(
        elsewhere.body.contains("exports/enrolments: send it there"),
        "{}",
        elsewhere.body
    );
}

#[actix_web::test]
async fn the_feed_goes_on_where_an_export_began() {
    let (app, admin) = furnished().await;
    let before = export(&app, &admin, "enrolments").await;
    let as_of = before.header("accolade-as-of").unwrap();
    let body = format!(
        r#"{{"requestId":"r2","badgeMetaId":"{BADGE}","customers":[3],
        "triggeredBy":{{"ownerType":"Loyalty","referenceId":"123694"}}}}"#
    );
    app.enrol(&body).await.ok();
    let events = app.get(&format!("events?after={as_of}")).await;
    let events = &events.json()["data"]["events"];
    assert_eq!(events.as_array().unwrap().len(), 1);
    assert_eq!(events[0]["data"]["customerId"], 3);
}

#[actix_web::test]
async fn rows_are_chosen_and_a_customer_may_be_named_by_an_identifier() {
    let (app, admin) = furnished().await;
    let all = export(&app, &admin, "enrolments").await;
    let of_2 = export(&app, &admin, "enrolments?customerId=2").await;
    assert_eq!(column(&of_2, "customerId"), [2]);
    let other = "enrolments?badgeMetaId=000000000000000000000001";
    assert_eq!(export(&app, &admin, other).await.ok(), "");
    let from = "enrolments?recordedFrom=2026-05-01T12:00:00Z";
    assert_eq!(export(&app, &admin, from).await.body, all.body);
    let to = "enrolments?recordedTo=2026-05-01T12:00:00Z";
    assert_eq!(export(&app, &admin, to).await.ok(), "");

    let by_email = |text: &str| {
        let uri = format!("{PREFIX}/exports/customers?customerId={text}");
        let request = TestRequest::get().uri(&uri);
        request.insert_header((IDENTIFIER, "email"))
    };
    let anna = app.send_as(&admin, by_email("Anna@example.org")).await;
    assert_eq!(column(&anna, "customerId"), [1]);
    let nobody = app.send_as(&admin, by_email("x@example.org")).await;
    assert_eq!(nobody.failure(), (404, vec![code_at(1026, "customerId")]));
}

#[actix_web::test]
async fn a_customer_who_was_merged_stands_for_whom_she_was_merged_into() {
    let (app, admin) = furnished().await;
    let body = r#"{"fromCustomerId":1,"toCustomerId":2}"#;
    let merge = json(Method::POST, "customers/merge", body);
    app.send_as(&admin, merge).await.ok();
    for what in ["enrolments", "earnedBadges", "customers"] {
        let of_2 = export(&app, &admin, &format!("{what}?customerId=2")).await;
        assert!(!of_2.ok().is_empty());
        let of_1 = export(&app, &admin, &format!("{what}?customerId=1")).await;
        assert_eq!(of_1.body, of_2.body, "{what}");
    }
}

#[actix_web::test]
async fn what_is_odd_is_in_a_header_and_what_cannot_be_is_refused() {
    let (app, admin) = furnished().await;
    let odd = export(&app, &admin, "groups?behind=%C3%A4").await;
    let warnings: Value = serde_json::from_str(odd.header("accolade-warnings").unwrap()).unwrap();
    assert_eq!(warnings[0]["code"], 1990);
    assert_eq!(warnings[0]["reference"], "behind");
    let refused = export(&app, &admin, "customers?recordedFrom=1&format=xml").await;
    let problems = vec![code_at(400, "recordedFrom"), code_at(400, "format")];
    assert_eq!(refused.failure(), (400, problems));
    let reader = app.client(&[AccessGroup::BadgesRead]);
    assert_eq!(export(&app, &reader, "customers").await.status, 403);
    export(&app, &reader, "enrolments").await.ok();
}

#[actix_web::test]
async fn who_asks_for_the_head_gets_no_rows() {
    let (app, admin) = furnished().await;
    let uri = format!("{PREFIX}/exports/enrolments");
    let request = TestRequest::with_uri(&uri).method(Method::HEAD);
    let reply = app.send_as(&admin, request).await;
    assert_eq!(reply.ok(), "");
    assert!(reply.header("accolade-as-of").is_some());
}

#[actix_web::test]
async fn where_a_broken_answer_would_look_whole_there_is_none() {
    let (app, admin) = furnished().await;
    let uri = format!("{PREFIX}/exports/enrolments");
    let request = TestRequest::get().uri(&uri).version(Version::HTTP_10);
    let reply = app.send_as(&admin, request).await;
    assert_eq!(reply.failure(), (400, vec![(400, None)]));
    assert!(reply.body.contains("HTTP/1.1"), "{}", reply.body);
}

#[actix_web::test]
async fn only_so_many_run_at_once_and_the_next_is_told_to_come_again() {
    let (app, admin) = furnished().await;
    let service = test::init_service(accolade_http::app::app(&app.state)).await;
    let asked = || {
        let authorization = basic(admin.key.as_str(), admin.secret.reveal());
        TestRequest::get()
            .uri(&format!("{PREFIX}/exports/enrolments"))
            .insert_header(("Authorization", authorization))
            .to_request()
    };
    let mut running = Vec::new();
    for _ in 0..8 {
        let response = test::call_service(&service, asked()).await;
        assert_eq!(response.status(), 200);
        running.push(response);
    }
    let refused = export(&app, &admin, "enrolments").await;
    assert_eq!(refused.failure(), (503, vec![(1951, None)]));
    assert_eq!(refused.header("retry-after"), Some("1"));
    // One that is read to its end makes room, and so does one whose caller is gone.
    test::read_body(running.remove(0)).await;
    running.remove(0);
    export(&app, &admin, "enrolments").await.ok();
    running.push(test::call_service(&service, asked()).await);
    export(&app, &admin, "enrolments").await.ok();
}
