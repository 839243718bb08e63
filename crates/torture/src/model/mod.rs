//! Histories of clients that do things to one badge at the same time, each checked against the model in
//! memory: there must be an order of all steps that explains every answer.
//!
//! Request ids, keys, enrolments, limits, counts, claims and whether the badge is on are all in it, so all of
//! them are linearizable, or a history has no such order.
//!
//! On PostgreSQL every other client speaks to a second server, and nobody sends `earnBulk`: who of a batch is
//! refused there is refused by what was committed at some moment of the request, and not at the one at which it is
//! recorded, so that no single moment explains all of such an answer.

mod memory;
mod search;
mod seen;
mod step;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use accolade_tests::{Backend, Org, Setup, at_once};

use crate::chance::Chance;
use crate::figures::Figures;
use crate::model::memory::Model;
use crate::model::search::{Event, Origin, Search, told};
use crate::model::seen::Seen;
use crate::model::step::{Names, Shape, Step};

/// How many histories are played at the same time.
const TABLES: usize = 4;

/// How many clients a history has.
const CLIENTS: usize = 3;

/// How many steps each of them makes.
const STEPS: usize = 4;

/// After how many histories the model is made anew: it becomes slow.
const MODEL: u64 = 50;

/// How a round goes: so many histories.
pub(crate) fn round(backend: Backend, seed: u64, histories: u64) -> Figures {
    let mut chance = Chance::new(seed);
    let setup = Setup::new(backend).set("log.level", "warn");
    let mut servers = vec![setup.clone().start()];
    if backend == Backend::Postgres {
        servers.push(setup.start());
    }
    let org = servers[0].org();
    let orgs: Vec<Org> = servers.iter().map(|it| it.take_over(&org)).collect();
    let next = AtomicU64::new(1);
    let figures = Mutex::new(Figures::default());
    let chances: Vec<_> = (0..TABLES).map(|_| chance.child()).collect();
    thread::scope(|scope| {
        for mut chance in chances {
            let (orgs, next, figures) = (&orgs, &next, &figures);
            scope.spawn(move || {
                let clients: Vec<_> = (0..CLIENTS)
                    .map(|it| orgs[it % orgs.len()].with_a_connection())
                    .collect();
                let mut model = Model::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number > histories {
                        return;
                    }
                    if number % MODEL == 0 {
                        model = Model::new();
                    }
                    let has_batches = backend == Backend::Sqlite;
                    let counted = history(&clients, number, has_batches, &mut chance, &mut model);
                    figures.lock().unwrap().join(&counted);
                }
            });
        }
    });
    servers[0].cli().run(&["verify"]).ok();
    figures.into_inner().unwrap()
}

/// Plays one history and finds its order.
fn history(
    clients: &[Org],
    number: u64,
    has_batches: bool,
    chance: &mut Chance,
    model: &mut Model,
) -> Figures {
    let shape = *chance.pick(Shape::ALL);
    let definition = shape.definition();
    let is_claimed = !matches!(shape, Shape::Limited);
    let badge = clients[0].create(&definition);
    let names = Names {
        prefix: format!("{number}-"),
        customers: 1_000_000 + i64::try_from(number).unwrap() * 10,
        badge: badge.clone(),
    };
    if is_claimed {
        clients[0].claim(&badge, accolade_tests::LOYALTY);
    }
    let chances: Vec<_> = clients.iter().map(|_| Mutex::new(chance.child())).collect();
    let played = at_once(clients.len(), |index| {
        let mut chance = chances[index].lock().unwrap();
        let next =
            |chance: &mut Chance, earned: &[(i64, String)]| shape.step(chance, earned, has_batches);
        play(&clients[index], &names, &mut chance, next)
    });
    let played: Vec<Event> = played.into_iter().flatten().collect();

    let mut figures = Figures::one("histories explained");
    figures.add("operations", played.len() as u64);
    let running = Seen::refused(&[1911]);
    let (running, history): (Vec<_>, Vec<_>) =
        played.into_iter().partition(|it| it.seen == running);
    for event in &running {
        let meets = |other: &&Event| {
            let is_same = other.step.key() == event.step.key();
            is_same && other.begun <= event.ended && event.begun <= other.ended
        };
        let other = history.iter().find(meets);
        assert!(other.is_some(), "nobody else used its key: {event:#?}");
    }
    figures.add(
        "refused while the same key was running",
        running.len() as u64,
    );
    let origin = Origin {
        definition,
        is_claimed,
        badge,
    };
    let mut search = Search::new(model, &origin, &history);
    let is_explained = search.finds_an_order();
    figures.add("steps of the model", search.asked);
    assert!(
        is_explained,
        "no order explains what was done to {shape:?}:\n{}",
        told(&history)
    );
    figures
}

/// The steps of one client.
fn play(
    client: &Org,
    names: &Names,
    chance: &mut Chance,
    next: impl Fn(&mut Chance, &[(i64, String)]) -> Step,
) -> Vec<Event> {
    let mut earned: Vec<(i64, String)> = Vec::new();
    let mut events = Vec::new();
    for _ in 0..STEPS {
        let step = next(chance, &earned);
        let sent = step.sent(names);
        let mut request = client.request(sent.method, &sent.path);
        if let Some(body) = &sent.body {
            request = request.json(body);
        }
        if let Some(key) = &sent.key {
            request = request.header("Idempotency-Key", key);
        }
        let begun = Instant::now();
        let reply = request.send();
        let ended = Instant::now();
        let seen = if reply.is_success() {
            let is_replayed = reply.header("idempotency-replayed").is_some();
            let seen = Seen::answered(&step, &reply.data(), is_replayed, names);
            if let Step::Earn { customer, .. } = step {
                earned.push((customer, reply.earned_id()));
            }
            seen
        } else {
            Seen::refused(&reply.codes())
        };
        events.push(Event {
            step,
            begun,
            ended,
            seen,
        });
        thread::sleep(chance.millis(1).min(Duration::from_micros(200)));
    }
    events
}
