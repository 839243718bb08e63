//! Earning badges, under limits.

use actix_web::http::Method;
use futures_util::future::join_all;
use insta::assert_snapshot;
use time::Duration;

use crate::support::{BADGE, TestApp, code_at, json};

const EARN: &str = "customer/earn";
const BULK: &str = "customer/earnBulk";

/// The API's own example of an earn, its event within the badge's period.
const EXAMPLE: &str = r#"{"badgeMetaId":"66276dc68fe258516a88ff8e","earnEventDate":"2026-04-03T21:51:00.192Z",
    "customerId":62090013,"requestId":2132,
    "triggeredBy":{"ownerType":"Loyalty","referenceId":"123694"}}"#;

fn earn(badge: &str, customer: i64, request_id: &str) -> String {
    format!(r#"{{"badgeMetaId":"{badge}","customerId":{customer},"requestId":"{request_id}"}}"#)
}

fn bulk(badge: &str, customers: &str, request_id: &str) -> String {
    format!(r#"{{"badgeMetaId":"{badge}","customerIds":{customers},"requestId":"{request_id}"}}"#)
}

async fn enrolled() -> TestApp {
    let app = TestApp::new();
    let body = format!(
        r#"{{"badgeMetaId":"{BADGE}","customers":[62090013],"issueEventDate":1713860055}}"#
    );
    app.enrol(&body).await.ok();
    app
}

#[actix_web::test]
async fn an_enrolled_customer_earns_as_the_apis_example_does() {
    let app = enrolled().await;
    assert_eq!(
        app.post(EARN, EXAMPLE).await.ok(),
        r#"{"data":{"badgeMetaId":"66276dc68fe258516a88ff8e","customerId":62090013,"earnedBadgeId":"000000000000000000000003","expiresOn":1893456000.000000000,"expiresOnISO":"2030-01-01T00:00:00Z","requestId":"2132","issuedId":"000000000000000000000002"},"errors":[],"warnings":[]}"#
    );
    let badge = app.get(&format!("badgeMeta/{BADGE}")).await.json();
    assert_eq!(badge["data"]["earnedCount"], 1);
}

#[actix_web::test]
async fn a_badge_that_is_earned_directly_rests_on_no_enrolment() {
    let app = TestApp::new();
    let badge = app.direct_badge("Direct", "").await;
    let reply = app.post(EARN, &earn(&badge, 7, "r")).await;
    assert!(reply.ok().contains(r#""issuedId":null}"#), "{}", reply.body);
}

#[actix_web::test]
async fn who_is_not_enrolled_is_refused_and_the_request_id_stays_free() {
    let app = enrolled().await;
    let other = EXAMPLE.replace("62090013", "7");
    assert_eq!(
        app.post(EARN, &other).await.failure(),
        (409, vec![(811, None)])
    );
    app.post(EARN, EXAMPLE).await.ok();
    assert_eq!(
        app.post(EARN, EXAMPLE).await.failure(),
        (400, vec![code_at(809, "requestId")])
    );
}

#[actix_web::test]
async fn a_dry_run_earns_nothing_and_shows_no_id() {
    let app = enrolled().await;
    let dry = format!("{EARN}?dryRun=true");
    assert_eq!(
        app.post(&dry, EXAMPLE).await.ok(),
        r#"{"data":{"badgeMetaId":"66276dc68fe258516a88ff8e","customerId":62090013,"expiresOn":1893456000.000000000,"expiresOnISO":"2030-01-01T00:00:00Z","requestId":"2132","issuedId":"000000000000000000000002"},"errors":[],"warnings":[]}"#
    );
    let refused = EXAMPLE.replace("62090013", "7");
    assert_eq!(app.post(&dry, &refused).await.status, 409);
    let reply = app
        .post(
            &format!("{BULK}?dryRun=true"),
            &bulk(BADGE, "[62090013,7]", "b"),
        )
        .await;
    assert_snapshot!("dry_bulk", reply.ok());
    let badge = app.get(&format!("badgeMeta/{BADGE}")).await.json();
    assert_eq!(badge["data"]["earnedCount"], 0);
    app.post(EARN, EXAMPLE).await.ok();
}

#[actix_web::test]
async fn a_request_id_is_required_in_the_body_or_in_the_header() {
    let app = TestApp::new();
    let badge = app.direct_badge("Direct", "").await;
    let one = format!(r#"{{"badgeMetaId":"{badge}","customerId":7}}"#);
    let many = format!(r#"{{"badgeMetaId":"{badge}","customerIds":[7]}}"#);
    for (path, body) in [(EARN, &one), (BULK, &many)] {
        assert_eq!(
            app.post(path, body).await.body,
            r#"{"data":null,"errors":[{"code":804,"message":"Request id is mandatory.","reference":"requestId"}],"warnings":null}"#
        );
        let request = json(Method::POST, path, body).insert_header(("requestId", "h-1"));
        let reply = app.send(request).await;
        reply.ok();
        assert_eq!(reply.json()["data"]["requestId"], "h-1", "{path}");
    }
}

#[actix_web::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let app = TestApp::new();
    let body = r#"{"badgeMetaId":"8","customerId":"x","earnEventDate":"soon","triggeredBy":{}}"#;
    assert_eq!(
        app.post(EARN, body).await.failure(),
        (
            400,
            vec![
                code_at(400, "badgeMetaId"),
                code_at(400, "customerId"),
                code_at(804, "requestId"),
                code_at(400, "earnEventDate"),
                code_at(716, "triggeredBy.ownerType"),
                code_at(717, "triggeredBy.referenceId"),
            ]
        )
    );
    assert_eq!(
        app.post(BULK, "{}").await.failure(),
        (
            400,
            vec![
                code_at(400, "badgeMetaId"),
                code_at(812, "customerIds"),
                code_at(804, "requestId"),
            ]
        )
    );
}

#[actix_web::test]
async fn the_rules_of_the_whole_request_have_their_codes() {
    let app = enrolled().await;
    let direct = app.direct_badge("Direct", "").await;
    let with = |badge: &str, more: &str| {
        format!(r#"{{"badgeMetaId":"{badge}","customerId":62090013,"requestId":"r"{more}}}"#)
    };
    let upcoming = crate::support::direct_badge("Soon", "").replace("2026-01-01", "2026-06-01");
    let upcoming = app.post("badgeMeta", &upcoming).await.json()["data"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (body, status, code, field) in [
        (
            with("66276dc68fe258516a880000", ""),
            404,
            404,
            Some("badgeMetaId"),
        ),
        (
            with(
                BADGE,
                r#","triggeredBy":{"ownerType":"Journeys","referenceId":"1"}"#,
            ),
            400,
            714,
            Some("triggeredBy.ownerType"),
        ),
        (
            with(
                BADGE,
                r#","triggeredBy":{"ownerType":"Loyalty","referenceId":"1"}"#,
            ),
            409,
            810,
            Some("triggeredBy"),
        ),
        (
            with(BADGE, r#","earnEventDate":"2026-05-02T12:00:01Z""#),
            400,
            750,
            Some("earnEventDate"),
        ),
        (with(&upcoming, ""), 400, 815, Some("badgeMetaId")),
        (
            with(&direct, r#","earnEventDate":"2025-12-31T23:59:59Z""#),
            400,
            816,
            Some("earnEventDate"),
        ),
    ] {
        let expected = (code, field.map(str::to_owned));
        assert_eq!(
            app.post(EARN, &body).await.failure(),
            (status, vec![expected]),
            "{body}"
        );
    }
    app.put(&format!("badgeMeta/{direct}/deactivate"))
        .await
        .ok();
    assert_eq!(
        app.post(EARN, &with(&direct, "")).await.failure().1[0].0,
        1901
    );
}

#[actix_web::test]
async fn a_refusal_says_which_limit_it_is_and_when_it_opens_again() {
    let app = TestApp::new();
    let limits = r#","customerConstraints":[{"constraintType":"CUSTOMER_BADGE_FIXED_WINDOW","durationType":"DAYS","refreshRate":1,"maxEarnLimit":1}],
        "badgeConstraints":[{"constraintType":"BADGE_ROLLING_WINDOW","rollType":"WEEKS","rollValue":1,"maxEarnLimit":2}]"#;
    let badge = app.direct_badge("Limited", limits).await;
    app.post(EARN, &earn(&badge, 1, "1")).await.ok();
    assert_snapshot!(
        "customer_limit",
        app.post(EARN, &earn(&badge, 1, "2")).await.body
    );
    app.post(EARN, &earn(&badge, 2, "3")).await.ok();
    assert_snapshot!(
        "badge_limit",
        app.post(EARN, &earn(&badge, 3, "4")).await.body
    );
    app.clock.advance(Duration::weeks(1));
    app.post(EARN, &earn(&badge, 1, "5")).await.ok();
}

#[actix_web::test]
async fn of_many_the_first_get_what_room_there_is() {
    let app = TestApp::new();
    let limits = r#","badgeConstraints":[{"constraintType":"BADGE_FIXED_VALUE","maxEarnLimit":3}]"#;
    let badge = app.direct_badge("Three", limits).await;
    let body = bulk(&badge, "[5,4,3,2,1,5]", "1234");
    let reply = app.post(BULK, &body).await;
    assert_snapshot!("bulk", reply.ok());
    let told = app.get("requests/1234").await;
    let data = reply.ok().strip_prefix(r#"{"data":"#).unwrap();
    let (data, _) = data.split_once(r#","errors":"#).unwrap();
    let (element, _) = data.rsplit_once(']').unwrap();
    assert!(told.ok().contains(element), "{}", told.body);
    assert!(told.ok().contains(r#""operation":"earnBulk""#));
}

#[actix_web::test]
async fn earns_that_arrive_together_get_exactly_the_places_that_there_are() {
    let app = TestApp::new();
    let limits =
        r#","badgeConstraints":[{"constraintType":"BADGE_FIXED_VALUE","maxEarnLimit":20}]"#;
    let badge = app.direct_badge("Twenty", limits).await;
    let requests = (1..=50).map(|number: i64| {
        let date = match number % 5 {
            // Those that happened on a date of their own go their own way.
            0 => r#","earnEventDate":"2026-04-03T21:51:00Z""#,
            _ => "",
        };
        let body = earn(&badge, number, &format!("r-{number}"));
        let body = body.replace('}', &format!("{date}}}"));
        let app = &app;
        async move { app.post(EARN, &body).await }
    });
    let replies = join_all(requests).await;
    let earned = replies.iter().filter(|reply| reply.status == 200).count();
    let full = replies.iter().filter(|reply| reply.status == 400);
    let codes: Vec<_> = full.map(|reply| reply.failure().1[0].0).collect();
    assert_eq!((earned, codes), (20, vec![818; 30]));
    let shown = app.get(&format!("badgeMeta/{badge}")).await.json();
    assert_eq!(shown["data"]["earnedCount"], 20);
    for (number, reply) in (1..).zip(&replies) {
        let told = app.get(&format!("requests/r-{number}")).await;
        assert_eq!(told.status, if reply.status == 200 { 200 } else { 404 });
    }
}

#[actix_web::test]
async fn the_status_of_an_earned_badge_follows_its_dates() {
    let app = TestApp::new();
    let badge = app.direct_badge("Direct", "").await;
    let body = crate::support::direct_badge("Past", "").replace(
        r#""type":"WITH_BADGE_META""#,
        r#""type":"FIXED_DATE","expiresOn":"2026-02-01T00:00:00Z""#,
    );
    let request = json(Method::POST, "badgeMeta", &body)
        .insert_header(("X-CAP-BADGES-MIGRATION", "migration"));
    let reply = app.send(request).await;
    reply.ok();
    let past = reply.json()["data"]["id"].as_str().unwrap().to_owned();
    for (badge, event, status) in [
        (&badge, "", "LIVE"),
        (
            &badge,
            r#","earnEventDate":"2026-05-02T12:00:00Z""#,
            "UPCOMING",
        ),
        (&past, "", "EXPIRED"),
    ] {
        let body = format!(
            r#"{{"badgeMetaId":"{badge}","customerIds":[1],"requestId":"{status}"{event}}}"#
        );
        let reply = app.post(BULK, &body).await;
        reply.ok();
        assert_eq!(reply.json()["data"]["issuedBadges"][0]["status"], status);
    }
}

#[actix_web::test]
async fn ten_thousand_customers_earn_in_one_request() {
    let app = TestApp::new();
    let badge = app.direct_badge("Direct", "").await;
    let customers: Vec<_> = (1..=10_000).map(|n: i32| n.to_string()).collect();
    let body = bulk(&badge, &format!("[{}]", customers.join(",")), "many");
    let reply = app.post(BULK, &body).await;
    reply.ok();
    let issued = reply.json()["data"]["issuedBadges"]
        .as_array()
        .map(Vec::len);
    assert_eq!(issued, Some(10_000));
    let one_more = body.replacen('[', "[0,", 1).replace("[0,", "[10001,");
    assert_eq!(
        app.post(BULK, &one_more).await.failure(),
        (400, vec![code_at(1905, "customerIds")])
    );
}

#[actix_web::test]
async fn earns_are_counted_by_outcome() {
    let app = enrolled().await;
    app.post(BULK, &bulk(BADGE, "[62090013,7]", "b")).await.ok();
    app.post(EARN, &earn(BADGE, 8, "c")).await;
    let metrics = app
        .send_bare(actix_web::test::TestRequest::get().uri("/metrics"))
        .await;
    for line in [
        r#"accolade_earns_total{outcome="earned"} 1"#,
        r#"accolade_earns_total{outcome="not_enrolled"} 2"#,
        r#"accolade_earns_total{outcome="badge_limit_reached"} 0"#,
    ] {
        assert!(metrics.ok().contains(line), "{}", metrics.body);
    }
}
