//! What became of earlier requests.

use actix_web::test::TestRequest;
use serde_json::json;

use crate::support::{BADGE, PREFIX, TestApp};

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
        let body = json!({"badgeMetaId": BADGE, "customers": [1], "requestId": id});
        app.enrol(&body.to_string()).await.ok();
        let encoded: Vec<_> = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let found = app.get(&format!("requests/{}", encoded.concat())).await;
        assert_eq!(found.json()["data"]["requests"][0]["requestId"], id);
    }
}

#[actix_web::test]
async fn an_id_is_the_same_with_blanks_around_it_and_in_any_form_of_unicode() {
    let app = TestApp::new();
    let body = |id: &str| json!({"badgeMetaId": BADGE, "customers": [1], "requestId": id});
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
