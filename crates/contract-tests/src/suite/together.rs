//! Several calls of ports that are one transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use accolade_application::ports::{
    BadgeEdit, BadgeEditRequest, EditBadgeError, EnrolmentBatch, EnrolmentRequest, StoreError,
    Stores, Together, VersionedBadge,
};
use accolade_domain::badge::Badge;

use crate::World;
use crate::race::race;

/// Does `work` together by way of `stores`.
fn together(
    stores: &Stores,
    mut work: impl FnMut(&Arc<Stores>) -> Result<Together, StoreError>,
) -> Result<(), StoreError> {
    stores.unit.together(&mut work, &mut |_| Ok(false))
}

fn failed() -> StoreError {
    StoreError::Unavailable(std::io::Error::other("as the test says").into())
}

/// A request to enrol one customer, and one to turn the badge off. They are made before: in there
/// nobody else's stores are asked.
fn both(world: &World, badge: &Badge, number: i64) -> (EnrolmentRequest, BadgeEditRequest) {
    let edit = world.edit_request(badge, BadgeEdit::Activity(false));
    (world.request(badge, [number]), edit)
}

/// Enrols a customer; `false` if that is refused.
fn enrol(stores: &Stores, request: &EnrolmentRequest) -> Result<bool, StoreError> {
    let batch = EnrolmentBatch::from(request.clone());
    let results = stores.enrolments.enrol(&batch)?;
    Ok(results.iter().all(Result::is_ok))
}

/// Does both.
fn enrol_and_deactivate(
    stores: &Stores,
    (request, edit): &(EnrolmentRequest, BadgeEditRequest),
) -> Result<(), StoreError> {
    assert!(enrol(stores, request)?);
    match stores.badges.edit(edit) {
        Ok(()) => Ok(()),
        Err(EditBadgeError::Store(error)) => Err(error),
        Err(error) => panic!("{error:?}"),
    }
}

/// How many were enrolled, and whether the badge is on.
fn seen(world: &World, badge: &Badge) -> (u64, bool) {
    (world.issued(badge), world.found(badge).badge.active)
}

fn what_is_kept_is_there_with_its_events(world: &World) {
    let badge = world.badge("Gold");
    let (before, both) = (world.events().len(), both(world, &badge, 1));
    let kept = together(&world.stores, |stores| {
        enrol_and_deactivate(stores, &both)?;
        Ok(Together::Kept)
    });
    kept.unwrap();
    assert_eq!(seen(world, &badge), (1, false));
    let kinds: Vec<_> = world
        .facts_since(before)
        .iter()
        .map(|it| it.kind().name())
        .collect();
    assert_eq!(kinds, ["enrolment.created", "badge.deactivated"]);
}

fn what_is_undone_leaves_nothing(world: &World) {
    let badge = world.badge("Gold");
    let (before, both) = (world.events().len(), both(world, &badge, 1));
    let undone = together(&world.stores, |stores| {
        enrol_and_deactivate(stores, &both)?;
        Ok(Together::Undone)
    });
    undone.unwrap();
    let refused = together(&world.stores, |stores| {
        enrol_and_deactivate(stores, &both)?;
        Err(failed())
    });
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    assert_eq!(seen(world, &badge), (0, true));
    assert_eq!(world.events().len(), before);
}

fn each_call_sees_what_those_before_have_done(world: &World) {
    let badge = world.badge("Gold");
    let both = both(world, &badge, 1);
    let kept = together(&world.stores, |stores| {
        enrol_and_deactivate(stores, &both)?;
        let VersionedBadge { badge: found, .. } = stores.badges.find(badge.org, badge.id)?.unwrap();
        assert!(!found.active);
        let counted = stores.badges.find_counted(badge.org, badge.id)?.unwrap();
        assert_eq!(counted.counts.issued, 1);
        Ok(Together::Kept)
    });
    kept.unwrap();
}

fn a_call_that_is_refused_undoes_nothing_but_itself(world: &World) {
    let badge = world.badge("Gold");
    let [first, mut again, last] = [1, 2, 3].map(|number| world.request(&badge, [number]));
    // The id was used.
    again.request_id = first.request_id.clone();
    let kept = together(&world.stores, |stores| {
        assert!(enrol(stores, &first)?);
        assert!(!enrol(stores, &again)?);
        assert!(enrol(stores, &last)?);
        Ok(Together::Kept)
    });
    kept.unwrap();
    assert_eq!(world.issued(&badge), 2);
}

fn a_part_is_undone_by_itself(world: &World) {
    let badge = world.badge("Gold");
    let (first, last) = (world.request(&badge, [1]), world.request(&badge, [3]));
    let undone = both(world, &badge, 2);
    let kept = together(&world.stores, |stores| {
        assert!(enrol(stores, &first)?);
        together(stores, |part| {
            enrol_and_deactivate(part, &undone)?;
            Ok(Together::Undone)
        })?;
        together(stores, |part| {
            assert!(enrol(part, &last)?);
            Ok(Together::Kept)
        })?;
        Ok(Together::Kept)
    });
    kept.unwrap();
    assert_eq!(seen(world, &badge), (2, true));
}

fn a_part_that_is_kept_goes_with_the_whole(world: &World) {
    let badge = world.badge("Gold");
    let both = both(world, &badge, 1);
    let undone = together(&world.stores, |stores| {
        together(stores, |part| {
            enrol_and_deactivate(part, &both)?;
            Ok(Together::Kept)
        })?;
        Ok(Together::Undone)
    });
    undone.unwrap();
    assert_eq!(seen(world, &badge), (0, true));
}

fn the_stores_are_of_no_use_afterwards(world: &World) {
    let badge = world.badge("Gold");
    let mut kept = None;
    together(&world.stores, |stores| {
        kept = Some(Arc::clone(stores));
        Ok(Together::Kept)
    })
    .unwrap();
    // Whatever it does to the adapter, nobody else sees it.
    let _ = kept
        .unwrap()
        .badges
        .edit(&world.edit_request(&badge, BadgeEdit::Activity(false)));
    assert!(world.found(&badge).badge.active);
}

fn those_that_are_done_at_once_are_all_done(world: &World) {
    let servers = world.servers();
    let badges = [world.badge("Gold"), world.badge("Silver")];
    let next = AtomicUsize::new(1);
    race(6, |i| {
        for _ in 0..5 {
            let number = i64::try_from(next.fetch_add(2, SeqCst)).unwrap();
            // In either order, so that they may stand in each other's way.
            let [first, second] = if i % 2 == 0 {
                [&badges[0], &badges[1]]
            } else {
                [&badges[1], &badges[0]]
            };
            let both = [first, second].map(|badge| world.request(badge, [number]));
            let done = together(&servers[i % 2], |stores| {
                for request in &both {
                    assert!(enrol(stores, request)?);
                }
                Ok(Together::Kept)
            });
            done.unwrap();
        }
    });
    assert_eq!(badges.each_ref().map(|it| world.issued(it)), [30, 30]);
}

sentences! {
    what_is_kept_is_there_with_its_events
    what_is_undone_leaves_nothing
    each_call_sees_what_those_before_have_done
    a_call_that_is_refused_undoes_nothing_but_itself
    a_part_is_undone_by_itself
    a_part_that_is_kept_goes_with_the_whole
    the_stores_are_of_no_use_afterwards
    those_that_are_done_at_once_are_all_done
}
