//! Importing earned badges.

use actix_web::http::Method;
use insta::assert_snapshot;

use crate::support::{BADGE, IDENTIFIER, TestApp, code_at, json};

const IMPORT: &str = "import/customerBadges";

fn row(customer: &str, earned: i64, expires: i64) -> String {
    format!(
        r#"{{"badgeMetaId":"{BADGE}","customerId":{customer},"earnEventDate":{earned},"earnExpiresOn":{expires}}}"#
    )
}

/// The API's own example, on the badge that there is.
fn example() -> String {
    let row = row("382442802", 1_674_292_011, 1_705_828_011);
    format!("[{row},{row}]")
}

#[actix_web::test]
async fn each_element_has_an_envelope_and_a_request_id_of_its_own() {
    let app = TestApp::new();
    app.put(&format!("badgeMeta/{BADGE}/deactivate")).await.ok();
    for (method, request_id) in [(Method::PUT, "p"), (Method::POST, "q")] {
        let request = json(method, IMPORT, &example()).insert_header(("requestId", request_id));
        let reply = app.send(request).await;
        assert_snapshot!(format!("example_{request_id}"), reply.ok());
        let told = app.get(&format!("requests/{request_id}")).await;
        let answer = format!(r#""answer":{}}}"#, reply.ok());
        assert!(told.ok().contains(&answer), "{}", told.body);
    }
    let again = json(Method::PUT, IMPORT, &example()).insert_header(("requestId", "p"));
    assert_eq!(
        app.send(again).await.failure(),
        (400, vec![code_at(809, "requestId")])
    );
}

#[actix_web::test]
async fn an_element_that_is_wrong_fails_alone() {
    let app = TestApp::new();
    app.register().await;
    let body = format!(
        r#"[{},{{"badgeMetaId":"8","customerId":"x"}},{},{},null,{}]"#,
        row("1", 1_674_292_011, 1_705_828_011).replace('}', r#","odd":1}"#),
        row("1", 1_705_828_011, 1_705_828_011),
        row("1", 1, 2).replace(BADGE, "66276dc68fe258516a880000"),
        row("2", 1_674_292_011, 1_705_828_011),
    );
    assert_snapshot!(
        "partly",
        app.put_json(&format!("{IMPORT}?odd=1"), &body).await.ok()
    );
    let body = format!(
        "[{},{}]",
        row(r#""ANNA@example.org""#, 1, 2),
        row(r#""nobody@example.org""#, 1, 2)
    );
    let request = json(Method::PUT, IMPORT, &body).insert_header((IDENTIFIER, "email"));
    assert_snapshot!("by_identifier", app.send(request).await.ok());
}

#[actix_web::test]
async fn a_dry_run_shows_no_ids_and_records_nothing() {
    let app = TestApp::new();
    let request = json(Method::PUT, &format!("{IMPORT}?dryRun=true"), &example())
        .insert_header(("requestId", "d"));
    assert_snapshot!("dry", app.send(request).await.ok());
    assert_eq!(app.get("requests/d").await.status, 404);
    let badge = app.get(&format!("badgeMeta/{BADGE}")).await.json();
    assert_eq!(badge["data"]["earnedCount"], 0);
}

#[actix_web::test]
async fn an_import_is_answered_again_under_its_key() {
    let app = TestApp::new();
    let send = || json(Method::PUT, IMPORT, &example()).insert_header(("Idempotency-Key", "k"));
    let first = app.send(send()).await;
    let second = app.send(send()).await;
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.ok(), second.ok());
}

#[actix_web::test]
async fn what_is_no_array_is_refused_as_a_whole() {
    let app = TestApp::with(|options| options.customers_per_request = 1);
    for (body, code) in [
        ("{}".to_owned(), 400),
        ("[]".to_owned(), 400),
        (example(), 1905),
    ] {
        let reply = app.put_json(IMPORT, &body).await;
        assert_eq!(reply.failure(), (400, vec![(code, None)]), "{body}");
    }
}
