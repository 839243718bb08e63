//! API clients: created, found, rotated, revoked.

use accolade_application::access::{AccessGroup, AccessGroups, ClientKey, Secret};
use accolade_application::ports::{Client, CreateClientError, NewClient, UnknownClient};
use accolade_domain::actor::Actor;
use accolade_domain::audit::Attribution;
use accolade_domain::ids::{ClientNumber, OrgId};
use accolade_domain::instant::Instant;

use crate::World;
use crate::fixtures::{at, now};
use crate::race::{only_winner, race};

fn key(text: &str) -> ClientKey {
    ClientKey::try_from(text).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::presented(text)
}

fn by(now: Instant) -> Attribution {
    Attribution::system(now)
}

fn client(world: &World, text: &str) -> NewClient {
    NewClient {
        org: world.tenant.org,
        name: "Till".try_into().unwrap(),
        key: key(text),
        groups: AccessGroups::DEFAULT,
        secret: secret("first").hash(),
        created: by(at("2026-04-01T00:00:00.123456Z")),
    }
}

fn create(world: &World, client: &NewClient) -> ClientNumber {
    world.stores.access.create_client(client).unwrap()
}

fn found(world: &World, text: &str) -> Client {
    world.stores.access.client(&key(text)).unwrap().unwrap()
}

/// Which of three secrets a client has.
fn holds(client: &Client) -> [bool; 3] {
    ["first", "second", "third"].map(|text| client.has_secret(&secret(text)))
}

fn assert_unknown(result: &Result<(), UnknownClient>) {
    assert!(matches!(result, Err(UnknownClient::Unknown)), "{result:?}");
}

fn a_client_is_found_as_it_was_created(world: &World) {
    let orgs = world.stores.access.orgs().unwrap();
    let longest = "-. aZ0%ä@".repeat(15).chars().take(128).collect::<String>();
    for (text, name, created_on) in [
        (longest.as_str(), "𝄞".repeat(255), Instant::MAX),
        ("k", " 'Till' ".to_owned(), Instant::MIN),
    ] {
        let new = NewClient {
            name: name.try_into().unwrap(),
            created: by(created_on),
            ..client(world, text)
        };
        let number = create(world, &new);
        let expected = Client {
            number,
            org: orgs[0].clone(),
            name: new.name,
            key: new.key,
            groups: new.groups,
            secret: new.secret,
            next_secret: None,
            created_on: new.created.on,
            revoked_on: None,
        };
        assert_eq!(found(world, text), expected);
    }
}

fn a_client_has_exactly_the_access_groups_that_it_was_given(world: &World) {
    for bits in 0..=AccessGroups::ALL.bits() {
        let groups = AccessGroups::from_bits(bits);
        let text = format!("key-{bits}");
        create(
            world,
            &NewClient {
                groups,
                ..client(world, &text)
            },
        );
        assert_eq!(found(world, &text).groups, groups);
    }
    assert_eq!(AccessGroups::ALL.iter().count(), AccessGroup::ALL.len());
}

fn nobody_has_a_key_that_was_never_given(world: &World) {
    create(world, &client(world, "key"));
    for other in ["ke", "keyy", "KEY", "k_y", "k."] {
        let found = world.stores.access.client(&key(other)).unwrap();
        assert_eq!(found, None, "{other}");
    }
}

fn clients_get_ascending_numbers_and_are_listed_by_them_revoked_ones_included(world: &World) {
    let other = world.tenant(7);
    let mut numbers = vec![world.tenant.actor, other.actor];
    for (org, text) in [(other.org, "z"), (world.tenant.org, "a"), (other.org, "m")] {
        let new = NewClient {
            org,
            ..client(world, text)
        };
        numbers.push(create(world, &new).into());
    }
    world.stores.access.revoke(&key("a"), &by(now())).unwrap();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let listed = world.stores.access.clients().unwrap();
    let keys = ["till-100458", "till-7", "z", "a", "m"];
    for ((listed, number), key) in listed.iter().zip(&numbers).zip(keys) {
        assert_eq!(
            (Actor::from(listed.number), listed.key.as_str()),
            (*number, key)
        );
        assert_eq!(*listed, found(world, key));
    }
    assert_eq!(listed.len(), 5);
}

fn a_client_of_an_unknown_org_is_refused(world: &World) {
    let org = OrgId::try_from(404).unwrap();
    let refused = NewClient {
        org,
        ..client(world, "key")
    };
    let result = world.stores.access.create_client(&refused);
    assert!(
        matches!(result, Err(CreateClientError::UnknownOrg)),
        "{result:?}"
    );
    assert_eq!(world.stores.access.client(&key("key")).unwrap(), None);
}

fn a_key_is_unique_over_all_orgs_and_the_client_that_has_it_stays(world: &World) {
    create(world, &client(world, "key"));
    let first = found(world, "key");
    for org in [world.tenant.org, world.tenant(7).org] {
        let second = NewClient {
            org,
            name: "Second".try_into().unwrap(),
            ..client(world, "key")
        };
        let result = world.stores.access.create_client(&second);
        assert!(
            matches!(result, Err(CreateClientError::KeyTaken)),
            "{result:?}"
        );
    }
    assert_eq!(found(world, "key"), first);
}

fn of_clients_that_race_for_one_key_exactly_one_wins(world: &World) {
    let servers = world.servers();
    let results = race(8, |i| {
        let name = format!("Till {i}").try_into().unwrap();
        let new = NewClient {
            name,
            ..client(world, "key")
        };
        servers[i % 2].access.create_client(&new)
    });
    let winner = only_winner(&results, |error| {
        matches!(error, CreateClientError::KeyTaken)
    });
    assert_eq!(found(world, "key").name.as_str(), format!("Till {winner}"));
}

fn clients_that_are_created_at_once_get_numbers_of_their_own(world: &World) {
    let servers = world.servers();
    let mut numbers = race(8, |i| {
        let new = client(world, &format!("key-{i}"));
        servers[i % 2].access.create_client(&new).unwrap()
    });
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 8);
    assert!(Actor::from(numbers[0]) > world.tenant.actor);
}

fn while_a_secret_is_rotated_both_hold_and_then_the_second_alone(world: &World) {
    let access = &world.stores.access;
    create(world, &client(world, "key"));
    create(world, &client(world, "other"));
    assert_eq!(holds(&found(world, "key")), [true, false, false]);
    access
        .begin_rotation(&key("key"), &secret("second").hash(), &by(now()))
        .unwrap();
    assert_eq!(holds(&found(world, "key")), [true, true, false]);
    access.finish_rotation(&key("key"), &by(now())).unwrap();
    let rotated = found(world, "key");
    assert_eq!(holds(&rotated), [false, true, false]);
    assert_eq!(rotated.next_secret, None);
    assert_eq!(holds(&found(world, "other")), [true, false, false]);
}

fn a_rotation_that_begins_again_replaces_the_second_secret(world: &World) {
    let access = &world.stores.access;
    create(world, &client(world, "key"));
    for text in ["second", "third"] {
        access
            .begin_rotation(&key("key"), &secret(text).hash(), &by(now()))
            .unwrap();
    }
    assert_eq!(holds(&found(world, "key")), [true, false, true]);
}

fn a_rotation_needs_a_client_and_its_end_a_second_secret(world: &World) {
    let access = &world.stores.access;
    create(world, &client(world, "key"));
    assert_unknown(&access.begin_rotation(&key("nobody"), &secret("second").hash(), &by(now())));
    assert_unknown(&access.finish_rotation(&key("nobody"), &by(now())));
    assert_unknown(&access.finish_rotation(&key("key"), &by(now())));
    access
        .begin_rotation(&key("key"), &secret("second").hash(), &by(now()))
        .unwrap();
    access.finish_rotation(&key("key"), &by(now())).unwrap();
    assert_unknown(&access.finish_rotation(&key("key"), &by(now())));
    assert_eq!(holds(&found(world, "key")), [false, true, false]);
}

fn a_revoked_client_is_still_found_and_its_secrets_stay_as_they_were(world: &World) {
    let access = &world.stores.access;
    create(world, &client(world, "key"));
    access
        .begin_rotation(&key("key"), &secret("second").hash(), &by(now()))
        .unwrap();
    let before = found(world, "key");
    access.revoke(&key("key"), &by(now())).unwrap();
    assert_unknown(&access.begin_rotation(&key("key"), &secret("third").hash(), &by(now())));
    assert_unknown(&access.finish_rotation(&key("key"), &by(now())));
    let revoked_on = Some(now());
    assert_eq!(
        found(world, "key"),
        Client {
            revoked_on,
            ..before
        }
    );
}

fn the_moment_of_the_first_revocation_stays(world: &World) {
    let access = &world.stores.access;
    assert_unknown(&access.revoke(&key("key"), &by(now())));
    create(world, &client(world, "key"));
    access.revoke(&key("key"), &by(now())).unwrap();
    assert_unknown(&access.revoke(&key("key"), &by(at("2026-06-01T00:00:00Z"))));
    assert_eq!(found(world, "key").revoked_on, Some(now()));
}

fn of_revocations_at_once_exactly_one_is_the_first(world: &World) {
    create(world, &client(world, "key"));
    let servers = world.servers();
    let moment = |i: usize| crate::fixtures::second(i64::try_from(i).unwrap());
    let results = race(8, |i| {
        servers[i % 2].access.revoke(&key("key"), &by(moment(i)))
    });
    let winner = only_winner(&results, |error| matches!(error, UnknownClient::Unknown));
    assert_eq!(found(world, "key").revoked_on, Some(moment(winner)));
}

sentences! {
    a_client_is_found_as_it_was_created
    a_client_has_exactly_the_access_groups_that_it_was_given
    nobody_has_a_key_that_was_never_given
    clients_get_ascending_numbers_and_are_listed_by_them_revoked_ones_included
    a_client_of_an_unknown_org_is_refused
    a_key_is_unique_over_all_orgs_and_the_client_that_has_it_stays
    of_clients_that_race_for_one_key_exactly_one_wins
    clients_that_are_created_at_once_get_numbers_of_their_own
    while_a_secret_is_rotated_both_hold_and_then_the_second_alone
    a_rotation_that_begins_again_replaces_the_second_secret
    a_rotation_needs_a_client_and_its_end_a_second_secret
    a_revoked_client_is_still_found_and_its_secrets_stay_as_they_were
    the_moment_of_the_first_revocation_stays
    of_revocations_at_once_exactly_one_is_the_first
}
