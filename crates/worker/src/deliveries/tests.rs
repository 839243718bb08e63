//! Webhooks are shared among servers, and each has one that delivers.

use super::*;
use crate::testing::{Server, World, options, pass, webhook};

/// A database with so many webhooks that something can be delivered to.
fn world(webhooks: u8) -> World {
    let world = World::new();
    let keys = (1..=webhooks).map(webhook);
    world.fake.state().deliverable = keys.map(|key| (key, 1)).collect();
    world
}

/// To how many webhooks each of `servers` delivers; and that each has one server.
fn shares(world: &World, servers: &[&Server]) -> Vec<usize> {
    let state = world.fake.state();
    for key in state.deliverable.keys() {
        assert_eq!(state.delivering[key].len(), 1, "{key:?}");
    }
    assert_eq!(state.most_at_once, 1);
    let share = |server: &&Server| {
        let holder = server.context.holder;
        let delivering = state.delivering.values().flatten();
        delivering.filter(|it| **it == holder).count()
    };
    servers.iter().map(share).collect()
}

fn delivering(world: &World) -> usize {
    world.fake.state().delivering.values().flatten().count()
}

#[tokio::test(start_paused = true)]
async fn servers_that_start_together_share_the_webhooks() {
    let world = world(10);
    let [a, b, c] = [1, 2, 3].map(|number| world.serve::<Deliveries>(number));
    pass(Duration::from_secs(5)).await;
    let shares = shares(&world, &[&a, &b, &c]);
    assert!(
        shares.iter().all(|share| (2..=4).contains(share)),
        "{shares:?}"
    );
    let leases = [a, b, c].map(|server| server.metric("accolade_webhook_leases"));
    assert!(
        (leases.iter().sum::<f64>() - 10.0).abs() < 0.1,
        "{leases:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_comes_later_gets_its_share() {
    let world = world(9);
    let first = world.serve::<Deliveries>(1);
    pass(Duration::from_secs(5)).await;
    assert_eq!(shares(&world, &[&first]), [9]);
    let second = world.serve::<Deliveries>(2);
    pass(Duration::from_secs(5)).await;
    assert_eq!(shares(&world, &[&first, &second]), [5, 4]);
    let third = world.serve::<Deliveries>(3);
    pass(Duration::from_secs(5)).await;
    assert_eq!(shares(&world, &[&first, &second, &third]), [3, 3, 3]);
    assert_eq!(
        world.fake.state().begun,
        9 + 4 + 3,
        "nothing moves without need"
    );
}

#[tokio::test(start_paused = true)]
async fn the_webhooks_of_a_killed_server_are_taken_over_within_fifteen_seconds() {
    let world = world(8);
    let killed = world.serve::<Deliveries>(1);
    let left = world.serve::<Deliveries>(2);
    pass(Duration::from_mins(1)).await;
    assert_eq!(shares(&world, &[&killed, &left]), [4, 4]);
    killed.kill().await;
    pass(Duration::from_secs(5)).await;
    assert_eq!(delivering(&world), 4);
    pass(Duration::from_secs(10)).await;
    assert_eq!(shares(&world, &[&left]), [8]);
    assert!((left.metric("accolade_lease_takeovers_total") - 4.0).abs() < 0.1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_leaves_its_webhooks_to_others_at_once() {
    let world = world(8);
    let stopped = world.serve::<Deliveries>(1);
    let left = world.serve::<Deliveries>(2);
    pass(Duration::from_mins(1)).await;
    stopped.stop().await;
    assert_eq!(delivering(&world), 4);
    pass(PERIOD * 2).await;
    assert_eq!(shares(&world, &[&left]), [8]);
    assert!(left.metric("accolade_lease_takeovers_total").abs() < 0.1);
}

#[tokio::test(start_paused = true)]
async fn deliveries_that_do_not_stop_are_broken_off() {
    let world = world(2);
    world.fake.state().deliveries_hang = true;
    let server = world.serve::<Deliveries>(1);
    pass(PERIOD).await;
    let asked = Instant::now();
    server.stop().await;
    assert!(asked.elapsed() <= END_PATIENCE + PERIOD);
    assert_eq!(delivering(&world), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_loses_the_database_ends_its_deliveries_before_another_begins_them() {
    let world = world(8);
    let lost = world.serve::<Deliveries>(1);
    let left = world.serve::<Deliveries>(2);
    pass(Duration::from_mins(1)).await;
    for _ in 0..20 {
        lost.cut(true);
        pass(Duration::from_millis(15_300)).await;
        assert_eq!(shares(&world, &[&lost, &left]), [0, 8]);
        lost.cut(false);
        pass(Duration::from_millis(10_700)).await;
        assert_eq!(shares(&world, &[&lost, &left]), [4, 4]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_away_for_a_moment_ends_no_delivery() {
    let world = world(8);
    let server = world.serve::<Deliveries>(1);
    pass(Duration::from_mins(1)).await;
    server.cut(true);
    pass(Duration::from_secs(3)).await;
    server.cut(false);
    pass(Duration::from_mins(1)).await;
    assert_eq!(shares(&world, &[&server]), [8]);
    assert_eq!(world.fake.state().begun, 8);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_to_be_delivered_to_any_more_is_not() {
    let world = world(3);
    let server = world.serve::<Deliveries>(1);
    pass(PERIOD * 2).await;
    assert_eq!(shares(&world, &[&server]), [3]);
    world.fake.state().deliverable.remove(&webhook(2));
    pass(PERIOD * 2).await;
    assert_eq!(shares(&world, &[&server]), [2]);
    assert_eq!(delivering(&world), 2);
    world.fake.state().deliverable.insert(webhook(2), 2);
    pass(PERIOD).await;
    assert_eq!(shares(&world, &[&server]), [3]);
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_has_changed_is_opened_anew() {
    let world = world(2);
    let server = world.serve::<Deliveries>(1);
    pass(PERIOD).await;
    assert_eq!(world.fake.state().begun, 2);
    world.fake.state().deliverable.insert(webhook(2), 2);
    pass(PERIOD * 2).await;
    assert_eq!(shares(&world, &[&server]), [2]);
    assert_eq!(world.fake.state().begun, 3);
}

#[tokio::test(start_paused = true)]
async fn deliveries_that_fail_or_panic_are_begun_again_after_a_rest() {
    let world = world(1);
    world.fake.state().deliveries_fail = true;
    let server = world.serve::<Deliveries>(1);
    pass(Duration::from_mins(1)).await;
    let begun = world.fake.state().begun;
    assert!((8..=12).contains(&begun), "{begun}");
    {
        let mut state = world.fake.state();
        state.deliveries_fail = false;
        state.deliveries_panic = true;
    }
    pass(Duration::from_mins(1)).await;
    let begun = world.fake.state().begun;
    assert!((16..=24).contains(&begun), "{begun}");
    world.fake.state().deliveries_panic = false;
    pass(REST + PERIOD * 2).await;
    assert_eq!(shares(&world, &[&server]), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_alone_asks_for_no_lease() {
    let world = world(3);
    let options = crate::Options {
        is_alone: true,
        ..options()
    };
    let server = world.serve_with::<Deliveries>(1, options);
    pass(Duration::from_mins(1)).await;
    assert_eq!(shares(&world, &[&server]), [3]);
    assert_eq!(world.holders(), 0);
}
