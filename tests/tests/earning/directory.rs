//! The customer directory.

use accolade_tests::{Org, Server, direct_badge, on_both_databases};
use serde_json::{Value, json};

fn an_entry_is_answered_as_sent_and_found_by_each_identifier(server: &Server) {
    let org = server.org();
    let body = json!({
        "email": "ann@example.org", "mobile": "0700 1", "externalId": "x-1", "cardNumber": "c-1",
    });
    let reply = org.put_json("customers/7", &body).ok();
    assert_eq!(
        reply.text(),
        r#"{"data":{"customerId":7,"email":"ann@example.org","mobile":"0700 1","externalId":"x-1","cardNumber":"c-1"},"errors":[],"warnings":[]}"#
    );
    for (kind, identifier) in [
        ("email", "ann@example.org"),
        ("email", "ANN@Example.org"),
        ("mobile", "0700 1"),
        ("externalId", "x-1"),
        ("cardNumber", "c-1"),
    ] {
        assert_eq!(
            found(&org, kind, identifier),
            Some(7),
            "{kind} {identifier}"
        );
    }
    // Of another kind it is nobody's, and nobody's in another org.
    assert_eq!(found(&org, "mobile", "x-1"), None);
    assert_eq!(found(&server.org(), "email", "ann@example.org"), None);
}

/// Whom an identifier names: who earns by it.
fn found(org: &Org, kind: &str, identifier: &str) -> Option<i64> {
    let badge = org.create(&direct_badge());
    let body = json!({
        "badgeMetaId": badge, "customerId": identifier, "requestId": accolade_tests::new_id(),
    });
    let reply = org
        .sending("POST", "customer/earn", &body)
        .header("X-CAP-CUSTOMER-IDENTIFIER", kind)
        .send();
    if reply.status == 200 {
        return reply.data()["customerId"].as_i64();
    }
    reply.refused(1920, Some("customerId"));
    None
}

fn what_is_left_out_is_lost(server: &Server) {
    let org = server.org();
    org.register(7, &json!({"email": "ann@example.org", "mobile": "1"}));
    org.register(7, &json!({"email": "ann@example.net"}));
    assert_eq!(found(&org, "email", "ann@example.org"), None);
    assert_eq!(found(&org, "mobile", "1"), None);
    assert_eq!(found(&org, "email", "ann@example.net"), Some(7));
}

fn an_identifier_belongs_to_one_customer(server: &Server) {
    let org = server.org();
    org.register(7, &json!({"email": "ann@example.org", "mobile": "1"}));
    let body = json!({"email": "Ann@Example.org", "mobile": "1", "cardNumber": "c"});
    let reply = org.put_json("customers/8", &body);
    let mut problems = reply.problems();
    problems.sort();
    assert_eq!(
        problems,
        [
            (1921, Some("email".to_owned())),
            (1921, Some("mobile".to_owned()))
        ],
        "{reply}"
    );
    assert_eq!(reply.status, 400);
    // What was taken is not told, and nothing is written.
    assert!(!reply.text().contains("example"), "{reply}");
    assert_eq!(found(&org, "cardNumber", "c"), None);
    org.register(7, &json!({"mobile": "1"}));
    org.register(8, &json!({"email": "Ann@Example.org"}));
    // One of two kinds is another one, and so is another org's.
    org.register(9, &json!({"mobile": "ann@example.org"}));
    server.org().register(1, &json!({"mobile": "1"}));
}

fn many_customers_are_written_together_or_not_at_all(server: &Server) {
    let org = server.org();
    let bulk = |customers: Value| org.post("customers/bulk", &json!({"customers": customers}));
    let reply = bulk(json!([
        {"customerId": 1, "email": "a@x"},
        {"customerId": "2", "email": "b@x", "mobile": "2"},
    ]))
    .ok();
    assert_eq!(
        reply.data(),
        json!({"customers": [
            {"customerId": 1, "email": "a@x", "mobile": null, "externalId": null, "cardNumber": null},
            {"customerId": 2, "email": "b@x", "mobile": "2", "externalId": null, "cardNumber": null},
        ]})
    );
    // Identifiers may move between the customers of a request.
    bulk(json!([{"customerId": 1, "email": "b@x"}, {"customerId": 2, "email": "a@x"}])).ok();
    assert_eq!(found(&org, "email", "a@x"), Some(2));
    let reply = bulk(json!([
        {"customerId": 3, "email": "c@x"},
        {"customerId": 4, "email": "A@x"},
        {"customerId": 5, "email": "C@x"},
    ]));
    let mut problems = reply.problems();
    problems.sort();
    assert_eq!(
        problems,
        [
            (1921, Some("customers[1].email".to_owned())),
            (1921, Some("customers[2].email".to_owned())),
        ],
        "{reply}"
    );
    assert_eq!(found(&org, "email", "c@x"), None);
}

fn ten_thousand_customers_are_one_request(server: &Server) {
    let org = server.org();
    let customers: Vec<_> = (1..=10_000)
        .map(|number| json!({"customerId": number, "externalId": format!("x{number}")}))
        .collect();
    org.post("customers/bulk", &json!({"customers": customers}))
        .ok();
    assert_eq!(found(&org, "externalId", "x10000"), Some(10_000));
    let customers: Vec<_> = (1..=10_001)
        .map(|number| json!({"customerId": number, "externalId": format!("y{number}")}))
        .collect();
    let reply = org.post("customers/bulk", &json!({"customers": customers}));
    reply.refused(1905, Some("customers"));
}

fn what_is_no_identifier_is_refused(server: &Server) {
    let org = server.org();
    for value in [
        json!(""),
        json!("   "),
        json!("x".repeat(256)),
        json!(true),
        json!("a\u{0}"),
        json!({}),
    ] {
        for kind in ["email", "mobile", "externalId", "cardNumber"] {
            let reply = org.put_json("customers/7", &json!({kind: value}));
            reply.refused(999_999, Some(kind));
        }
    }
    for customer in ["0", "-1", "x", "9223372036854775808"] {
        let reply = org.put_json(&format!("customers/{customer}"), &json!({}));
        assert!([400, 404].contains(&reply.status), "{reply}");
    }
    let reply = org.post(
        "customers/bulk",
        &json!({"customers": [{"email": "a@x"}, {"customerId": -1}, 7]}),
    );
    let mut problems = reply.problems();
    problems.sort();
    let at = |code: u64, path: &str| (code, Some(path.to_owned()));
    assert_eq!(
        problems,
        [
            at(812, "customers[0].customerId"),
            at(999_999, "customers[1].customerId"),
            at(999_999, "customers[2]"),
        ],
        "{reply}"
    );
    org.post("customers/bulk", &json!({}))
        .refused(812, Some("customers"));
    org.post("customers/bulk", &json!({"customers": []}))
        .refused(812, Some("customers"));
}

fn of_a_customer_that_is_named_twice_it_is_not_guessed_what_is_meant(server: &Server) {
    let org = server.org();
    let reply = org.post(
        "customers/bulk",
        &json!({"customers": [{"customerId": 1, "email": "a@x"}, {"customerId": 1, "email": "b@x"}]}),
    );
    reply.refused(999_999, Some("customers[1].customerId"));
    assert_eq!(found(&org, "email", "a@x"), None);
}

on_both_databases! {
    an_entry_is_answered_as_sent_and_found_by_each_identifier
    what_is_left_out_is_lost
    an_identifier_belongs_to_one_customer
    many_customers_are_written_together_or_not_at_all
    ten_thousand_customers_are_one_request
    what_is_no_identifier_is_refused
    of_a_customer_that_is_named_twice_it_is_not_guessed_what_is_meant
}
