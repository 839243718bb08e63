//! Tenants never see each other.

use accolade_application::ports::{BadgeEdit, Operation, RecordError};
use accolade_domain::badge::Badge;

use crate::World;
use crate::fixtures::everything;
use crate::world::was_changed;

pub fn another_orgs_badge_is_not_found_listed_or_counted(world: &World) {
    let (badge, stranger) = (world.badge("Gold"), world.tenant(7).org);
    let badges = &world.stores.badges;
    assert_eq!(badges.find(stranger, badge.id).unwrap(), None);
    assert_eq!(badges.find_counted(stranger, badge.id).unwrap(), None);
    let page = badges.list(stranger, &everything()).unwrap();
    assert_eq!((page.badges, page.total), (vec![], 0));
}

pub fn another_orgs_badge_cannot_be_edited(world: &World) {
    let (badge, stranger) = (world.badge("Gold"), world.tenant(7));
    let before = world.found(&badge);
    let mut request = world.edit_request(&badge, BadgeEdit::Activity(false));
    (request.org, request.by) = (stranger.org, stranger.actor);
    assert!(was_changed(world.stores.badges.edit(&request)));
    assert_eq!(world.found(&badge), before);
}

pub fn nobody_is_enrolled_for_another_orgs_badge(world: &World) {
    let (badge, stranger) = (world.badge("Gold"), world.tenant(7));
    let mut request = world.request(&badge, [1]);
    request.context.org = stranger.org;
    request.context.actor = stranger.actor;
    assert_eq!(world.enrol(&request), Err(RecordError::BadgeChanged));
    assert_eq!(world.issued(&badge), 0);
}

pub fn another_orgs_requests_are_unknown(world: &World) {
    let (badge, stranger) = (world.badge("Gold"), world.tenant(7).org);
    let request = world.request(&badge, [1]);
    world.enrol(&request).unwrap();
    let ledger = &world.stores.requests;
    let operation = Operation::IssueBulk;
    assert!(
        !ledger
            .is_used(stranger, operation, &request.request_id)
            .unwrap()
    );
    assert_eq!(ledger.find(stranger, &request.request_id).unwrap(), []);
}

pub fn each_org_lists_its_own_badges(world: &World) {
    let other = world.tenant(7);
    let ours: Vec<Badge> = ["a", "b"].map(|name| world.badge(name)).to_vec();
    let theirs: Vec<Badge> = ["a", "c"].map(|name| world.badge_of(other, name)).to_vec();
    world.enrol(&world.request(&ours[0], [1, 2])).unwrap();
    world.enrol(&world.request(&theirs[0], [1])).unwrap();
    for (badges, counts) in [(&ours, [2, 0]), (&theirs, [1, 0])] {
        let page = world
            .stores
            .badges
            .list(badges[0].org, &everything())
            .unwrap();
        let listed: Vec<_> = page
            .badges
            .iter()
            .map(|found| found.badge.clone())
            .collect();
        assert_eq!(&listed, badges);
        assert_eq!(page.total, 2);
        for (found, issued) in page.badges.iter().zip(counts) {
            assert_eq!(found.counts.issued, issued);
        }
    }
}
