//! Signing in and out, by the keyboard.

use accolade_tests::Key;

use crate::desk::{Desk, PASSWORD};

fn who_knows_the_password_signs_in_by_the_keyboard_and_is_led_to_where_she_wanted_to_go(
    desk: &Desk,
) {
    let browser = &desk.browser;
    browser.press("Sign out");
    browser.says(&["You are signed out."]);
    browser.go("/console/audit?actor=7");
    assert!(browser.path().starts_with("/console/sign-in?to="));
    assert_eq!(browser.focus(), "f-login");
    browser.type_text(&desk.login);
    browser.hit(Key::Tab);
    browser.type_text("a wrong password");
    browser.enter();
    browser.complains_of("Login or password is wrong.");
    assert!(browser.title().starts_with("Please look at this: Sign in"));
    assert_eq!(browser.written("Login"), desk.login);
    assert_eq!(browser.written("Password"), "");
    browser.tab_to("f-password");
    browser.type_text(PASSWORD);
    browser.enter();
    assert_eq!(browser.path(), "/console/audit?actor=7");
}

fn who_signs_out_everywhere_is_out(desk: &Desk) {
    let browser = &desk.browser;
    browser.press("Ada");
    browser.says(&["Your account", &desk.login, "approver"]);
    browser.press("Sign out everywhere");
    browser.says(&["You are signed out."]);
    browser.go("/console/account");
    assert!(browser.path().starts_with("/console/sign-in?to="));
}

in_every_browser! {
    who_knows_the_password_signs_in_by_the_keyboard_and_is_led_to_where_she_wanted_to_go
    who_signs_out_everywhere_is_out
}
