//! Edits and enrolments at the same moment: nothing is recorded from before an edit
//! that has returned.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};

use accolade_application::ports::{BadgeEdit, EnrolError, EnrolmentRequest};
use accolade_domain::owner::OwnerType;

use crate::World;
use crate::fixtures::claim;
use crate::race::race;
use crate::world::enrol_on;

const ENROLLERS: usize = 4;

/// Enrols as fast as it can from one version while another server edits: what is
/// recorded when the edit returns is all that is ever recorded from that version.
fn assert_nothing_is_recorded_after(world: &World, round: usize, edit: &BadgeEdit) {
    let servers = world.servers();
    let badge = world.badge(&format!("Badge {round}"));
    let requests: Vec<_> = (0..=ENROLLERS)
        .map(|_| world.request(&badge, [1]))
        .collect();
    let next = AtomicI64::new(1);
    let recorded_when_edited = AtomicI64::new(-1);
    let recorded: Vec<i64> = race(ENROLLERS + 1, |i| {
        let stores = &servers[i % 2];
        if i == ENROLLERS {
            // Lets some be recorded before, another number of them in each round.
            while next.load(SeqCst) < i64::try_from(round % 7 + 1).unwrap() {
                std::thread::yield_now();
            }
            stores
                .badges
                .edit(&world.edit_request(&badge, edit.clone()))
                .unwrap();
            let issued = stores.badges.find_counted(badge.org, badge.id).unwrap();
            let issued = i64::try_from(issued.unwrap().counts.issued).unwrap();
            recorded_when_edited.store(issued, SeqCst);
            return 0;
        }
        let mut recorded = 0;
        loop {
            let number = next.fetch_add(1, SeqCst);
            let request = EnrolmentRequest {
                version: requests[i].version,
                ..world.request(&badge, [number])
            };
            match enrol_on(stores, &request) {
                Ok(_) => recorded += 1,
                Err(EnrolError::BadgeChanged) => return recorded,
                Err(error) => panic!("{error:?}"),
            }
        }
    });
    let recorded: i64 = recorded.iter().sum();
    assert_eq!(recorded, recorded_when_edited.into_inner(), "round {round}");
    assert_eq!(recorded, i64::try_from(world.issued(&badge)).unwrap());
}

pub fn once_a_deactivation_has_returned_nothing_is_recorded_from_before_it(world: &World) {
    for round in 0..25 {
        assert_nothing_is_recorded_after(world, round, &BadgeEdit::Activity(false));
    }
}

pub fn once_a_claim_is_taken_back_nothing_is_recorded_from_before(world: &World) {
    let edit = BadgeEdit::Claim(claim(OwnerType::Loyalty, "1", false));
    for round in 0..25 {
        assert_nothing_is_recorded_after(world, round, &edit);
    }
}

pub fn edits_and_enrolments_of_one_badge_all_get_through(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    race(6, |i| {
        let stores = &servers[i % 2];
        for step in 0..10 {
            if i < 3 {
                let edit = BadgeEdit::Activity(step % 2 == 0);
                while stores
                    .badges
                    .edit(&world.edit_request(&badge, edit.clone()))
                    .is_err()
                {}
            } else {
                let number = i64::try_from(i * 100 + step).unwrap();
                while enrol_on(stores, &world.request(&badge, [number])).is_err() {}
            }
        }
    });
    assert_eq!(world.issued(&badge), 30);
}

pub fn edits_of_one_badge_do_not_refuse_enrolments_of_another(world: &World) {
    let servers = world.servers();
    let (gold, silver) = (world.badge("Gold"), world.badge("Silver"));
    let is_done = AtomicBool::new(false);
    race(2, |i| {
        if i == 0 {
            for number in 1..=30 {
                world.enrol(&world.request(&silver, [number])).unwrap();
            }
            is_done.store(true, SeqCst);
        } else {
            while !is_done.load(SeqCst) {
                let edit = world.edit_request(&gold, BadgeEdit::Activity(true));
                servers[1].badges.edit(&edit).unwrap();
            }
        }
    });
    assert_eq!(world.issued(&silver), 30);
}
