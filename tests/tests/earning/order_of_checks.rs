//! Earning's checks: each stops the request, in the order that is promised.
//!
//! A request is made that fails every check, and mended one check after the other: each
//! time exactly the next one must answer. So every pair of neighbours is in order.

use accolade_tests::{
    Client, LOYALTY, Org, Reply, Server, badge, badge_from, badge_value, customer_value,
    direct_badge, enrolment, imported, new_id, on_both_databases, with,
};
use serde_json::{Value, json};

/// The two ways to earn, which check the same.
const WAYS: [Way; 2] = [
    Way {
        path: "customer/earn",
        customer: "customerId",
    },
    Way {
        path: "customer/earnBulk",
        customer: "customerIds",
    },
];

#[derive(Clone, Copy)]
struct Way {
    path: &'static str,
    customer: &'static str,
}

impl Way {
    fn customer(self, number: i64) -> Value {
        match self.customer {
            "customerId" => json!(number),
            _ => json!([number]),
        }
    }

    fn body(self, badge: &str) -> Value {
        json!({"badgeMetaId": badge, self.customer: self.customer(1), "requestId": new_id()})
    }

    fn send(self, client: &Client, body: &Value) -> Reply {
        client.post(self.path, body)
    }

    /// The code of the only customer's refusal, wherever it stands.
    fn code(self, reply: &Reply) -> u64 {
        if self.customer == "customerId" {
            return reply.codes().first().copied().unwrap_or(0);
        }
        reply.clone().ok();
        reply.element_codes()[0]
    }
}

fn credentials_come_before_the_access_group_before_the_body(server: &Server) {
    let org = server.org();
    let reader = server.client_with(&org, "badges:read,badges:write");
    for way in WAYS {
        let earn = |client: &Client| client.request("POST", way.path).text("{").send();
        assert_eq!(earn(&server.stranger()).codes(), [1930]);
        assert_eq!(earn(&reader).codes(), [1931]);
        earn(&org).refused(999_999, None);
    }
}

fn the_shape_comes_before_the_request_id_and_all_its_problems_together(server: &Server) {
    let org = server.org();
    let at = |code: u64, field: &str| (code, Some(field.to_owned()));
    for way in WAYS {
        let used = way.body(&org.create(&direct_badge()));
        way.send(&org, &used).ok();
        let reply = way.send(
            &org,
            &json!({
                "badgeMetaId": "nonsense",
                "requestId": used["requestId"],
                "earnEventDate": "yesterday",
                "triggeredBy": {"ownerType": "Nobody"},
            }),
        );
        let mut problems = reply.problems();
        problems.sort();
        assert_eq!(
            problems,
            [
                at(400, "triggeredBy.ownerType"),
                at(717, "triggeredBy.referenceId"),
                at(812, way.customer),
                at(999_999, "badgeMetaId"),
                at(999_999, "earnEventDate"),
            ],
            "{reply}"
        );
        let reply = way.send(&org, &json!({"triggeredBy": {}}));
        let mut problems = reply.problems();
        problems.sort();
        assert_eq!(
            problems,
            [
                at(716, "triggeredBy.ownerType"),
                at(717, "triggeredBy.referenceId"),
                at(804, "requestId"),
                at(812, way.customer),
                at(999_999, "badgeMetaId"),
            ],
            "{reply}"
        );
    }
}

fn a_request_that_fails_every_check_meets_them_in_order_as_it_is_mended(server: &Server) {
    let org = server.org();
    for way in WAYS {
        let other = org.create(&direct_badge());
        let used = way.body(&other);
        way.send(&org, &used).ok();

        let future = |changes: Value| {
            let dates = badge_from("2080-01-01T00:00:00Z", "2090-01-01T00:00:00Z");
            let direct = json!({"earnType": "EARN", "issuedBadgeExpiry": null});
            org.create(&with(&with(&dates, &direct), &changes))
        };
        let upcoming = future(json!({}));
        let off = future(json!({"active": false}));
        let full = full_direct_badge(&org);

        let steps: [(Value, u64, &str); 8] = [
            (json!({"requestId": used["requestId"]}), 809, "requestId"),
            (json!({"requestId": new_id()}), 404, ""),
            (json!({"badgeMetaId": off}), 1901, ""),
            (
                json!({"badgeMetaId": upcoming}),
                714,
                "triggeredBy.ownerType",
            ),
            (
                json!({"triggeredBy": {"ownerType": LOYALTY.0, "referenceId": LOYALTY.1}}),
                810,
                "triggeredBy",
            ),
            // Claimed below.
            (json!({}), 750, "earnEventDate"),
            (
                json!({"earnEventDate": "2000-01-01T00:00:00Z"}),
                815,
                "badgeMetaId",
            ),
            (json!({"badgeMetaId": full}), 816, "earnEventDate"),
        ];
        let mut body = with(
            &way.body("000000000000000000000000"),
            &json!({
                "earnEventDate": "2085-01-01T00:00:00Z",
                "triggeredBy": {"ownerType": "Journeys", "referenceId": "1"},
            }),
        );
        for (change, code, field) in steps {
            body = with(&body, &change);
            if code == 750 {
                org.claim(&upcoming, LOYALTY);
                org.claim(&full, LOYALTY);
            }
            let reply = way.send(&org, &body);
            assert_eq!(reply.codes(), [code], "{body}: {reply}");
            let reference = reply.problems()[0].1.clone().unwrap_or_default();
            assert!(
                reference.starts_with(field),
                "{code} at {reference:?}, not {field}"
            );
        }
        // Dated inside its period, limits refuse it: the customer's first.
        body = with(&body, &json!({"earnEventDate": "2023-06-01T00:00:00Z"}));
        assert_eq!(way.code(&way.send(&org, &body)), 817);
        body = with(&body, &json!({"requestId": new_id()}));
        body[way.customer] = way.customer(2);
        assert_eq!(way.code(&way.send(&org, &body)), 818);
    }
}

/// Both limits of customer 1 are reached, and the badge's of everybody.
fn full_direct_badge(org: &Org) -> String {
    let full = org.create(&with(
        &direct_badge(),
        &json!({
            "customerConstraints": [customer_value(1)],
            "badgeConstraints": [badge_value(1)],
        }),
    ));
    org.earned(&full, 1);
    full
}

fn without_an_enrolment_limits_do_not_matter(server: &Server) {
    let org = server.org();
    for way in WAYS {
        let badge = org.claimed(&with(
            &badge(),
            &json!({
                "customerConstraints": [customer_value(1)],
                "badgeConstraints": [badge_value(1)],
            }),
        ));
        // An import needs no enrolment and counts.
        org.import(&[imported(&badge, 1)]).ok();
        let code = |customer: i64| {
            let mut body = way.body(&badge);
            body[way.customer] = way.customer(customer);
            way.code(&way.send(&org, &body))
        };
        assert_eq!(code(1), 811);
        org.enrol(&with(&enrolment(&badge), &json!({"customers": [1, 2]})))
            .ok();
        assert_eq!(code(1), 817);
        assert_eq!(code(2), 818);
        assert_eq!(code(3), 811);
    }
}

fn who_is_not_enrolled_is_a_conflict(server: &Server) {
    let org = server.org();
    let badge = org.badge();
    let reply = org.earn(&WAYS[0].body(&badge));
    assert_eq!((reply.status, reply.codes()), (409, vec![811]), "{reply}");
}

fn an_event_may_lie_a_day_ahead_and_not_more(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    for way in WAYS {
        let at = |seconds: i64| {
            let date = json!({"earnEventDate": accolade_tests::now() + seconds});
            way.send(&org, &with(&way.body(&badge), &date))
        };
        at(24 * 3_600 + 60).refused(750, Some("earnEventDate"));
        at(24 * 3_600 - 60).ok();
    }
}

fn a_direct_badge_minds_its_period_ends_included_and_an_ended_one_still_takes_earns(
    server: &Server,
) {
    let org = server.org();
    let ended = badge_from("2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z");
    let direct = json!({"earnType": "EARN", "issuedBadgeExpiry": null});
    let badge = org.create(&with(&ended, &direct));
    for (event, fits) in [
        ("2022-12-31T23:59:59.999999Z", false),
        ("2023-01-01T00:00:00Z", true),
        ("2024-01-01T00:00:00Z", true),
        ("2024-01-01T00:00:00.000001Z", false),
    ] {
        let reply = org.earn_at(&badge, 1, event);
        if fits {
            reply.ok();
        } else {
            reply.refused(816, Some("earnEventDate"));
        }
    }
    assert_eq!(org.earned_count(&badge), 2);
}

fn an_enrolment_covers_from_its_event_date_until_before_its_expiry(server: &Server) {
    let org = server.org();
    let days = json!({"expiryType": "RELATIVE", "relativeExpirytype": "DAYS", "value": 10});
    let badge = org.create(&with(&badge(), &json!({"issuedBadgeExpiry": days})));
    let enrol = |date: &str| {
        let body = json!({"badgeMetaId": badge, "customers": [1], "issueEventDate": date});
        org.enrol(&body).ok().issued()
    };
    let first = enrol("2024-01-01T00:00:00Z");
    let second = enrol("2024-01-11T00:00:00Z");
    for (event, by) in [
        ("2023-12-31T23:59:59.999999Z", None),
        ("2024-01-01T00:00:00Z", Some(&first)),
        ("2024-01-10T23:59:59.999999Z", Some(&first)),
        ("2024-01-11T00:00:00Z", Some(&second)),
        ("2024-01-21T00:00:00Z", None),
    ] {
        let reply = org.earn_at(&badge, 1, event);
        match by {
            None => assert_eq!(reply.codes(), [811], "{event}"),
            Some(by) => assert_eq!(reply.ok().data()["issuedId"], json!(by), "{event}"),
        }
    }
}

fn the_care_desk_needs_neither_owner_nor_claim(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    for way in WAYS {
        let by = |by: Value| {
            let body = with(&way.body(&badge), &json!({"triggeredBy": by}));
            way.send(&org, &body)
        };
        by(json!({"ownerType": "membercare", "referenceId": 77})).ok();
        by(json!({"ownerType": "Loyalty", "referenceId": 77})).refused(810, Some("triggeredBy"));
    }
}

on_both_databases! {
    credentials_come_before_the_access_group_before_the_body
    the_shape_comes_before_the_request_id_and_all_its_problems_together
    a_request_that_fails_every_check_meets_them_in_order_as_it_is_mended
    without_an_enrolment_limits_do_not_matter
    who_is_not_enrolled_is_a_conflict
    an_event_may_lie_a_day_ahead_and_not_more
    a_direct_badge_minds_its_period_ends_included_and_an_ended_one_still_takes_earns
    an_enrolment_covers_from_its_event_date_until_before_its_expiry
    the_care_desk_needs_neither_owner_nor_claim
}
