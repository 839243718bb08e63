//! Random bodies: whatever they are, the answer is an envelope and never a 5xx.

use accolade_tests::{Server, badge, enrolling_query, enrolment, on_both_databases};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

/// Values that mean something somewhere, and values that mean nothing anywhere.
fn leaf() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        json!("Loyalty"),
        json!("loyalty-promotion"),
        json!("ISSUE_EARN"),
        json!("EARN"),
        json!("RELATIVE"),
        json!("ABSOLUTE"),
        json!("NEVER"),
        json!("FIXED_DATE"),
        json!("WITH_BADGE_META"),
        json!("DAYS"),
        json!("MONTHS"),
        json!("MONDAY"),
        json!("INTEGER"),
        json!("CUSTOMERS"),
        json!("NDJSON"),
        json!("DATE"),
        json!("BADGE_FIXED_WINDOW"),
        json!("CUSTOMER_BADGE_ROLLING_WINDOW"),
        json!("2024-04-23T13:44:15+05:30"),
        json!("9999-12-31T23:59:59Z"),
        json!("0001-01-01T00:00:00Z"),
        json!("66276dc68fe258516a88ff8e"),
        json!("http://x"),
        json!(""),
        json!("\u{0}"),
        json!("\u{10ffff}"),
        json!(0),
        json!(1),
        json!(-1),
        json!(7),
        json!(36_500),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1_713_860_055),
        json!(1_713_860_055_000_i64),
        json!(0.1),
        json!(1e300),
        json!(-1e-300),
        json!(null),
        json!(true),
        json!(false),
    ]);
    prop_oneof![
        4 => words,
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => ".{0,40}".prop_map(Value::from),
    ]
}

const FIELDS: &[&str] = &[
    "badgeMetaId",
    "customers",
    "requestId",
    "issueEventDate",
    "issueEventDateISO",
    "triggeredBy",
    "ownerType",
    "referenceId",
    "name",
    "description",
    "startOn",
    "startOnISO",
    "expiresOn",
    "expiresOnISO",
    "earnType",
    "issuedBadgeExpiry",
    "earnedBadgeExpiry",
    "expiryType",
    "type",
    "relativeExpirytype",
    "relativeExpiryType",
    "value",
    "expireWithBadgeMeta",
    "ownership",
    "restrictedToOwners",
    "claims",
    "customerConstraints",
    "badgeConstraints",
    "constraintType",
    "maxEarnLimit",
    "durationType",
    "refreshRate",
    "startDayOfTheWeek",
    "rollType",
    "rollValue",
    "maxEarnForDays",
    "rollForDays",
    "images",
    "url",
    "tag",
    "fileSvcHandle",
    "tags",
    "benefits",
    "benefitType",
    "customFields",
    "badgeGroupId",
    "badgeRank",
    "defaultTillId",
    "active",
    "isActive",
    "customerId",
    "customerIds",
    "earnEventDate",
    "earnEventDateISO",
    "earnExpiresOn",
    "earnExpiresOnISO",
    "earnedBadgeId",
    "revokeIssuals",
    "issueId",
    "rank",
    "dataType",
    "isMandatory",
    "defaultValue",
    "email",
    "mobile",
    "externalId",
    "cardNumber",
    "operation",
    "format",
    "eventDate",
    "dryRun",
    "jobId",
    "id",
    "unknown",
];

fn tree() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            3 => fields(inner),
        ]
    })
}

fn fields(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let pair = (prop::sample::select(FIELDS), value);
    prop::collection::vec(pair, 0..6).prop_map(|pairs| {
        let fields: Map<_, _> = pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        Value::Object(fields)
    })
}

/// Puts `replacement` in the place of the `index`th value of `body`, depth first.
fn replace(body: &mut Value, index: &mut usize, replacement: &Value) -> bool {
    let children: Vec<&mut Value> = match body {
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Array(list) => list.iter_mut().collect(),
        _ => Vec::new(),
    };
    for child in children {
        if *index == 0 {
            *child = replacement.clone();
            return true;
        }
        *index -= 1;
        if replace(child, index, replacement) {
            return true;
        }
    }
    false
}

/// Right bodies for earning, revoking, importing and the catalogue.
fn other_bodies(badge_id: &str) -> Vec<Value> {
    let id = "66276dc68fe258516a88ff8e";
    vec![
        json!({"badgeMetaId": badge_id, "customerId": 1, "customerIds": [1, 2], "requestId": "fuzz",
               "earnEventDate": 1_713_860_055, "triggeredBy": {"ownerType": "Membercare", "referenceId": "1"}}),
        json!({"badgeMetaId": badge_id, "customerId": 1, "earnedBadgeId": id, "customers": [1],
               "revokeIssuals": [{"customerId": 1, "issueId": id}]}),
        json!([
            accolade_tests::imported(badge_id, 1),
            accolade_tests::imported(badge_id, 2)
        ]),
        json!({"name": "Fuzz", "rank": 1, "dataType": "INTEGER", "isMandatory": true, "defaultValue": "1", "isActive": true}),
        json!({"customers": [{"customerId": 1, "email": "a@x", "mobile": "1"}], "email": "a@x", "cardNumber": "1"}),
        json!({"operation": "ENROL", "format": "CSV", "badgeMetaId": badge_id, "eventDate": 1, "dryRun": true,
               "jobId": "fuzz", "triggeredBy": {"ownerType": "Membercare", "referenceId": "1"}}),
    ]
}

/// Right bodies with one value replaced, and bodies with nothing right.
fn bodies(badge_id: &str) -> impl Strategy<Value = Value> + use<> {
    let mut definition = badge();
    definition["customerConstraints"] = json!([
        {"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "maxEarnLimit": 2, "durationType": "WEEKS", "startDayOfTheWeek": 1},
        {"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 50, "rollForDays": 5},
    ]);
    definition["badgeConstraints"] =
        json!([{"constraintType": "BADGE_FIXED_VALUE", "maxEarnLimit": 9}]);
    definition["images"] =
        json!([{"name": "a", "fileSvcHandle": "b", "url": "https://x.example/y", "tag": "EARNED"}]);
    definition["tags"] = json!([{"name": "a", "value": "b"}]);
    definition["benefits"] = json!([{"benefitType": "COUPON", "seriesId": 1}]);
    let mut request = enrolment(badge_id);
    request["requestId"] = json!("fuzz");
    request["issueEventDate"] = json!(1_713_860_055);
    request["issueEventDateISO"] = json!("2024-04-23T13:44:15+05:30");
    let mended = move |base: Value| {
        (0_usize..40, tree()).prop_map(move |(mut index, replacement)| {
            let mut body = base.clone();
            replace(&mut body, &mut index, &replacement);
            body
        })
    };
    let others = prop::sample::select(other_bodies(badge_id));
    let others = (others, 0_usize..20, tree()).prop_map(|(mut body, mut index, replacement)| {
        replace(&mut body, &mut index, &replacement);
        body
    });
    prop_oneof![
        1 => mended(definition),
        1 => mended(request),
        3 => others,
        1 => tree(),
        1 => fields(tree())
    ]
}

fn no_body_breaks_anything(server: &Server) {
    let org = server.org().with_a_connection();
    let badge = org.badge();
    let config = Config {
        cases: 60,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let (id, client) = (badge.clone(), &*org);
    let created = |path: &str, body: Value| {
        let reply = org.post(path, &body).ok();
        format!("{path}/{}", reply.data()["id"].as_str().unwrap())
    };
    let group = created("group", json!({"name": "g", "rank": 1}));
    let field = created("customField", json!({"name": "f", "dataType": "STRING"}));
    TestRunner::new(config)
        .run(&bodies(&badge), |body| {
            // The client fails on 5xx and on what is no envelope.
            client.enrol(&body);
            client.creating(&body).send();
            client.post(&format!("badgeMeta/{id}/claim"), &body);
            client.update(&id, &body);
            for path in [
                "customer/earn",
                "customer/earnBulk",
                "customer/revokeEarn",
                "badgeMeta/customer/revokeIssue",
                "import/customerBadges",
                "group",
                "customField",
                "customers/bulk",
                "jobs",
                "jobs?operation=EARN&format=NDJSON&start=true",
            ] {
                client.post(path, &body);
                let request = client.sending("POST", path, &body);
                request.header("X-CAP-CUSTOMER-IDENTIFIER", "mobile").send();
            }
            for path in ["customers/1", &group, &field] {
                client.put_json(path, &body);
            }
            Ok(())
        })
        .unwrap();
    org.get("badgeMeta?size=100").ok();
    org.get("customer/1?badgeType=EARNED").ok();
}

/// Words that mean something in some query, and some that mean nothing in any.
fn queries() -> impl Strategy<Value = String> {
    let names = prop::sample::select(vec![
        "badgeMetaId",
        "badgeType",
        "includeExpired",
        "groupId",
        "limit",
        "size",
        "page",
        "sortOn",
        "order",
        "action",
        "badgeStatus",
        "status",
        "owner",
        "claimedBy",
        "unclaimed",
        "name",
        "startOn",
        "startOnOperator",
        "expiresOn",
        "expiresOnOperator",
        "includeStatistics",
        "constraintType",
        "customerId",
        "fixedWindowCycleReferenceId",
        "includeEarnCount",
        "startDate",
        "endDate",
        "isActive",
        "dryRun",
        "wait",
        "only",
        "format",
        "unknown",
    ]);
    let values = prop::sample::select(vec![
        "",
        "0",
        "1",
        "-1",
        "99999999999999999999",
        "true",
        "false",
        "x",
        "ALL",
        "BADGE",
        "EARNED",
        "EXPIRED",
        "AVAILABLE",
        "RANK",
        "LAST_EARNED_ON_DATE",
        "EXPIRES_ON",
        "ASC",
        "ACTIVATED",
        "LIVE,ENDED",
        "Loyalty",
        "LESS_THAN",
        "GREATER_THAN",
        "2024-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "66276dc68fe258516a88ff8e",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "%00",
        "%ff",
        "%",
        "a%20b",
        "%F0%9F%8F%85",
    ]);
    prop::collection::vec((names, values), 0..6).prop_map(|pairs| {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    })
}

fn no_query_breaks_anything(server: &Server) {
    let org = server.org().with_a_connection();
    let badge = org.badge();
    org.enrol(&enrolment(&badge)).ok();
    org.earned(&badge, 1);
    let query = enrolling_query(&badge, "&start=true&jobId=fuzz");
    let request = org.request("POST", &query);
    request.bytes(b"customerId\n1\n2\n".to_vec()).send().ok();
    let config = Config {
        cases: 80,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&queries(), |query| {
            for path in [
                "badgeMeta",
                "customer/1",
                "management/1",
                "group",
                "customField",
                "jobs",
                "jobs/fuzz/results",
            ] {
                org.get(&format!("{path}?{query}"));
            }
            org.get(&format!("management/1/badge/{badge}?{query}"));
            org.get(&format!(
                "badgeMeta/getFixedWindowDetails?badgeMetaId={badge}&{query}"
            ));
            org.get(&format!("badgeMeta/getFixedWindowDetails?{query}"));
            Ok(())
        })
        .unwrap();
}

on_both_databases! {
    no_body_breaks_anything
    no_query_breaks_anything
}
