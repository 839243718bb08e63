//! Readiness and how busy the store is.

use crate::World;

fn a_migrated_store_can_work(world: &World) {
    for stores in world.servers() {
        stores.health.check().unwrap();
    }
}

fn there_are_no_more_connections_than_may_be_and_no_more_idle_than_open(world: &World) {
    let health = &world.stores.health;
    health.check().unwrap();
    let usage = health.pool_usage();
    assert!(
        usage.idle <= usage.open && usage.open <= usage.max,
        "{usage:?}"
    );
}

sentences! {
    a_migrated_store_can_work
    there_are_no_more_connections_than_may_be_and_no_more_idle_than_open
}
