//! Jobs, as who sends files sees them. Whoever carries them out is played by the tests.

use accolade_application::access::AccessGroup;
use accolade_application::badges::KnownBadges;
use accolade_application::jobs::run::JobRun;
use accolade_domain::job::JobId;
use actix_web::http::{Method, Version};
use actix_web::test::{self, TestRequest};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{BADGE, PREFIX, Reply, TestApp, code_at};

/// Creates a job that enrols customers for the badge; its id is `spring`.
async fn create(app: &TestApp) -> Reply {
    let body = json!({
        "operation": "ENROL", "format": "CSV", "badgeMetaId": BADGE, "jobId": "spring",
        "triggeredBy": {"ownerType": "Loyalty", "referenceId": "123694"},
    });
    app.post("jobs", &body.to_string()).await
}

async fn put(app: &TestApp, part: &str, data: impl Into<Vec<u8>>) -> Reply {
    let request = TestRequest::put().uri(&format!("{PREFIX}/jobs/spring/parts/{part}"));
    let request = request.insert_header(("Content-Type", "text/csv"));
    app.send(request.set_payload(data.into())).await
}

/// Sends a file to `path`, compressed as is said.
async fn post_file(app: &TestApp, path: &str, encoding: &str, file: &[u8]) -> Reply {
    let request = TestRequest::post().uri(&format!("{PREFIX}/{path}"));
    let request = request.insert_header(("Content-Encoding", encoding));
    app.send(request.set_payload(file.to_vec())).await
}

async fn act(app: &TestApp, action: &str) -> Reply {
    app.post(&format!("jobs/spring/{action}"), "").await
}

async fn delete(app: &TestApp) -> Reply {
    let uri = format!("{PREFIX}/jobs/spring");
    app.send(TestRequest::delete().uri(&uri)).await
}

/// Carries the job out, to its end.
fn carry_out(app: &TestApp) {
    let org = 100_458.try_into().unwrap();
    let (known, job) = (KnownBadges::default(), JobId::try_from("spring").unwrap());
    let mut run = JobRun::open(&app.ports, &known, org, &job)
        .unwrap()
        .unwrap();
    while !run.step().unwrap().state.is_finished() {}
}

fn state(reply: &Reply) -> Value {
    reply.ok();
    reply.json()["data"]["state"].clone()
}

#[actix_web::test]
async fn a_job_is_created_sent_its_file_started_and_looked_at() {
    let app = TestApp::new();
    assert_snapshot!("job_created", create(&app).await.ok());
    put(&app, "2", "2\n3\n").await.ok();
    assert_eq!(
        act(&app, "start").await.failure(),
        (409, vec![(1963, None)])
    );
    assert_snapshot!("job_part", put(&app, "1", "customerId\n1\n").await.ok());
    assert_snapshot!("job_started", act(&app, "start").await.ok());
    assert_eq!(state(&act(&app, "start").await), "QUEUED");
    app.clock.advance(time::Duration::SECOND);
    carry_out(&app);
    let ended = app.get("jobs/spring").await;
    assert_snapshot!("job_completed", ended.ok());
    // It has ended: nobody waits.
    assert_eq!(app.get("jobs/spring?wait=25").await.ok(), ended.body);
    assert_snapshot!("jobs", app.get("jobs").await.ok());
}

#[actix_web::test]
async fn a_job_is_cancelled_and_deleted() {
    let app = TestApp::new();
    create(&app).await.ok();
    put(&app, "1", "customerId\n1\n").await.ok();
    act(&app, "start").await.ok();
    assert_eq!(delete(&app).await.failure(), (409, vec![(1963, None)]));
    assert_snapshot!("job_cancelled", act(&app, "cancel").await.ok());
    assert_eq!(state(&act(&app, "cancel").await), "CANCELLED");
    assert_snapshot!("job_deleted", delete(&app).await.ok());
    assert_eq!(delete(&app).await.failure(), (404, vec![(1962, None)]));
}

#[actix_web::test]
async fn results_are_rows_in_the_order_of_the_file() {
    let app = TestApp::new();
    create(&app).await.ok();
    put(&app, "1", "customerId,name\n1,Jane\n1,Jane again\nx,")
        .await
        .ok();
    put(&app, "2", "Nobody\n2,John\n").await.ok();
    let refused = app.get("jobs/spring/results").await;
    assert_eq!(refused.failure(), (409, vec![(1963, None)]));
    act(&app, "start").await.ok();
    let statuses = |reply: &Reply| {
        let lines = reply.ok().lines().skip(1);
        let statuses = lines.map(|line| line.split(',').nth(1).unwrap().to_owned());
        statuses.collect::<Vec<_>>()
    };
    let before = app.get("jobs/spring/results").await;
    assert_eq!(statuses(&before), ["UNPROCESSED"; 4]);
    carry_out(&app);
    let all = app.get("jobs/spring/results").await;
    assert_eq!(all.header("content-type"), Some("text/csv; charset=utf-8"));
    let expected = ["SUCCEEDED", "REFUSED", "INVALID", "SUCCEEDED"];
    assert_eq!(statuses(&all), expected);
    for (only, count) in [
        ("succeeded", 2),
        ("refused", 1),
        ("invalid", 1),
        ("unprocessed", 0),
    ] {
        let path = format!("jobs/spring/results?only={only}&format=ndjson");
        let reply = app.get(&path).await;
        assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
        assert_eq!(reply.ok().lines().count(), count, "{only}");
    }
}

/// An application with a job that has ended.
async fn finished() -> TestApp {
    let app = TestApp::new();
    create(&app).await.ok();
    put(&app, "1", "customerId\n1\n").await.ok();
    act(&app, "start").await.ok();
    carry_out(&app);
    app
}

#[actix_web::test]
async fn what_is_odd_about_a_request_for_results_is_in_a_header() {
    let app = finished().await;
    let odd = app.get("jobs/spring/results?which=refused").await;
    assert_eq!(odd.ok().lines().count(), 2);
    let warnings: Value = serde_json::from_str(odd.header("accolade-warnings").unwrap()).unwrap();
    assert_eq!(warnings[0]["code"], 1990);
    assert_eq!(warnings[0]["reference"], "which");
}

#[actix_web::test]
async fn results_have_a_head_and_none_where_a_broken_answer_would_look_whole() {
    let app = finished().await;
    let request =
        |method| TestRequest::with_uri(&format!("{PREFIX}/jobs/spring/results")).method(method);
    let head = app.send(request(Method::HEAD)).await;
    assert_eq!(head.ok(), "");
    assert_eq!(head.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(head.header("content-length"), None);
    let old = app
        .send(request(Method::GET).version(Version::HTTP_10))
        .await;
    assert_eq!(old.failure(), (400, vec![(400, None)]));
}

#[actix_web::test]
async fn results_and_exports_have_so_many_places_between_them() {
    let app = finished().await;
    let service = test::init_service(accolade_http::app::app(&app.state)).await;
    let mut running = Vec::new();
    for what in ["jobs/spring/results", "exports/enrolments"].repeat(4) {
        let request = TestRequest::get().uri(&format!("{PREFIX}/{what}"));
        let request = request.insert_header(("Authorization", app.authorization()));
        let response = test::call_service(&service, request.to_request()).await;
        assert_eq!(response.status(), 200);
        running.push(response);
    }
    let refused = app.get("jobs/spring/results").await;
    assert_eq!(refused.failure(), (503, vec![(1951, None)]));
    // One that is read to its end makes room, and so does one whose caller is gone.
    test::read_body(running.remove(0)).await;
    app.get("jobs/spring/results").await.ok();
    running.clear();
    app.get("exports/enrolments").await.ok();
}

#[actix_web::test]
async fn results_that_are_longer_than_a_block_come_whole() {
    let app = TestApp::new();
    create(&app).await.ok();
    let rows: Vec<_> = (1..=20_000).map(|customer| customer.to_string()).collect();
    let file = format!("customerId\n{}\n", rows.join("\n"));
    put(&app, "1", file).await.ok();
    act(&app, "start").await.ok();
    carry_out(&app);
    let reply = app.get("jobs/spring/results").await;
    let lines: Vec<_> = reply.ok().lines().skip(1).collect();
    assert_eq!(lines.len(), 20_000);
    for (place, line) in lines.iter().enumerate() {
        assert!(
            line.starts_with(&format!("{},SUCCEEDED,", place + 2)),
            "{line}"
        );
        assert!(line.ends_with(&format!(",{}", place + 1)), "{line}");
    }
}

#[actix_web::test]
async fn a_small_file_comes_with_its_job() {
    let app = TestApp::new();
    let path = format!(
        "jobs?operation=enrol&format=csv&badgeMetaId={BADGE}&jobId=spring&ownerType=Loyalty\
         &referenceId=123694"
    );
    let file = zstd::encode_all(&b"customerId\n1\n"[..], 3).unwrap();
    let started = format!("{path}&start=true");
    assert_eq!(
        state(&post_file(&app, &started, "zstd", &file).await),
        "QUEUED"
    );
    carry_out(&app);
    assert_eq!(state(&app.get("jobs/spring").await), "COMPLETED");
    let taken = post_file(&app, &path, "identity", b"customerId\n").await;
    assert_eq!(taken.failure(), (400, vec![code_at(809, "jobId")]));
}

#[actix_web::test]
async fn a_dry_run_asked_for_in_the_query_belongs_to_the_job_that_the_query_describes() {
    let app = TestApp::new();
    let path = format!("jobs?operation=ENROL&format=CSV&badgeMetaId={BADGE}&dryRun=true");
    let created = post_file(&app, &path, "identity", b"customerId\n1\n").await;
    created.ok();
    assert_eq!(created.json()["data"]["dryRun"], true);
    let refused = (400, vec![code_at(400, "dryRun")]);
    let body = r#"{"operation":"ENROL","format":"CSV"}"#;
    assert_eq!(app.post("jobs?dryRun=true", body).await.failure(), refused);
    create(&app).await.ok();
    let part = put(&app, "1?dryRun=true", "customerId\n").await;
    assert_eq!(part.failure(), refused);
}

#[actix_web::test]
async fn what_is_wrong_with_a_file_has_its_code() {
    let app = TestApp::new();
    create(&app).await.ok();
    let path = "jobs?operation=ENROL&format=CSV";
    let code = |reply: Reply| reply.failure().1[0].0;
    for (encoding, file, expected) in [
        ("br", &b"x"[..], 1943),
        ("gzip, zstd", b"x", 1943),
        ("gzip", b"customerId\n", 400),
        ("zstd", b"customerId\n", 400),
    ] {
        let reply = post_file(&app, path, encoding, file).await;
        assert_eq!(code(reply), expected, "{encoding}");
    }
    let bomb = zstd::encode_all(&*vec![b'1'; (8 << 20) + 1], 1).unwrap();
    assert_eq!(code(post_file(&app, path, "zstd", &bomb).await), 1942);
    // As it comes, it is longer than any body may be.
    assert_eq!(code(put(&app, "1", vec![b'1'; (1 << 20) + 1]).await), 1942);
    for part in ["0", "x", "-1", "10001"] {
        assert_eq!(
            put(&app, part, "x").await.failure(),
            (400, vec![code_at(400, "part")])
        );
    }
    put(&app, "1", "name\n").await.ok();
    assert_eq!(code(put(&app, "1", "other\n").await), 1964);
    assert_eq!(code(act(&app, "start").await), 1969);
}

#[actix_web::test]
async fn who_may_not_do_what_a_job_does_has_nothing_to_do_with_it() {
    let app = TestApp::new();
    create(&app).await.ok();
    let writing = app.client(&[AccessGroup::BadgesWrite]);
    for (method, path) in [
        (Method::GET, "jobs/spring"),
        (Method::GET, "jobs/spring?wait=25"),
        (Method::GET, "jobs/spring/results"),
        (Method::PUT, "jobs/spring/parts/1"),
        (Method::POST, "jobs/spring/start"),
        (Method::POST, "jobs/spring/cancel"),
        (Method::DELETE, "jobs/spring"),
    ] {
        let request = TestRequest::with_uri(&format!("{PREFIX}/{path}")).method(method);
        let reply = app.send_as(&writing, request.set_payload("x")).await;
        assert_eq!(reply.failure(), (403, vec![(1931, None)]), "{path}");
    }
    let listed = TestRequest::get().uri(&format!("{PREFIX}/jobs"));
    let listed = app.send_as(&writing, listed).await.json();
    assert_eq!(listed["data"]["pagination"]["total"], 0);
}
