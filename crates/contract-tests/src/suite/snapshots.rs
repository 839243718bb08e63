//! What is read together is from one moment, and what is written together is seen together.

use accolade_application::ports::{BadgeEdit, CountedBadge, Operation};
use accolade_domain::badge::Badge;
use accolade_domain::owner::OwnerType;

use crate::fixtures::{claim, everything, now};
use crate::race::{Running, eventually, race};
use crate::world::enrol_on;
use crate::{Stores, World};

/// One server enrols a customer, adds a claim, and so on in turn; meanwhile `read` reads
/// the badge on the other, by turns with sweeps.
fn assert_from_one_moment(world: &World, read: impl Fn(&Stores, &Badge) -> CountedBadge + Sync) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    let running = Running::all(1);
    race(2, |i| {
        if i == 0 {
            let _running = running.one();
            for number in 1..=40 {
                world.enrol(&world.request(&badge, [number])).unwrap();
                let edit = claim(OwnerType::Loyalty, &number.to_string(), true);
                world.edit(&badge, BadgeEdit::Claim(edit));
            }
        } else {
            while !running.is_over() {
                let found = read(&servers[1], &badge);
                let claims = found.badge.claims.len() as u64;
                let ahead = found.counts.issued.checked_sub(claims);
                assert!(
                    matches!(ahead, Some(0 | 1)),
                    "{claims} claims, {:?}",
                    found.counts
                );
                servers[1].housekeeping.sweep(now()).unwrap();
            }
        }
    });
}

pub fn a_badge_and_its_counts_are_found_as_of_one_moment(world: &World) {
    assert_from_one_moment(world, |stores, badge| {
        let found = stores.badges.find_counted(badge.org, badge.id).unwrap();
        found.unwrap()
    });
}

pub fn a_badge_and_its_counts_are_listed_as_of_one_moment(world: &World) {
    assert_from_one_moment(world, |stores, badge| {
        let mut page = stores.badges.list(badge.org, &everything()).unwrap();
        page.badges.remove(0)
    });
}

pub fn who_sees_a_request_in_the_ledger_sees_its_answer_its_key_and_its_counts(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    let requests: Vec<_> = (1..=20)
        .map(|number| {
            let mut request = world.request(&badge, [number]);
            request.context.key = Some(world.guard(&format!("key {number}")));
            request
        })
        .collect();
    race(2, |i| {
        for (position, request) in requests.iter().enumerate() {
            if i == 0 {
                enrol_on(&servers[0], request).unwrap();
                continue;
            }
            let (org, id) = (request.context.org, &request.request_id);
            let other = &servers[1];
            let ledger = &other.requests;
            eventually(|| ledger.is_used(org, Operation::IssueBulk, id).unwrap());
            let entries = other.requests.find(org, id).unwrap();
            let guard = request.context.key.as_ref().unwrap();
            let record = other
                .idempotency
                .find(guard.org, guard.actor, &guard.key, now())
                .unwrap();
            assert_eq!(record.unwrap().answer, entries[0].answer);
            let counted = other.badges.find_counted(org, badge.id).unwrap().unwrap();
            assert!(counted.counts.issued > position as u64);
        }
    });
}
