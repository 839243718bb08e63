//! Who waits for whom, and what happens at the end and after a crash.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use accolade_domain::webhook::{
    Batch, DeliveryFormat, DeliveryOrder, MaxInFlight, WebhookSettings,
};

use crate::receiver::{Received, Receiver, Reply, eventually};
use crate::world::{World, settings, webhook};

fn batches_of(batch: i64, url: &str) -> WebhookSettings {
    WebhookSettings {
        batch: Batch::try_from(batch).unwrap(),
        ..settings(url)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_arrives_once_and_those_of_a_customer_in_their_order() {
    let world = World::new();
    let receiver = Receiver::start(|_, _| Reply::status(204)).await;
    let webhook = webhook(1, settings(&receiver.url()));
    world.feed.earn((0..300).map(|it| it % 7 + 1));
    let delivering = world.deliver(&webhook);
    world.done_to(&webhook, 300).await;
    world.feed.earn([1, 2]);
    world.done_to(&webhook, 302).await;
    delivering.stop().await;

    let got = receiver.received();
    assert_eq!(got.len(), 302);
    for customer in 1..=7 {
        let hers = got.iter().filter(|it| it.customers() == [customer]);
        let positions: Vec<_> = hers.flat_map(Received::positions).collect();
        assert!(positions.is_sorted(), "{customer}: {positions:?}");
    }
    let attempts = world.attempts(&webhook);
    assert_eq!(attempts.len(), 302);
    assert!(attempts.iter().all(|it| it.event.attempt == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_for_one_customer_gets_hers_in_order_later_and_everybody_elses_now() {
    let world = World::new();
    let receiver = Receiver::start(|request, _| {
        let failing = request.customers() == [3] && request.header("x-fail") == "yes";
        Reply::status(if failing { 500 } else { 200 })
    })
    .await;
    let mut webhook = webhook(1, settings(&receiver.url()));
    webhook
        .headers
        .insert("x-fail".try_into().unwrap(), "yes".try_into().unwrap());
    world.feed.earn((0..200).map(|it| it % 10 + 1));
    let delivering = world.deliver(&webhook);
    // The other nine have all of theirs; of hers only the first was tried.
    receiver.wait_for(181).await;
    eventually(|| world.attempts(&webhook).len() >= 181).await;
    assert_eq!(world.stored(&webhook).position.get(), 2);
    let hers = |customer: i64| {
        let got = receiver.received();
        let hers = got.into_iter().filter(|it| it.customers() == [customer]);
        hers.flat_map(|it| it.positions()).collect::<Vec<_>>()
    };
    assert_eq!(hers(3), [3]);
    assert_eq!(hers(4).len(), 20);
    delivering.stop().await;

    // She is not refused any more, and her retry is due.
    let mut healed = webhook.clone();
    healed.headers.clear();
    healed
        .headers
        .insert("x-fail".try_into().unwrap(), "no".try_into().unwrap());
    let before = world.stored(&webhook);
    save(&world, &before, &healed);
    world.clock.pass(time::Duration::seconds(7));
    let delivering = world.go_on(&webhook);
    world.done_to(&webhook, 200).await;
    delivering.stop().await;
    let expected: Vec<_> = [3]
        .into_iter()
        .chain((0..20).map(|it| it * 10 + 3))
        .collect();
    assert_eq!(
        hers(3),
        expected,
        "the first twice, then all of them in order"
    );
    assert_eq!(receiver.received().len(), 201);
}

fn save(
    world: &World,
    before: &accolade_application::ports::StoredWebhook,
    after: &accolade_domain::webhook::Webhook,
) {
    use accolade_application::ports::{Waiting, WebhookStore as _};
    let mut after = after.clone();
    after.health = before.webhook.health;
    world
        .store
        .save_webhook(before, &after, Waiting::On, None, &[])
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_a_list_under_the_id_of_its_first_event() {
    let world = World::new();
    let receiver = Receiver::start(|_, _| Reply::status(200)).await;
    let webhook = webhook(1, batches_of(100, &receiver.url()));
    world.feed.earn((0..250).map(|it| it % 3 + 1));
    let delivering = world.deliver(&webhook);
    world.done_to(&webhook, 250).await;
    delivering.stop().await;

    let got = receiver.received();
    let mut positions = BTreeSet::new();
    for request in &got {
        let content_type = "application/cloudevents-batch+json";
        assert_eq!(request.header("content-type"), content_type);
        let events = request.json();
        assert_eq!(
            request.header("webhook-id"),
            events[0]["id"].as_str().unwrap()
        );
        assert_eq!(events[0].get("timestamp"), None);
        assert!(request.positions().is_sorted());
        positions.extend(request.positions());
    }
    assert_eq!(positions, (1..=250).collect());
    assert!(got.len() < 10, "{}", got.len());
    assert_eq!(world.attempts(&webhook).len(), 250);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_event_is_itself_with_its_timestamp() {
    let world = World::new();
    let receiver = Receiver::start(|_, _| Reply::status(200)).await;
    let webhook = webhook(1, settings(&receiver.url()));
    world.feed.earn([5]);
    let delivering = world.deliver(&webhook);
    world.done_to(&webhook, 1).await;
    delivering.stop().await;
    let request = receiver.received().remove(0);
    let event = request.json();
    assert_eq!(request.path, "/events");
    assert_eq!(
        request.header("content-type"),
        "application/cloudevents+json"
    );
    assert_eq!(request.header("webhook-id"), event["id"].as_str().unwrap());
    assert_eq!(event["id"], "100458-00000000000000000001");
    assert_eq!(event["timestamp"], event["time"]);
    assert!(request.header("user-agent").starts_with("Accolade/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_format_has_its_own_body_and_is_signed_too() {
    let world = World::new();
    let receiver = Receiver::start(|_, _| Reply::status(200)).await;
    let webhook = webhook(
        1,
        WebhookSettings {
            format: DeliveryFormat::Gateway,
            ..settings(&receiver.url())
        },
    );
    world.feed.earn([5]);
    let delivering = world.deliver(&webhook);
    world.done_to(&webhook, 1).await;
    delivering.stop().await;
    let request = receiver.received().remove(0);
    assert_eq!(request.json()["eventName"], "badgeEarned");
    assert_eq!(request.header("content-type"), "application/json");
    assert!(request.header("webhook-signature").starts_with("v1,"));
}

#[tokio::test(flavor = "multi_thread")]
async fn strictly_one_request_is_under_way_and_nothing_overtakes() {
    let world = World::new();
    let receiver = Receiver::start(|_, _| Reply::status(200)).await;
    let webhook = webhook(
        1,
        WebhookSettings {
            order: DeliveryOrder::Strict,
            max_in_flight: MaxInFlight::try_from(100).unwrap(),
            ..settings(&receiver.url())
        },
    );
    world.feed.earn(1..=100);
    let delivering = world.deliver(&webhook);
    world.done_to(&webhook, 100).await;
    delivering.stop().await;
    let got = receiver.received();
    let positions: Vec<_> = got.iter().flat_map(Received::positions).collect();
    assert_eq!(positions, (1..=100).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_everything_arrives_and_each_customers_events_in_order() {
    let world = World::new();
    let healed = Arc::new(AtomicBool::new(false));
    let works = Arc::clone(&healed);
    let receiver = Receiver::start(move |_, count| Reply {
        after: Duration::from_millis(u64::try_from(count % 7).unwrap()),
        ..Reply::status(if count % 13 == 5 && !works.load(Ordering::Relaxed) {
            500
        } else {
            200
        })
    })
    .await;
    let webhook = webhook(1, batches_of(5, &receiver.url()));
    world.feed.earn((0..1_000).map(|it| it % 37 + 1));
    let mut delivering = world.deliver(&webhook);
    for round in 1..=8 {
        receiver.wait_for(round * 15).await;
        delivering.crash().await;
        world.clock.pass(time::Duration::minutes(7));
        delivering = world.go_on(&webhook);
    }
    healed.store(true, Ordering::Relaxed);
    delivering.stop().await;
    // What failed is due, or something was not tried yet: each time there is something to send.
    for _ in 0..300 {
        if world.stored(&webhook).position.get() == 1_000 {
            break;
        }
        world.clock.pass(time::Duration::HOUR);
        let before = receiver.received().len();
        let delivering = world.go_on(&webhook);
        receiver.wait_for(before + 1).await;
        delivering.stop().await;
    }
    assert_eq!(world.stored(&webhook).position.get(), 1_000);
    let got = receiver.received();
    let arrived: BTreeSet<_> = got.iter().flat_map(Received::positions).collect();
    assert_eq!(arrived, (1..=1_000).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_costs_nobody_but_itself() {
    let world = World::new();
    let hanging = Receiver::start(|_, _| Reply {
        after: Duration::from_hours(1),
        ..Reply::status(200)
    })
    .await;
    let fast = Receiver::start(|_, _| Reply::status(200)).await;
    world.feed.earn((0..2_000).map(|it| it % 100 + 1));
    let slow_one = webhook(1, settings(&hanging.url()));
    let fast_one = webhook(2, batches_of(50, &fast.url()));
    let slow = world.deliver(&slow_one);
    hanging.wait_for(10).await;
    let began = tokio::time::Instant::now();
    let other = world.deliver(&fast_one);
    world.done_to(&fast_one, 2_000).await;
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(
        hanging.received().len(),
        10,
        "no more than may be under way"
    );
    other.stop().await;
    let began = tokio::time::Instant::now();
    slow.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "it does not wait for the last ones"
    );
    assert_eq!(world.stored(&slow_one).position.get(), 0);
}
