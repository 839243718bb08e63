//! The demo: made once, kept over restarts, and something to try of everything.

use accolade_tests::{Backend, Client, Credentials, Server, Setup, on_both_databases};
use serde_json::json;

fn demo(backend: Backend) -> (Server, Client) {
    let server = Setup::new(backend).set("demo.enabled", "true").start();
    let client = server.client(&Credentials {
        key: "demo".to_owned(),
        secret: "demo-secret".to_owned(),
    });
    (server, client)
}

fn the_demo_is_made_once_and_kept_over_restarts(backend: Backend) {
    let (server, client) = demo(backend);
    let example = json!({
        "badgeMetaId": "66276dc68fe258516a88ff8e", "customers": [62_090_013], "requestId": "21390",
    });
    let first = client.enrol(&example).ok().issued();
    let server = server.kill().start();
    let again = server.client(client.credentials().unwrap());
    again.enrol(&example).refused(809, Some("requestId"));
    let outcome = again.outcome("21390").ok();
    assert!(outcome.text().contains(&first), "{outcome}");
}

fn the_demo_has_a_direct_badge_with_limits_a_group_and_a_custom_field(backend: Backend) {
    let (_server, demo) = demo(backend);
    let list = demo.get("badgeMeta?earnType=EARN").ok().data();
    let id = list["metaBasicDetails"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let badge = demo.get(&format!("badgeMeta/{id}")).ok().data();
    assert_ne!(badge["customerConstraints"], json!([]));
    assert_eq!(badge["status"], "LIVE");
    demo.earned(&id, 1);
    for list in ["group", "customField"] {
        let data = demo.get(list).ok().data();
        assert_eq!(data["pagination"]["total"], 1, "{list}");
    }
}

on_both_databases! {
    the_demo_has_a_direct_badge_with_limits_a_group_and_a_custom_field
    the_demo_is_made_once_and_kept_over_restarts
}
