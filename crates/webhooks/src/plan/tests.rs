//! What is sent when.

use std::collections::BTreeSet;
use std::sync::Arc;

use accolade_application::ports::{Delivery, Retry};
use accolade_domain::event::Position;
use accolade_domain::fixtures::second;
use accolade_domain::instant::Instant;
use accolade_domain::webhook::{
    Batch, DeliveryOrder, DisabledReason, Headers, Health, MaxInFlight, RatePerSecond,
    SigningSecret, SigningSecrets, Webhook, WebhookDraft, WebhookSettings, WebhookState,
};
use time::Duration;

use crate::plan::{Ended, Fresh, Plan, Planned};

/// The jitter that moves nothing.
const NONE: u32 = 200;

pub(super) fn position(number: i64) -> Position {
    Position::try_from(number).unwrap()
}

pub(super) fn settings() -> WebhookSettings {
    WebhookDraft::default().settings("https://receiver.example/events".try_into().unwrap())
}

/// A webhook that has read nothing yet.
pub(super) fn delivery(settings: WebhookSettings) -> Delivery {
    Delivery {
        webhook: Webhook {
            id: "65f1a0b2c3d4e5f601234567".parse().unwrap(),
            org: 100_000.try_into().unwrap(),
            settings,
            headers: Headers::new(),
            secrets: SigningSecrets::new(SigningSecret::Hmac([7; 32])),
            state: WebhookState::Active,
            health: Health::default(),
            created_on: second(0),
            created_by: 1.try_into().unwrap(),
            updated_on: second(0),
            updated_by: 1.try_into().unwrap(),
        },
        version: 1,
        cursor: Position::START,
        retries: Vec::new(),
    }
}

/// A plan and its clock.
struct Sent {
    plan: Plan,
    now: Instant,
}

impl Sent {
    fn new(settings: WebhookSettings) -> Self {
        Self {
            plan: Plan::open(&delivery(settings)),
            now: second(0),
        }
    }

    /// Reads events of these customers, one after another, at the positions that follow.
    fn read(&mut self, customers: &[&str]) {
        let from = self.plan.read_from().get() + 1;
        let events: Vec<_> = (from..)
            .zip(customers)
            .map(|(number, customer)| Fresh {
                position: position(number),
                partition: Arc::from(*customer),
                bytes: 700,
            })
            .collect();
        let next = events.last().unwrap().position;
        self.plan.take(events, next, false, self.now);
    }

    /// All that goes now: the numbers of the deliveries with the positions in them.
    fn send(&mut self) -> Vec<Planned> {
        std::iter::from_fn(|| self.plan.next(self.now)).collect()
    }

    fn end(&mut self, request: &Planned, ended: Ended) {
        self.plan.ended(request.number, ended, self.now, NONE);
    }

    fn pass(&mut self, duration: Duration) {
        self.now = self.now + duration;
    }

    /// Until when it says that there is nothing to do.
    fn pass_until_wake(&mut self) {
        self.now = self.now.max(self.plan.wake(self.now).unwrap());
    }
}

fn numbers(requests: &[Planned]) -> Vec<Vec<i64>> {
    let of = |request: &Planned| request.events.iter().map(|it| it.position.get()).collect();
    requests.iter().map(of).collect()
}

fn batches_of(batch: i64) -> WebhookSettings {
    WebhookSettings {
        batch: Batch::try_from(batch).unwrap(),
        ..settings()
    }
}

#[test]
fn the_events_of_a_customer_go_one_after_another_and_those_of_others_beside() {
    let mut sent = Sent::new(settings());
    sent.read(&["a", "a", "b", "a", "c"]);
    let first = sent.send();
    assert_eq!(numbers(&first), [[1], [3], [5]]);
    sent.end(&first[0], Ended::Delivered);
    assert_eq!(numbers(&sent.send()), [[2]]);
}

#[test]
fn a_batch_has_several_events_of_a_customer_in_their_order() {
    let mut sent = Sent::new(batches_of(3));
    sent.read(&["a", "b", "a", "a", "c"]);
    assert_eq!(numbers(&sent.send()), [vec![1, 2, 3], vec![5]]);
}

#[test]
fn while_an_event_waits_for_its_retry_those_of_its_customer_wait_and_others_flow() {
    let mut sent = Sent::new(settings());
    sent.read(&["a", "a", "b"]);
    let first = sent.send();
    sent.end(&first[0], Ended::Failed);
    sent.end(&first[1], Ended::Delivered);
    sent.read(&["a", "b"]);
    let second = sent.send();
    assert_eq!(numbers(&second), [[5]]);
    sent.end(&second[0], Ended::Delivered);
    let change = sent.plan.progress();
    assert_eq!(change.cursor, position(5));
    let waiting: Vec<_> = change
        .put
        .iter()
        .map(|row| (row.position.get(), row.due_on.is_some()))
        .collect();
    assert_eq!(waiting, [(1, true), (2, false), (4, false)]);

    sent.pass(Duration::seconds(5));
    for expected in [1, 2, 4] {
        let request = sent.send();
        assert_eq!(numbers(&request), [[expected]]);
        sent.end(&request[0], Ended::Delivered);
    }
    let change = sent.plan.progress();
    assert_eq!(change.done, [position(1), position(2), position(4)]);
}

#[test]
fn retries_come_by_the_schedule_and_the_last_gives_the_event_up() {
    let mut sent = Sent::new(settings());
    sent.read(&["a", "a"]);
    let mut waits = Vec::new();
    for attempt in 1..=10 {
        let began = sent.now;
        let request = sent.send();
        assert_eq!(numbers(&request), [[1]]);
        assert_eq!(request[0].events[0].attempt, attempt);
        sent.end(&request[0], Ended::Failed);
        // Somebody else's is taken.
        sent.read(&["b"]);
        let other = sent.send();
        let theirs = other.iter().find(|it| it.events[0].position != position(2));
        sent.end(theirs.unwrap(), Ended::Delivered);
        if attempt < 10 {
            assert_eq!(numbers(&other).len(), 1);
            sent.pass_until_wake();
            waits.push(sent.now.since(began).whole_seconds());
        } else {
            assert_eq!(numbers(&other)[0], [2], "what waited behind it goes");
        }
    }
    assert_eq!(
        waits,
        [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    );
    let change = sent.plan.progress();
    let given_up: Vec<_> = change.put.iter().filter(|row| row.given_up).collect();
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].position, position(1));
}

#[test]
fn while_nothing_succeeds_nothing_is_given_up_and_after_five_days_the_webhook_is_disabled() {
    let mut sent = Sent::new(settings());
    sent.read(&["a"]);
    let mut attempts = 0;
    while sent.plan.stopped().is_none() {
        for request in sent.send() {
            attempts += 1;
            sent.end(&request, Ended::Failed);
        }
        if sent.plan.stopped().is_none() {
            sent.pass_until_wake();
        }
    }
    assert_eq!(sent.now, second(5 * 86_400));
    assert_eq!(attempts, 11);
    let change = sent.plan.progress();
    assert_eq!(change.disable, Some(DisabledReason::NoSuccess));
    assert!(change.put.iter().all(|row| !row.given_up));
    assert_eq!(sent.plan.wake(sent.now), None);
}

#[test]
fn a_receiver_of_which_nothing_succeeds_gets_probes_and_no_row_for_each_event() {
    let mut sent = Sent::new(settings());
    let customers: Vec<_> = (0..2_000).map(|it| it.to_string()).collect();
    let customers: Vec<_> = customers.iter().map(String::as_str).collect();
    sent.read(&customers);
    let (mut requests, end) = (0, sent.now + Duration::HOUR);
    while sent.now < end {
        for request in sent.send() {
            requests += 1;
            sent.end(&request, Ended::Failed);
        }
        sent.pass_until_wake();
    }
    let change = sent.plan.progress();
    assert!(change.put.len() < 40, "{}", change.put.len());
    assert!(requests < 150, "{requests}");
    assert_eq!(
        change.cursor.get(),
        i64::try_from(change.put.len()).unwrap()
    );
    assert_eq!(sent.plan.room(sent.now), 0);

    // It is there again: one request shows that, and everything flows.
    sent.pass(Duration::minutes(5));
    let requests = sent.send();
    sent.end(&requests[0], Ended::Delivered);
    assert_eq!(sent.send().len() + requests.len() - 1, 10);
}

#[test]
fn a_batch_that_fails_is_divided_until_the_event_that_is_never_taken_is_alone() {
    let mut sent = Sent::new(batches_of(8));
    sent.read(&["a", "b", "c", "d", "e", "f", "g", "poison"]);
    let mut taken = BTreeSet::new();
    for _ in 0..8 {
        for request in sent.send() {
            let positions = numbers(std::slice::from_ref(&request)).remove(0);
            if positions.contains(&8) {
                sent.end(&request, Ended::Failed);
            } else {
                taken.extend(positions);
                sent.end(&request, Ended::Delivered);
            }
        }
        sent.pass_until_wake();
        sent.pass(Duration::SECOND);
    }
    assert_eq!(taken, (1..8).collect());
}

#[test]
fn strictly_nothing_overtakes_and_nothing_becomes_a_row_but_what_failed() {
    let mut sent = Sent::new(WebhookSettings {
        order: DeliveryOrder::Strict,
        ..settings()
    });
    sent.read(&["a", "b", "c"]);
    let request = sent.send();
    assert_eq!(numbers(&request), [[1]]);
    sent.end(&request[0], Ended::Failed);
    assert!(sent.send().is_empty());
    assert_eq!(sent.plan.room(sent.now), 0);
    let change = sent.plan.progress();
    assert_eq!((change.cursor, change.put.len()), (position(1), 1));
    sent.pass_until_wake();
    for expected in 1..=3 {
        let request = sent.send();
        assert_eq!(numbers(&request), [[expected]]);
        sent.end(&request[0], Ended::Delivered);
    }
}

#[test]
fn without_an_order_nothing_waits_for_anything() {
    let mut sent = Sent::new(WebhookSettings {
        order: DeliveryOrder::None,
        ..settings()
    });
    sent.read(&["a", "a", "a"]);
    assert_eq!(numbers(&sent.send()), [[1], [2], [3]]);
}

#[test]
fn a_receiver_that_says_later_is_left_alone_that_long() {
    let mut sent = Sent::new(settings());
    sent.read(&["a", "b"]);
    let requests = sent.send();
    sent.end(&requests[0], Ended::Later(Duration::seconds(90)));
    sent.end(&requests[1], Ended::Delivered);
    sent.read(&["c"]);
    assert!(sent.send().is_empty());
    assert_eq!(sent.plan.room(sent.now), 0);
    assert_eq!(sent.plan.wake(sent.now), Some(second(90)));
    sent.pass(Duration::seconds(89));
    assert!(sent.send().is_empty());
    sent.pass(Duration::SECOND);
    assert_eq!(numbers(&sent.send()), [[1], [3]]);
    let change = sent.plan.progress();
    assert_eq!(change.health.hold_until, Some(second(90)));
}

#[test]
fn a_receiver_that_is_gone_gets_nothing_more_and_its_event_comes_again() {
    let mut sent = Sent::new(settings());
    sent.read(&["a", "b", "c"]);
    let requests = sent.send();
    sent.end(&requests[0], Ended::Gone);
    sent.end(&requests[1], Ended::Delivered);
    sent.end(&requests[2], Ended::Failed);
    assert!(sent.send().is_empty());
    let change = sent.plan.progress();
    assert_eq!(change.disable, Some(DisabledReason::Gone));
    assert_eq!(change.cursor, position(3));
    let rows: Vec<_> = change.put.iter().map(|row| row.position.get()).collect();
    assert_eq!(rows, [1, 3]);
}

#[test]
fn no_second_has_more_requests_than_it_may() {
    let mut sent = Sent::new(WebhookSettings {
        rate_per_second: Some(RatePerSecond::try_from(3).unwrap()),
        max_in_flight: MaxInFlight::try_from(100).unwrap(),
        ..settings()
    });
    sent.read(&["a", "b", "c", "d", "e"]);
    assert_eq!(sent.send().len(), 3);
    assert_eq!(sent.plan.wake(sent.now), Some(second(1)));
    sent.pass(Duration::milliseconds(999));
    assert!(sent.send().is_empty());
    sent.pass(Duration::milliseconds(1));
    assert_eq!(sent.send().len(), 2);
}

#[test]
fn many_requests_a_second_begin_a_tenth_of_them_at_a_time() {
    let mut sent = Sent::new(WebhookSettings {
        rate_per_second: Some(RatePerSecond::try_from(200).unwrap()),
        max_in_flight: MaxInFlight::try_from(100).unwrap(),
        ..settings()
    });
    let customers: Vec<_> = (0..50).map(|it| it.to_string()).collect();
    sent.read(&customers.iter().map(String::as_str).collect::<Vec<_>>());
    let tenths = [20, 20, 10].map(|_| {
        let sent_now = sent.send().len();
        sent.pass(Duration::milliseconds(100));
        sent_now
    });
    assert_eq!(tenths, [20, 20, 10]);
}

#[test]
fn what_was_saved_goes_on_as_it_was() {
    let mut stored = delivery(batches_of(10));
    let row = |number, customer: &str, due_on: Option<Instant>| Retry {
        position: position(number),
        partition: Some(customer.to_owned()),
        attempts: u32::from(due_on.is_some()),
        first_on: due_on.map(|_| second(0)),
        due_on,
        given_up: false,
        resent: false,
    };
    stored.cursor = position(9);
    stored.retries = vec![
        row(2, "a", Some(second(50))),
        row(3, "b", Some(second(50))),
        row(5, "a", None),
        row(7, "c", Some(second(20))),
    ];
    let mut sent = Sent {
        plan: Plan::open(&stored),
        now: second(10),
    };
    sent.read(&["a", "d"]);
    assert_eq!(numbers(&sent.send()), [[11]]);
    sent.pass(Duration::seconds(10));
    assert_eq!(numbers(&sent.send()), [[7]]);
    sent.pass(Duration::seconds(30));
    let together = sent.send();
    assert_eq!(numbers(&together), [vec![2, 3]]);
    sent.end(&together[0], Ended::Delivered);
    assert_eq!(numbers(&sent.send()), [vec![5, 10]]);
}

#[test]
fn what_was_asked_for_again_holds_up_nobody() {
    let mut stored = delivery(settings());
    stored.cursor = position(9);
    stored.retries = vec![Retry {
        position: position(2),
        partition: Some("a".to_owned()),
        attempts: 0,
        first_on: None,
        due_on: Some(second(0)),
        given_up: false,
        resent: true,
    }];
    let mut sent = Sent {
        plan: Plan::open(&stored),
        now: second(10),
    };
    sent.read(&["a"]);
    let requests = sent.send();
    assert_eq!(numbers(&requests), [[2], [10]]);
    assert!(requests[0].events[0].resent);
}

fn asked_for_again(number: i64, due_on: Instant) -> Retry {
    Retry {
        position: position(number),
        partition: None,
        attempts: 0,
        first_on: None,
        due_on: Some(due_on),
        given_up: false,
        resent: true,
    }
}

#[test]
fn what_was_asked_for_again_holds_up_no_reading() {
    let strict = WebhookSettings {
        order: DeliveryOrder::Strict,
        ..settings()
    };
    let mut stored = delivery(strict);
    stored.cursor = position(5_000);
    stored.retries = (1..=5_000)
        .map(|number| asked_for_again(number, second(1_000)))
        .collect();
    let plan = Plan::open(&stored);
    assert!(plan.room(second(0)) > 0);
}

#[test]
fn in_doubt_it_passes_what_it_does_not_want_without_a_pause() {
    let mut stored = delivery(settings());
    stored.webhook.health = Health::default().after_failure(second(0));
    let mut plan = Plan::open(&stored);
    let now = second(0);
    for page in 1..100 {
        assert_eq!(plan.room(now), 1);
        plan.take(Vec::new(), position(page), true, now);
    }
    plan.take(Vec::new(), position(100), false, now);
    assert_eq!(plan.room(now), 0, "there is no more");
    assert_eq!(plan.room(second(5)), 1);
}
