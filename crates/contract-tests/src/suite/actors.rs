//! Who an actor is.

use accolade_application::access::ClientKey;
use accolade_application::ports::ActorRecord;
use accolade_domain::actor::Actor;
use accolade_domain::audit::Attribution;
use accolade_domain::ids::ClientNumber;

use crate::World;
use crate::fixtures::now;
use crate::world::Tenant;

/// Who `actor` is to the org of `tenant`.
fn found(world: &World, tenant: Tenant, actor: Actor) -> Option<ActorRecord> {
    world.stores.actors.find(tenant.org, actor).unwrap()
}

/// The client that every tenant of a world has.
fn till(tenant: Tenant) -> ActorRecord {
    ActorRecord::Client {
        number: ClientNumber::try_from(tenant.actor.number()).unwrap(),
        name: "Till".try_into().unwrap(),
        owner: None,
        over_on: None,
    }
}

fn a_client_is_found_by_its_number_with_its_name(world: &World) {
    for tenant in [world.tenant, world.tenant(7)] {
        let record = found(world, tenant, tenant.actor).unwrap();
        assert_eq!(record, till(tenant));
        assert_eq!(record.actor(), tenant.actor);
    }
}

fn a_revoked_client_is_found_and_since_when_it_is_over(world: &World) {
    let key = ClientKey::try_from("till-100458").unwrap();
    world
        .stores
        .access
        .revoke(&key, &Attribution::system(now()))
        .unwrap();
    let record = found(world, world.tenant, world.tenant.actor);
    let expected = match till(world.tenant) {
        ActorRecord::Client {
            number,
            name,
            owner,
            ..
        } => ActorRecord::Client {
            number,
            name,
            owner,
            over_on: Some(now()),
        },
        other => other,
    };
    assert_eq!(record, Some(expected));
}

fn an_actor_of_another_org_is_not_found(world: &World) {
    let other = world.tenant(7);
    assert_eq!(found(world, world.tenant, other.actor), None);
    assert_eq!(found(world, other, world.tenant.actor), None);
}

fn neither_the_system_nor_a_number_that_nobody_has_is_found(world: &World) {
    for number in [0, world.tenant.actor.number() + 1, i64::MAX] {
        let actor = Actor::try_from(number).unwrap();
        assert_eq!(found(world, world.tenant, actor), None, "{number}");
    }
}

fn several_are_found_at_once_each_once(world: &World) {
    let (mine, other) = (world.tenant, world.tenant(7));
    let nobody = Actor::try_from(i64::MAX).unwrap();
    let asked = [mine.actor, other.actor, Actor::SYSTEM, nobody, mine.actor];
    let records = world.stores.actors.find_all(mine.org, &asked).unwrap();
    assert_eq!(records, [till(mine)]);
}

sentences! {
    a_client_is_found_by_its_number_with_its_name
    a_revoked_client_is_found_and_since_when_it_is_over
    an_actor_of_another_org_is_not_found
    neither_the_system_nor_a_number_that_nobody_has_is_found
    several_are_found_at_once_each_once
}
