//! Edits and enrolments at the same moment: nothing is recorded from before an edit
//! that has returned.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use accolade_application::ports::{BadgeEdit, EnrolmentRequest, RecordError};
use accolade_domain::owner::OwnerType;

use crate::fixtures::claim;
use crate::race::{Running, eventually, race};
use crate::world::enrol_on;
use crate::{Stores, World};

const ENROLLERS: usize = 4;

/// Enrols as fast as it can from one version while another server edits: what is
/// recorded when the edit returns is all that is ever recorded from that version.
fn assert_nothing_is_recorded_after(world: &World, round: u32, edit: &BadgeEdit) {
    let servers = world.servers();
    let badge = world.badge(&format!("Badge {round}"));
    let version = world.version(&badge);
    let edit = world.edit_request(&badge, edit.clone());
    let asked = AtomicU32::new(0);
    let is_edited = AtomicBool::new(false);
    let enrol_until_edited = |stores: &Stores| {
        let mut recorded = 0;
        loop {
            let number = i64::from(asked.fetch_add(1, SeqCst)) + 1;
            let request = world.request(&badge, [number]);
            let was_edited = is_edited.load(SeqCst);
            match enrol_on(stores, &EnrolmentRequest { version, ..request }) {
                Ok(_) => {
                    assert!(!was_edited, "recorded after the edit had returned");
                    recorded += 1;
                }
                Err(RecordError::BadgeChanged) => return recorded,
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    let edit_and_count = |stores: &Stores| {
        // Lets some be recorded before, another number of them in each round.
        eventually(|| asked.load(SeqCst) > round % 7);
        let edited = stores.badges.edit(&edit);
        is_edited.store(true, SeqCst);
        edited.unwrap();
        let found = stores.badges.find_counted(badge.org, badge.id).unwrap();
        found.unwrap().counts.issued
    };
    let counts = race(ENROLLERS + 1, |i| match i {
        0 => edit_and_count(&servers[0]),
        _ => enrol_until_edited(&servers[i % 2]),
    });
    let recorded: u64 = counts[1..].iter().sum();
    assert_eq!(recorded, counts[0], "round {round}");
    assert_eq!(recorded, world.issued(&badge), "round {round}");
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
                let request = || world.edit_request(&badge, edit.clone());
                eventually(|| stores.badges.edit(&request()).is_ok());
            } else {
                let number = i64::try_from(i * 100 + step).unwrap();
                eventually(|| enrol_on(stores, &world.request(&badge, [number])).is_ok());
            }
        }
    });
    assert_eq!(world.issued(&badge), 30);
}

pub fn edits_of_one_badge_do_not_refuse_enrolments_of_another(world: &World) {
    let servers = world.servers();
    let (gold, silver) = (world.badge("Gold"), world.badge("Silver"));
    let running = Running::all(1);
    race(2, |i| {
        if i == 0 {
            let _running = running.one();
            for number in 1..=30 {
                world.enrol(&world.request(&silver, [number])).unwrap();
            }
        } else {
            while !running.is_over() {
                let edit = world.edit_request(&gold, BadgeEdit::Activity(true));
                servers[1].badges.edit(&edit).unwrap();
            }
        }
    });
    assert_eq!(world.issued(&silver), 30);
}
