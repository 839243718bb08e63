//! The campaign desk: a badge from its first draft to its copy.

use accolade_tests::{badge, with};
use serde_json::json;

use crate::desk::Desk;

fn a_badge_is_drafted_shown_on_a_calendar_created_claimed_and_duplicated(desk: &Desk) {
    let browser = &desk.browser;
    browser.press("Badges");
    browser.says(&["There are no badges yet"]);
    browser.press("New badge");
    browser.write("Name", "Winter Walker");
    browser.choose("How it is earned", "earned directly");
    browser.write_moment("Starts", "01012030", "120000AM");
    browser.write_moment("Ends", "12312030", "115900PM");
    browser.choose("Kind", "in each window of the calendar");
    browser.write("At most", "2");
    browser.press("Show what changes");
    browser.complains_of("Limits for each customer, row 1, length: Is required.");
    assert_eq!(browser.written("Name"), "Winter Walker");
    assert_eq!(browser.written("Starts"), "2030-01-01T00:00");
    browser.write("Length", "7");
    browser.tick("Loyalty");
    browser.press("Show what changes");
    browser.says(&["What changes", "Winter Walker", "Calendar", "January 2030"]);
    browser.press("Edit on");
    assert!(browser.is_ticked("Loyalty"));
    browser.press("Show what changes");
    browser.press("Save");
    browser.says(&["The badge is created.", "upcoming", "31 Dec 2030, 23:59"]);
    browser.press("Later");
    browser.says(&["April 2030"]);

    browser.press("Claim");
    browser.choose("Module", "Loyalty");
    browser.write("Reference", "spring");
    browser.press("Claim");
    browser.says(&["The badge is claimed.", "spring"]);
    browser.press("Take back");
    browser.says(&["The claim is taken back.", "taken back"]);
    browser.press("Deactivate");
    browser.says(&["nobody earns it"]);
    browser.press("Deactivate");
    browser.says(&["The badge is deactivated."]);
    browser.press("Activate");
    browser.press("Activate");
    browser.says(&["The badge is activated."]);

    browser.press("Duplicate");
    assert_eq!(browser.written("Name"), "Winter Walker (copy)");
    browser.press("Show what changes");
    browser.press("Save");
    browser.says(&["The badge is created.", "Winter Walker (copy)"]);
    browser.press("Badges");
    browser.says(&["Winter Walker (copy)"]);
    browser.write("Name", "no such badge");
    browser.press("Show");
    browser.says(&["No badge fits these filters."]);
}

fn of_an_edit_that_somebody_overtook_both_versions_are_shown(desk: &Desk) {
    let (org, browser) = (&desk.org, &desk.browser);
    let named = |name: &str| with(&badge(), &json!({"name": name}));
    let id = org.create(&named("First"));
    browser.go(&format!("/console/badges/{id}/edit"));
    browser.write("Name", "Mine");
    browser.press("Show what changes");
    browser.says(&["First", "Mine", "Before", "After"]);
    org.update(&id, &named("Theirs")).ok();
    browser.press("Save");
    browser.complains_of("Somebody has changed the badge while you edited it.");
    browser.says(&["Theirs", "Mine", "As it is now", "As you have it"]);
    browser.press("Save yours over it");
    browser.says(&["The badge is saved.", "Mine"]);
}

in_every_browser! {
    a_badge_is_drafted_shown_on_a_calendar_created_claimed_and_duplicated
    of_an_edit_that_somebody_overtook_both_versions_are_shown
}
