//! Webhooks: made, tried out, looked into, and made to send again.

use std::time::Duration;

use accolade_tests::{Receiver, enrolment, until};

use crate::desk::Desk;

fn a_webhook_is_made_sends_sends_again_pauses_gets_a_secret_and_goes(desk: &Desk) {
    let (org, browser) = (&desk.org, &desk.browser);
    let receiver = Receiver::start();
    let got = |count: usize| {
        until("it is delivered", Duration::from_mins(1), || {
            receiver.bodies().len() >= count
        });
    };
    browser.press("Webhooks");
    browser.says(&["There are no webhooks"]);
    browser.press("New webhook");
    browser.write("Address", "ftp://example.org");
    browser.press("Save");
    browser.complains_of("");
    assert_eq!(browser.written("Address"), "ftp://example.org");
    browser.write("Address", receiver.url());
    browser.press("Save");
    browser.says(&["Keep the secret", "whsec_", "shown this once"]);
    browser.press("To the webhook");
    browser.says_nothing_of("whsec_");
    browser.says(&["active", "Nothing was sent that fits."]);
    browser.press("Send a test");
    browser.says(&["The test", "succeeded · HTTP 204"]);
    got(1);

    org.enrol(&enrolment(&org.badge())).ok();
    got(2);
    until("the attempt is listed", Duration::from_mins(1), || {
        browser.press("Webhooks");
        browser.press(receiver.url());
        browser.text().contains("succeeded 204")
    });
    let before = receiver.bodies().len();
    browser.press("Send again");
    browser.says(&["The events are sent again."]);
    got(before + 1);

    browser.press("Pause");
    browser.says(&["The webhook is paused.", "paused"]);
    browser.press("Enable");
    browser.says(&["The webhook is enabled"]);
    browser.press("New secret");
    browser.says(&["For a day requests are signed with both."]);
    browser.press("New secret");
    browser.says(&["The webhook has a new secret.", "whsec_"]);
    browser.press("Edit");
    browser.write("Description", "The warehouse");
    browser.press("Save");
    browser.says(&["The webhook is saved.", "The warehouse"]);
    browser.press("Delete");
    browser.says(&["its secret is gone for good"]);
    browser.press("Delete the webhook");
    browser.says(&["The webhook is deleted.", "There are no webhooks"]);
}

in_every_browser! {
    a_webhook_is_made_sends_sends_again_pauses_gets_a_secret_and_goes
}
