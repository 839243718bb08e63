//! Wrong secrets are slowed down; right ones always pass.

use accolade_tests::{Backend, Server, Setup, on_both_databases};

fn after_twenty_wrong_secrets_for_a_key_further_ones_get_429_and_the_right_one_passes(
    server: &Server,
) {
    let org = server.org();
    let wrong = server.client(&org.credentials().unwrap().wrong());
    for _ in 0..20 {
        assert_eq!(wrong.get("badgeMeta").status, 401);
    }
    let reply = wrong.get("badgeMeta");
    assert_eq!((reply.status, reply.codes()), (429, vec![1932]), "{reply}");
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    org.get("badgeMeta").ok();
    // Other keys are not affected, and what has no credentials does not count.
    let other = server.org();
    assert_eq!(
        server
            .client(&other.credentials().unwrap().wrong())
            .get("badgeMeta")
            .status,
        401
    );
    assert_eq!(server.stranger().get("badgeMeta").status, 401);
}

fn wrong_secrets_of_many_keys_from_one_address_are_throttled_too(backend: Backend) {
    let server = Setup::new(backend)
        .set("auth.failures_per_address", "5")
        .start();
    let org = server.org();
    for _ in 0..10 {
        assert_eq!(server.stranger().get("badgeMeta").status, 401);
    }
    let guess = |number: usize| {
        let credentials = accolade_tests::Credentials {
            key: format!("key{number}"),
            secret: "guess".to_owned(),
        };
        server.client(&credentials).get("badgeMeta").status
    };
    let answers: Vec<u16> = (0..7).map(guess).collect();
    assert_eq!(answers, [401, 401, 401, 401, 401, 429, 429]);
    org.get("badgeMeta").ok();
    // The token endpoints count as well.
    let body = serde_json::json!({"key": "key9", "secret": "guess"});
    assert_eq!(
        server
            .stranger()
            .post("/v3/oauth/token/generate", &body)
            .status,
        429
    );
}

on_both_databases! {
    after_twenty_wrong_secrets_for_a_key_further_ones_get_429_and_the_right_one_passes
    wrong_secrets_of_many_keys_from_one_address_are_throttled_too
}
