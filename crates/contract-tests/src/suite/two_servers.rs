//! What one server has answered, another sees at once.

use accolade_application::ports::{BadgeEdit, BadgeStore, Operation};

use crate::World;
use crate::world::enrol_on;

fn what_one_server_wrote_the_other_reads(world: &World) {
    let [one, other] = world.servers();
    let badge = world.draft("Gold");
    one.badges
        .create(&badge, Some(&world.record("key")), &[])
        .unwrap();
    let read = |badges: &dyn BadgeStore| badges.find(badge.org, badge.id).unwrap().unwrap();
    assert_eq!(read(&*other.badges), read(&*one.badges));

    let edit = world.edit_request(&badge, BadgeEdit::Activity(false));
    other.badges.edit(&edit).unwrap();
    assert!(!read(&*one.badges).badge.active);

    let request = world.request(&badge, [1, 2]);
    enrol_on(&other, &request).unwrap();
    let (org, id) = (badge.org, &request.request_id);
    assert!(one.requests.is_used(org, Operation::IssueBulk, id).unwrap());
    assert_eq!(
        one.requests.find(org, id).unwrap(),
        other.requests.find(org, id).unwrap()
    );
    let counted = one.badges.find_counted(org, badge.id).unwrap().unwrap();
    assert_eq!(counted.counts.issued, 2);

    let guard = world.guard("key");
    let found = other
        .idempotency
        .find(guard.org, guard.actor, &guard.key, guard.used_on);
    assert_eq!(found.unwrap(), world.remembered("key"));
    assert!(world.remembered("key").is_some());
    assert_eq!(
        one.access.clients().unwrap(),
        other.access.clients().unwrap()
    );
}

sentences! {
    what_one_server_wrote_the_other_reads
}
