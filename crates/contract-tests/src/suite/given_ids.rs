//! Finding what was recorded by its id.

use accolade_application::ports::{GivenId, GivenTo};
use accolade_domain::ids::{ObjectId, OrgId};

use crate::World;
use crate::earning::in_all;
use crate::fixtures::{at, customer};

fn given_in(world: &World, org: OrgId, id: ObjectId) -> Option<GivenId> {
    world.stores.requests.given(org, id).unwrap()
}

/// Whose this id is, if it is an enrolment's or an earned badge's.
fn given(world: &World, id: ObjectId) -> Option<(GivenTo, i64)> {
    let found = given_in(world, world.tenant.org, id)?;
    Some((found.to, found.customer.get()))
}

fn every_enrolment_of_a_request_is_found_by_its_id(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [3])).unwrap();
    let request = world.request(&badge, 1..=5);
    world.enrol(&request).unwrap();
    world.enrol(&world.request(&badge, [6])).unwrap();
    for (number, id) in (1..).zip(request.ids.iter()) {
        let to = GivenTo::Enrolment(id.into());
        // The third was enrolled before: the id stayed unused.
        let expected = (number != 3).then_some((to, number));
        assert_eq!(given(world, id), expected, "{number}");
    }
    let first = request.ids.first().unwrap();
    let found = given_in(world, badge.org, first).unwrap();
    assert_eq!((found.badge, found.customer), (badge.id, customer(1)));
    let other = world.tenant(7).org;
    assert_eq!(given_in(world, other, first), None);
}

fn every_earned_badge_is_found_by_its_id_imported_ones_too(world: &World) {
    let badge = world.limited("Gold", [], [in_all(2)]);
    let request = world.earning(&badge, 1..=3);
    world.earn(&request).unwrap();
    let found: Vec<_> = request.ids.iter().map(|id| given(world, id)).collect();
    let earn = |place, number| {
        let id = request.ids.get(place).unwrap().into();
        Some((GivenTo::Earn(id), number))
    };
    assert_eq!(found, [earn(0, 1), earn(1, 2), None]);
    let import = world.importing(
        &badge,
        &[
            (8, at("2026-04-01T00:00:00Z")),
            (9, at("2026-04-02T00:00:00Z")),
        ],
    );
    world.import(&import).unwrap();
    for item in &import.items {
        let expected = (GivenTo::Earn(item.id), item.customer.get());
        assert_eq!(given(world, item.id.0), Some(expected));
    }
}

fn an_id_that_nothing_was_given_is_not_found(world: &World) {
    let badge = world.badge("Gold");
    let request = world.request(&badge, [1]);
    world.enrol(&request).unwrap();
    let id = *request.ids.first().unwrap().as_bytes();
    for place in 0..12 {
        let mut other = id;
        other[place] ^= 0x40;
        assert_eq!(given(world, ObjectId::from_bytes(other)), None, "{place}");
    }
    assert_eq!(given(world, badge.id.0), None);
    for end in [[0; 12], [0xff; 12]] {
        assert_eq!(given(world, ObjectId::from_bytes(end)), None);
    }
}

fn what_was_revoked_is_found_and_of_who_was_erased_nothing(world: &World) {
    let badge = world.direct("Gold");
    let request = world.earning(&badge, [1, 2]);
    world.earn(&request).unwrap();
    let ids: Vec<_> = request.ids.iter().collect();
    world
        .revoke_earn(&world.revoking(&badge, 1, ids[0].into()))
        .unwrap();
    assert_eq!(
        given(world, ids[0]),
        Some((GivenTo::Earn(ids[0].into()), 1))
    );
    world.erase(1);
    assert_eq!(given(world, ids[0]), None);
    assert_eq!(
        given(world, ids[1]),
        Some((GivenTo::Earn(ids[1].into()), 2))
    );
}

sentences! {
    every_enrolment_of_a_request_is_found_by_its_id
    every_earned_badge_is_found_by_its_id_imported_ones_too
    an_id_that_nothing_was_given_is_not_found
    what_was_revoked_is_found_and_of_who_was_erased_nothing
}
