//! What waits for approval: rules, votes, and what one cannot vote on.

use accolade_tests::{enrolment, with};
use serde_json::json;

use crate::desk::Desk;

fn what_a_rule_holds_is_approved_rejected_or_withdrawn(desk: &Desk) {
    let (org, browser) = (&desk.org, &desk.browser);
    let badge = org.badge();
    org.enrol(&with(&enrolment(&badge), &json!({"customers": [1, 2, 3]})))
        .ok();
    browser.press("Approvals");
    browser.says(&["Nothing waits for approval"]);
    browser.press("Rules for approval");
    let revoke = "revoke enrolments and earned badges";
    browser.tick(revoke);
    browser.press("Save");
    browser.says(&["The rules are saved, and hold at once."]);
    browser.press("Rules for approval");
    assert!(browser.is_ticked(revoke));

    let revoking = |customer: i64| {
        let body = json!({
            "badgeMetaId": badge, "customers": [customer], "requestId": format!("left-{customer}"),
        });
        let reply = org.revoke_issue(&body);
        assert_eq!(reply.status, 202, "{reply}");
        let change = reply.data()["changeId"].as_str().unwrap().to_owned();
        browser.press("Approvals");
        browser.says(&["0 of 1"]);
        assert!(browser.link("revoke").ends_with(&change));
        browser.press("revoke");
        browser.says(&["waits", "What it is to do", "now as when it was made"]);
    };
    revoking(1);
    browser.write("Comment", "She did leave");
    browser.press("Approve");
    browser.says(&[
        "Your approval is counted.",
        "What came of it",
        "She did leave",
    ]);
    assert!(!browser.offers("Approve"));
    browser.press("Approvals");
    browser.choose("Status", "waits");
    browser.press("Show");
    browser.says(&["Nothing waits for approval"]);
    revoking(2);
    browser.press("Reject");
    browser.says(&["It is rejected, and nothing is done."]);

    browser.go(&format!("/console/customers/3/badges/{badge}"));
    browser.press("Revoke");
    browser.write("Reason", "She left");
    browser.press("Revoke");
    browser.says(&["It waits for approval. Nothing is done until others have agreed."]);
    browser.press("Approvals");
    browser.press("revoke");
    assert!(!browser.offers("Approve"));
    browser.press("Withdraw");
    browser.says(&["It is withdrawn, and nothing is done."]);
}

in_every_browser! {
    what_a_rule_holds_is_approved_rejected_or_withdrawn
}
