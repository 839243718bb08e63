//! Copies that are taken while others write.

use accolade_domain::badge::Badge;
use accolade_domain::zone::CalendarUnit;

use crate::World;
use crate::copy::Copied;
use crate::earning::{earn_on, earned_id, rolling};
use crate::feed::{all_of, query};
use crate::fixtures::{now, second};
use crate::people::merged;
use crate::race::{Running, race};
use crate::world::enrol_on;

const WRITERS: usize = 4;

/// How many times a writer does all that it does.
const TURNS: i64 = 20;

/// Enrols, earns, imports, revokes, merges and erases all over the keys, on either server.
fn write(world: &World, writer: usize, gold: &Badge, rolling: &Badge) {
    let servers = world.servers();
    let own = i64::try_from(writer).unwrap();
    for turn in 0..TURNS {
        let server = &servers[usize::try_from(turn).unwrap() % 2];
        // Before, between and behind the customers that there are.
        let first = (turn * 211 + own * 37) % 9_000 + 100_000 * own + 1;
        enrol_on(server, &world.request(gold, first..first + 5)).unwrap();
        let earning = world.earning_at(gold, [first, first + 1], second(1500), now());
        earn_on(server, &earning).unwrap();
        let earned = earned_id(&earn_on(server, &world.one(rolling, first)).unwrap());
        let import = world.importing(gold, &[(first, now()), (first + 7, now())]);
        server.earning.import(&import).unwrap().unwrap();

        let mut revoking = world.unenrolling(gold, &[(first + 2, None)]);
        revoking.reason = Some("in the copy".try_into().unwrap());
        server.enrolments.revoke(&revoking).unwrap().unwrap();
        let revoking = world.revoking(rolling, first, earned);
        server.earning.revoke(&revoking).unwrap().unwrap();

        // From before what a copy has read to behind it, and the other way round.
        let number = own * 100 + turn;
        merged(server, &world.merging(first + 3, 600_000 + number)).unwrap();
        let last = 700_000 + number;
        enrol_on(server, &world.request(gold, [last])).unwrap();
        let earning = world.earning_at(gold, [last], second(1500), now());
        earn_on(server, &earning).unwrap();
        merged(server, &world.merging(last, number * 3 + 1)).unwrap();
        server.people.erase(&world.erasing(first + 4)).unwrap();
    }
}

fn a_copy_and_what_follows_in_the_feed_are_all_that_there_is(world: &World) {
    let gold = world.badge("Gold");
    let rolling = world.limited("Rolling", [], [rolling(CalendarUnit::Days, 1, 1_000_000)]);
    world
        .enrol(&world.request(&gold, (1..=4_500).map(|it| it * 89)))
        .unwrap();
    let org = world.tenant.org;
    let running = Running::all(WRITERS);
    let servers = world.servers();
    let copies = race(WRITERS + 2, |racer| {
        if racer < WRITERS {
            let _running = running.one();
            write(world, racer, &gold, &rolling);
            return Vec::new();
        }
        // Whichever server is asked, and whatever is recorded meanwhile.
        let mut copies = Vec::new();
        while !running.is_over() {
            let as_of = servers[racer % 2].events.newest(org).unwrap();
            copies.push((as_of, Copied::of(&servers[(racer + 1) % 2], org)));
        }
        copies
    });
    let all = Copied::of(&world.stores, org);
    assert!(all.len() > 4_500);
    let copies: Vec<_> = copies.into_iter().flatten().collect();
    assert!(!copies.is_empty());
    for (as_of, mut copy) in copies {
        for event in all_of(&*world.stores.events, query(org, as_of)) {
            copy.apply(&event, &world.stores, org);
        }
        assert!(copy == all, "the copy as of {as_of} is another one");
    }
}

sentences! {
    a_copy_and_what_follows_in_the_feed_are_all_that_there_is
}
