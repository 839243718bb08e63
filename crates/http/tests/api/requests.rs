//! What became of earlier requests.

use accolade_application::access::AccessGroup;
use actix_web::http::Method;
use actix_web::test::TestRequest;
use time::Duration;

use crate::support::{BADGE, PREFIX, Reply, TestApp, json};

#[actix_web::test]
async fn an_earlier_request_is_told_with_its_answer() {
    let app = TestApp::new();
    let body =
        format!(r#"{{"badgeMetaId":"{BADGE}","customers":[62090013],"requestId":"a/b +1%"}}"#);
    let answered = app.enrol(&body).await;
    let data = answered.ok().strip_prefix(r#"{"data":"#).unwrap();
    let data = data.strip_suffix(r#","errors":[],"warnings":[]}"#).unwrap();
    let expected = format!(
        r#"{{"data":{{"requests":[{{"requestId":"a/b +1%","operation":"issueBulk","recordedOn":1777636800.000000000,"recordedOnISO":"2026-05-01T12:00:00Z","answer":{data}}}]}},"errors":[],"warnings":[]}}"#
    );
    for path in ["requests/a%2Fb%20%2B1%25", "requests/a%2fb%20+1%25"] {
        assert_eq!(app.get(path).await.ok(), expected, "{path}");
    }
}

#[actix_web::test]
async fn a_request_is_found_whatever_characters_its_id_has() {
    let app = TestApp::new();
    for id in [
        "a?b#c",
        "%2F",
        "%25",
        "..",
        ".",
        "a a",
        "ä\u{1f3c5}",
        "\"",
        "\\",
        "a\tb",
    ] {
        let body = serde_json::json!({"badgeMetaId": BADGE, "customers": [1], "requestId": id});
        app.enrol(&body.to_string()).await.ok();
        let encoded: Vec<_> = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let found = app.get(&format!("requests/{}", encoded.concat())).await;
        assert_eq!(found.json()["data"]["requests"][0]["requestId"], id);
    }
}

#[actix_web::test]
async fn the_id_that_an_import_made_for_an_element_finds_the_import() {
    let app = TestApp::new();
    let row = format!(
        r#"{{"badgeMetaId":"{BADGE}","customerId":1,"earnEventDate":1674292011,"earnExpiresOn":1705828011}}"#
    );
    let import = |rows: usize, id: &str| {
        let rows = vec![row.as_str(); rows].join(",");
        json(Method::PUT, "import/customerBadges", &format!("[{rows}]"))
            .insert_header(("requestId", id.to_owned()))
    };
    let long = "x".repeat(255);
    app.send(import(2, &long)).await.ok();
    app.send(import(2, "i")).await.ok();
    app.clock.advance(Duration::seconds(1));
    app.send(import(1, "i_2")).await.ok();
    let found = |reply: Reply| -> Vec<String> {
        let requests = reply.json()["data"]["requests"].as_array().unwrap().clone();
        let ids = requests.iter().map(|it| it["requestId"].as_str().unwrap());
        ids.map(str::to_owned).collect()
    };
    let told = |id: String| {
        let app = &app;
        async move { app.get(&format!("requests/{id}")).await }
    };
    assert_eq!(found(told("i_1".to_owned()).await), ["i"]);
    assert_eq!(found(told("i_2".to_owned()).await), ["i", "i_2"]);
    assert_eq!(found(told("i_2_1".to_owned()).await), ["i_2"]);
    assert_eq!(found(told(format!("{long}_2")).await), [long.as_str()]);
    // Only an import makes ids for its elements, and only for those that it has.
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1],"requestId":"e"}}"#);
    app.enrol(&body).await.ok();
    for id in ["i_0", "i_3", "i_01", "e_1"] {
        assert_eq!(told(id.to_owned()).await.status, 404, "{id}");
    }
}

#[actix_web::test]
async fn who_may_read_or_issue_may_ask() {
    let app = TestApp::new();
    let body = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1],"requestId":"r"}}"#);
    app.enrol(&body).await.ok();
    for (group, status) in [
        (AccessGroup::BadgesRead, 200),
        (AccessGroup::BadgesIssue, 200),
        (AccessGroup::BadgesWrite, 403),
    ] {
        let client = app.client(&[group]);
        let request = TestRequest::get().uri(&format!("{PREFIX}/requests/r"));
        let reply = app.send_as(&client, request).await;
        assert_eq!(reply.status, status, "{group:?}: {}", reply.body);
    }
}

#[actix_web::test]
async fn an_id_is_the_same_with_blanks_around_it_and_in_any_form_of_unicode() {
    let app = TestApp::new();
    let body =
        |id: &str| serde_json::json!({"badgeMetaId": BADGE, "customers": [1], "requestId": id});
    app.enrol(&body(" e\u{301}\n").to_string()).await.ok();
    let again = app.enrol(&body("é").to_string()).await;
    assert_eq!(again.failure().1[0].0, 809);
    let found = app.get("requests/%20e%CC%81").await;
    assert_eq!(found.json()["data"]["requests"][0]["requestId"], "é");
}

#[actix_web::test]
async fn a_request_that_was_not_carried_out_is_not_found() {
    let app = TestApp::new();
    let body = format!(
        r#"{{"badgeMetaId":"{BADGE}","customers":[1],"requestId":"r","issueEventDate":1}}"#
    );
    assert_eq!(app.enrol(&body).await.status, 400);
    let long = format!("requests/{}", "x".repeat(256));
    for path in ["requests/r", "requests/%FF", "requests/%00", &long] {
        let reply = app.get(path).await;
        assert_eq!(reply.failure(), (404, vec![(404, None)]), "{path}");
        let stranger = TestRequest::get().uri(&format!("{PREFIX}/{path}"));
        let reply = app.send_bare(stranger).await;
        assert_eq!(reply.failure(), (401, vec![(1930, None)]), "{path}");
    }
}
