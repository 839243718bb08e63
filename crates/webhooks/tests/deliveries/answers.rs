//! What becomes of a delivery by what the receiver answers, or does not.

use std::time::Duration;

use accolade_application::ports::{AttemptStatus, Waiting, WebhookStore as _};
use accolade_domain::webhook::{DisabledReason, Health, Webhook, WebhookState};

use crate::receiver::{Receiver, Reply, eventually, raw_receiver};
use crate::world::{World, settings, webhook};

/// What came of one event that was sent to a receiver which answers with these bytes.
async fn answered(answer: &[u8], repeats: Option<&[u8]>, patience: Duration) -> (World, Webhook) {
    let policy = crate::world::policy();
    let world = World::with(policy, rustls::RootCertStore::empty(), patience);
    let address = raw_receiver(answer.to_vec(), repeats.map(<[u8]>::to_vec)).await;
    let webhook = webhook(1, settings(&format!("http://{address}/")));
    world.feed.earn([1]);
    let delivering = world.deliver(&webhook);
    world.first_attempt(&webhook).await;
    delivering.stop().await;
    (world, webhook)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_megabyte_is_read_to_its_first_kib() {
    let head = b"HTTP/1.1 500 x\r\nContent-Length: 10000000\r\n\r\n";
    let (world, webhook) = answered(head, Some(&[b'a'; 8_192]), Duration::from_secs(15)).await;
    let attempt = world.first_attempt(&webhook).await;
    assert_eq!(attempt.status, AttemptStatus::Failed);
    assert_eq!(attempt.http_status, Some(500));
    assert_eq!(attempt.answer, Some("a".repeat(1024)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_ends_is_cut_off_and_its_status_counts() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";
    let (world, webhook) = answered(head, None, Duration::from_millis(300)).await;
    let attempt = world.first_attempt(&webhook).await;
    assert_eq!(attempt.status, AttemptStatus::Succeeded);
    assert_eq!(attempt.answer.as_deref(), Some("ok"));
    assert!(attempt.duration < time::Duration::seconds(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_answer_in_time_has_failed() {
    for partial in [
        b"".as_slice(),
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nX: y\r\n",
    ] {
        let (world, webhook) = answered(partial, None, Duration::from_secs(1)).await;
        let attempt = world.first_attempt(&webhook).await;
        assert_eq!(attempt.status, AttemptStatus::Failed);
        assert_eq!(attempt.error.as_deref(), Some("no answer within 1 seconds"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_end_and_what_is_no_http_fail() {
    for (head, repeats) in [
        (
            b"HTTP/1.1 200 OK\r\n".as_slice(),
            Some(b"X-Header: aaaaaaaaaaaaaaaaaaaaaaaa\r\n".as_slice()),
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", None),
        (b"HTTP/1.1 abc\r\n\r\n", None),
    ] {
        let (world, webhook) = answered(head, repeats, Duration::from_secs(15)).await;
        let attempt = world.first_attempt(&webhook).await;
        assert_eq!(
            attempt.error.as_deref(),
            Some("the answer is not one of HTTP/1.1")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_listens_the_connection_fails() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let world = World::new();
    let webhook = webhook(1, settings(&format!("http://{address}/")));
    world.feed.earn([1]);
    let delivering = world.deliver(&webhook);
    let attempt = world.first_attempt(&webhook).await;
    assert_eq!(attempt.error.as_deref(), Some("the connection failed"));
    assert_eq!((attempt.http_status, attempt.answer), (None, None));
    delivering.stop().await;
    assert!(
        world
            .stored(&webhook)
            .webhook
            .health
            .failing_since
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_disables_and_gets_its_event_again_after_enable() {
    let world = World::new();
    let receiver =
        Receiver::start(|_, count| Reply::status(if count == 0 { 410 } else { 200 })).await;
    let webhook = webhook(1, settings(&receiver.url()));
    world.feed.earn([1]);
    world.deliver(&webhook).end().await;
    let before = world.stored(&webhook);
    assert_eq!(
        before.webhook.state,
        WebhookState::Disabled(DisabledReason::Gone)
    );
    assert_eq!(before.position.get(), 0);
    assert_eq!(receiver.received().len(), 1);

    let enabled = Webhook {
        state: WebhookState::Active,
        health: Health::default(),
        ..before.webhook.clone()
    };
    world
        .store
        .save_webhook(&before, &enabled, Waiting::NoMore, None, &[])
        .unwrap();
    let delivering = world.go_on(&webhook);
    world.done_to(&webhook, 1).await;
    delivering.stop().await;
    assert_eq!(receiver.received()[1].positions(), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_when_to_come_again_is_left_alone_until_then() {
    for status in [429, 503] {
        let world = World::new();
        let receiver = Receiver::start(move |request, count| match request.positions()[..] {
            [1] if count == 0 => Reply::status(status).header("retry-after", "3600"),
            _ => Reply::status(200),
        })
        .await;
        let webhook = webhook(1, settings(&receiver.url()));
        world.feed.earn([1]);
        let delivering = world.deliver(&webhook);
        world.first_attempt(&webhook).await;
        world.feed.earn([2, 3]);
        let hold = world.stored(&webhook).webhook.health.hold_until.unwrap();
        delivering.stop().await;
        world.clock.pass(time::Duration::minutes(59));
        let delivering = world.go_on(&webhook);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(receiver.received().len(), 1, "held until {hold}");
        delivering.stop().await;
        world.clock.pass(time::Duration::minutes(2));
        let delivering = world.go_on(&webhook);
        world.done_to(&webhook, 3).await;
        delivering.stop().await;
        assert_eq!(receiver.received().len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_comes_with_the_same_id_and_a_signature_of_its_own() {
    let world = World::new();
    let receiver =
        Receiver::start(|_, count| Reply::status(if count == 0 { 500 } else { 200 })).await;
    let webhook = webhook(1, settings(&receiver.url()));
    world.feed.earn([1]);
    let delivering = world.deliver(&webhook);
    world.first_attempt(&webhook).await;
    delivering.stop().await;
    world.clock.pass(time::Duration::seconds(7));
    let delivering = world.go_on(&webhook);
    world.done_to(&webhook, 1).await;
    delivering.stop().await;
    let [first, second] = receiver.received().try_into().unwrap();
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
    assert_ne!(
        first.header("webhook-timestamp"),
        second.header("webhook-timestamp")
    );
    assert_ne!(
        first.header("webhook-signature"),
        second.header("webhook-signature")
    );
    let attempts: Vec<_> = world
        .attempts(&webhook)
        .iter()
        .map(|it| (it.event.attempt, it.result.status))
        .collect();
    assert_eq!(
        attempts,
        [(1, AttemptStatus::Failed), (2, AttemptStatus::Succeeded)]
    );
    eventually(|| {
        world
            .stored(&webhook)
            .webhook
            .health
            .failing_since
            .is_none()
    })
    .await;
}
