//! How the counts of a badge grew from day to day.

use accolade_application::badges::counts_over_time;
use time::macros::date;
use time::{Date, Duration};

use crate::world::{NOW, World, at, direct};

#[test]
fn each_day_has_by_how_much_counts_grew_and_today_is_exact() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    let note = || {
        let housekeeping = &world.ports.stores.housekeeping;
        housekeeping.note_counts(world.ports.clock.now()).unwrap();
    };
    let shown = |from: Date, days| {
        let counts = counts_over_time(&world.ports, &world.caller, badge, from, days).unwrap();
        let shown = counts.iter().map(|it| (it.date.day(), it.earned));
        shown.collect::<Vec<_>>()
    };
    let first = date!(2026 - 05 - 09);
    // Nobody has looked yet.
    assert_eq!(shown(first, 9), [(9, 0), (10, 0)]);
    world.run(world.one(badge, 1)).unwrap();
    note();
    world.clock.set(at(NOW) + Duration::days(2));
    world.run(world.several(badge, [1, 2, 3])).unwrap();
    note();
    // Since the last note.
    world.run(world.one(badge, 4)).unwrap();
    assert_eq!(shown(first, 9), [(9, 0), (10, 1), (11, 0), (12, 4)]);
    assert_eq!(shown(date!(2026 - 05 - 11), 1), [(11, 0)]);
    assert_eq!(shown(date!(2026 - 05 - 12), 5), [(12, 4)]);
    assert_eq!(shown(date!(2026 - 05 - 13), 5), []);
}
