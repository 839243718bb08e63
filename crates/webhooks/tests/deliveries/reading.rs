//! What is read to be sent, how often, and what happens where that fails.

use std::collections::BTreeSet;

use accolade_application::ports::{AttemptStatus, StoreError};
use accolade_domain::webhook::{DeliveryFormat, Health, WebhookSettings};

use crate::feed::badge;
use crate::receiver::{Received, Receiver, Reply, eventually};
use crate::world::{World, settings, webhook};

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_behind_a_retry_is_not_read_one_by_one() {
    let world = World::new();
    let receiver = Receiver::start(|_, number| {
        let status = if number == 0 { 500 } else { 200 };
        Reply::status(status)
    })
    .await;
    let webhook = webhook(1, settings(&receiver.url()));
    world.feed.earn((0..300).map(|_| 1));
    let delivering = world.deliver(&webhook);
    eventually(|| world.stored(&webhook).position.get() == 0 && world.feed.reads() > 0).await;
    world.first_attempt(&webhook).await;
    world.clock.pass(time::Duration::seconds(10));
    world.done_to(&webhook, 300).await;
    delivering.stop().await;
    let got = receiver.received();
    let positions: Vec<_> = got.iter().skip(1).flat_map(Received::positions).collect();
    assert_eq!(positions, (1..=300).collect::<Vec<_>>());
    // Beside those the feed is looked at for what is new, ever less often.
    assert!(world.feed.reads() < 60, "{}", world.feed.reads());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_breaks_ends_deliveries_with_its_error_and_with_what_was_sent_saved() {
    let world = World::new();
    let receiver = Receiver::start(|_, _| Reply::status(500)).await;
    let gateway = WebhookSettings {
        format: DeliveryFormat::Gateway,
        ..settings(&receiver.url())
    };
    let webhook = webhook(1, gateway);
    world.feed.earn([1]);
    world.feed.breaks();
    let delivering = world.deliver(&webhook);
    world.first_attempt(&webhook).await;
    world.clock.pass(time::Duration::seconds(10));
    let error = delivering.fail().await;
    assert!(matches!(error, StoreError::Unexpected(_)), "{error:?}");
    assert_eq!(world.attempts(&webhook).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_nobody_could_look_up_yet_is_no_failure_of_the_receiver() {
    let world = World::new();
    let receiver = Receiver::start(|_, _| Reply::status(200)).await;
    world.names.answers("receiver.test", &[&["127.0.0.1"]]);
    world.names.are_busy(1);
    let url = format!("http://receiver.test:{}/", receiver.address.port());
    let webhook = webhook(1, settings(&url));
    world.feed.earn([1]);
    let delivering = world.deliver(&webhook);
    let attempt = world.first_attempt(&webhook).await;
    delivering.stop().await;
    assert_eq!(attempt.status, AttemptStatus::Succeeded);
    let attempts = world.attempts(&webhook);
    assert_eq!((attempts.len(), attempts[0].event.attempt), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_badges_all_arrive_in_order_though_the_receiver_is_in_doubt() {
    let world = World::new();
    let receiver = Receiver::start(|_, _| Reply::status(200)).await;
    let other = "66276dc68fe258516a88ff8f".parse().unwrap();
    let mut webhook = webhook(
        1,
        WebhookSettings {
            badges: BTreeSet::from([badge(), other]),
            ..settings(&receiver.url())
        },
    );
    webhook.health = Health::default().after_failure(world.now());
    world.feed.earn([1, 1, 1]);
    let delivering = world.deliver(&webhook);
    world.done_to(&webhook, 3).await;
    delivering.stop().await;
    let got = receiver.received();
    let positions: Vec<_> = got.iter().flat_map(Received::positions).collect();
    assert_eq!(positions, [1, 2, 3]);
}
