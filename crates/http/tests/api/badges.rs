//! Creating and looking up badges.

use actix_web::http::Method;
use insta::assert_snapshot;

use crate::support::{BADGE, TestApp, code_at, json};

/// Every field that there is, in one request.
const EVERYTHING: &str = r#"{
    "name": "Badge Issue earn",
    "description": "Make 5 transactions",
    "startOn": 1780272000,
    "expiresOn": 1811808000.5,
    "earnType": "issue_earn",
    "issuedBadgeExpiry": {"expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": 1926235957},
    "earnedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "WEEKS", "value": 2},
    "ownership": {"restrictedToOwners": ["Loyalty", "audience campaigns", "Loyalty"]},
    "customerConstraints": [
        {"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "maxEarnLimit": 2, "durationType": "DAYS", "refreshRate": 3},
        {"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "maxEarnLimit": 5, "durationType": "WEEKS", "startDayOfTheWeek": 7},
        {"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "maxEarnLimit": 9, "durationType": "MONTHS"},
        {"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 50, "rollForDays": 5, "maxEarnForMonths": 200, "rollForMonths": 1}
    ],
    "badgeConstraints": [
        {"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": 10000},
        {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 1, "maxEarnLimit": 300},
        {"constraintType": "BADGE_NO_LIMIT"}
    ],
    "images": [{"name": "Issued", "fileSvcHandle": "qwer-8634-8938", "url": "https://images.example.com/a%2Fb.jpg?alt=media", "tag": "EARNED"}, {}],
    "tags": [{"name": "Priority", "value": "1"}, {"name": "rare"}],
    "benefits": [{"benefitType": "COUPON", "seriesId": 13745, "factor": 1.50}],
    "customFields": {},
    "badgeGroupId": null,
    "badgeRank": 3,
    "defaultTillId": 50682289,
    "isActive": false
}"#;

const LEAST: &str = r#"{"name":"Least","startOnISO":"2026-05-01T12:00:00Z","expiresOnISO":"2026-06-01T00:00:00Z",
    "earnType":"EARN","earnedBadgeExpiry":{"expiryType":"ABSOLUTE","expireWithBadgeMeta":true},
    "ownership":{"restrictedToOwners":["Loyalty"]}}"#;

#[actix_web::test]
async fn a_badge_with_everything_is_created_and_looked_up_as_it_was_created() {
    let app = TestApp::new();
    let created = app.post("badgeMeta", EVERYTHING).await;
    assert_eq!(created.status, 201);
    assert_snapshot!("everything", created.ok());
    let id = created.json()["data"]["id"].as_str().unwrap().to_owned();
    let found = app
        .get(&format!("badgeMeta/{id}?includeStatistics=true"))
        .await;
    assert_eq!((found.status, found.ok()), (200, created.body.as_str()));
}

#[actix_web::test]
async fn a_badge_with_the_least_has_the_rest_empty() {
    let app = TestApp::new();
    assert_snapshot!("least", app.post("badgeMeta", LEAST).await.ok());
}

#[actix_web::test]
async fn what_was_answered_can_be_sent_again_and_means_the_same() {
    let app = TestApp::new();
    let first = app.post("badgeMeta", EVERYTHING).await.json()["data"].clone();
    let mut echo = first.clone();
    echo["name"] = "Echo".into();
    let reply = app.post("badgeMeta", &echo.to_string()).await;
    assert!(
        reply.warnings().iter().all(|(code, _)| *code == 1993),
        "{}",
        reply.body
    );
    let mut second = reply.json()["data"].clone();
    second["name"] = first["name"].clone();
    second["id"] = first["id"].clone();
    second["badgeNumericId"] = first["badgeNumericId"].clone();
    for index in 0..3 {
        let reference = first["customerConstraints"][index]["referenceId"].clone();
        second["customerConstraints"][index]["referenceId"] = reference;
    }
    assert_eq!(first, second);
}

#[actix_web::test]
async fn everything_that_is_wrong_is_said_at_once_by_whoever_sees_it() {
    let app = TestApp::new();
    let body = r#"{"name":"","startOn":1780272000,"expiresOn":1770000000,"earnType":"ISSUE_EARN",
        "earnedBadgeExpiry":{"expiryType":"RELATIVE","relativeExpirytype":"YEARS","value":2},
        "customerConstraints":[{"constraintType":"CUSTOMER_BADGE_FIXED_VALUE","maxEarnLimit":-1}],
        "customFields":{"CF1":"x"},"badgeGroupId":"664f0d8a9a2c373c7d767e9b"}"#;
    let reply = app.post("badgeMeta", body).await;
    assert_eq!(
        reply.failure(),
        (
            400,
            vec![
                code_at(400, "name"),
                code_at(400, "earnedBadgeExpiry.relativeExpirytype"),
                code_at(400, "customerConstraints[0].maxEarnLimit"),
                code_at(728, "ownership.restrictedToOwners"),
                code_at(400, "issuedBadgeExpiry"),
                code_at(724, "expiresOn"),
                code_at(720, "startOn"),
                code_at(404, "badgeGroupId"),
                code_at(746, "customFields.CF1"),
            ]
        )
    );
}

#[actix_web::test]
async fn a_name_is_taken_once() {
    let app = TestApp::new();
    app.post("badgeMeta", LEAST).await.ok();
    assert_eq!(
        app.post("badgeMeta", LEAST).await.body,
        r#"{"data":null,"errors":[{"code":725,"message":"Badge name cannot be duplicate","reference":"name"}],"warnings":null}"#
    );
}

#[actix_web::test]
async fn past_dates_need_the_migration_header() {
    let app = TestApp::new();
    let past = LEAST.replace("2026-05-01T12:00:00Z", "2020-01-01T00:00:00Z");
    assert_eq!(
        app.post("badgeMeta", &past).await.failure(),
        (400, vec![code_at(722, "startOn")])
    );
    let request = json(Method::POST, "badgeMeta", &past)
        .insert_header(("X-CAP-BADGES-MIGRATION", "migration"));
    let reply = app.send(request).await;
    assert!(reply.ok().contains(r#""status":"LIVE""#), "{}", reply.body);
}

#[actix_web::test]
async fn a_badge_that_is_taken_over_keeps_the_id_by_which_callers_know_it() {
    let app = TestApp::new();
    let with_id = |name: &str| {
        let body = LEAST.replace("\"Least\"", &format!("{name:?}"));
        let body = body.replacen('{', r#"{"id":"653DE84DB3CDA7078C7C68ED","#, 1);
        json(Method::POST, "badgeMeta", &body)
    };
    let migrating = |name| with_id(name).insert_header(("X-CAP-BADGES-MIGRATION", "migration"));
    let id = "653de84db3cda7078c7c68ed";
    let made = app.send(with_id("Made")).await;
    assert_eq!(made.warnings(), [code_at(1993, "id")]);
    assert_ne!(made.json()["data"]["id"], id);
    let kept = app.send(migrating("Kept")).await;
    assert_eq!((kept.status, kept.warnings()), (201, vec![]));
    assert_eq!(kept.json()["data"]["id"], id);
    assert_eq!(
        app.get(&format!("badgeMeta/{id}")).await.json()["data"]["name"],
        "Kept"
    );
    let taken = app.send(migrating("Taken")).await;
    assert_eq!(taken.failure(), (400, vec![code_at(400, "id")]));
}

#[actix_web::test]
async fn an_unknown_and_a_malformed_id_are_not_found() {
    let app = TestApp::new();
    for id in [
        "66276dc68fe258516a880000",
        "8",
        "%FF",
        "%00",
        "66276dc68fe258516a88ff8g",
    ] {
        let reply = app.get(&format!("badgeMeta/{id}")).await;
        assert_eq!(reply.failure(), (404, vec![(404, None)]), "{id}");
    }
}

#[actix_web::test]
async fn an_id_is_read_in_upper_case_too_and_unknown_parameters_are_warned_of() {
    let app = TestApp::new();
    let reply = app
        .get("badgeMeta/66276DC68FE258516A88FF8E?inculdeStatistics=true")
        .await;
    assert_eq!(reply.warnings(), [code_at(1990, "inculdeStatistics")]);
    assert_eq!(reply.json()["data"]["id"], "66276dc68fe258516a88ff8e");
}

#[actix_web::test]
async fn what_cannot_be_tried_is_refused_and_not_done() {
    let app = TestApp::new();
    let badge = format!("badgeMeta/{BADGE}");
    let requests = [
        json(Method::POST, "badgeMeta?dryRun=true", LEAST),
        json(Method::PUT, &format!("{badge}/deactivate?dryRun=true"), ""),
        json(
            Method::POST,
            "group?dryRun=true",
            r#"{"name":"Gold","rank":1}"#,
        ),
    ];
    for request in requests {
        let reply = app.send(request).await;
        assert_eq!(reply.failure(), (400, vec![code_at(400, "dryRun")]));
    }
    assert_eq!(app.get(&badge).await.json()["data"]["active"], true);
    app.post("badgeMeta?dryRun=false", LEAST).await.ok();
}
