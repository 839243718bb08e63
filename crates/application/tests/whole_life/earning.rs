//! Earning, as far as it is more than the order of checks.

use accolade_application::answer::Answer;
use accolade_application::earning::EarnBadge;
use accolade_domain::badge::{BadgeDraft, Expiry, ExpiryValue};
use accolade_domain::earning::EventDate;
use accolade_domain::zone::CalendarUnit;
use time::Duration;

use crate::world::{NOW, World, at, direct};

#[test]
fn a_relative_expiry_counts_from_now_whatever_the_event_date() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        earned_expiry: Some(Expiry::Relative {
            unit: CalendarUnit::Days,
            value: ExpiryValue::try_from(3).unwrap(),
        }),
        ..direct("Gold")
    });
    let command = EarnBadge {
        event: EventDate {
            on: Some(at("2026-02-01T00:00:00Z")),
            ..EventDate::default()
        },
        ..world.one(badge, 1)
    };
    let Answer::Earned(answer) = world.earn(&command).unwrap() else {
        panic!("not earned")
    };
    assert_eq!(answer.expires_on, at(NOW) + Duration::days(3));
}
