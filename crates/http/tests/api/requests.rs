//! What became of earlier requests.

use crate::support::{BADGE, TestApp};

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
    }
}
