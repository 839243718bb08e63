//! API clients: created, found, rotated, revoked.

use std::num::NonZeroU32;

use accolade_application::access::{AccessGroup, AccessGroups, ClientKey, Secret};
use accolade_application::ports::{
    BoundsChange, Client, ClientBounds, CreateClientError, NewClient, SecondSecret, UnknownClient,
};
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
        owner: None,
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

fn assert_unknown<T: std::fmt::Debug>(result: &Result<T, UnknownClient>) {
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
            owner: None,
            groups: new.groups,
            secret: new.secret,
            next_secret: None,
            created_on: new.created.on,
            revoked_on: None,
            bounds: ClientBounds::default(),
            last_used_on: None,
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
    for (text, expected) in [
        ("second", SecondSecret::New),
        ("third", SecondSecret::Replaced),
    ] {
        let second = access.begin_rotation(&key("key"), &secret(text).hash(), &by(now()));
        assert_eq!(second.unwrap(), expected);
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

/// So many a minute.
fn a_minute(bound: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(bound)
}

fn bounds_change_one_by_one_and_are_kept(world: &World) {
    let access = &world.stores.access;
    create(world, &client(world, "key"));
    create(world, &client(world, "other"));
    let set = |change: BoundsChange| {
        let bounds = access.set_bounds(&key("key"), &change, &by(now())).unwrap();
        assert_eq!(found(world, "key").bounds, bounds);
        bounds
    };
    let most = a_minute(u32::MAX);
    let requests = set(BoundsChange {
        requests_per_minute: Some(most),
        ..BoundsChange::default()
    });
    let expected = ClientBounds {
        requests_per_minute: most,
        ..ClientBounds::default()
    };
    assert_eq!(requests, expected);
    let (customers_per_minute, ends_on) = (a_minute(1), Some(at("2027-01-01T00:00:00.5Z")));
    let all = set(BoundsChange {
        customers_per_minute: Some(customers_per_minute),
        ends_on: Some(ends_on),
        ..BoundsChange::default()
    });
    let expected = ClientBounds {
        requests_per_minute: most,
        customers_per_minute,
        ends_on,
    };
    assert_eq!(all, expected);
    assert_eq!(set(BoundsChange::default()), expected);
    let none = set(BoundsChange {
        requests_per_minute: Some(None),
        customers_per_minute: Some(None),
        ends_on: Some(None),
    });
    assert_eq!(none, ClientBounds::default());
    assert_eq!(found(world, "other").bounds, ClientBounds::default());
}

fn a_client_ends_at_its_moment_and_bounds_need_one_that_is_not_revoked(world: &World) {
    let access = &world.stores.access;
    let ends_on = now();
    let change = BoundsChange {
        ends_on: Some(Some(ends_on)),
        ..BoundsChange::default()
    };
    assert_unknown(&access.set_bounds(&key("key"), &change, &by(now())));
    create(world, &client(world, "key"));
    access.set_bounds(&key("key"), &change, &by(now())).unwrap();
    let ended = found(world, "key");
    assert!(ended.is_over(ends_on));
    assert!(!ended.is_over(ends_on - time::Duration::MICROSECOND));
    access.revoke(&key("key"), &by(now())).unwrap();
    assert_unknown(&access.set_bounds(&key("key"), &change, &by(now())));
}

fn of_bounds_that_change_at_once_none_is_lost(world: &World) {
    create(world, &client(world, "key"));
    let servers = world.servers();
    race(2, |i| {
        let change = match i {
            0 => BoundsChange {
                requests_per_minute: Some(a_minute(7)),
                ..BoundsChange::default()
            },
            _ => BoundsChange {
                customers_per_minute: Some(a_minute(8)),
                ..BoundsChange::default()
            },
        };
        let access = &servers[i].access;
        access.set_bounds(&key("key"), &change, &by(now())).unwrap();
    });
    let expected = ClientBounds {
        requests_per_minute: a_minute(7),
        customers_per_minute: a_minute(8),
        ends_on: None,
    };
    assert_eq!(found(world, "key").bounds, expected);
}

fn the_last_use_of_clients_never_goes_back(world: &World) {
    let access = &world.stores.access;
    let [first, second, third] =
        ["first", "second", "third"].map(|text| create(world, &client(world, text)));
    let (earlier, later) = (now(), now() + time::Duration::MINUTE);
    access.note_uses(&[first], later).unwrap();
    let nobody = ClientNumber::try_from(i64::MAX).unwrap();
    access.note_uses(&[first, second, nobody], earlier).unwrap();
    access.note_uses(&[], later).unwrap();
    let used = ["first", "second", "third"].map(|text| found(world, text).last_used_on);
    assert_eq!(used, [Some(later), Some(earlier), None]);
    let listed = access.clients().unwrap();
    let listed = listed.iter().filter(|it| it.number == third);
    assert!(listed.map(|it| it.last_used_on).eq([None]));
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
    bounds_change_one_by_one_and_are_kept
    a_client_ends_at_its_moment_and_bounds_need_one_that_is_not_revoked
    of_bounds_that_change_at_once_none_is_lost
    the_last_use_of_clients_never_goes_back
    of_revocations_at_once_exactly_one_is_the_first
}
