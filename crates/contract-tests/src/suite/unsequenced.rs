//! What was recorded and has no position yet.

use accolade_application::ports::Unsequenced;

use crate::World;

fn nothing_is_without_a_position_once_all_that_was_recorded_got_one(world: &World) {
    let events = &world.stores.events;
    assert_eq!(events.unsequenced().unwrap(), Unsequenced::default());
    for tenant in [world.tenant, world.tenant(7)] {
        let badge = world.badge_of(tenant, "Gold");
        world.enrol(&world.request(&badge, [1, 2, 3])).unwrap();
    }
    let waiting = events.unsequenced().unwrap();
    assert_eq!(waiting.requests == 0, waiting.oldest_on.is_none());
    events.sequence().unwrap();
    assert_eq!(events.unsequenced().unwrap(), Unsequenced::default());
}

sentences! {
    nothing_is_without_a_position_once_all_that_was_recorded_got_one
}
