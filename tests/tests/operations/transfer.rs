//! A database that is moved to another, there and back: it answers as it did.

use std::sync::Arc;
use std::time::Duration;

use accolade_tests::{
    Backend, Cli, Client, Database, LOYALTY, Org, Request, Server, Setup, badge, badge_value,
    customer_value, direct_badge, earning, earning_all, enrolment, imported, limited, until, with,
};
use rustix::process::Signal;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);

/// A request that was sent under a key, and what it was answered.
struct Written {
    method: &'static str,
    path: String,
    body: Value,
    key: String,
    answer: Vec<u8>,
}

/// Everything that a session wrote, and what it may read.
#[derive(Default)]
struct Session {
    written: Vec<Written>,
    paths: Vec<String>,
}

impl Session {
    /// Sends a request under a key of its own, which may be refused, and then is not sent again; gives its
    /// `data`.
    fn send(&mut self, org: &Org, method: &'static str, path: &str, body: Value) -> Value {
        let key = format!("key {path} {}", self.written.len());
        let mut written = Written {
            method,
            path: path.to_owned(),
            body,
            key,
            answer: Vec::new(),
        };
        let reply = written.request(org).send();
        let is_success = reply.is_success();
        let data = reply.json();
        written.answer = reply.body;
        if is_success {
            self.written.push(written);
        }
        data["data"].clone()
    }

    fn create(&mut self, org: &Org, path: &str, body: Value) -> String {
        let data = self.send(org, "POST", path, body);
        data["id"].as_str().unwrap().to_owned()
    }

    /// What is read at each of the paths, and under each of the keys.
    fn read(&self, org: &Org, admin: &Client) -> Vec<(String, String)> {
        let text = |body: Vec<u8>| String::from_utf8(body).unwrap();
        let paths = self.paths.iter().map(|path| {
            let asked: &Client = if path.starts_with("audit") {
                admin
            } else {
                org
            };
            (path.clone(), text(asked.get(path).ok().body))
        });
        let keys = self.written.iter().map(|it| {
            let name = format!("{} {} again under {}", it.method, it.path, it.key);
            (name, text(it.request(org).send().ok().body))
        });
        paths.chain(keys).collect()
    }
}

impl Written {
    fn request<'o>(&self, org: &'o Org) -> Request<'o> {
        let request = org.sending(self.method, &self.path, &self.body);
        let request = request.header("Idempotency-Key", &self.key);
        request.header("X-CAP-BADGES-MIGRATION", "migration")
    }
}

/// Every kind of thing that can be recorded.
fn session(org: &Org) -> Session {
    let mut session = Session::default();
    let group = session.create(org, "group", json!({"name": "Ärzte", "rank": 1}));
    let field = json!({"name": "Colour", "dataType": "STRING"});
    let field = session.create(org, "customField", field);
    let gold = session.create(org, "badgeMeta", badge());
    let few = limited(&json!([customer_value(1)]), &json!([badge_value(2)]));
    let few = session.create(org, "badgeMeta", few);
    let (owner, reference) = LOYALTY;
    let claim = json!({"ownerType": owner, "referenceId": reference});
    session.send(org, "POST", &format!("badgeMeta/{gold}/claim"), claim);
    for customer in 1..=3 {
        let identifiers = json!({"email": format!("c{customer}@example.org"), "externalId": "Ä 1"});
        let identifiers = if customer == 1 {
            identifiers
        } else {
            with(&identifiers, &json!({"externalId": null}))
        };
        session.send(org, "PUT", &format!("customers/{customer}"), identifiers);
    }
    let bulk = "badgeMeta/customer/issueBulk";
    let first = json!({"requestId": "first", "customers": [1, 2, 3, 4]});
    session.send(org, "POST", bulk, with(&enrolment(&gold), &first));
    let second = json!({"requestId": "second", "customers": [3, 5]});
    session.send(org, "POST", bulk, with(&enrolment(&gold), &second));
    let earned = session.send(org, "POST", "customer/earn", earning(&gold, 1));
    let earned = earned["earnedBadgeId"].clone();
    // The last of them finds no place, and a customer earns a second time: refusals of both scopes.
    session.send(
        org,
        "POST",
        "customer/earnBulk",
        earning_all(&few, &[1, 2, 3]),
    );
    session.send(org, "POST", "customer/earn", earning(&few, 1));
    let revoked = json!({"badgeMetaId": gold, "customerId": 1, "earnedBadgeId": earned});
    let revoked = with(&revoked, &json!({"reason": "a mistake"}));
    session.send(org, "POST", "customer/revokeEarn", revoked);
    let revoked = json!({"badgeMetaId": gold, "customers": [4], "reason": "moved"});
    session.send(org, "POST", "badgeMeta/customer/revokeIssue", revoked);
    let elements = json!([imported(&gold, 6), imported(&gold, 7)]);
    session.send(org, "POST", "import/customerBadges", elements);
    let direct = session.create(org, "badgeMeta", direct_badge());
    session.send(
        org,
        "PUT",
        &format!("badgeMeta/{direct}/deactivate"),
        json!({}),
    );
    let hook =
        json!({"url": "https://1.1.1.1/hook", "signature": "ED25519", "headers": {"a": "b"}});
    // Its secret is shown once, and not in a replay.
    let hook = org.post("webhooks", &hook).ok().data()["id"].clone();
    let hook = hook.as_str().unwrap().to_owned();
    org.post(&format!("webhooks/{hook}/pause"), &json!({})).ok();

    for customer in 1..=7 {
        for badge in [&gold, &few, &direct] {
            let details = "includeStatistics=true";
            session
                .paths
                .push(format!("management/{customer}/badge/{badge}?{details}"));
        }
        for list in ["customer", "management"] {
            session.paths.push(format!("{list}/{customer}"));
        }
    }
    for badge in [&gold, &few, &direct] {
        session.paths.push(format!("badgeMeta/{badge}"));
    }
    session.paths.extend([
        "badgeMeta".to_owned(),
        "group".to_owned(),
        format!("group/{group}"),
        "customField".to_owned(),
        format!("customField/{field}"),
        "requests/first".to_owned(),
        "requests/second".to_owned(),
        "webhooks".to_owned(),
        format!("webhooks/{hook}/key"),
        "events?limit=1000".to_owned(),
        "audit?limit=1000".to_owned(),
        "actors/1".to_owned(),
    ]);
    let page = org.get("events?limit=3").ok().data();
    let cursor = page["next"].as_str().unwrap();
    session.paths.push(format!("events?after={cursor}"));
    session
}

fn transfer(from: &Database, to: &Database) -> String {
    let cli = Cli::on("sqlite:///dev/null/nothing.db");
    let said = cli.run(&["transfer", "--from", from.url(), "--to", to.url()]);
    said.ok()
}

/// Stops the server and gives its database to be moved.
fn stop(server: Server) -> Arc<Database> {
    let database = Arc::clone(server.database());
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    database
}

fn assert_agrees(database: &Database) {
    let said = Cli::on(database.url()).run(&["verify"]).ok();
    assert!(said.contains("all agrees"), "{said}");
}

#[test]
fn a_database_that_was_moved_there_and_back_answers_every_read_of_a_session_byte_for_byte() {
    let server = Server::start(Backend::Sqlite);
    let org = server.org();
    let admin = server
        .client_with(&org, "admin")
        .credentials()
        .cloned()
        .unwrap();
    let session = session(&org);
    let read = |server: &Server| session.read(&server.take_over(&org), &server.client(&admin));
    let expected = read(&server);
    for it in &session.written {
        let name = format!("{} {} again under {}", it.method, it.path, it.key);
        let again = expected.iter().find(|(other, _)| *other == name);
        let answer = String::from_utf8(it.answer.clone()).unwrap();
        assert_eq!(again.map(|it| &it.1), Some(&answer), "{name}");
    }
    let mut database = stop(server);
    for backend in [Backend::Postgres, Backend::Sqlite, Backend::Sqlite] {
        let next = Arc::new(Database::empty(backend));
        let said = transfer(&database, &next);
        assert!(said.contains("rows are the same in both"), "{said}");
        assert_agrees(&next);
        let server = Setup::on(Arc::clone(&next)).start();
        for (found, expected) in read(&server).iter().zip(&expected) {
            assert_eq!(found, expected, "{backend:?}");
        }
        database = stop(server);
    }

    // What comes next is numbered behind all that is there.
    let server = Setup::on(Arc::clone(&database)).start();
    let org = server.take_over(&org);
    let newest = org.get("events?after=latest").ok().data()["next"].clone();
    let badge = org.badge();
    org.enrol(&enrolment(&badge)).ok();
    org.earned(&badge, 1);
    let newest = newest.as_str().unwrap();
    let events = org.get(&format!("events?after={newest}")).ok().data();
    assert_eq!(
        events["events"].as_array().map(Vec::len),
        Some(4),
        "{events}"
    );
    server
        .client_with(&org, "badges:read")
        .get("badgeMeta")
        .ok();
    assert_agrees(&stop(server));
}

/// A database with some thousands of enrolments, and its org.
fn filled(backend: Backend) -> (Arc<Database>, Org, String) {
    let server = Server::start(backend);
    let org = server.org();
    let badge = org.badge();
    for number in 0..3 {
        let customers: Vec<i64> = (number * 5_000 + 1..=(number + 1) * 5_000).collect();
        let changes = json!({"requestId": format!("r {number}"), "customers": customers});
        org.enrol(&with(&enrolment(&badge), &changes)).ok();
    }
    (stop(server), org, badge)
}

fn is_killed_at_several_moments_and_goes_on(from: Backend, to: Backend) {
    let (source, org, badge) = filled(from);
    let target = Arc::new(Database::create(to));
    let cli = Cli::on(target.url());
    cli.run(&["migrate"]).ok();
    let arguments = ["transfer", "--from", source.url(), "--to", target.url()];
    let mut kills = 0;
    for table in ["orgs", "request_ledger", "enrolments", "feed"] {
        let count = format!("SELECT count(*) AS value FROM {table}");
        if table != "orgs" && target.number(&count) > 0 {
            // The one before got further than it was to.
            continue;
        }
        let running = cli.start(&arguments);
        until("the table has rows", PATIENCE, || target.number(&count) > 0);
        if !running.kill() {
            break;
        }
        kills += 1;
        let is_begun = match to {
            Backend::Sqlite => {
                "SELECT count(*) AS value FROM sqlite_schema WHERE name = 'transfer_progress'"
            }
            Backend::Postgres => {
                "SELECT count(*) AS value FROM pg_tables WHERE tablename = 'transfer_progress'"
            }
        };
        if target.number(is_begun) == 0 {
            break;
        }
        let line = Setup::on(Arc::clone(&target)).stops().refused();
        assert!(line.contains("accolade-server transfer"), "{line}");
    }
    assert!(kills > 0);
    let outcome = cli.run(&arguments);
    if outcome.code != Some(0) {
        // The last that was killed had come to its end.
        let line = outcome.refused();
        assert!(line.contains("it is not empty"), "{line}");
    }
    assert_agrees(&target);
    let server = Setup::on(target).start();
    let org = server.take_over(&org);
    assert_eq!(org.issued_count(&badge), 15_000);
    for number in 0..3 {
        org.outcome(&format!("r%20{number}")).ok();
    }
}

#[test]
fn a_transfer_to_postgres_that_is_killed_goes_on_where_it_was() {
    is_killed_at_several_moments_and_goes_on(Backend::Sqlite, Backend::Postgres);
}

#[test]
fn a_transfer_to_sqlite_that_is_killed_goes_on_where_it_was() {
    is_killed_at_several_moments_and_goes_on(Backend::Postgres, Backend::Sqlite);
}

/// The commands by which the README moves a database.
fn commands_of_the_readme() -> Vec<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let text = std::fs::read_to_string(file).unwrap();
    let (_, section) = text
        .split_once("**Moving from SQLite to PostgreSQL**")
        .unwrap();
    let commands = section.lines().filter(|line| line.starts_with("    "));
    commands
        .take(2)
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn the_two_commands_of_the_readme_move_a_database_and_serve_it() {
    let (source, org, badge) = filled(Backend::Sqlite);
    let target = Arc::new(Database::empty(Backend::Postgres));
    let [transfer, serve] = commands_of_the_readme().try_into().unwrap();
    let command = transfer
        .replace("sqlite://var/accolade.db", source.url())
        .replace("postgres://user:password@host:5432/accolade", target.url());
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    Cli::on("sqlite:///dev/null/nothing.db").run(&words).ok();
    assert_eq!(
        serve,
        "ACCOLADE__DATABASE__URL=postgres://user:password@host:5432/accolade accolade-server serve"
    );
    let server = Setup::on(target).start();
    assert_eq!(server.take_over(&org).issued_count(&badge), 15_000);
}

#[test]
fn neither_side_of_a_transfer_may_be_served_and_the_target_must_be_empty() {
    let cli = Cli::on("sqlite:///dev/null/nothing.db");
    let refused = |from: &str, to: &str| {
        let arguments = ["transfer", "--from", from, "--to", to];
        cli.run(&arguments).refused()
    };
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let served = Server::start(backend);
        let empty = Database::empty(Backend::Sqlite);
        let word = match backend {
            Backend::Sqlite => "another server runs on the file",
            Backend::Postgres => "a server works on it",
        };
        if backend == Backend::Postgres {
            let leases = "SELECT count(*) AS value FROM leases";
            until("it is at work", PATIENCE, || {
                served.database().number(leases) > 0
            });
        }
        let line = refused(served.database().url(), empty.url());
        assert!(line.contains("the source") && line.contains(word), "{line}");

        let org = served.org();
        let source = stop(served);
        let other = Server::start(backend);
        other.org();
        let line = refused(source.url(), other.database().url());
        assert!(line.contains("the target"), "{line}");
        let other = stop(other);
        let line = refused(source.url(), other.url());
        assert!(line.contains("the target: it is not empty (orgs"), "{line}");
        let line = refused(source.url(), source.url());
        assert!(!line.is_empty() && org.id() > 0);
    }
    let line = refused("sqlite:///tmp/nothing/at/all.db", "sqlite:///tmp/x.db");
    assert_eq!(line, "error: the source: it names a file that is not there");
    let line = refused("mysql://a", "sqlite:///tmp/x.db");
    assert!(line.contains("--from: must begin with"), "{line}");
}
