//! What is around badges: groups, and the fields that an org adds.

use crate::desk::Desk;

fn a_group_and_a_field_are_made_changed_and_taken_away(desk: &Desk) {
    let browser = &desk.browser;
    browser.press("Badges");
    browser.press("Groups and fields");
    browser.says(&["There are no groups.", "has added no fields"]);
    browser.press("New group");
    browser.write("Name", "Everyday");
    browser.write("Rank", "first");
    browser.press("Save");
    browser.complains_of("");
    assert_eq!(browser.written("Rank"), "first");
    browser.write("Rank", "1");
    browser.press("Save");
    browser.says(&["The group is saved."]);
    browser.press("Everyday");
    browser.write("Name", "Every day");
    browser.press("Save");
    browser.press("Every day");
    browser.press("Remove the group");
    browser.says(&["are in no group any more"]);
    browser.press("Remove the group");
    browser.says(&["The group is removed.", "There are no groups."]);

    browser.press("New field");
    browser.write("Name", "Tier");
    browser.choose("Kind", "a text");
    browser.tick("Every badge has it");
    browser.press("Save");
    browser.complains_of("");
    assert!(browser.is_ticked("Every badge has it"));
    browser.write("Default", "gold");
    browser.press("Save");
    browser.says(&["The field is saved.", "Tier", "gold"]);
    browser.press("Tier");
    browser.press("Disable the field");
    browser.says(&["It is offered no more, for good."]);
    browser.press("Disable the field");
    browser.says(&["The field is disabled.", "disabled"]);
}

in_every_browser! {
    a_group_and_a_field_are_made_changed_and_taken_away
}
