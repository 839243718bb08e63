//! Changes that wait for approval: races of those who vote, make and rule, and what is left of a vote when
//! the server or its database dies in the middle of it. Its change is decided and carried out, or neither.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accolade_tests::{
    Backend, Client, Database, Mode, Org, Proxy, Reply, Server, Setup, Then, at_once, enrolment,
    on_both_databases, until, with,
};
use serde_json::json;

use super::callers::{Callers, RACERS, races};

/// The id of a request whose COMMIT is lost.
const LOST: &str = "lost-at-commit";

/// Lets `admin` say that each of these operations needs so many approvals.
fn rule(admin: &Client, operations: &[&str], approvals: u8) {
    let rules: Vec<_> = operations
        .iter()
        .map(|operation| json!({"operation": operation, "approvals": approvals}))
        .collect();
    admin
        .put_json("approvalRules", &json!({ "rules": rules }))
        .ok();
}

/// The id of the change that `reply` tells of.
#[track_caller]
fn held(reply: &Reply) -> String {
    assert_eq!(reply.status, 202, "{reply}");
    reply.data()["changeId"].as_str().unwrap().to_owned()
}

/// Has an enrolment of this customer, by this request id, wait for approval.
fn held_enrolment(org: &Org, badge: &str, customer: i64, request_id: &str) -> String {
    let body = json!({"customers": [customer], "requestId": request_id});
    held(&org.enrol(&with(&enrolment(badge), &body)))
}

fn voting(client: &Client, change: &str, how: &str) -> Reply {
    client.post(&format!("changes/{change}/{how}"), &json!({}))
}

fn state(org: &Client, change: &str) -> String {
    let found = org.get(&format!("changes/{change}")).ok().data();
    found["state"].as_str().unwrap().to_owned()
}

fn fifty_approvals_at_once_carry_it_out_once(callers: &Callers) {
    let admin = callers.further(1, "admin").remove(0);
    rule(&admin, &["ENROL"], 5);
    let badge = callers.org.badge();
    let change = held_enrolment(&callers.org, &badge, 1, "once");
    let voters = callers.further(10, "badges:approve");
    let replies = at_once(50, |index| {
        voting(&voters[index % voters.len()], &change, "approve")
    });
    let (counted, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|it| it.status == 200);
    assert_eq!(counted.len(), 5);
    for reply in refused {
        assert!([1963, 1966].contains(&reply.codes()[0]), "{reply}");
    }
    let found = callers.org.get(&format!("changes/{change}")).ok().data();
    assert_eq!(found["state"], "APPROVED");
    let cast = found["votes"].as_array().unwrap();
    let who: BTreeSet<_> = cast.iter().map(|it| it["actor"].to_string()).collect();
    assert_eq!((cast.len(), who.len()), (5, 5));
    assert_eq!(callers.org.issued_count(&badge), 1);
}

fn of_a_last_vote_and_a_withdrawal_one_counts(callers: &Callers) {
    let admin = callers.further(1, "admin").remove(0);
    rule(&admin, &["ENROL"], 1);
    let voters = callers.further(2, "badges:approve");
    for round in 0..10 {
        let badge = callers.org.badge();
        let change = held_enrolment(&callers.org, &badge, 1, &format!("round-{round}"));
        let replies = at_once(3, |index| match index {
            0 => voting(callers.number(round), &change, "withdraw"),
            1 => voting(&voters[0], &change, "approve"),
            _ => voting(&voters[1], &change, "reject"),
        });
        let counted: Vec<_> = (0..3).filter(|it| replies[*it].status == 200).collect();
        assert_eq!(counted.len(), 1, "{replies:?}");
        for reply in replies.iter().filter(|it| it.status != 200) {
            assert_eq!(reply.codes(), [1963], "{reply}");
        }
        let expected = ["WITHDRAWN", "APPROVED", "REJECTED"][counted[0]];
        assert_eq!(state(&callers.org, &change), expected);
        assert_eq!(
            callers.org.issued_count(&badge),
            i64::from(expected == "APPROVED")
        );
    }
}

fn of_those_who_change_one_badge_one_waits(callers: &Callers) {
    let admin = callers.further(1, "admin").remove(0);
    rule(&admin, &["UPDATE_BADGE"], 1);
    for _ in 0..5 {
        let badge = callers.org.badge();
        let replies = at_once(RACERS, |index| {
            let name = json!({"name": format!("Racer {index}")});
            callers
                .number(index)
                .update(&badge, &with(&accolade_tests::badge(), &name))
        });
        let (waiting, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|it| it.status == 202);
        assert_eq!(waiting.len(), 1, "{replies:?}");
        for reply in refused {
            assert_eq!(reply.codes(), [1967], "{reply}");
        }
    }
}

/// Enrols without end while the rule is put, on this server and others.
fn once_a_rule_is_put_nothing_is_done_at_once(callers: &Callers) {
    let admin = callers.further(1, "admin").remove(0);
    for _ in 0..3 {
        rule(&admin, &[], 1);
        let badge = callers.org.badge();
        let holds = AtomicBool::new(false);
        let counts = at_once(RACERS, |index| {
            let client = callers.number(index);
            if index == 0 {
                until("something is done", Duration::from_secs(30), || {
                    callers.org.issued_count(&badge) > 0
                });
                rule(&admin, &["ENROL"], 1);
                holds.store(true, Ordering::SeqCst);
                return Some(callers.org.issued_count(&badge));
            }
            let base = i64::try_from(index).unwrap() * 100_000;
            // Not for ever, if the rule is never put.
            for number in 1..5_000 {
                let late = holds.load(Ordering::SeqCst);
                let body = json!({"customers": [base + number]});
                let reply = client.enrol(&with(&enrolment(&badge), &body));
                if reply.status != 200 {
                    held(&reply);
                    break;
                }
                assert!(!late, "done though the rule held: {reply}");
            }
            None
        });
        let count = counts.into_iter().flatten().next().unwrap();
        assert_eq!(callers.org.issued_count(&badge), count);
    }
}

races! {
    fifty_approvals_at_once_carry_it_out_once
    of_a_last_vote_and_a_withdrawal_one_counts
    of_those_who_change_one_badge_one_waits
    once_a_rule_is_put_nothing_is_done_at_once
}

/// What became of the enrolment with this request id: whether it was done.
fn is_done(org: &Client, request_id: &str) -> bool {
    let outcome = org.outcome(request_id);
    assert!([200, 404].contains(&outcome.status), "{outcome}");
    outcome.status == 200
}

fn sigkill_during_votes_leaves_each_decided_and_done_or_neither(backend: Backend) {
    let server = Server::start(backend);
    let org = server.org();
    rule(&server.client_with(&org, "admin"), &["ENROL"], 1);
    let badge = org.badge();
    let voter = server.client_with(&org, "badges:approve");
    let changes: Vec<_> = (0..40)
        .map(|number| held_enrolment(&org, &badge, number + 1, &format!("change-{number}")))
        .collect();
    let next = AtomicUsize::new(0);
    let answered: Mutex<Vec<usize>> = Mutex::default();
    let setup = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((number, change)) = {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    changes.get(number).map(|change| (number, change))
                } {
                    let path = format!("changes/{change}/approve");
                    let vote = voter.request("POST", &path).json(&json!({}));
                    let Ok(reply) = vote.try_send() else {
                        return;
                    };
                    reply.ok();
                    answered.lock().unwrap().push(number);
                }
            });
        }
        until("votes are answered", Duration::from_mins(1), || {
            answered.lock().unwrap().len() >= 8
        });
        server.kill()
    });
    let server = setup.start();
    let org = server.take_over(&org);
    let voter = server.client(voter.credentials().unwrap());
    for (number, change) in changes.iter().enumerate() {
        let is_done = is_done(&org, &format!("change-{number}"));
        let expected = if is_done { "APPROVED" } else { "PENDING" };
        assert_eq!(state(&org, change), expected, "change {number}");
        if answered.lock().unwrap().contains(&number) {
            assert!(is_done, "change {number} was answered");
        }
        if !is_done {
            voting(&voter, change, "approve").ok();
        }
    }
    assert_eq!(org.issued_count(&badge), 40);
}

fn clients_of_one_owner_are_one_person(backend: Backend) {
    let server = accolade_tests::shared(backend);
    let org = server.org();
    rule(&server.client_with(&org, "admin"), &["ENROL"], 2);
    let owned = |owner: &str| {
        let further = ["--groups", "admin", "--owner", owner];
        server.client(&server.cli().create_client_with(org.id(), &further))
    };
    let (maker, same) = (owned("asha"), owned("Asha"));
    let (voter, twice) = (owned("jo"), owned("jo"));
    let badge = org.badge();
    let change = held_enrolment(&org.acting_as(maker), &badge, 1, "owned");
    voting(&same, &change, "approve").refused(1966, None);
    voting(&voter, &change, "approve").ok();
    voting(&twice, &change, "approve").refused(1963, None);
    voting(
        &server.client_with(&org, "badges:approve"),
        &change,
        "approve",
    )
    .ok();
    assert_eq!(org.issued_count(&badge), 1);
}

on_both_databases! {
    sigkill_during_votes_leaves_each_decided_and_done_or_neither
    clients_of_one_owner_are_one_person
}

/// A vote whose COMMIT was cut.
struct Cut {
    _proxy: Proxy,
    _server: Server,
    org: Org,
    voter: Client,
    badge: String,
    change: String,
    reply: Reply,
}

impl Cut {
    /// Cuts the COMMIT of the last vote, whether or not it is still carried out.
    fn new(carried_out: bool, then: Then) -> Self {
        let database = Arc::new(Database::create(Backend::Postgres));
        let proxy = Proxy::before(database.url()).unwrap();
        let server = Setup::on(database)
            .set("database.connect_timeout", "1s")
            .set("database.pool_timeout", "1s")
            .through(proxy.url())
            .start();
        let org = server.org();
        rule(&server.client_with(&org, "admin"), &["ENROL"], 1);
        let voter = server.client_with(&org, "badges:approve");
        let badge = org.badge();
        let change = held_enrolment(&org, &badge, 1, LOST);
        proxy.break_only_what_sends(LOST);
        proxy.set(Mode::AtCommit { carried_out, then });
        let path = format!("changes/{change}/approve");
        let reply = voter
            .request("POST", &path)
            .json(&json!({}))
            .may_fail()
            .send();
        proxy.set(Mode::Pass);
        until("the database is back", Duration::from_secs(30), || {
            let stranger = server.stranger();
            let ready = stranger.request("GET", "/health/ready").may_fail();
            ready.send().status == 200
        });
        Self {
            _proxy: proxy,
            _server: server,
            org,
            voter,
            badge,
            change,
            reply,
        }
    }

    /// State, and how many were enrolled.
    fn found(&self) -> (String, i64) {
        let count = self.org.issued_count(&self.badge);
        (state(&self.org, &self.change), count)
    }
}

#[test]
fn a_vote_whose_commit_was_carried_out_is_decided_and_done() {
    let cut = Cut::new(true, Then::Refuse);
    assert_eq!((cut.reply.status, cut.reply.codes()), (503, vec![1952]));
    assert_eq!(cut.found(), ("APPROVED".to_owned(), 1));
    let again = voting(&cut.voter, &cut.change, "approve");
    assert_eq!(again.codes(), [1963], "{again}");
}

#[test]
fn a_vote_whose_commit_was_not_carried_out_is_neither() {
    let cut = Cut::new(false, Then::Refuse);
    assert_eq!((cut.reply.status, cut.reply.codes()), (503, vec![1952]));
    assert_eq!(cut.found(), ("PENDING".to_owned(), 0));
    voting(&cut.voter, &cut.change, "approve").ok();
    assert_eq!(cut.found(), ("APPROVED".to_owned(), 1));
}

#[test]
fn if_the_change_can_be_asked_after_a_lost_commit_its_vote_is_the_answer() {
    let cut = Cut::new(true, Then::Pass);
    assert_eq!(cut.reply.status, 200, "{}", cut.reply);
    assert_eq!(cut.reply.data()["state"], "APPROVED");
    assert_eq!(cut.found(), ("APPROVED".to_owned(), 1));
}
