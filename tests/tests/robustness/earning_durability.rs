//! SIGKILL while customers earn: what was answered is there, counts are what rows say, and
//! limits are used up to the last place and not beyond.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use accolade_tests::{
    Backend, Org, Server, Setup, badge_value, earning_all, limited, on_both_databases, until,
};
use serde_json::{Value, json};

/// Customers of one request.
const BATCH: i64 = 7;
const WRITERS: i64 = 4;
const LIMIT: i64 = 500;

/// Earns from several threads until the server is gone, which it is after `enough` answers;
/// gives those, each as request id and elements.
fn load(
    server: Server,
    org: &Org,
    badge: &str,
    round: i64,
    enough: usize,
) -> (Vec<(String, Value)>, Setup) {
    let answered = Mutex::new(Vec::new());
    let count = AtomicUsize::new(0);
    let gone = AtomicBool::new(false);
    let setup = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (answered, count, gone) = (&answered, &count, &gone);
            scope.spawn(move || {
                for number in 0.. {
                    let first = ((round * 10 + writer) * 10_000 + number) * BATCH + 1;
                    let customers: Vec<i64> = (first..first + BATCH).collect();
                    let body = earning_all(badge, &customers);
                    let request = org.sending("POST", "customer/earnBulk", &body);
                    let Ok(reply) = request.try_send() else {
                        assert!(gone.load(Ordering::SeqCst), "the server is not gone");
                        return;
                    };
                    let id = body["requestId"].as_str().unwrap().to_owned();
                    let elements = reply.ok().data()["issuedBadges"].clone();
                    answered.lock().unwrap().push((id, elements));
                    count.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        until("requests are answered", Duration::from_mins(1), || {
            count.load(Ordering::SeqCst) >= enough
        });
        gone.store(true, Ordering::SeqCst);
        server.kill()
    });
    (answered.into_inner().unwrap(), setup)
}

fn sigkill_while_customers_earn_leaves_counts_that_are_the_rows(backend: Backend) {
    let mut server = Server::start(backend);
    let org = server.org();
    let limits = json!([
        badge_value(LIMIT),
        {"constraintType": "BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 20_000, "maxEarnLimit": LIMIT},
        {"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 30, "maxEarnLimit": LIMIT},
    ]);
    let badge = org.create(&limited(&json!([]), &limits));
    for round in 1..=3 {
        let here = server.take_over(&org);
        let (answered, setup) = load(server, &here, &badge, round, 8);
        server = setup.start();
        let org = server.take_over(&org);
        for (id, elements) in &answered {
            let outcome = org.outcome(&id.replace(' ', "%20")).ok().data();
            assert_eq!(&outcome["requests"][0]["answer"]["issuedBadges"], elements);
        }
        let rows = server
            .database()
            .number("SELECT count(*) AS value FROM earned_badges");
        assert_eq!(org.earned_count(&badge), rows);
        assert!(rows <= LIMIT);
        let constraints = org.between(1, &badge)["badgeConstraints"].clone();
        for constraint in constraints.as_array().unwrap() {
            let counted = &constraint["earnConstraintBlockStatistics"]["currentEarnCount"];
            assert_eq!(counted, &json!(rows), "{constraint}");
        }
    }
    // What is left is dealt out to the last place.
    let org = server.take_over(&org);
    let left = LIMIT - org.earned_count(&badge);
    let customers: Vec<i64> = (1..=LIMIT + 10).map(|it| it + 50_000_000).collect();
    let codes = org
        .earn_bulk(&earning_all(&badge, &customers))
        .element_codes();
    let earned = codes.iter().filter(|code| **code == 0).count();
    assert_eq!(i64::try_from(earned).unwrap(), left);
    assert_eq!(org.earned_count(&badge), LIMIT);
}

on_both_databases! {
    sigkill_while_customers_earn_leaves_counts_that_are_the_rows
}
