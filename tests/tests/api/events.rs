//! The feed of events: a badge's whole life in it, and following it across servers.

use std::time::{Duration, Instant};

use accolade_tests::{
    Backend, LOYALTY, Org, Reply, Server, badge, customer_value, earning, enrolment, imported,
    on_both_databases, until, with,
};
use serde_json::{Value, json};

/// How soon an event must be there.
const SOON: Duration = Duration::from_secs(1);

fn next(reply: &Reply) -> String {
    reply.data()["next"].as_str().unwrap().to_owned()
}

fn events(reply: &Reply) -> Vec<Value> {
    reply.data()["events"].as_array().unwrap().clone()
}

fn name(event: &Value) -> String {
    let name = event["type"].as_str().unwrap();
    name.strip_prefix("accolade.").unwrap().to_owned()
}

fn position(event: &Value) -> i64 {
    event["sequence"].as_str().unwrap().parse().unwrap()
}

/// All events of an org, a few at a time, from the oldest.
fn all(org: &Org) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = org.get(&format!("events?limit=3&after={cursor}")).ok();
        found.extend(events(&reply));
        cursor = next(&reply);
        if reply.data()["hasMore"] == json!(false) {
            return found;
        }
    }
}

fn enrolled(org: &Org, badge: &str, request: &str, customers: &[i64]) {
    let body = json!({"requestId": request, "customers": customers});
    org.enrol(&with(&enrolment(badge), &body)).ok();
}

fn the_whole_life_of_a_badge_is_in_the_feed_without_a_hole(server: &Server) {
    let org = server.org();
    let definition = with(
        &badge(),
        &json!({"customerConstraints": [customer_value(1)]}),
    );
    let badge = org.claimed(&definition);
    enrolled(&org, &badge, "r1", &[1, 2, 3]);
    let (owner, reference) = LOYALTY;
    let earned = org.earned(&badge, 1);
    org.revoke_earn(&badge, 1, &earned).ok();
    org.revoke_issue(&json!({"badgeMetaId": badge, "customers": [2]}))
        .ok();
    org.request("POST", "import/customerBadges")
        .json(&json!([imported(&badge, 4), imported(&badge, 5)]))
        .header("requestId", "history")
        .send()
        .ok();
    org.update(&badge, &with(&definition, &json!({"name": "Renamed"})))
        .ok();
    org.put(&format!("badgeMeta/{badge}/deactivate")).ok();
    // What changes nothing is no event, nor is what is refused, tried, or sent again.
    org.put(&format!("badgeMeta/{badge}/deactivate")).ok();
    org.enrol(&with(&enrolment(&badge), &json!({"customers": [6]})));
    org.put(&format!("badgeMeta/{badge}/activate")).ok();
    org.claim(&badge, LOYALTY);
    org.post("customer/earn?dryRun=true", &earning(&badge, 3))
        .ok();
    enrolled(&org, &badge, "r2", &[1]);
    let body = json!({"ownerType": owner, "referenceId": reference});
    org.post(&format!("badgeMeta/{badge}/unclaim"), &body).ok();

    let found = all(&org);
    let names: Vec<_> = found.iter().map(name).collect();
    assert_eq!(
        names,
        [
            "badge.created",
            "badge.claimed",
            "enrolment.created",
            "enrolment.created",
            "enrolment.created",
            "earn.created",
            "limit.reached",
            "earn.revoked",
            "enrolment.revoked",
            "earn.imported",
            "earn.imported",
            "badge.updated",
            "badge.deactivated",
            "badge.activated",
            "badge.unclaimed",
        ]
    );
    let positions: Vec<_> = found.iter().map(position).collect();
    assert_eq!(positions, (1..=15).collect::<Vec<_>>());
    let id = format!("{}-00000000000000000006", org.id());
    assert_eq!(found[5]["id"], id);
    assert_eq!(found[5]["data"]["earnedBadgeId"], earned);
    assert_eq!(found[5]["data"]["issuedId"], found[2]["data"]["issuedId"]);
    assert_eq!(found[7]["data"]["earnedBadgeId"], earned);
    assert_eq!(found[2]["data"]["triggeredBy"], body);
    assert_eq!(found[11]["data"]["name"], "Renamed");
    let filtered = org
        .get("events?types=limit.reached,badge.updated&customerId=1")
        .ok();
    assert_eq!(events(&filtered), [found[6].clone()]);
}

fn a_cursor_holds_across_a_restart(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let badge = org.badge();
    enrolled(&org, &badge, "r1", &[1, 2]);
    let first = org.get("events?limit=3").ok();
    let server = server.kill().start();
    let org = server.take_over(&org);
    enrolled(&org, &badge, "r2", &[3]);
    let rest = org.get(&format!("events?after={}", next(&first))).ok();
    let positions: Vec<_> = events(&rest).iter().map(position).collect();
    assert_eq!(positions, [4, 5]);
}

fn who_waits_is_told_within_a_second_by_whichever_server_recorded_it(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    let badge = org.badge();
    // SQLite has one server.
    let second = (backend == Backend::Postgres).then(|| server.setup().clone().start());
    let recorder = second
        .as_ref()
        .map_or_else(|| org.clone(), |it| it.take_over(&org));
    let latest = next(&org.get("events?after=latest").ok());
    let path = format!("events?after={latest}&wait=25&customerId=2");
    std::thread::scope(|scope| {
        let waiting = (0..5).map(|_| {
            scope.spawn(|| {
                let reply = org.get(&path).ok();
                (reply, Instant::now())
            })
        });
        let waiting: Vec<_> = waiting.collect();
        let all_wait = || followers(&server) == 5;
        until("all of them wait", Duration::from_mins(1), all_wait);
        enrolled(&recorder, &badge, "r1", &[1]);
        enrolled(&recorder, &badge, "r2", &[2]);
        let recorded_on = Instant::now();
        for waiting in waiting {
            let (reply, told_on) = waiting.join().unwrap();
            assert_eq!(events(&reply)[0]["partitionkey"], "2", "{reply}");
            let late = told_on.saturating_duration_since(recorded_on);
            // A machine that runs all tests beside each other is no healthy one.
            assert!(late < 5 * SOON, "{late:?}");
        }
    });
}

/// How many requests wait for an event.
fn followers(server: &Server) -> usize {
    let metrics = server.stranger().get("/metrics").ok();
    let line = |line: &str| {
        line.strip_prefix("accolade_event_followers ")
            .map(str::to_owned)
    };
    let found = metrics.text().lines().find_map(line);
    found.unwrap().parse().unwrap()
}

on_both_databases! {
    the_whole_life_of_a_badge_is_in_the_feed_without_a_hole
    a_cursor_holds_across_a_restart
    who_waits_is_told_within_a_second_by_whichever_server_recorded_it
}
