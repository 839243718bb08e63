//! The README's requests, as they stand there, answer as it says.

use accolade_tests::{Backend, Credentials, PREFIX, Setup, on_both_databases};

/// One request of the README and its answer, in which an ellipsis stands for anything.
struct Example {
    path: String,
    body: Option<String>,
    answer: String,
}

/// Every `curl` of the demo's client, with the first line after it that is an envelope.
fn examples() -> Vec<Example> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let text = std::fs::read_to_string(file).unwrap();
    text.split("curl -s -u demo:demo-secret ")
        .skip(1)
        .map(|part| {
            let (_, rest) = part.split_once(&format!("{PREFIX}/")).unwrap();
            let path = rest.split([' ', '\'', '\n']).next().unwrap().to_owned();
            let (command, _) = part.split_once("\n\n").unwrap();
            let body = command
                .split_once("-d '")
                .map(|(_, body)| body.rsplit_once('\'').unwrap().0.to_owned());
            let line = |line: &&str| line.trim_start().starts_with(r#"{"data":"#);
            let answer = part.lines().find(line).unwrap().trim().to_owned();
            Example { path, body, answer }
        })
        .collect()
}

/// Whether `text` is `pattern`, whose ellipses stand for anything. An id is cut short there, so
/// what is left of it beside an ellipsis says nothing.
fn is_like(text: &str, pattern: &str) -> bool {
    let digit = |c: char| c.is_ascii_hexdigit();
    let parts: Vec<&str> = pattern
        .split('…')
        .map(|part| part.trim_matches(digit))
        .collect();
    let mut rest = text;
    for part in &parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    text.starts_with(parts[0]) && rest.is_empty()
}

fn enrol_earn_look_up_and_revoke_answer_as_they_are_printed(backend: Backend) {
    let server = Setup::new(backend).set("demo.enabled", "true").start();
    let demo = server.client(&Credentials {
        key: "demo".to_owned(),
        secret: "demo-secret".to_owned(),
    });
    let examples = examples();
    let paths: Vec<_> = examples.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "badgeMeta/customer/issueBulk",
            "customer/earn",
            "management/62090013/badge/66276dc68fe258516a88ff8e?includeStatistics=true",
            "customer/revokeEarn",
            "events?customerId=62090013",
        ]
    );
    let mut earned = String::new();
    for Example { path, body, answer } in &examples {
        let reply = match body {
            Some(body) => {
                let body = body.replace("6b…01", &earned);
                demo.request("POST", path).text(&body).send().ok()
            }
            None => demo.get(path).ok(),
        };
        assert!(is_like(reply.text(), answer), "{reply} is not {answer}");
        if path == "customer/earn" {
            earned = reply.earned_id();
        }
    }
}

on_both_databases! {
    enrol_earn_look_up_and_revoke_answer_as_they_are_printed
}
