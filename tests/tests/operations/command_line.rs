//! The command line tools, beside a running server.

use std::time::Duration;

use accolade_tests::{Backend, Credentials, Server, on_both_databases, shared, until};
use rustix::process::Signal;
use serde_json::json;

fn an_org_and_a_client_are_made_listed_and_refused_twice(backend: Backend) {
    let server = Server::start(backend);
    let cli = server.cli();
    let create = [
        "org",
        "create",
        "--id",
        "77",
        "--name",
        "Ä \"quoted\" org",
        "--time-zone",
        "Asia/Kolkata",
        "--region",
        "in",
    ];
    cli.run(&create).ok();
    assert!(cli.run(&create).refused().contains("77"));
    let listed = cli.run(&["org", "list"]).ok();
    assert!(
        listed.contains("77") && listed.contains("Asia/Kolkata  IN") && listed.contains('Ä'),
        "{listed}"
    );

    let credentials = cli.create_client(77, Some("badges:read"));
    assert!(credentials.secret.len() >= 43, "256 bits");
    server.client(&credentials).get("badgeMeta").ok();
    let listed = cli.run(&["client", "list"]).ok();
    assert!(
        listed.contains(&credentials.key) && listed.contains("badges:read"),
        "{listed}"
    );
    assert!(!listed.contains(&credentials.secret), "{listed}");
    cli.run(&["client", "revoke", "--key", &credentials.key])
        .ok();
    assert!(cli.run(&["client", "list"]).ok().contains("revoked"));
}

#[test]
fn a_client_is_bounded_ends_and_shows_when_it_was_last_let_in() {
    let server = Server::start(Backend::Sqlite);
    let cli = server.cli();
    let org = server.org();
    let credentials = cli.create_client(org.id(), None);
    let key = credentials.key.as_str();
    let listed = || {
        let listed = cli.run(&["client", "list"]).ok();
        let line = listed.lines().find(|line| line.contains(key));
        let words: Vec<_> = line.unwrap().split_whitespace().collect();
        words.join(" ")
    };
    assert!(listed().ends_with(" - - - test"), "{}", listed());
    let set = |more: &[&str]| {
        let arguments = [&["client", "set", "--key", key][..], more].concat();
        cli.run(&arguments)
    };
    let said = set(&["--rate", "2", "--customer-rate", "9"]).ok();
    assert!(said.contains("2 requests and 9 customers"), "{said}");
    assert!(listed().ends_with(" 2 9 - test"), "{}", listed());
    let client = server.client(&credentials);
    let get = || client.request("GET", "badgeMeta").send();
    assert_eq!([get().status, get().status], [200, 200]);
    let refused = get();
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(
        refused.header("ratelimit-policy"),
        Some(r#""requests";q=2;w=60, "customers";q=9;w=60"#)
    );
    // Which clients were let in is written down now and then, and at the end.
    let setup = server.setup().clone();
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    assert!(listed().ends_with("Z test"), "{}", listed());
    let server = setup.start();
    let client = server.client(&credentials);
    let get = || client.request("GET", "badgeMeta").send();
    assert_eq!(get().status, 200);

    assert!(
        set(&["--ends", "2020-01-01T00:00:00Z"])
            .ok()
            .contains("ends on 2020")
    );
    assert!(listed().contains("ended 2020-01-01"), "{}", listed());
    until("it is refused", Duration::from_secs(20), || {
        get().status == 401
    });
    set(&["--ends", "never", "--rate", "none"]).ok();
    until("it is let in again", Duration::from_secs(20), || {
        get().status == 200
    });
    assert!(set(&[]).stderr.contains("--rate"));

    let rotate = || cli.run(&["client", "rotate", "--key", key]);
    assert!(!rotate().stderr.contains("does not hold any more"));
    assert!(rotate().stderr.contains("does not hold any more"));
    cli.run(&["client", "revoke", "--key", key]).ok();
    assert!(set(&["--rate", "1"]).refused().contains("no active client"));
}

fn callers_keep_the_credentials_that_they_have(backend: Backend) {
    let server = Server::start(backend);
    let cli = server.cli();
    let orgs = [server.org(), server.org()].map(|org| org.id().to_string());
    // What older platforms send: a user, and the MD5 of a password in hex.
    let credentials = Credentials {
        key: "till user+7@example.org".to_owned(),
        secret: "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
    };
    let create = |org: &str, input: &str| {
        let arguments = [
            "client",
            "create",
            "--org",
            org,
            "--name",
            "till",
            "--key",
            &credentials.key,
            "--secret-stdin",
        ];
        cli.run_reading(input, &arguments)
    };
    let input = format!("{}\r\nnot the secret\n", credentials.secret);
    assert!(create(&orgs[0], "too short\n").refused().contains("16"));
    let printed = create(&orgs[0], &input).ok();
    assert!(printed.contains(&credentials.key), "{printed}");
    assert!(!printed.contains(&credentials.secret), "{printed}");
    for org in &orgs {
        let refused = create(org, &input).refused();
        assert!(refused.contains("whole installation"), "{refused}");
    }
    server.client(&credentials).get("badgeMeta").ok();
    let asked = json!({"key": credentials.key, "secret": credentials.secret});
    let stranger = server.stranger();
    stranger.post("/v3/oauth/token/generate", &asked).ok();
    let wrong = server.client(&credentials.wrong()).get("badgeMeta");
    assert_eq!(wrong.status, 401, "{wrong}");
    assert!(!server.logs().text().contains(&credentials.secret));
    cli.run(&["client", "revoke", "--key", &credentials.key])
        .ok();
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let server = shared(Backend::Sqlite);
    let cli = server.cli();
    for (arguments, named) in [
        (
            &["client", "create", "--org", "999999999", "--name", "x"][..],
            "999999999",
        ),
        (
            &[
                "client",
                "create",
                "--org",
                "2001",
                "--name",
                "x",
                "--groups",
                "badges:fly",
            ],
            "badges:fly",
        ),
        (&["client", "revoke", "--key", "nobody"], "nobody"),
        (&["client", "rotate", "--key", "nobody"], "nobody"),
        (
            &[
                "org",
                "create",
                "--id",
                "888",
                "--name",
                "x",
                "--time-zone",
                "Mars/Base",
            ],
            "Mars/Base",
        ),
        (&["org", "create", "--id", "0", "--name", "x"], "0"),
        (&["org", "create", "--id", "-5", "--name", "x"], "-5"),
        (&["org", "create", "--id", "888", "--name", ""], "name"),
    ] {
        let outcome = cli.run(arguments);
        assert_ne!(outcome.code, Some(0), "{arguments:?}");
        assert!(
            outcome.stderr.contains(named),
            "{arguments:?}: {}",
            outcome.stderr
        );
        assert!(
            outcome.stdout.is_empty(),
            "{arguments:?}: {}",
            outcome.stdout
        );
    }
}

#[test]
fn a_secret_is_printed_once_for_people_too() {
    let server = shared(Backend::Sqlite);
    let org = server.org().id().to_string();
    let printed = server
        .cli()
        .run(&["client", "create", "--org", &org, "--name", "people"])
        .ok();
    let words: Vec<&str> = printed
        .split(|c: char| !c.is_ascii_alphanumeric())
        .collect();
    let longest = words.iter().filter(|word| word.len() >= 43).count();
    assert_eq!(longest, 1, "{printed}");
}

#[test]
fn health_is_asked_from_the_command_line() {
    let server = shared(Backend::Sqlite);
    let port = server.address().rsplit(':').next().unwrap();
    server
        .cli()
        .environment("ACCOLADE__HTTP__PORT", port)
        .run(&["health"])
        .ok();
    let outcome = server
        .cli()
        .environment("ACCOLADE__HTTP__PORT", "1")
        .run(&["health"]);
    assert_ne!(outcome.code, Some(0));
}

fn to_migrate_twice_changes_nothing(server: &Server) {
    server.cli().run(&["migrate"]).ok();
    server.cli().run(&["migrate"]).ok();
    server.org().get("badgeMeta").ok();
}

#[test]
fn help_and_version_are_worth_reading() {
    let cli = shared(Backend::Sqlite).cli();
    let help = cli.run(&["--help"]).ok();
    for command in ["serve", "migrate", "config", "org", "client"] {
        assert!(help.contains(command), "{help}");
    }
    let version = cli.run(&["--version"]).ok();
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
    for command in [
        &["client", "create", "--help"][..],
        &["org", "create", "--help"],
        &["serve", "--help"],
    ] {
        assert!(cli.run(command).ok().len() > 100);
    }
    assert_eq!(cli.run(&["fly"]).code, Some(2));
}

on_both_databases! {
    callers_keep_the_credentials_that_they_have
    an_org_and_a_client_are_made_listed_and_refused_twice
    to_migrate_twice_changes_nothing
}
