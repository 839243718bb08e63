//! Files of rows: dropped, tried, carried out, and followed to their end.

use std::fs;

use accolade_tests::{LOYALTY, badge, customers_file, enrolling_job, with};
use serde_json::json;
use tempfile::tempdir;

use crate::desk::Desk;

fn a_file_is_tried_carried_out_and_its_refused_rows_are_shown(desk: &Desk) {
    let (org, browser) = (&desk.org, &desk.browser);
    let badge = org.claimed(&with(&badge(), &json!({"name": "Gold"})));
    let directory = tempdir().unwrap();
    let file = directory.path().join("guests.csv");
    fs::write(&file, "customerId\n1\n2\nnobody\n1\n").unwrap();
    let (owner, reference) = LOYALTY;
    browser.press("Jobs");
    browser.says(&["There are no jobs"]);
    browser.press("New job");
    browser.choose_file("File", &file);
    browser.choose("Badge", "Gold");
    browser.choose("Triggered by", owner);
    browser.write("Reference", reference);
    browser.press("Try first");
    browser.says(&["The job is started.", "only tried", "Nothing is recorded"]);
    browser.sees("completed");
    browser.go(&browser.path());
    browser.says(&["nobody", "unreadable"]);
    assert_eq!(org.issued_count(&badge), 0);
    browser.press("Carry the file out now");
    browser.sees("completed");
    browser.go(&browser.path());
    browser.says_nothing_of("only tried");
    browser.says(&["nobody", "unreadable", "refused"]);
    assert!(
        browser
            .link("Download refused rows (CSV)")
            .ends_with("results?only=refused")
    );
    assert_eq!(org.issued_count(&badge), 2);
    browser.press("Delete");
    browser.says(&["What it has recorded stays."]);
    browser.press("Delete the job");
    browser.says(&["The job is deleted."]);
}

fn the_page_of_a_job_follows_it_to_its_end_and_stops_one(desk: &Desk) {
    let (org, browser) = (&desk.org, &desk.browser);
    let badge = org.badge();
    let job = org.run_job(&enrolling_job(&badge), &customers_file(1..=20_000));
    browser.go(&format!("/console/jobs/{job}"));
    browser.sees("completed");
    browser.says(&["20000"]);
    let open = org.create_job(&enrolling_job(&badge));
    browser.go(&format!("/console/jobs/{open}"));
    browser.says(&["gets its file"]);
    browser.press("Stop");
    browser.press("Stop the job");
    browser.says(&["The job is stopped.", "stopped"]);
}

in_every_browser! {
    a_file_is_tried_carried_out_and_its_refused_rows_are_shown
    the_page_of_a_job_follows_it_to_its_end_and_stops_one
}
