//! Who may come in: clients of the API, and operators.

use crate::desk::Desk;

fn a_client_is_made_bounded_gets_another_secret_and_is_revoked(desk: &Desk) {
    let browser = &desk.browser;
    browser.press("Access");
    browser.press("New client");
    browser.write("Name", "Nightly");
    browser.write("Whose it is", "two words");
    browser.press("Create");
    browser.complains_of("");
    assert_eq!(browser.written("Name"), "Nightly");
    browser.write("Whose it is", &desk.login);
    browser.press("Create");
    browser.says(&["Keep the credentials", "Secret", "shown this once"]);
    browser.press("To the client");
    browser.write("Requests a minute", "100");
    browser.press("Save");
    browser.says(&["The bounds are saved."]);
    assert_eq!(browser.written("Requests a minute"), "100");
    browser.press("New secret");
    browser.says(&["Both hold until the first one is ended."]);
    browser.press("New secret");
    browser.says(&["Keep the new secret"]);
    browser.press("To the client");
    browser.press("End the first secret");
    browser.press("End the first secret");
    browser.says(&["The first secret is ended."]);
    browser.press("Revoke the client");
    browser.press("Revoke the client");
    browser.says(&["The client is revoked."]);
}

fn an_operator_is_made_gets_a_role_and_a_password_and_is_disabled(desk: &Desk) {
    let browser = &desk.browser;
    let login = format!("bob-{}", desk.org.id());
    browser.press("Access");
    browser.press("New operator");
    browser.write("Name", "Bob");
    browser.write("Login", &login);
    browser.write("Password", "another horse battery");
    browser.press("Create");
    browser.complains_of("Choose at least one role.");
    assert_eq!(browser.written("Login"), login);
    browser.write("Password", "another horse battery");
    browser.tick("care – enrols, lets earn, revokes");
    browser.press("Create");
    browser.says(&["The operator is created", "Bob"]);
    browser.tick("approver – votes on what waits for approval");
    browser.press("Save roles");
    browser.says(&["The roles are saved."]);
    browser.write("Password", "a third horse battery");
    browser.press("Set password");
    browser.says(&["The password is set"]);
    browser.press("Disable");
    browser.says(&["for good"]);
    browser.press("Disable");
    browser.says(&["The operator is disabled."]);
}

in_every_browser! {
    a_client_is_made_bounded_gets_another_secret_and_is_revoked
    an_operator_is_made_gets_a_role_and_a_password_and_is_disabled
}
