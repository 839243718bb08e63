//! Taking an earned badge back.

use accolade_tests::{Server, direct_badge, earning, on_both_databases, with};
use serde_json::json;

fn a_revoked_earn_is_answered_byte_for_byte_and_counts_no_more(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    let kept = org.earned(&badge, 1);
    let earned = org.earned(&badge, 1);
    let reply = org.revoke_earn(&badge, 1, &earned.to_uppercase()).ok();
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"data":{{"badgeMetaId":"{badge}","customerId":1,"earnedBadgeId":"{earned}","isActive":false}},"errors":[],"warnings":[]}}"#
        )
    );
    assert_eq!(org.earned_count(&badge), 1);
    let details = org.between(1, &badge);
    let earns = &details["earnDetails"]["earns"];
    assert_eq!(earns[0]["earnedBadgeId"], json!(earned));
    assert_eq!(earns[0]["earnedStatus"], "REVOKED");
    assert!(earns[0]["revokedOn"].is_number(), "{details}");
    assert_eq!(earns[1]["earnedBadgeId"], json!(kept));
    assert_eq!(earns[1]["earnedStatus"], "ACTIVE");
    assert!(earns[1]["revokedOn"].is_null(), "{details}");
}

fn what_is_not_an_active_earn_of_the_customer_is_refused(server: &Server) {
    let org = server.org();
    let (badge, other) = (org.create(&direct_badge()), org.create(&direct_badge()));
    let earned = org.earned(&badge, 1);
    let refused = |badge: &str, customer: i64, earned: &str| {
        let reply = org.revoke_earn(badge, customer, earned);
        assert_eq!(reply.status, 400, "{reply}");
        reply.refused(814, Some("earnedBadgeId"));
    };
    refused(&badge, 1, "000000000000000000000000");
    // Another customer's, another badge's.
    refused(&badge, 2, &earned);
    refused(&other, 1, &earned);
    org.revoke_earn(&badge, 1, &earned).ok();
    refused(&badge, 1, &earned);
    assert_eq!(org.earned_count(&badge), 0);
}

fn an_expired_earn_can_be_revoked(server: &Server) {
    let org = server.org();
    let expiry = json!({"earnedBadgeExpiry": {
        "expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": "2024-01-01T00:00:00Z",
    }});
    let badge = org.create(&with(&direct_badge(), &expiry));
    let earned = org.earned(&badge, 1);
    org.revoke_earn(&badge, 1, &earned).ok();
}

fn its_fields_are_checked_together(server: &Server) {
    let org = server.org();
    let reply = org.post("customer/revokeEarn", &json!({}));
    let mut problems = reply.problems();
    problems.sort();
    let at = |code: u64, field: &str| (code, Some(field.to_owned()));
    assert_eq!(
        problems,
        [
            at(812, "customerId"),
            at(999_999, "badgeMetaId"),
            at(999_999, "earnedBadgeId"),
        ],
        "{reply}"
    );
    let body = json!({"badgeMetaId": "x", "customerId": -1, "earnedBadgeId": "y"});
    let reply = org.post("customer/revokeEarn", &body);
    let mut problems = reply.problems();
    problems.sort();
    assert_eq!(
        problems,
        [
            at(999_999, "badgeMetaId"),
            at(999_999, "customerId"),
            at(999_999, "earnedBadgeId"),
        ],
        "{reply}"
    );
}

fn another_orgs_earn_is_not_found(server: &Server) {
    let (org, other) = (server.org(), server.org());
    let badge = org.create(&direct_badge());
    let earned = org.earned(&badge, 1);
    let reply = other.revoke_earn(&badge, 1, &earned);
    assert_eq!((reply.status, reply.codes()), (404, vec![404]), "{reply}");
    let own = other.create(&direct_badge());
    other
        .revoke_earn(&own, 1, &earned)
        .refused(814, Some("earnedBadgeId"));
    assert_eq!(org.earned_count(&badge), 1);
}

fn a_deactivated_badge_takes_no_earns_but_revocations(server: &Server) {
    let org = server.org();
    let badge = org.create(&direct_badge());
    let earned = org.earned(&badge, 1);
    org.put(&format!("badgeMeta/{badge}/deactivate")).ok();
    org.earn(&earning(&badge, 1))
        .refused(1901, Some("badgeMetaId"));
    org.revoke_earn(&badge, 1, &earned).ok();
}

on_both_databases! {
    a_revoked_earn_is_answered_byte_for_byte_and_counts_no_more
    what_is_not_an_active_earn_of_the_customer_is_refused
    an_expired_earn_can_be_revoked
    its_fields_are_checked_together
    another_orgs_earn_is_not_found
    a_deactivated_badge_takes_no_earns_but_revocations
}
