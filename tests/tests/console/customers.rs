//! The care desk: a customer is found, enrolled, lets earn, and loses what she got by mistake.

use accolade_tests::{LOYALTY, badge, customer_value, enrolment, with};
use serde_json::json;

use crate::desk::Desk;

/// Why all of it is done.
const REASON: &str = "She asked for it at the desk";

fn a_customer_is_found_by_all_that_names_her(desk: &Desk) {
    let (org, browser) = (&desk.org, &desk.browser);
    org.register(
        1,
        &json!({
            "email": "ann@example.org", "mobile": "+44 20 7946 0101",
            "externalId": "crm-1", "cardNumber": "4000-0101",
        }),
    );
    let badge = org.badge();
    let issued = org.enrol(&enrolment(&badge)).ok().issued();
    let earned = org.earned(&badge, 1);
    let customer = "/console/customers/1";
    let of_badge = format!("{customer}/badges/{badge}");
    let names = [
        ("1", customer),
        ("Ann@Example.org", customer),
        ("+44 20 7946 0101", customer),
        ("crm-1", customer),
        ("4000-0101", customer),
        (&issued, &of_badge),
        (&earned, &of_badge),
    ];
    for (name, place) in names {
        browser.write("Find a customer", name);
        browser.enter();
        assert_eq!(browser.path(), place, "{name}");
    }
    let (owner, reference) = LOYALTY;
    let request = json!({
        "badgeMetaId": badge, "customerId": 1, "requestId": "tills-77",
        "triggeredBy": {"ownerType": owner, "referenceId": reference},
    });
    org.earn(&request).ok();
    browser.write("Find a customer", "tills-77");
    browser.press("Find");
    browser.says(&["earned"]);
    browser.write("Find a customer", "nobody@example.org");
    browser.press("Find");
    browser.says(&["Nobody was found", "Check the spelling"]);
}

fn a_customer_is_enrolled_and_earns_once_and_both_are_revoked_for_a_reason(desk: &Desk) {
    let (org, browser) = (&desk.org, &desk.browser);
    let twice = json!({"name": "Gold", "customerConstraints": [customer_value(2)]});
    let badge = org.claimed(&with(&badge(), &twice));
    let here = format!("/console/customers/7/badges/{badge}");
    browser.go("/console/customers/7");
    browser.says(&[
        "Customer 7",
        "Available to enrol 1",
        "Nothing has happened yet",
    ]);

    browser.press("Enrol: Gold");
    browser.says(&["The customer can be enrolled."]);
    browser.press("Enrol");
    browser.complains_of("The reason");
    assert_eq!(org.issued_count(&badge), 0);
    // The rest by the keyboard alone.
    browser.tab_to("f-reason");
    browser.type_text(REASON);
    browser.tab_to("Enrol");
    browser.enter();
    browser.says(&["The customer is enrolled.", "enrolled", "by hand"]);
    assert_eq!(org.issued_count(&badge), 1);

    browser.go("/console/customers/7?tab=earn");
    browser.says(&["2 of 2 left"]);
    browser.press("Earn: Gold");
    browser.says(&["The customer can earn it."]);
    browser.write("Reason", REASON);
    browser.press_twice("Earn");
    browser.says(&["The customer has earned the badge.", "1 of 2 left"]);
    assert_eq!(org.earned_count(&badge), 1);
    let second = org.earned(&badge, 7);
    browser.go(&format!("{here}/earn"));
    browser.complains_of("(817)");
    browser.says(&["It would be refused", "Nothing was done."]);
    assert!(!browser.offers("Earn"));

    browser.go(&here);
    browser.says(&["none of 2 left"]);
    browser.press(&format!("Revoke {second}"));
    browser.says(&["Its place under every limit is free again."]);
    browser.press("Revoke");
    browser.complains_of("The reason");
    browser.write("Reason", REASON);
    browser.press("Revoke");
    browser.says(&["The earned badge is revoked.", REASON, "1 of 2 left"]);
    // What stands first is the enrolment.
    browser.press("Revoke");
    browser.says(&["what was earned stays"]);
    browser.write("Reason", REASON);
    browser.press("Revoke");
    browser.says(&["The enrolment is revoked."]);

    browser.go("/console/customers/7?tab=earned");
    browser.says(&[
        "Earned 1",
        "Gold",
        "Enrolment revoked",
        "Earned badge revoked",
    ]);
    browser.go("/console/customers/7/timeline");
    browser.says(&[
        "Enrolled",
        "Earned",
        "Enrolment revoked",
        "Earned badge revoked",
        "Ada",
    ]);
    browser.press("Audit trail");
    let told = browser.text();
    assert_eq!(told.matches(REASON).count(), 4, "{told}");
}

in_every_browser! {
    a_customer_is_found_by_all_that_names_her
    a_customer_is_enrolled_and_earns_once_and_both_are_revoked_for_a_reason
}
