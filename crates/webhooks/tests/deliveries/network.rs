//! A receiver is never a way into the network that the server stands in.

use std::net::IpAddr;
use std::time::Duration;

use accolade_domain::webhook::address::ReceiverPolicy;
use rustls::RootCertStore;

use crate::receiver::{Receiver, Reply};
use crate::world::{World, policy, settings, webhook};

/// Where the internet stands in for: 127.0.0.2 is allowed, and nothing else of this machine.
fn only_127_0_0_2() -> World {
    let policy = ReceiverPolicy {
        allowed_networks: vec!["127.0.0.2/32".parse().unwrap()],
        ..policy()
    };
    World::with(policy, RootCertStore::empty(), Duration::from_secs(5))
}

async fn start_public(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Receiver {
    Receiver::start_at(IpAddr::from([127, 0, 0, 2]), move |_, _| reply()).await
}

/// The error of the first attempt at this url.
async fn error_at(world: &World, url: &str) -> Option<String> {
    let webhook = webhook(1, settings(url));
    world.feed.earn([1]);
    let delivering = world.deliver(&webhook);
    let attempt = world.first_attempt(&webhook).await;
    delivering.stop().await;
    attempt.error
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_allowed_gets_nothing_however_it_is_written() {
    let private = Receiver::start(|_, _| Reply::status(200)).await;
    let port = private.address.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
    ] {
        let world = only_127_0_0_2();
        let url = format!("http://{host}:{port}/");
        let text = url.as_str().try_into().unwrap();
        let refused = world.sender.check(&text).await.unwrap_err();
        assert_eq!(refused, "the address is not allowed", "{url}");
        let error = error_at(&world, &url).await;
        assert_eq!(
            error.as_deref(),
            Some("the address is not allowed"),
            "{url}"
        );
    }
    assert!(private.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_of_a_name_must_be_allowed() {
    let world = only_127_0_0_2();
    for (name, addresses) in [
        ("private.test", ["127.0.0.1"].as_slice()),
        ("metadata.test", &["169.254.169.254"]),
        ("both.test", &["127.0.0.2", "127.0.0.1"]),
        ("mapped.test", &["127.0.0.2", "::ffff:127.0.0.1"]),
        ("six.test", &["127.0.0.2", "fd00::1"]),
    ] {
        world.names.answers(name, &[addresses]);
        let url = format!("http://{name}/");
        let refused = world.sender.check(&url.as_str().try_into().unwrap()).await;
        assert_eq!(refused.unwrap_err(), "the address is not allowed", "{name}");
    }
    let url = "http://unknown.test/".try_into().unwrap();
    let refused = world.sender.check(&url).await.unwrap_err();
    assert_eq!(refused, "the name could not be resolved");
    let url = "http://public.test/".try_into().unwrap();
    world.names.answers("public.test", &[&["127.0.0.2"]]);
    world.sender.check(&url).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_turns_private_is_not_followed_there() {
    let world = only_127_0_0_2();
    let public = start_public(|| Reply::status(200).header("connection", "close")).await;
    let port = public.address.port();
    let private = Receiver::start_at(IpAddr::from([127, 0, 0, 1]), |_, _| Reply::status(200)).await;
    // It is public when it is checked and at the first delivery, and another one after that.
    let lies: [&[&str]; 3] = [&["127.0.0.2"], &["127.0.0.2"], &["127.0.0.1"]];
    world.names.answers("rebind.test", &lies);
    let url = format!("http://rebind.test:{port}/");
    world
        .sender
        .check(&url.as_str().try_into().unwrap())
        .await
        .unwrap();
    let webhook = webhook(1, settings(&url));
    world.feed.earn([1]);
    let delivering = world.deliver(&webhook);
    world.done_to(&webhook, 1).await;
    assert_eq!(world.names.times_asked(), 2, "once for each connection");
    world.feed.earn([2]);
    crate::receiver::eventually(|| world.attempts(&webhook).len() == 2).await;
    delivering.stop().await;
    let attempt = world.attempts(&webhook).remove(1).result;
    assert_eq!(attempt.error.as_deref(), Some("the address is not allowed"));
    assert_eq!(public.received().len(), 1);
    assert!(private.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_wherever_it_leads() {
    let private = Receiver::start(|_, _| Reply::status(200)).await;
    for (status, to) in [
        (301, "http://169.254.169.254/latest/meta-data/".to_owned()),
        (302, private.url()),
        (303, private.url()),
        (307, private.url()),
        (308, private.url()),
    ] {
        let world = World::new();
        let target = to.clone();
        let receiver =
            Receiver::start(move |_, _| Reply::status(status).header("location", target.clone()))
                .await;
        let error = error_at(&world, &receiver.url()).await.unwrap();
        assert!(error.ends_with("redirects are not followed"), "{error}");
        assert_eq!(receiver.received().len(), 1);
    }
    assert!(private.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_spoken_only_where_it_is_allowed() {
    let policy = ReceiverPolicy {
        allow_http: false,
        ..policy()
    };
    let world = World::with(policy, RootCertStore::empty(), Duration::from_secs(5));
    let receiver = Receiver::start(|_, _| Reply::status(200)).await;
    let error = error_at(&world, &receiver.url()).await;
    assert_eq!(error.as_deref(), Some("the url must begin with https://"));
    assert!(receiver.received().is_empty());
}
