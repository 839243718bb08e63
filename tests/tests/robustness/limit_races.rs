//! Races for room under limits, for one earned badge and for one name, over HTTP: exact totals.

use std::collections::HashSet;
use std::sync::OnceLock;

use accolade_tests::{
    Backend, Client, Org, Reply, Server, Setup, at_once, badge, badge_value, customer_value,
    direct_badge, earning, earning_all, limited, with,
};
use serde_json::{Value, json};

const RACERS: usize = 8;

/// Several callers of one org, each perhaps on a server of its own, and who to ask afterwards.
struct Callers {
    org: Org,
    clients: Vec<Client>,
}

impl Callers {
    fn number(&self, index: usize) -> &Client {
        &self.clients[index % self.clients.len()]
    }

    /// The earns of all, each racer earning `times` times as `customer` says.
    fn earn(
        &self,
        badge: &str,
        times: i64,
        customer: impl Fn(i64, i64) -> i64 + Sync,
    ) -> Vec<Reply> {
        let replies = at_once(RACERS, |index| {
            let racer = i64::try_from(index).unwrap();
            (0..times)
                .map(|time| {
                    let body = earning(badge, customer(racer, time));
                    self.number(index).earn(&body)
                })
                .collect::<Vec<_>>()
        });
        replies.into_iter().flatten().collect()
    }
}

/// How many succeeded; all others must have been refused with `code`.
fn successes(replies: &[Reply], code: u64) -> i64 {
    let mut count = 0;
    for reply in replies {
        if reply.status == 200 {
            count += 1;
        } else {
            assert_eq!(reply.codes(), [code], "{reply}");
        }
    }
    count
}

fn a_badges_limit_is_used_up_exactly(callers: &Callers) {
    let windows = [
        badge_value(13),
        json!({"constraintType": "BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 20_000, "maxEarnLimit": 13}),
        json!({"constraintType": "BADGE_ROLLING_WINDOW", "rollType": "DAYS", "rollValue": 1, "maxEarnLimit": 13}),
    ];
    for window in windows {
        let badge = callers.org.create(&limited(&json!([]), &json!([window])));
        let replies = callers.earn(&badge, 4, |racer, time| racer * 10 + time + 1);
        assert_eq!(successes(&replies, 818), 13, "{window}");
        assert_eq!(callers.org.earned_count(&badge), 13);
    }
}

fn a_customers_limit_is_used_up_exactly(callers: &Callers) {
    let windows = [
        customer_value(5),
        json!({"constraintType": "CUSTOMER_BADGE_FIXED_WINDOW", "durationType": "DAYS", "refreshRate": 20_000, "maxEarnLimit": 5}),
        json!({"constraintType": "CUSTOMER_BADGE_ROLLING_WINDOW", "maxEarnForDays": 5, "rollForDays": 1}),
    ];
    for window in windows {
        let badge = callers.org.create(&limited(&json!([window]), &json!([])));
        let replies = callers.earn(&badge, 2, |_, _| 1);
        assert_eq!(successes(&replies, 817), 5, "{window}");
        assert_eq!(callers.org.earned_count(&badge), 5);
    }
}

/// Batches that name the same customers in different orders.
fn crossing_batches_fill_both_limits_and_no_more(callers: &Callers) {
    let badge = callers.org.create(&limited(
        &json!([customer_value(2)]),
        &json!([badge_value(150)]),
    ));
    let codes = at_once(RACERS, |index| {
        let step = [1, 7, 11, 13][index % 4];
        let order: Vec<i64> = (0..100).map(|it| it * step % 100 + 1).collect();
        let reply = callers
            .number(index)
            .earn_bulk(&earning_all(&badge, &order));
        reply.ok().element_codes()
    });
    let all: Vec<u64> = codes.into_iter().flatten().collect();
    let count = |code: u64| all.iter().filter(|it| **it == code).count();
    assert_eq!(count(0), 150);
    assert_eq!(count(817) + count(818), RACERS * 100 - 150);
    assert_eq!(callers.org.earned_count(&badge), 150);
}

/// Who earns gives it back at once, so that there is always room in the end.
fn revoked_places_are_taken_again_and_never_twice(callers: &Callers) {
    let badge = callers.org.create(&limited(
        &json!([customer_value(1)]),
        &json!([badge_value(3)]),
    ));
    at_once(RACERS, |index| {
        let customer = i64::try_from(index / 2).unwrap() + 1;
        let client = callers.number(index);
        for _ in 0..6 {
            let reply = client.earn(&earning(&badge, customer));
            if reply.status == 200 {
                let id = reply.earned_id();
                client.revoke_earn(&badge, customer, &id).ok();
            } else {
                assert!([817, 818].contains(&reply.codes()[0]), "{reply}");
            }
        }
    });
    assert_eq!(callers.org.earned_count(&badge), 0);
    let reply = callers.org.earn_bulk(&earning_all(&badge, &[1, 2, 3, 4]));
    assert_eq!(reply.element_codes(), [0, 0, 0, 818]);
}

fn one_earn_is_revoked_once(callers: &Callers) {
    let badge = callers.org.create(&direct_badge());
    for _ in 0..3 {
        callers.org.earned(&badge, 1);
        let id = callers.org.earned(&badge, 1);
        let before = callers.org.earned_count(&badge);
        let replies = at_once(RACERS, |index| {
            callers.number(index).revoke_earn(&badge, 1, &id)
        });
        assert_eq!(successes(&replies, 814), 1);
        assert_eq!(callers.org.earned_count(&badge), before - 1);
    }
}

fn one_request_id_earns_once(callers: &Callers) {
    let badge = callers.org.create(&direct_badge());
    for path in ["customer/earn", "customer/earnBulk"] {
        let before = callers.org.earned_count(&badge);
        let replies = at_once(RACERS, |index| {
            let customer = index + 1;
            let body = json!({
                "badgeMetaId": badge, "customerId": customer, "customerIds": [customer],
                "requestId": "race",
            });
            let only = if path.ends_with("Bulk") {
                "customerId"
            } else {
                "customerIds"
            };
            callers
                .number(index)
                .post(path, &with(&body, &json!({only: null})))
        });
        assert_eq!(successes(&replies, 809), 1);
        assert_eq!(callers.org.earned_count(&badge), before + 1);
    }
}

fn nothing_is_earned_after_an_enrolment_was_revoked(callers: &Callers) {
    for _ in 0..3 {
        let badge = callers.org.create(&badge());
        callers
            .org
            .enrol(&json!({"badgeMetaId": badge, "customers": [1]}))
            .ok();
        let stopped = std::sync::atomic::AtomicBool::new(false);
        let counts = at_once(RACERS, |index| {
            use std::sync::atomic::Ordering::SeqCst;
            let client = callers.number(index);
            if index == 0 {
                let patience = std::time::Duration::from_secs(30);
                accolade_tests::until("something is earned", patience, || {
                    callers.org.earned_count(&badge) > 0
                });
                client
                    .revoke_issue(&json!({"badgeMetaId": badge, "customers": [1]}))
                    .ok();
                stopped.store(true, SeqCst);
                return Some(callers.org.earned_count(&badge));
            }
            loop {
                let late = stopped.load(SeqCst);
                let reply = client.earn(&earning(&badge, 1));
                if reply.status != 200 {
                    assert_eq!(reply.codes(), [811], "{reply}");
                    return None;
                }
                assert!(!late, "earned after the revocation: {reply}");
            }
        });
        let count = counts.into_iter().flatten().next().unwrap();
        assert_eq!(callers.org.earned_count(&badge), count);
    }
}

fn a_limit_that_comes_while_customers_earn_holds(callers: &Callers) {
    let definition = direct_badge();
    let badge = callers.org.create(&definition);
    let counts = at_once(RACERS, |index| {
        let client = callers.number(index);
        if index == 0 {
            let limits = json!({"badgeConstraints": [badge_value(40)]});
            client.update(&badge, &with(&definition, &limits)).ok();
            return callers.org.earned_count(&badge);
        }
        let racer = i64::try_from(index).unwrap();
        for time in 0..10 {
            let reply = client.earn(&earning(&badge, racer * 100 + time));
            if reply.status != 200 {
                assert_eq!(reply.codes(), [818], "{reply}");
            }
        }
        0
    });
    // What was earned before the limit came stays.
    let expected = counts[0].max(40);
    assert_eq!(callers.org.earned_count(&badge), expected);
}

fn of_updates_of_one_state_one_wins(callers: &Callers) {
    let definition = badge();
    let id = callers.org.create(&definition);
    for round in 0..4 {
        let tag = callers.org.tag(&id);
        let replies = at_once(RACERS, |index| {
            let description = json!({"description": format!("{round} {index}")});
            let body = with(&definition, &description);
            let request = callers.number(index).updating(&id, &body);
            request.header("If-Match", &tag).send()
        });
        assert_eq!(successes(&replies, 1944), 1);
        let winner = replies.iter().find(|reply| reply.status == 200).unwrap();
        let now = callers.org.get(&format!("badgeMeta/{id}")).ok();
        assert_eq!(now.data()["description"], winner.data()["description"]);
    }
}

fn one_name_of_a_group_and_of_a_field_is_taken_once(callers: &Callers) {
    for round in 0..3 {
        let name = format!("Race {round}");
        let race = |path: &str, body: &Value, code: u64| {
            let replies = at_once(RACERS, |index| callers.number(index).post(path, body));
            assert_eq!(successes(&replies, code), 1, "{path}");
        };
        race("group", &json!({"name": name, "rank": 1}), 733);
        race(
            "customField",
            &json!({"name": name, "dataType": "STRING"}),
            741,
        );
    }
}

fn one_identifier_belongs_to_one_customer(callers: &Callers) {
    for round in 0..3 {
        let email = format!("race{round}@example.org");
        let replies = at_once(RACERS, |index| {
            let path = format!("customers/{}", index + 1);
            callers
                .number(index)
                .put_json(&path, &json!({"email": email}))
        });
        assert_eq!(successes(&replies, 1921), 1);
    }
}

fn imports_and_earns_add_up(callers: &Callers) {
    let badge = callers
        .org
        .create(&limited(&json!([]), &json!([badge_value(1_000)])));
    let earned = at_once(RACERS, |index| {
        let client = callers.number(index);
        let customer = i64::try_from(index).unwrap() + 1;
        if index % 2 == 0 {
            let elements = vec![accolade_tests::imported(&badge, customer); 50];
            client.import(&elements).ok();
            return 50;
        }
        for _ in 0..5 {
            client.earn(&earning(&badge, customer)).ok();
        }
        5
    });
    let total: i64 = earned.into_iter().sum();
    assert_eq!(callers.org.earned_count(&badge), total);
    let window = callers.org.between(1, &badge)["badgeConstraints"][0].clone();
    let counted = &window["earnConstraintBlockStatistics"]["currentEarnCount"];
    assert_eq!(counted, &json!(total));
    let ids: HashSet<_> = callers.org.between(2, &badge)["earnDetails"]["earns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|earn| earn["earnedBadgeId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 5);
}

/// A race, run on one server of each kind and on two servers of one PostgreSQL.
macro_rules! races {
    ($($name:ident)*) => {
        mod one_server {
            use super::Callers;
            use accolade_tests::Server;
            $(fn $name(server: &Server) {
                let org = server.org();
                let clients = vec![(*org).clone()];
                super::$name(&Callers { org, clients });
            })*
            accolade_tests::on_both_databases! { $($name)* }
        }
        mod two_servers_on_one_postgresql {
            $(#[test]
            fn $name() {
                super::on_two_servers(super::$name);
            })*
        }
    };
}

races! {
    a_badges_limit_is_used_up_exactly
    a_customers_limit_is_used_up_exactly
    crossing_batches_fill_both_limits_and_no_more
    revoked_places_are_taken_again_and_never_twice
    one_earn_is_revoked_once
    one_request_id_earns_once
    nothing_is_earned_after_an_enrolment_was_revoked
    a_limit_that_comes_while_customers_earn_holds
    of_updates_of_one_state_one_wins
    one_name_of_a_group_and_of_a_field_is_taken_once
    one_identifier_belongs_to_one_customer
    imports_and_earns_add_up
}

fn on_two_servers(race: fn(&Callers)) {
    static SERVERS: OnceLock<(Server, Server)> = OnceLock::new();
    let (first, second) = SERVERS.get_or_init(|| {
        let first = Setup::new(Backend::Postgres).start();
        let second = first.setup().clone().start();
        (first, second)
    });
    let org = first.org();
    let clients = vec![(*org).clone(), (*second.take_over(&org)).clone()];
    race(&Callers { org, clients });
}
