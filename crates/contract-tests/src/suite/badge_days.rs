//! What is noted of badges' counts from day to day.

use accolade_application::ports::{BadgeDay, BadgeEdit};
use accolade_domain::badge::Badge;
use accolade_domain::instant::Instant;
use time::macros::date;
use time::{Date, Duration};

use crate::World;
use crate::fixtures::at;

fn note(world: &World, on: Instant) {
    world.stores.housekeeping.note_counts(on).unwrap();
}

/// The day of the month, enrolments and earned badges of each day from `from` on, and the last before.
fn days(world: &World, badge: &Badge, from: Date) -> Vec<(u8, u64, u64)> {
    let found = world.stores.badges.days(badge.org, badge.id, from).unwrap();
    let shown = found.into_iter();
    shown
        .map(|it: BadgeDay| (it.date.day(), it.issued, it.earned))
        .collect()
}

fn each_day_on_which_counts_change_is_kept_as_it_was_seen_last(world: &World) {
    let badge = world.badge("Gold");
    let noon = at("2026-05-01T12:00:00Z");
    let all = date!(2026 - 01 - 01);
    assert_eq!(days(world, &badge, all), []);
    note(world, noon);
    assert_eq!(days(world, &badge, all), [(1, 0, 0)]);
    world.enrol(&world.request(&badge, [1, 2])).unwrap();
    note(world, noon + Duration::hours(11));
    world.enrol(&world.request(&badge, [3])).unwrap();
    // The last moment of the day.
    note(world, at("2026-05-01T23:59:59.999999Z"));
    assert_eq!(days(world, &badge, all), [(1, 3, 0)]);
    note(world, noon + Duration::days(1));
    world
        .unenrol(&world.unenrolling(&badge, &[(1, None)]))
        .unwrap();
    note(world, noon + Duration::days(3));
    note(world, noon + Duration::days(3));
    assert_eq!(days(world, &badge, all), [(1, 3, 0), (4, 2, 0)]);
}

fn days_are_given_from_one_on_with_the_last_before_it(world: &World) {
    let badge = world.direct("Gold");
    let noon = at("2026-05-01T12:00:00Z");
    for day in 0..4 {
        world.earns(&badge, [day + 1]);
        note(world, noon + Duration::days(day));
    }
    let third = date!(2026 - 05 - 03);
    assert_eq!(
        days(world, &badge, third),
        [(2, 0, 2), (3, 0, 3), (4, 0, 4)]
    );
    assert_eq!(days(world, &badge, date!(2027 - 01 - 01)), [(4, 0, 4)]);
}

fn days_are_each_badges_and_orgs_own(world: &World) {
    let gold = world.badge("Gold");
    let other = world.badge_of(world.tenant(7), "Gold");
    world.enrol(&world.request(&gold, [1])).unwrap();
    world.edit(&gold, BadgeEdit::Activity(false));
    note(world, at("2026-05-01T12:00:00Z"));
    let all = date!(2026 - 01 - 01);
    assert_eq!(days(world, &gold, all), [(1, 1, 0)]);
    assert_eq!(days(world, &other, all), [(1, 0, 0)]);
    let mut strange = gold.clone();
    strange.org = other.org;
    assert_eq!(days(world, &strange, all), []);
}

sentences! {
    each_day_on_which_counts_change_is_kept_as_it_was_seen_last
    days_are_given_from_one_on_with_the_last_before_it
    days_are_each_badges_and_orgs_own
}
