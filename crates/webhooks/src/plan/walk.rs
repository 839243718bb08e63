//! Random walks: a feed, a receiver that fails as it likes, and crashes at any step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use accolade_application::ports::{Delivery, Retry};
use accolade_domain::event::Position;
use accolade_domain::fixtures::second;
use accolade_domain::instant::Instant;
use accolade_domain::webhook::{Batch, DeliveryOrder, MaxInFlight, RatePerSecond};
use proptest::prelude::*;
use time::Duration;

use crate::plan::tests::{delivery, position, settings};
use crate::plan::{Change, Ended, Fresh, Plan, Planned};

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    Read(usize),
    Send,
    End(usize, Answer, u32),
    Save,
    Crash,
    Restart,
    Resend(usize),
    Pass(i64),
    PassUntilWake,
}

/// How the receiver answers.
#[derive(Debug, Clone, Copy)]
enum Answer {
    Takes,
    /// Takes it, but for the customers that it never takes anything of.
    TakesOthers,
    Fails,
    Later(i64),
    Unreachable,
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(Answer::Takes),
        6 => Just(Answer::TakesOthers),
        3 => Just(Answer::Fails),
        1 => (0_i64..600).prop_map(Answer::Later),
        1 => Just(Answer::Unreachable),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_usize..40).prop_map(Step::Read),
        10 => Just(Step::Send),
        10 => (any::<usize>(), answer(), any::<u32>()).prop_map(|(which, answer, jitter)| {
            Step::End(which, answer, jitter)
        }),
        4 => Just(Step::Save),
        1 => Just(Step::Crash),
        1 => Just(Step::Restart),
        1 => any::<usize>().prop_map(Step::Resend),
        3 => (0_i64..400).prop_map(Step::Pass),
        4 => Just(Step::PassUntilWake),
    ]
}

/// A feed, what a store keeps, and a plan between them.
struct World {
    /// Whose event each position has that the webhook wants.
    feed: BTreeMap<Position, u8>,
    end: Position,
    stored: Delivery,
    plan: Plan,
    under_way: Vec<Planned>,
    now: Instant,
    begun: Vec<Instant>,
    delivered: BTreeSet<Position>,
    given_up: BTreeSet<Position>,
    /// What must not come again, as there was no crash since.
    comes_once: BTreeSet<Position>,
    /// What somebody asked for again that was done with.
    resent: BTreeSet<Position>,
    /// What was in the first request with this id that went out since the last crash.
    requests: BTreeMap<Position, BTreeSet<Position>>,
}

impl World {
    fn new(stored: Delivery, customers: &[Option<u8>]) -> Self {
        let numbered = (1_i64..).zip(customers);
        let feed: BTreeMap<_, _> = numbered
            .filter_map(|(number, customer)| customer.map(|it| (position(number), it)))
            .collect();
        Self {
            feed,
            end: position(i64::try_from(customers.len()).unwrap()),
            plan: Plan::open(&stored),
            stored,
            under_way: Vec::new(),
            now: second(0),
            begun: Vec::new(),
            delivered: BTreeSet::new(),
            given_up: BTreeSet::new(),
            comes_once: BTreeSet::new(),
            resent: BTreeSet::new(),
            requests: BTreeMap::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Read(most) => self.read(*most),
            Step::Send => self.send(),
            Step::End(which, answer, jitter) => {
                if !self.under_way.is_empty() {
                    let request = self.under_way.swap_remove(which % self.under_way.len());
                    self.end(&request, *answer, *jitter);
                }
            }
            Step::Save => self.save(),
            Step::Crash => self.crash(),
            Step::Restart => self.restart(),
            Step::Resend(which) => self.resend(*which),
            Step::Pass(seconds) => self.now = self.now + Duration::seconds(*seconds),
            Step::PassUntilWake => self.pass_until_wake(),
        }
    }

    fn read(&mut self, most: usize) {
        let room = self.plan.room(self.now).min(most);
        if room == 0 {
            return;
        }
        let from = self.plan.read_from();
        let found: Vec<_> = self.feed.range(from.next()..).take(room).collect();
        let next = match found.last() {
            Some((last, _)) if found.len() == room => **last,
            _ => self.end,
        };
        let events = found
            .into_iter()
            .map(|(position, customer)| Fresh {
                position: *position,
                partition: Arc::from(customer.to_string()),
                bytes: 700,
            })
            .collect();
        self.plan.take(events, next, next < self.end, self.now);
    }

    fn send(&mut self) {
        let Some(request) = self.plan.next(self.now) else {
            return;
        };
        self.check(&request);
        self.begun.push(self.now);
        self.under_way.push(request);
    }

    /// What must hold of each request when it goes.
    fn check(&mut self, request: &Planned) {
        let settings = &self.stored.webhook.settings;
        let sent: Vec<_> = request.events.iter().map(|it| it.position).collect();
        assert!(sent.is_sorted(), "out of order: {sent:?}");
        assert!(sent.len() <= usize::try_from(settings.batch.get()).unwrap());
        let most = usize::try_from(settings.max_in_flight.get()).unwrap();
        assert!(self.under_way.len() < most, "too many are under way");
        if let Some(rate) = settings.rate_per_second {
            let since = self.now - Duration::SECOND;
            let in_a_second = self.begun.iter().filter(|it| **it > since).count();
            assert!(
                in_a_second < usize::try_from(rate.get()).unwrap(),
                "too fast"
            );
        }
        let in_line = request.events.iter().filter(|it| !it.resent);
        for position in in_line.map(|it| &it.position) {
            assert!(
                !self.comes_once.contains(position),
                "{position} comes again"
            );
            let waits_for =
                self.feed
                    .range(..*position)
                    .filter(|(_, customer)| match settings.order {
                        DeliveryOrder::Strict => true,
                        DeliveryOrder::None => false,
                        DeliveryOrder::Customer => **customer == self.feed[position],
                    });
            for (before, _) in waits_for {
                assert!(
                    self.delivered.contains(before)
                        || self.given_up.contains(before)
                        || self.resent.contains(before)
                        || sent.contains(before),
                    "{position} goes before {before}"
                );
            }
        }
        let has_resent = request.events.iter().any(|it| it.resent);
        if let Some(before) = self.requests.get(&sent[0]).filter(|_| !has_resent) {
            let grew = sent.iter().any(|it| !before.contains(it));
            assert!(!grew, "a request grew from {before:?} to {sent:?}");
        }
    }

    fn end(&mut self, request: &Planned, answer: Answer, jitter: u32) {
        let events = request.events.iter();
        let has_poison = events.clone().any(|it| self.feed[&it.position] == 0);
        let ended = match answer {
            Answer::Takes => Ended::Delivered,
            Answer::TakesOthers if !has_poison => Ended::Delivered,
            Answer::TakesOthers | Answer::Fails => Ended::Failed,
            Answer::Later(seconds) => Ended::Later(Duration::seconds(seconds)),
            Answer::Unreachable => Ended::NotTried,
        };
        let has_resent = events.clone().any(|it| it.resent);
        if ended != Ended::NotTried && !has_resent {
            let sent: BTreeSet<_> = events.clone().map(|it| it.position).collect();
            self.requests
                .entry(request.events[0].position)
                .or_insert(sent);
        }
        if ended == Ended::Delivered {
            self.comes_once.extend(events.clone().map(|it| it.position));
            self.delivered.extend(events.map(|it| it.position));
        }
        self.plan.ended(request.number, ended, self.now, jitter);
        let given_up = self.plan.given_up.iter();
        self.given_up.extend(given_up.map(|it| it.position));
    }

    fn save(&mut self) {
        save(&mut self.stored, self.plan.progress());
    }

    fn crash(&mut self) {
        self.under_way.clear();
        self.requests.clear();
        self.begun.clear();
        self.comes_once.clear();
        self.plan = Plan::open(&self.stored);
    }

    /// Ends as a server does that is told to, and begins anew: nothing that was taken comes again.
    fn restart(&mut self) {
        self.plan.close(self.now);
        self.save();
        let read = self.plan.read_from();
        let mut taken = self.comes_once.iter().filter(|it| **it <= read);
        assert!(taken.all(|it| *it <= self.stored.cursor));
        self.comes_once.retain(|it| *it <= read);
        // After a crash something may have been tried again that is still behind the cursor.
        let cursor = self.stored.cursor;
        self.requests.retain(|first, _| *first <= cursor);
        self.under_way.clear();
        self.begun.clear();
        self.plan = Plan::open(&self.stored);
    }

    /// Somebody asks for an event again that is done with, and the deliveries begin anew.
    fn resend(&mut self, which: usize) {
        self.restart();
        let stored = &mut self.stored;
        let is_row = |position| stored.retries.iter().any(|row| row.position == position);
        let done = self.feed.range(..=stored.cursor).map(|(it, _)| *it);
        let done: Vec<_> = done.filter(|it| !is_row(*it)).collect();
        if done.is_empty() {
            return;
        }
        let position = done[which % done.len()];
        self.resent.insert(position);
        stored.retries.push(Retry {
            position,
            partition: None,
            attempts: 0,
            first_on: None,
            due_on: Some(self.now),
            given_up: false,
            resent: true,
        });
        self.plan = Plan::open(stored);
    }

    fn pass_until_wake(&mut self) {
        if let Some(wake) = self.plan.wake(self.now) {
            self.now = self.now.max(wake);
        }
    }

    /// The receiver takes everything from now on.
    fn finish(&mut self) {
        for _ in 0..10_000 {
            self.read(usize::MAX);
            self.send();
            while let Some(request) = self.under_way.pop() {
                self.end(&request, Answer::Takes, 7);
                self.send();
            }
            self.save();
            let nothing_left = self.stored.cursor == self.end && self.stored.retries.is_empty();
            if nothing_left || self.plan.stopped().is_some() {
                return;
            }
            self.pass_until_wake();
        }
        panic!("it does not end: {:?}", self.plan);
    }
}

/// What a store does.
fn save(stored: &mut Delivery, change: Change) {
    stored.cursor = stored.cursor.max(change.cursor);
    let mut rows: BTreeMap<Position, Retry> = stored
        .retries
        .drain(..)
        .map(|row| (row.position, row))
        .collect();
    for row in change.put {
        rows.insert(row.position, row);
    }
    for position in change.done {
        rows.remove(&position);
    }
    stored.retries = rows.into_values().filter(|row| !row.given_up).collect();
    stored.webhook.health = change.health;
}

fn order() -> impl Strategy<Value = DeliveryOrder> {
    prop_oneof![
        4 => Just(DeliveryOrder::Customer),
        1 => Just(DeliveryOrder::None),
        1 => Just(DeliveryOrder::Strict),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_no_customers_events_change_places(
        order in order(),
        batch in prop_oneof![Just(1_i64), 2_i64..8, Just(100)],
        most_under_way in 1_i64..6,
        rate in proptest::option::weighted(0.2, 1_i64..5),
        customers in proptest::collection::vec(proptest::option::weighted(0.9, 0_u8..6), 1..120),
        steps in proptest::collection::vec(step(), 0..400),
    ) {
        let mut settings = settings();
        settings.order = order;
        settings.batch = Batch::try_from(batch).unwrap();
        settings.max_in_flight = MaxInFlight::try_from(most_under_way).unwrap();
        settings.rate_per_second = rate.map(|rate| RatePerSecond::try_from(rate).unwrap());
        let mut world = World::new(delivery(settings), &customers);
        for step in &steps {
            world.take(step);
        }
        world.finish();
        if world.plan.stopped().is_none() {
            for position in world.feed.keys() {
                let told = world.delivered.contains(position) || world.given_up.contains(position);
                prop_assert!(told, "{position} is lost");
            }
        }
    }
}
