//! Signing in and out, by the keyboard and by a provider.

use accolade_tests::{Backend, Browser, Key, PASSWORD, Provider, Scripts};

use crate::desk::{Desk, operator, with_console};

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

fn who_is_linked_is_signed_in_by_the_provider(backend: Backend, scripts: Scripts) {
    let provider = Provider::start();
    let server = with_console(backend).with_provider(&provider).start();
    provider.lead_back_to(server.address());
    let Some(browser) = Browser::open(server.address(), scripts) else {
        return;
    };
    let login = operator(&server, &server.org());
    browser.go("/console/badges");
    browser.press("Sign in with your company account");
    browser.says(&["You are not an operator here", "248289761001"]);
    let link = [
        "operator",
        "link",
        "--login",
        &login,
        "--subject",
        "248289761001",
    ];
    server.cli().run(&link).ok();
    browser.press("To the sign-in");
    browser.press("Sign in with your company account");
    assert_eq!(browser.path(), "/console/customers");
    browser.press("Sign out");
    browser.go("/console/badges");
    browser.press("Sign in with your company account");
    assert_eq!(browser.path(), "/console/badges");
}

#[test]
fn who_is_linked_is_signed_in_by_the_provider_on_sqlite() {
    who_is_linked_is_signed_in_by_the_provider(Backend::Sqlite, Scripts::On);
}

#[test]
fn who_is_linked_is_signed_in_by_the_provider_on_postgres_without_scripts() {
    who_is_linked_is_signed_in_by_the_provider(Backend::Postgres, Scripts::Off);
}
