//! What an admin does with clients of the API.

use accolade_application::access::{Secret, clients_of};
use accolade_application::ports::Client;

use crate::support::{Browser, Reply, World, caller};

/// Where one is made.
const NEW: &str = "/console/access/clients/new";

/// The client with this name.
fn client(world: &World, name: &str) -> Client {
    let mut all = clients_of(&world.ports, &caller()).unwrap().into_iter();
    all.find(|it| it.name.as_str() == name).unwrap()
}

/// The texts of the `code` elements on a page: the key, and the secret if it is shown.
fn codes(reply: &Reply) -> Vec<String> {
    let codes = reply.page().split("<code>").skip(1);
    let codes = codes.map(|it| it[..it.find("</code>").unwrap()].to_owned());
    codes.collect()
}

/// Asks at `path`, and says yes twice.
async fn confirm(world: &World, browser: &Browser, path: &str) -> [Reply; 2] {
    let key = world.get(browser, path).await.field("key");
    let fields = [("key", key.as_str())];
    [
        world.post(browser, path, &fields).await,
        world.post(browser, path, &fields).await,
    ]
}

#[actix_web::test]
async fn a_client_is_made_once_its_secret_is_shown_once_and_rotated_bounded_and_revoked() {
    let world = World::new();
    let admin = world.sign_in("admin").await;
    let key = world.get(&admin, NEW).await.field("key");
    let fields = [
        ("key", key.as_str()),
        ("name", "Nightly"),
        ("groups", "badges:read"),
        ("owner", "Care"),
    ];
    let created = world.post(&admin, NEW, &fields).await;
    let [credentials, first] = <[String; 2]>::try_from(codes(&created)).unwrap();
    // Sent again, or looked at again, it does not tell the secret.
    let again = world.post(&admin, NEW, &fields).await;
    assert_eq!(codes(&again), [credentials.as_str()]);
    assert!(again.body.contains("was shown before"));
    let known = client(&world, "Nightly");
    assert_eq!(known.key.as_str(), credentials);
    assert!(known.admits(&Secret::presented(&first)));
    assert_eq!(known.owner, Some("care".try_into().unwrap()));
    let page = format!("/console/access/clients/{}", known.number);
    assert!(!world.get(&admin, &page).await.page().contains(&first));

    let [rotated, again] = confirm(&world, &admin, &format!("{page}/rotate")).await;
    let second = codes(&rotated).pop().unwrap();
    assert_eq!(codes(&again), [credentials.as_str()]);
    let known = client(&world, "Nightly");
    for secret in [&first, &second] {
        assert!(known.admits(&Secret::presented(secret)));
    }
    let [finished, again] = confirm(&world, &admin, &format!("{page}/finish")).await;
    assert_eq!(finished.location(), format!("{page}?done=client-rotated"));
    assert_eq!(again.location(), finished.location());
    let known = client(&world, "Nightly");
    assert!(!known.admits(&Secret::presented(&first)));
    assert!(known.admits(&Secret::presented(&second)));

    let key = world.get(&admin, &page).await.field("key");
    let bounds = format!("{page}/bounds");
    let wrong = [("key", key.as_str()), ("requests", "0")];
    let refused = world.post(&admin, &bounds, &wrong).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("href=\"#f-requests\""));
    let fields = [
        ("key", key.as_str()),
        ("requests", "600"),
        ("customers", ""),
        ("ends", "2027-01-01T00:00:00"),
    ];
    for _ in 0..2 {
        let bounded = world.post(&admin, &bounds, &fields).await;
        assert_eq!(bounded.location(), format!("{page}?done=client-saved"));
    }
    let known = client(&world, "Nightly").bounds;
    assert_eq!(known.requests_per_minute.map(u32::from), Some(600));
    assert_eq!(known.customers_per_minute, None);
    // Typed in the org's zone.
    let ends = known.ends_on.unwrap();
    assert_eq!(ends, accolade_domain::fixtures::at("2026-12-31T18:30:00Z"));
    assert_eq!(world.get(&admin, &page).await.field("requests"), "600");

    let [revoked, again] = confirm(&world, &admin, &format!("{page}/revoke")).await;
    assert_eq!(revoked.location(), format!("{page}?done=client-revoked"));
    assert_eq!(again.location(), revoked.location());
    assert!(client(&world, "Nightly").revoked_on.is_some());
    let shown = world.get(&admin, &page).await;
    assert!(shown.page().contains("revoked") && !shown.body.contains("/rotate\""));
}

#[actix_web::test]
async fn what_is_to_be_mended_of_a_new_client_stands_where_it_was_typed() {
    let world = World::new();
    let admin = world.sign_in("admin").await;
    let key = world.get(&admin, NEW).await.field("key");
    let fields = [("key", key.as_str()), ("name", " "), ("owner", "no login")];
    let refused = world.post(&admin, NEW, &fields).await;
    assert_eq!(refused.status, 400);
    for field in ["name", "owner", "groups"] {
        let link = format!("href=\"#f-{field}\"");
        assert!(refused.body.contains(&link), "{field}: {}", refused.body);
    }
    assert_eq!(refused.field("owner"), "no login");
    // Care knows nothing of clients.
    let care = world.sign_in("care").await;
    assert_eq!(world.post(&care, NEW, &fields).await.status, 403);
}
