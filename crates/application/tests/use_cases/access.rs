//! Clients: created, authenticated, rotated, revoked.

use std::sync::Arc;

use accolade_application::access::{
    AccessGroup, AccessGroups, ClientKey, CreateClient, NewCredentials, Secret, actor,
    begin_rotation, caller_of, create_client, create_client_with, create_org, finish_rotation,
    revoke_client,
};
use accolade_application::ports::{
    ActorRecord, Actors, CreateClientError, CreateOrgError, Org, StoreError, UnknownClient,
};
use accolade_domain::actor::Actor;
use accolade_domain::ids::OrgId;
use accolade_domain::zone::Zone;
use anyhow::anyhow;

use crate::world::{World, codes};

fn client(world: &World, groups: AccessGroups) -> NewCredentials {
    let command = CreateClient {
        org: world.caller.org,
        name: "Till".try_into().unwrap(),
        groups,
        owner: None,
    };
    create_client(&world.ports, command).unwrap()
}

fn is_let_in(world: &World, key: &ClientKey, secret: &Secret) -> bool {
    let client = world.ports.stores.access.client(key).unwrap();
    client.is_some_and(|client| client.admits(secret))
}

#[test]
fn a_new_client_works_at_once_and_acts_for_its_org() {
    let world = World::new();
    let new = client(&world, AccessGroups::DEFAULT);
    let found = world.ports.stores.access.client(&new.key).unwrap().unwrap();
    assert!(found.admits(&new.secret));
    assert_eq!(found.number, new.number);
    let caller = caller_of(&found, world.ports.clock.now()).unwrap();
    assert_eq!(
        (caller.org, caller.actor),
        (world.caller.org, new.number.into())
    );
    assert_eq!(caller.zone, world.caller.zone);
}

#[test]
fn wrong_secrets_and_keys_that_nobody_has_are_not_let_in() {
    let world = World::new();
    let (one, other) = (
        client(&world, AccessGroups::DEFAULT),
        client(&world, AccessGroups::DEFAULT),
    );
    assert_ne!(one.key, other.key);
    assert!(!is_let_in(&world, &one.key, &other.secret));
    assert!(!is_let_in(&world, &one.key, &Secret::presented("")));
    let unknown = ClientKey::try_from("unknown").unwrap();
    assert!(!is_let_in(&world, &unknown, &one.secret));
}

#[test]
fn a_client_with_credentials_that_callers_have_is_let_in_by_their_slow_hash() {
    let world = World::new();
    let command = CreateClient {
        org: world.caller.org,
        name: "Till".try_into().unwrap(),
        groups: AccessGroups::DEFAULT,
        owner: None,
    };
    let key = ClientKey::try_from("till@example.org").unwrap();
    let secret = Secret::brought_along("5f4dcc3b5aa765d61d8327deb882cf99").unwrap();
    let create = || create_client_with(&world.ports, command.clone(), &key, &secret);
    create().unwrap();
    let found = world.ports.stores.access.client(&key).unwrap().unwrap();
    assert!(found.admits_hash(&secret.slow_hash(&key).unwrap()));
    assert!(!found.admits(&secret));
    let again = create();
    assert!(
        matches!(again, Err(CreateClientError::KeyTaken)),
        "{again:?}"
    );
}

#[test]
fn while_a_secret_is_rotated_both_are_let_in_and_then_the_new_one_alone() {
    let world = World::new();
    let new = client(&world, AccessGroups::DEFAULT);
    let (next, _) = begin_rotation(&world.ports, &new.key).unwrap();
    let let_in = || [&new.secret, &next].map(|secret| is_let_in(&world, &new.key, secret));
    assert_eq!(let_in(), [true, true]);
    finish_rotation(&world.ports, &new.key).unwrap();
    assert_eq!(let_in(), [false, true]);
    let again = finish_rotation(&world.ports, &new.key);
    assert!(matches!(again, Err(UnknownClient::Unknown)), "{again:?}");
}

#[test]
fn a_revoked_client_is_not_let_in_with_either_secret() {
    let world = World::new();
    let new = client(&world, AccessGroups::DEFAULT);
    let (next, _) = begin_rotation(&world.ports, &new.key).unwrap();
    revoke_client(&world.ports, &new.key).unwrap();
    let let_in = [&new.secret, &next].map(|secret| is_let_in(&world, &new.key, secret));
    assert_eq!(let_in, [false, false]);
    let found = world.ports.stores.access.client(&new.key).unwrap().unwrap();
    assert_eq!(caller_of(&found, world.ports.clock.now()), None);
    for result in [
        revoke_client(&world.ports, &new.key),
        begin_rotation(&world.ports, &new.key).map(drop),
        finish_rotation(&world.ports, &new.key),
    ] {
        assert!(matches!(result, Err(UnknownClient::Unknown)), "{result:?}");
    }
}

#[test]
fn a_caller_without_the_access_group_is_refused_with_1931_that_names_it() {
    let world = World::new();
    client(&world, [AccessGroup::BadgesRead].into_iter().collect());
    let listed = world.ports.stores.access.clients().unwrap();
    let caller = caller_of(listed.last().unwrap(), world.ports.clock.now()).unwrap();
    assert_eq!(caller.require(AccessGroup::BadgesRead.into()), Ok(()));
    let refused = caller.require(AccessGroup::BadgesIssue.into()).unwrap_err();
    assert_eq!(refused.code.number(), 1931);
    assert!(refused.message.contains("badges:issue"), "{refused}");
}

#[test]
fn a_client_needs_an_org_and_an_org_a_number_of_its_own() {
    let world = World::new();
    let unknown = CreateClient {
        org: OrgId::try_from(404).unwrap(),
        name: "Till".try_into().unwrap(),
        groups: AccessGroups::DEFAULT,
        owner: None,
    };
    let result = create_client(&world.ports, unknown);
    assert!(
        matches!(result, Err(CreateClientError::UnknownOrg)),
        "{result:?}"
    );
    let again = Org {
        id: world.caller.org,
        name: "Again".try_into().unwrap(),
        zone: Zone::utc(),
        region: None,
    };
    let result = create_org(&world.ports, &again);
    assert!(matches!(result, Err(CreateOrgError::Exists)), "{result:?}");
}

#[test]
fn who_an_actor_is_is_told_to_its_own_org_alone() {
    let world = World::new();
    let stranger = world.stranger();
    let own = actor(&world.ports, &world.caller, world.caller.actor).unwrap();
    assert_eq!((own.actor(), own.name()), (world.caller.actor, "Till"));
    let foreign = actor(&world.ports, &world.caller, stranger.actor);
    assert_eq!(codes(foreign), [404]);
}

/// A store that does not answer.
struct Away;

impl Actors for Away {
    fn find(&self, _: OrgId, _: Actor) -> Result<Option<ActorRecord>, StoreError> {
        Err(StoreError::Unavailable(anyhow!("away")))
    }

    fn find_all(&self, _: OrgId, _: &[Actor]) -> Result<Vec<ActorRecord>, StoreError> {
        Err(StoreError::Unavailable(anyhow!("away")))
    }
}

#[test]
fn the_system_is_known_to_every_org_and_no_store_is_asked_for_it() {
    let mut world = World::new();
    Arc::make_mut(&mut world.ports.stores).actors = Arc::new(Away);
    for caller in [&world.caller, &world.stranger()] {
        let system = actor(&world.ports, caller, Actor::SYSTEM).unwrap();
        assert_eq!(system, ActorRecord::System);
    }
}
