//! Customers who are named by an identifier, in every place.

use accolade_tests::{
    Org, Reply, Server, badge, direct_badge, imported, new_id, on_both_databases, with,
};
use serde_json::{Value, json};

const HEADER: &str = "X-CAP-CUSTOMER-IDENTIFIER";

/// Customers 1 and 2 are registered under all kinds.
fn org_with_customers(server: &Server) -> Org {
    let org = server.org();
    let customers: Vec<_> = [1, 2]
        .iter()
        .map(|number| {
            json!({
                "customerId": number, "email": format!("{number}@example.org"),
                "mobile": format!("070{number}"), "externalId": format!("x{number}"),
                "cardNumber": format!("c{number}"),
            })
        })
        .collect();
    org.post("customers/bulk", &json!({"customers": customers}))
        .ok();
    org
}

fn post(org: &Org, path: &str, body: &Value) -> Reply {
    org.sending("POST", path, body)
        .header(HEADER, "email")
        .send()
}

fn get(org: &Org, path: &str) -> Reply {
    org.request("GET", path).header(HEADER, "email").send()
}

/// How an unknown customer stands in a batch.
fn stranger(name: &str) -> Value {
    json!({"customerId": name, "error": {
        "code": 1920,
        "message": "No customer has this identifier. Register it in the customer directory first.",
        "reference": null,
    }})
}

fn customers_of_an_enrolment(server: &Server) {
    let org = org_with_customers(server);
    let badge = org.create(&badge());
    let body = json!({"badgeMetaId": badge, "requestId": "e", "customers": [
        "nobody@example.org", "2@example.org", "Other@example.org", "1@EXAMPLE.org",
    ]});
    let reply = post(&org, "badgeMeta/customer/issueBulk", &body).ok();
    let elements = reply.data()["issuedBadges"].clone();
    assert_eq!(elements[0], stranger("nobody@example.org"));
    assert_eq!(elements[1]["customerId"], 2);
    assert_eq!(elements[1]["status"], "ACTIVE");
    assert_eq!(elements[2], stranger("Other@example.org"));
    assert_eq!(elements[3]["customerId"], 1);
    assert_eq!(org.issued_count(&badge), 2);
    // It is told again as it was answered.
    let told = org.outcome("e").ok().data();
    assert_eq!(told["requests"][0]["answer"]["issuedBadges"], elements);
}

fn customers_of_a_bulk_earn(server: &Server) {
    let org = org_with_customers(server);
    let badge = org.create(&direct_badge());
    let body = json!({"badgeMetaId": badge, "requestId": "b", "customerIds": [
        "nobody@example.org", "2@example.org", "1@example.org",
    ]});
    let reply = post(&org, "customer/earnBulk", &body).ok();
    let elements = reply.data()["issuedBadges"].clone();
    assert_eq!(elements[0], stranger("nobody@example.org"));
    assert_eq!(elements[1]["customerId"], 2);
    assert_eq!(elements[2]["customerId"], 1);
    assert_eq!(org.earned_count(&badge), 2);
    let told = org.outcome("b").ok().data();
    assert_eq!(told["requests"][0]["answer"]["issuedBadges"], elements);
}

fn the_customer_of_one_earn_and_of_its_revocation(server: &Server) {
    let org = org_with_customers(server);
    let badge = org.create(&direct_badge());
    let body =
        |name: &str| json!({"badgeMetaId": badge, "customerId": name, "requestId": new_id()});
    let reply = post(&org, "customer/earn", &body("1@example.org")).ok();
    assert_eq!(reply.data()["customerId"], 1);
    post(&org, "customer/earn", &body("nobody@example.org")).refused(1920, Some("customerId"));
    let revoke = |name: &str| json!({"badgeMetaId": badge, "customerId": name, "earnedBadgeId": reply.earned_id()});
    post(&org, "customer/revokeEarn", &revoke("2@example.org")).refused(814, Some("earnedBadgeId"));
    post(&org, "customer/revokeEarn", &revoke("nobody@example.org"))
        .refused(1920, Some("customerId"));
    let revoked = post(&org, "customer/revokeEarn", &revoke("1@example.org")).ok();
    assert_eq!(revoked.data()["customerId"], 1);
}

fn customers_whose_enrolments_are_revoked(server: &Server) {
    let org = org_with_customers(server);
    let badge = org.create(&badge());
    let enrol = |customer: i64| {
        let body = json!({"badgeMetaId": badge, "customers": [customer]});
        org.enrol(&body).ok().issued()
    };
    let (first, second) = (enrol(1), enrol(2));
    let path = "badgeMeta/customer/revokeIssue";
    let body = json!({"badgeMetaId": badge, "customers": ["nobody@example.org", "1@example.org"]});
    let reply = post(&org, path, &body).ok();
    assert_eq!(
        reply.data()["revokedIssuedBadges"],
        json!([
            stranger("nobody@example.org"),
            {"customerId": 1, "issuedId": first, "error": null},
        ])
    );
    let body = json!({"badgeMetaId": badge, "revokeIssuals": [
        {"customerId": "2@example.org", "issueId": second},
        {"customerId": "nobody@example.org", "issueId": second},
    ]});
    let reply = post(&org, path, &body).ok();
    assert_eq!(
        reply.data()["revokedIssuedBadges"],
        json!([
            {"customerId": 2, "issuedId": second, "error": null},
            stranger("nobody@example.org"),
        ])
    );
}

fn customers_of_an_import(server: &Server) {
    let org = org_with_customers(server);
    let badge = org.create(&badge());
    let element = |name: &str| with(&imported(&badge, 1), &json!({"customerId": name}));
    let body = json!([element("nobody@example.org"), element("2@example.org")]);
    let reply = post(&org, "import/customerBadges", &body).ok();
    assert_eq!(
        reply.imports(),
        [vec![(1920, "customerId".to_owned())], vec![]]
    );
    assert_eq!(reply.json()[1]["data"]["customerId"], 2);
    assert_eq!(org.earned_count(&badge), 1);
}

fn the_customer_in_a_path(server: &Server) {
    let org = org_with_customers(server);
    let badge = org.create(&direct_badge());
    org.earned(&badge, 1);
    for path in [
        "customer/1%40example.org?badgeType=EARNED".to_owned(),
        "management/1@example.org?badgeType=EARNED".to_owned(),
        format!("management/1@Example.org/badge/{badge}?includeStatistics=true"),
    ] {
        let by_email = get(&org, &path).ok();
        let number = path.replace("1%40example.org", "1");
        let number = number
            .replace("1@example.org", "1")
            .replace("1@Example.org", "1");
        assert_eq!(by_email.text(), org.get(&number).ok().text());
        assert!(by_email.text().contains(&badge), "{by_email}");
        let nobody = path.replace("1%40", "nobody%40").replace("1@", "nobody@");
        let reply = get(&org, &nobody);
        assert_eq!((reply.status, reply.codes()), (400, vec![1920]), "{reply}");
    }
}

fn the_customer_whose_windows_are_counted(server: &Server) {
    let org = org_with_customers(server);
    let window = json!([{"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 20_000, "maxEarnLimit": 5}]);
    let badge = org.create(&accolade_tests::limited(&window, &json!([])));
    org.earned(&badge, 1);
    let path = |name: &str| {
        format!(
            "badgeMeta/getFixedWindowDetails?badgeMetaId={badge}&includeEarnCount=true&customerId={name}"
        )
    };
    let count = |reply: Reply| reply.data()["fixedWindowCycles"][0]["earnCount"].clone();
    assert_eq!(count(get(&org, &path("1@example.org"))), 1);
    assert_eq!(count(get(&org, &path("2@example.org"))), 0);
    let reply = get(&org, &path("nobody@example.org"));
    assert_eq!((reply.status, reply.codes()), (400, vec![1920]), "{reply}");
}

fn the_customer_whose_entry_is_written(server: &Server) {
    let org = org_with_customers(server);
    let entry = json!({"email": "new@example.org"});
    let put = |path: &str| {
        let request = org.sending("PUT", path, &entry);
        request.header(HEADER, "email").send()
    };
    let reply = put("customers/1@example.org").ok();
    assert_eq!(reply.data()["customerId"], 1);
    let reply = put("customers/1@example.org");
    assert_eq!((reply.status, reply.codes()), (400, vec![1920]), "{reply}");
    let body =
        json!({"customers": [{"customerId": "new@example.org", "email": "newer@example.org"}]});
    let reply = post(&org, "customers/bulk", &body).ok();
    assert_eq!(reply.data()["customers"][0]["customerId"], 1);
}

fn two_names_of_one_customer_are_a_repeat(server: &Server) {
    let org = org_with_customers(server);
    let enrolled = org.create(&badge());
    let names = json!([
        "1@example.org",
        "2@example.org",
        "1@Example.ORG",
        "x@y",
        "X@Y"
    ]);
    let body = json!({"badgeMetaId": enrolled, "customers": names});
    let reply = post(&org, "badgeMeta/customer/issueBulk", &body);
    reply.warned(&[(1992, "customers[2]"), (1992, "customers[4]")]);
    assert_eq!(reply.element_codes(), [0, 0, 1920]);
    let body = json!({"badgeMetaId": enrolled, "customerIds": names, "requestId": "r"});
    let reply = post(&org, "customer/earnBulk", &body);
    reply.warned(&[(1992, "customerIds[2]"), (1992, "customerIds[4]")]);
    assert_eq!(reply.element_codes(), [0, 0, 1920]);
    let body = json!({"badgeMetaId": enrolled, "customers": names});
    let reply = post(&org, "badgeMeta/customer/revokeIssue", &body);
    reply.warned(&[(1992, "customers[2]"), (1992, "customers[4]")]);
    assert_eq!(reply.element_codes(), [0, 0, 1920]);
}

fn strangers_alone_are_carried_out_too(server: &Server) {
    let org = org_with_customers(server);
    let badge = org.create(&direct_badge());
    let body = json!({"badgeMetaId": badge, "customerIds": ["x@y"], "requestId": "s"});
    let reply = post(&org, "customer/earnBulk", &body).ok();
    assert_eq!(reply.element_codes(), [1920]);
    assert_eq!(post(&org, "customer/earnBulk", &body).codes(), [809]);
}

fn every_kind_is_read_in_any_case_and_no_other(server: &Server) {
    let org = org_with_customers(server);
    let badge = org.create(&direct_badge());
    let earn = |kind: &str, name: &str| {
        let body = json!({"badgeMetaId": badge, "customerId": name, "requestId": new_id()});
        org.sending("POST", "customer/earn", &body)
            .header(HEADER, kind)
            .send()
    };
    for (kind, name) in [
        ("email", "1@example.org"),
        ("mobile", "0701"),
        ("externalId", "x1"),
        ("cardNumber", "c1"),
        ("EXTERNALID", "x1"),
    ] {
        let reply = earn(kind, name);
        assert_eq!(reply.status, 200, "{kind}: {reply}");
    }
    let reply = earn("passport", "1");
    reply.refused(400, Some(HEADER));
    for kind in ["email", "mobile", "externalId", "cardNumber"] {
        assert!(reply.message().contains(kind), "{reply}");
    }
    // An identifier may look like a number, and is no customer id.
    org.register(2, &json!({"mobile": "1"}));
    let body = json!({"badgeMetaId": badge, "customerId": 1, "requestId": new_id()});
    let reply = org
        .sending("POST", "customer/earn", &body)
        .header(HEADER, "mobile")
        .send()
        .ok();
    assert_eq!(reply.data()["customerId"], 2);
}

fn the_key_and_the_header_belong_together(server: &Server) {
    let org = org_with_customers(server);
    org.register(2, &json!({"mobile": "1", "externalId": "9"}));
    org.register(3, &json!({"externalId": "1"}));
    let badge = org.create(&direct_badge());
    let body = json!({"badgeMetaId": badge, "customerId": 1, "requestId": "k"});
    let earn = |kind: Option<&str>| {
        let request = org.sending("POST", "customer/earn", &body);
        let request = request.header("Idempotency-Key", "key");
        match kind {
            Some(kind) => request.header(HEADER, kind).send(),
            None => request.send(),
        }
    };
    earn(Some("mobile")).ok();
    // The same body names somebody else under another header: it is not the same request.
    for kind in [Some("externalId"), None] {
        let reply = earn(kind);
        assert_eq!((reply.status, reply.codes()), (422, vec![1910]), "{reply}");
    }
}

fn what_is_no_identifier_is_refused_at_its_place(server: &Server) {
    let org = org_with_customers(server);
    let badge = org.create(&direct_badge());
    let body = json!({"badgeMetaId": badge, "requestId": "r", "customerIds": ["1@example.org", "", {}, true, "a\u{0}"]});
    let reply = post(&org, "customer/earnBulk", &body);
    let mut problems = reply.problems();
    problems.sort();
    let expected: Vec<_> = (1..=4)
        .map(|index| (999_999, Some(format!("customerIds[{index}]"))))
        .collect();
    assert_eq!(problems, expected, "{reply}");
    assert_eq!(org.earned_count(&badge), 0);
}

on_both_databases! {
    customers_of_an_enrolment
    customers_of_a_bulk_earn
    the_customer_of_one_earn_and_of_its_revocation
    customers_whose_enrolments_are_revoked
    customers_of_an_import
    the_customer_in_a_path
    the_customer_whose_windows_are_counted
    the_customer_whose_entry_is_written
    two_names_of_one_customer_are_a_repeat
    strangers_alone_are_carried_out_too
    every_kind_is_read_in_any_case_and_no_other
    the_key_and_the_header_belong_together
    what_is_no_identifier_is_refused_at_its_place
}
