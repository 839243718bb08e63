//! Sweeping.

use accolade_application::ports::{IdempotencyRecord, Swept};
use time::Duration;

use crate::World;
use crate::fixtures::{everything, now};
use crate::race::race;

fn remember(world: &World, key: &str) -> IdempotencyRecord {
    let record = world.record(key);
    let badge = world.draft(key);
    world
        .stores
        .badges
        .create(&badge, Some(&record), &[])
        .unwrap();
    record
}

fn a_sweep_of_nothing_finds_nothing(world: &World) {
    let swept = world.stores.housekeeping.sweep(now()).unwrap();
    assert_eq!(swept, Swept::default());
}

fn a_sweep_forgets_the_keys_that_have_expired_and_says_how_many(world: &World) {
    let mut records = ["a", "b", "c"].map(|key| remember(world, key));
    let mut late = world.record("late");
    late.guard.expires_on = late.guard.expires_on + Duration::microseconds(1);
    world
        .stores
        .badges
        .create(&world.draft("Late"), Some(&late), &[])
        .unwrap();
    let end = records[0].guard.expires_on;
    let sweep = |at| {
        world
            .stores
            .housekeeping
            .sweep(at)
            .unwrap()
            .idempotency_keys
    };
    assert_eq!(sweep(end - Duration::microseconds(1)), 0);
    assert_eq!(sweep(end), 3);
    assert_eq!(sweep(end), 0);
    assert_eq!(world.remembered("late"), Some(late));
    records[0].guard.used_on = end;
    records[0].guard.expires_on = end + Duration::hours(1);
    world
        .stores
        .badges
        .create(&world.draft("Again"), Some(&records[0]), &[])
        .unwrap();
}

fn a_sweep_changes_no_answer(world: &World) {
    let badge = world.badge("Gold");
    remember(world, "key");
    let mut request = world.request(&badge, [1, 2, 3]);
    request.context.key = Some(world.guard("another"));
    world.enrol(&request).unwrap();
    world.enrol(&world.request(&badge, [3, 4])).unwrap();
    let stores = &world.stores;
    let answers = || {
        (
            stores.badges.list(badge.org, &everything()).unwrap(),
            world.found(&badge),
            world.counted(&badge),
            stores
                .requests
                .find(badge.org, &request.request_id)
                .unwrap(),
            ["key", "another"].map(|key| world.remembered(key)),
            stores.access.clients().unwrap(),
            stores.access.orgs().unwrap(),
        )
    };
    let before = answers();
    for _ in 0..2 {
        stores.housekeeping.sweep(now()).unwrap();
        assert_eq!(answers(), before);
    }
}

fn several_servers_sweep_at_once_and_forget_each_key_once(world: &World) {
    let records: Vec<_> = (0..20).map(|i| remember(world, &i.to_string())).collect();
    let servers = world.servers();
    let end = records[0].guard.expires_on;
    let swept = race(6, |i| servers[i % 2].housekeeping.sweep(end).unwrap());
    let forgotten: u64 = swept.iter().map(|swept| swept.idempotency_keys).sum();
    assert_eq!(forgotten, 20);
}

sentences! {
    a_sweep_of_nothing_finds_nothing
    a_sweep_forgets_the_keys_that_have_expired_and_says_how_many
    a_sweep_changes_no_answer
    several_servers_sweep_at_once_and_forget_each_key_once
}
