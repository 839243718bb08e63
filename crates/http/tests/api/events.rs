//! The feed of events: read, filtered, followed.

use std::time::Duration;

use accolade_application::access::AccessGroup;
use accolade_domain::fixtures::at;
use actix_web::test::TestRequest;
use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{BADGE, PREFIX, Reply, TestApp, code_at};

/// The batch format of CloudEvents.
const BATCH: &str = "application/cloudevents-batch+json";

fn enrolment(request: &str, customers: &str) -> String {
    format!(
        r#"{{"badgeMetaId":"{BADGE}","requestId":"{request}","customers":{customers},
            "triggeredBy":{{"ownerType":"Loyalty","referenceId":"123694"}}}}"#
    )
}

fn types(reply: &Reply) -> Vec<String> {
    let json = reply.json();
    let events = json["data"]["events"].as_array().unwrap().iter();
    events
        .map(|event| {
            let name = event["type"].as_str().unwrap();
            name.strip_prefix("accolade.").unwrap().to_owned()
        })
        .collect()
}

fn next(reply: &Reply) -> String {
    reply.ok();
    reply.json()["data"]["next"].as_str().unwrap().to_owned()
}

fn has_more(reply: &Reply) -> bool {
    reply.json()["data"]["hasMore"].as_bool().unwrap()
}

#[actix_web::test]
async fn what_happened_is_given_in_order_from_the_oldest() {
    let app = TestApp::new();
    app.enrol(&enrolment("r1", "[1,2]")).await.ok();
    let reply = app.get("events").await;
    assert_snapshot!("feed", reply.ok());
    let positions = reply.json()["data"]["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["sequence"].as_str().unwrap().parse::<i64>().unwrap())
        .collect::<Vec<_>>();
    assert_eq!(positions, [1, 2, 3, 4]);
}

#[actix_web::test]
async fn next_leads_on_into_the_midst_of_a_request_and_misses_nothing() {
    let app = TestApp::new();
    app.enrol(&enrolment("r1", "[1,2,3]")).await.ok();
    let (mut cursor, mut found) = (String::new(), Vec::new());
    for _ in 0..3 {
        let reply = app.get(&format!("events?limit=2&after={cursor}")).await;
        found.extend(types(&reply));
        cursor = next(&reply);
        assert_eq!(has_more(&reply), found.len() < 5);
    }
    let enrolled = "enrolment.created";
    assert_eq!(
        found,
        [
            "badge.created",
            "badge.claimed",
            enrolled,
            enrolled,
            enrolled
        ]
    );
    let end = app.get(&format!("events?after={cursor}")).await;
    assert_eq!((types(&end), next(&end)), (vec![], cursor));
}

#[actix_web::test]
async fn a_filter_passes_what_it_leaves_out() {
    let app = TestApp::new();
    let direct = app.direct_badge("Direct", "").await;
    app.enrol(&enrolment("r1", "[1,2]")).await.ok();
    let all = app.get("events").await;
    for (filter, expected) in [
        ("types=badge.created", vec!["badge.created"; 2]),
        (
            "types=accolade.badge.created,badge.claimed",
            vec!["badge.created", "badge.claimed", "badge.created"],
        ),
        ("customerId=2", vec!["enrolment.created"]),
        (&format!("badgeMetaId={direct}"), vec!["badge.created"]),
        (&format!("badgeMetaId={direct}&customerId=1"), vec![]),
    ] {
        let reply = app.get(&format!("events?{filter}")).await;
        assert_eq!(types(&reply), expected, "{filter}");
        assert_eq!(
            (next(&reply), has_more(&reply)),
            (next(&all), false),
            "{filter}"
        );
    }
}

#[actix_web::test]
async fn a_customer_may_be_named_by_an_identifier() {
    let app = TestApp::new();
    app.register().await;
    app.enrol(&enrolment("r1", "[1,2]")).await.ok();
    let reply = app
        .get_by("email", "events?customerId=bob@example.org")
        .await;
    assert_eq!(reply.json()["data"]["events"][0]["partitionkey"], "2");
    let reply = app
        .get_by("email", "events?customerId=eve@example.org")
        .await;
    assert_eq!(reply.failure(), (404, vec![code_at(1026, "customerId")]));
}

#[actix_web::test]
async fn one_may_begin_now_or_at_a_moment() {
    let app = TestApp::new();
    let latest = app.get("events?after=latest").await;
    assert!(types(&latest).is_empty());
    app.clock.set(at("2026-05-01T13:00:00Z"));
    app.enrol(&enrolment("r1", "[1]")).await.ok();
    for begin in [
        &format!("after={}", next(&latest)),
        "from=2026-05-01T13:00:00Z",
        "from=2026-05-01T12:30:00Z",
    ] {
        let reply = app.get(&format!("events?{begin}")).await;
        assert_eq!(types(&reply), ["enrolment.created"], "{begin}");
    }
    let reply = app.get("events?from=2026-05-01T12:00:00Z").await;
    assert_eq!(types(&reply).len(), 3);
    let reply = app.get("events?from=2026-05-01T13:00:01Z").await;
    assert!(types(&reply).is_empty());
}

#[actix_web::test]
async fn who_asks_for_the_batch_format_gets_the_bare_array_and_a_link() {
    let app = TestApp::new();
    let uri = format!("{PREFIX}/events?types=badge.created&limit=1&from=0&tpyes=x");
    let request = TestRequest::get()
        .uri(&uri)
        .insert_header(("Accept", BATCH));
    let reply = app.send(request).await;
    assert_snapshot!("batch", reply.ok());
    assert_eq!(reply.header("content-type"), Some(BATCH));
    let warnings = reply.header("accolade-warnings").unwrap();
    assert!(
        warnings.contains("1990") && warnings.contains("tpyes"),
        "{warnings}"
    );
    let link = reply.header("link").unwrap();
    let next = link
        .strip_prefix('<')
        .unwrap()
        .strip_suffix(">; rel=\"next\"")
        .unwrap();
    assert!(
        next.starts_with(&format!("{PREFIX}/events?after=")) && !next.contains("from"),
        "{link}"
    );
    let reply = app.get(next).await;
    assert!(types(&reply).is_empty());
}

#[actix_web::test]
async fn what_cannot_be_read_is_told_all_at_once() {
    let app = TestApp::new();
    let reply = app
        .get("events?after=x&limit=0&wait=26&types=earned&badgeMetaId=1")
        .await;
    let names = ["after", "limit", "wait", "types", "badgeMetaId"];
    let expected: Vec<_> = names.map(|name| code_at(400, name)).into();
    assert_eq!(reply.failure(), (400, expected));
    let reply = app.get("events?kinds=earn.created").await;
    assert_eq!(reply.warnings(), [code_at(1990, "kinds")]);
}

#[actix_web::test]
async fn a_cursor_of_another_org_and_one_ahead_of_all_events_are_refused() {
    let app = TestApp::new();
    // That of org 7 at 0, and that of this org at 42.
    for cursor in ["AQAAAAAAAAAHAAAAAAAAAAA", "AQAAAAAAAYhqAAAAAAAAACo"] {
        let reply = app.get(&format!("events?after={cursor}")).await;
        assert_eq!(
            reply.failure(),
            (400, vec![code_at(400, "after")]),
            "{cursor}"
        );
    }
}

#[actix_web::test]
async fn a_cursor_that_missed_some_is_told_where_the_feed_begins() {
    let app = TestApp::with(|options| options.events_retention = Duration::from_mins(1));
    let before = app.get("events?limit=1").await;
    app.clock.set(at("2026-05-01T13:00:00Z"));
    app.enrol(&enrolment("r1", "[1]")).await.ok();
    let path = format!("events?after={}", next(&before));
    for path in [&path, "events?from=2026-05-01T12:00:00Z"] {
        let reply = app.get(path).await;
        assert_eq!(reply.failure(), (410, vec![(1960, None)]), "{path}");
        assert_eq!(reply.header("accolade-oldest"), Some("3"), "{path}");
    }
    let reply = app.get("events").await;
    assert_eq!(types(&reply), ["enrolment.created"]);
    // It missed nothing: behind it all is kept.
    let reply = app.get(&format!("events?after={}", cursor_at(2))).await;
    assert_eq!(types(&reply), ["enrolment.created"]);
}

/// The cursor at a position of the org.
fn cursor_at(position: i64) -> String {
    let org = 100_458.try_into().unwrap();
    accolade_wire::event::cursor(org, position.try_into().unwrap())
}

#[actix_web::test]
async fn who_may_not_read_gets_no_events() {
    let app = TestApp::new();
    let client = app.client(&[AccessGroup::BadgesIssue]);
    let request = TestRequest::get().uri(&format!("{PREFIX}/events"));
    let reply = app.send_as(&client, request).await;
    assert_eq!(reply.failure(), (403, vec![(1931, None)]));
}

#[actix_web::test]
async fn who_waits_is_answered_when_an_event_matches_and_not_before() {
    let app = TestApp::new();
    let path = "events?after=latest&wait=25&types=enrolment.created&customerId=2";
    let begun = std::time::Instant::now();
    let (reply, ()) = tokio::join!(app.get(path), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        app.direct_badge("Other", "").await;
        app.enrol(&enrolment("r1", "[1]")).await.ok();
        tokio::time::sleep(Duration::from_millis(200)).await;
        app.enrol(&enrolment("r2", "[2]")).await.ok();
    });
    let json = reply.json();
    assert_eq!(
        json["data"]["events"][0]["partitionkey"], "2",
        "{}",
        reply.body
    );
    assert!(begun.elapsed() >= Duration::from_millis(400));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[actix_web::test]
async fn a_wait_ends_without_an_event_and_next_has_passed_what_came() {
    let app = TestApp::with(|options| options.request_timeout = Duration::from_millis(900));
    let begun = std::time::Instant::now();
    let (reply, ()) = tokio::join!(
        app.get("events?after=latest&wait=1&types=earn.created"),
        async {
            app.enrol(&enrolment("r1", "[1]")).await.ok();
        }
    );
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert!(types(&reply).is_empty() && !has_more(&reply));
    assert_eq!(next(&reply), cursor_at(3));
}

#[actix_web::test]
async fn how_long_callers_wanted_to_wait_is_no_latency() {
    let app = TestApp::new();
    app.get("events?after=latest&wait=1").await.ok();
    let metrics = app.get("/metrics").await;
    let line = metrics.body.lines().find(|line| {
        line.starts_with("accolade_http_request_duration_seconds_sum") && line.contains("/events")
    });
    let sum: f64 = line.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(sum < 0.9, "{sum}");
    assert!(metrics.body.contains("\naccolade_event_followers 0\n"));
}

#[actix_web::test]
async fn every_event_of_the_feed_fits_the_schema_of_its_type() {
    let app = TestApp::new();
    let direct = app
        .direct_badge(
            "Direct",
            r#","badgeConstraints":[{"constraintType":"BADGE_FIXED_VALUE","maxEarnLimit":1}]"#,
        )
        .await;
    app.enrol(&enrolment("r1", "[1,2]")).await.ok();
    let earn = format!(r#"{{"badgeMetaId":"{direct}","customerId":1,"requestId":"e1"}}"#);
    app.post("customer/earn", &earn).await.ok();
    let revoke = format!(r#"{{"badgeMetaId":"{BADGE}","customers":[1]}}"#);
    app.post("badgeMeta/customer/revokeIssue", &revoke)
        .await
        .ok();
    let import = format!(
        r#"[{{"badgeMetaId":"{direct}","customerId":3,"requestId":"i1","earnEventDate":"2026-02-01T00:00:00Z","earnExpiresOn":"2026-12-01T00:00:00Z"}}]"#
    );
    app.send(
        crate::support::json(
            actix_web::http::Method::POST,
            "import/customerBadges",
            &import,
        )
        .insert_header(("requestId", "i1")),
    )
    .await
    .ok();
    app.put(&format!("badgeMeta/{direct}/deactivate"))
        .await
        .ok();
    app.put(&format!("badgeMeta/{direct}/activate")).await.ok();
    let reply = app.get("events?limit=1000").await;
    let document = accolade_wire::event::asyncapi("0");
    let json = reply.json();
    for event in json["data"]["events"].as_array().unwrap() {
        let kind = event["type"]
            .as_str()
            .unwrap()
            .trim_start_matches("accolade.");
        let message = &document["components"]["messages"][kind];
        assert!(message.is_object(), "{kind}");
        let expected = data_fields(
            &document,
            &message["payload"]["allOf"][1]["properties"]["data"]["oneOf"][0],
        );
        let found: Vec<_> = event["data"].as_object().unwrap().keys().cloned().collect();
        let missing: Vec<_> = found
            .iter()
            .filter(|name| !expected.contains(name))
            .collect();
        assert!(missing.is_empty(), "{kind}: {missing:?}");
    }
    assert_eq!(
        types(&reply),
        [
            "badge.created",
            "badge.claimed",
            "badge.created",
            "enrolment.created",
            "enrolment.created",
            "earn.created",
            "limit.reached",
            "enrolment.revoked",
            "earn.imported",
            "badge.deactivated",
            "badge.activated",
        ]
    );
}

/// The names of the fields of `schema`.
fn data_fields(document: &Value, schema: &Value) -> Vec<String> {
    let place = schema["$ref"].as_str().unwrap().trim_start_matches('#');
    let schema = document.pointer(place).unwrap();
    let mut names: Vec<String> = Vec::new();
    for part in schema["allOf"]
        .as_array()
        .into_iter()
        .flatten()
        .chain([schema])
    {
        if part.get("$ref").is_some() {
            names.extend(data_fields(document, part));
        }
        let fields = part["properties"].as_object();
        names.extend(fields.into_iter().flat_map(|fields| fields.keys().cloned()));
    }
    names
}
