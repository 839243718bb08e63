//! What expires, as events.

use accolade_application::answer::Imported;
use accolade_application::ports::{
    EarnRequest, EnrolmentBatch, EnrolmentRequest, Expired, ImportRequest,
};
use accolade_domain::badge::Badge;
use accolade_domain::enrolment::{Hold, Outcome};
use accolade_domain::event::{Event, Fact};
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use time::Duration;

use super::reached_limits::feed;
use crate::World;
use crate::fixtures::{claim, customer, now, owner};

/// The answer of an import that refuses nothing.
pub(super) fn outcomes(request: &ImportRequest) -> Vec<Imported> {
    let items = request.items.iter();
    let recorded = items.map(|item| Imported::Recorded {
        badge: item.badge,
        customer: item.customer,
        earned: item.id,
        expires_on: item.expires_on,
    });
    recorded.collect()
}

/// So many minutes from now.
pub(super) fn minutes(minutes: i64) -> Instant {
    now() + Duration::minutes(minutes)
}

/// A request to enrol, for so many minutes from now.
pub(super) fn enrolling(
    world: &World,
    badge: &Badge,
    numbers: impl IntoIterator<Item = i64>,
    until: i64,
) -> EnrolmentRequest {
    EnrolmentRequest {
        hold: Hold::new(minutes(-60), minutes(until)).unwrap(),
        ..world.request(badge, numbers)
    }
}

/// A request to earn what is kept for so many minutes from now.
pub(super) fn earning(
    world: &World,
    badge: &Badge,
    numbers: impl IntoIterator<Item = i64>,
    until: i64,
) -> EarnRequest {
    let mut request = world.earning(badge, numbers);
    request.terms.expires_on = minutes(until);
    request
}

/// Lets everything expire that is due so many minutes from now, at most so many at a time.
pub(super) fn expire(world: &World, until: i64, most: u64) -> Vec<Expired> {
    let events = &world.stores.events;
    let mut all = Vec::new();
    loop {
        let expired = events
            .expire(minutes(until), minutes(until + 1), most)
            .unwrap();
        all.push(expired);
        if !expired.has_more {
            return all;
        }
    }
}

/// Whom the feed says of this badge that something has expired: customer, and in how many minutes from
/// now.
pub(super) fn expired(world: &World, badge: &Badge) -> Vec<(i64, i64)> {
    let events = feed(world, badge).into_iter();
    let expired = events
        .filter(|event| matches!(event.fact, Fact::EnrolmentExpired(_) | Fact::EarnExpired(_)));
    let both = |event: Event| {
        let due = event.occurred_on().since(now()).whole_minutes();
        (event.customer().unwrap().get(), due)
    };
    expired.map(both).collect()
}

fn what_has_expired_is_told_once_at_its_instant_and_by_nobody(world: &World) {
    let by = owner(OwnerType::Loyalty, "7");
    let mut draft = world.draft("Gold");
    draft.claims = vec![claim(OwnerType::Loyalty, "7", true)];
    world.create(&draft);
    let enrolment = EnrolmentRequest {
        triggered_by: Some(by.clone()),
        ..enrolling(world, &draft, [1], 10)
    };
    let enrolled = world.enrol(&enrolment).unwrap();
    let earn = EarnRequest {
        triggered_by: Some(by.clone()),
        ..earning(world, &draft, [1], 20)
    };
    world.earn(&earn).unwrap();

    assert_eq!(expire(world, 9, 10), [Expired::default()]);
    let one = Expired {
        events: 1,
        has_more: false,
    };
    assert_eq!(expire(world, 10, 10), [one]);
    assert_eq!(expire(world, 30, 10), [one]);
    assert_eq!(expire(world, 30, 10), [Expired::default()]);

    let facts: Vec<_> = (feed(world, &draft).into_iter().skip(3))
        .map(|event| (event.recorded_on, event.occurred_on(), event.fact))
        .collect();
    let Outcome::Enrolled(id) = enrolled[0].outcome else {
        panic!("{enrolled:?}");
    };
    assert_eq!(facts.len(), 2, "{facts:?}");
    assert_eq!((facts[0].0, facts[0].1), (minutes(11), minutes(10)));
    let Fact::EnrolmentExpired(it) = &facts[0].2 else {
        panic!("{facts:?}");
    };
    assert_eq!(
        (it.badge, it.customer, it.enrolment),
        (draft.id, customer(1), id)
    );
    assert_eq!((it.event_on, it.expires_on), (minutes(-60), minutes(10)));
    assert_eq!(it.triggered_by, Some(by.clone()));
    assert_eq!((&it.request_id, it.actor, &it.reason), (&None, None, &None));

    assert_eq!((facts[1].0, facts[1].1), (minutes(31), minutes(20)));
    let Fact::EarnExpired(it) = &facts[1].2 else {
        panic!("{facts:?}");
    };
    assert_eq!(
        (it.badge, it.customer, it.enrolment),
        (draft.id, customer(1), Some(id))
    );
    assert_eq!((it.event_on, it.expires_on), (now(), minutes(20)));
    assert_eq!(it.triggered_by, Some(by));
    assert_eq!(
        (&it.request_id, it.actor, it.limits.len()),
        (&None, None, 0)
    );
}

fn the_earliest_expires_first_whatever_it_is(world: &World) {
    let badge = world.direct("Gold");
    world.earn(&earning(world, &badge, [1], 30)).unwrap();
    world.enrol(&enrolling(world, &badge, [2], 20)).unwrap();
    world.earn(&earning(world, &badge, [3], 10)).unwrap();
    world.enrol(&enrolling(world, &badge, [4], 40)).unwrap();
    expire(world, 60, 2);
    assert_eq!(expired(world, &badge), [(3, 10), (2, 20), (1, 30), (4, 40)]);
}

fn what_had_passed_when_it_was_recorded_and_what_never_expires_is_not_told(world: &World) {
    let badge = world.direct("Gold");
    world.enrol(&enrolling(world, &badge, [1], 0)).unwrap();
    world.earn(&earning(world, &badge, [1], -5)).unwrap();
    let mut never = earning(world, &badge, [2], 1);
    never.terms.expires_on = Instant::MAX;
    world.earn(&never).unwrap();
    let mut import = world.importing(&badge, &[(1, now()), (2, now()), (3, now())]);
    import.items[0].expires_on = minutes(-1);
    import.items[1].expires_on = Instant::MAX;
    import.items[2].expires_on = minutes(1);
    import.outcomes = outcomes(&import);
    world.import(&import).unwrap();
    let events = &world.stores.events;
    let all = events.expire(Instant::MAX, minutes(9), 100).unwrap();
    assert_eq!(all.events, 1);
    assert_eq!(expired(world, &badge), [(3, 1)]);
}

fn what_was_revoked_before_is_not_told(world: &World) {
    let badge = world.direct("Gold");
    world
        .enrol(&enrolling(world, &badge, [1, 2, 3], 10))
        .unwrap();
    world
        .unenrol(&world.unenrolling(&badge, &[(2, None)]))
        .unwrap();
    let earned = world.earn(&earning(world, &badge, [4, 5], 20)).unwrap();
    let id = crate::earning::earned_id(&earned[..1]);
    world.revoke_earn(&world.revoking(&badge, 4, id)).unwrap();
    // Of this one nothing is left.
    world.enrol(&enrolling(world, &badge, [6], 10)).unwrap();
    world
        .unenrol(&world.unenrolling(&badge, &[(6, None)]))
        .unwrap();
    let all = expire(world, 60, 100);
    assert_eq!(all.iter().map(|it| it.events).sum::<u64>(), 3);
    assert_eq!(expired(world, &badge), [(1, 10), (3, 10), (5, 20)]);
}

fn who_was_refused_has_nothing_that_expires(world: &World) {
    let badge = world.limited("Gold", [], [crate::earning::in_all(2)]);
    world.enrol(&enrolling(world, &badge, [1], 10)).unwrap();
    world.enrol(&enrolling(world, &badge, [1, 2], 10)).unwrap();
    world.earn(&earning(world, &badge, [5, 6, 7], 20)).unwrap();
    world.earn(&earning(world, &badge, [8], 20)).unwrap();
    expire(world, 60, 100);
    assert_eq!(expired(world, &badge), [(1, 10), (2, 10), (5, 20), (6, 20)]);
}

fn what_was_imported_expires_each_at_its_instant(world: &World) {
    let badge = world.direct("Gold");
    let dates = [-30_i64, -20, -10, -5].map(|it| (it.abs(), minutes(it)));
    let mut import = world.importing(&badge, &dates);
    for (item, due) in import.items.iter_mut().zip([20, 10, 20, 15]) {
        item.expires_on = minutes(due);
    }
    import.outcomes = outcomes(&import);
    import.outcomes.insert(1, Imported::Refused(Vec::new()));
    world.import(&import).unwrap();
    expire(world, 60, 1);
    let expected = [(20, 10), (5, 15), (30, 20), (10, 20)];
    assert_eq!(expired(world, &badge), expected);
    let events = feed(world, &badge);
    let dates: Vec<_> = (events.iter())
        .filter_map(|event| match &event.fact {
            Fact::EarnExpired(it) => Some(it.event_on.since(now()).whole_minutes()),
            _ => None,
        })
        .collect();
    assert_eq!(dates, [-20, -5, -30, -10]);
}

fn a_large_request_is_divided_and_each_is_told_once(world: &World) {
    let badge = world.direct("Gold");
    world.enrol(&enrolling(world, &badge, 1..=250, 10)).unwrap();
    world.earn(&earning(world, &badge, [900], 10)).unwrap();
    world
        .unenrol(&world.unenrolling(&badge, &[(100, None)]))
        .unwrap();
    let all = expire(world, 10, 100);
    let events: Vec<_> = all.iter().map(|it| it.events).collect();
    assert_eq!(events, [99, 100, 51]);
    let expected = (1..=250).filter(|it| *it != 100).chain([900]);
    let expected: Vec<_> = expected.map(|it| (it, 10)).collect();
    assert_eq!(expired(world, &badge), expected);
}

fn of_requests_that_share_a_transaction_each_is_told_of_its_own(world: &World) {
    let badges = ["Gold", "Silver"].map(|name| world.direct(name));
    let requests = [
        enrolling(world, &badges[0], [1], 10),
        enrolling(world, &badges[0], [2, 3], 10),
        enrolling(world, &badges[1], [4], 10),
        enrolling(world, &badges[0], [5], 20),
        enrolling(world, &badges[0], [6], 10),
        enrolling(world, &badges[0], [7], 10),
    ];
    let mut batch = EnrolmentBatch::default();
    for request in requests {
        batch.push(request).unwrap();
    }
    world.stores.enrolments.enrol(&batch).unwrap();
    world
        .unenrol(&world.unenrolling(&badges[0], &[(6, None)]))
        .unwrap();
    let all = expire(world, 30, 2);
    assert_eq!(all.iter().map(|it| it.events).sum::<u64>(), 6);
    let expected = [(1, 10), (2, 10), (3, 10), (7, 10), (5, 20)];
    assert_eq!(expired(world, &badges[0]), expected);
    assert_eq!(expired(world, &badges[1]), [(4, 10)]);
}

fn requests_that_are_due_at_one_instant_may_be_told_of_in_parts(world: &World) {
    let badge = world.direct("Gold");
    let mut batch = EnrolmentBatch::default();
    // Their ids fall, so that their numbers in the ledger do.
    for number in (0..150_i64).rev() {
        let mut request = enrolling(world, &badge, [number * 2 + 1, number * 2 + 2], 10);
        request.request_id = format!("r{number:03}").as_str().try_into().unwrap();
        batch.push(request).unwrap();
    }
    world.stores.enrolments.enrol(&batch).unwrap();
    world
        .unenrol(&world.unenrolling(&badge, &[(8, None)]))
        .unwrap();
    let events = &world.stores.events;
    let first = events.expire(minutes(10), minutes(11), 7).unwrap();
    assert_eq!((first.events, first.has_more), (7, true));
    world.erase(20);
    assert!(expire(world, 10, 7).iter().all(|it| it.events <= 7));
    let mut told: Vec<_> = expired(world, &badge).iter().map(|it| it.0).collect();
    // In which order is nobody's concern: all are due at once.
    told.sort_unstable();
    let expected = (1..=300).filter(|it| ![8, 20].contains(it));
    assert_eq!(told, expected.collect::<Vec<_>>());
}

fn of_large_requests_that_expire_little_by_little_each_is_told_once(world: &World) {
    let badge = world.direct("Gold");
    let mut expected = Vec::new();
    for thousand in 0..5_i64 {
        let numbers = thousand * 6_000 + 1..=thousand * 6_000 + 6_000;
        let dates: Vec<_> = numbers.map(|number| (number, now())).collect();
        let mut import = world.importing(&badge, &dates);
        for (item, place) in import.items.iter_mut().zip(0..) {
            item.expires_on = minutes(if place < 4 { 10 + place % 2 } else { 99 });
            if place < 4 {
                expected.push((item.customer.get(), 10 + place % 2));
            }
        }
        import.outcomes = outcomes(&import);
        world.import(&import).unwrap();
    }
    // The earliest first, then by request.
    expected.sort_by_key(|it| it.1);
    expire(world, 20, 100);
    assert_eq!(expired(world, &badge), expected);
}

fn twenty_thousand_that_are_due_at_one_instant_are_told_as_many_at_a_time_as_may_be(world: &World) {
    let badge = world.direct("Gold");
    for thousand in 0..10_i64 {
        let numbers = thousand * 2_000 + 1..=thousand * 2_000 + 2_000;
        world.enrol(&enrolling(world, &badge, numbers, 10)).unwrap();
    }
    let all = expire(world, 10, 3_000);
    assert_eq!(all.len(), 7);
    assert!(all.iter().all(|it| it.events <= 3_000));
    assert_eq!(all.iter().map(|it| it.events).sum::<u64>(), 20_000);
    let mut told: Vec<_> = expired(world, &badge).iter().map(|it| it.0).collect();
    told.sort_unstable();
    assert_eq!(told, (1..=20_000).collect::<Vec<_>>());
}

fn every_org_has_its_own_in_its_own_feed(world: &World) {
    let badge = world.direct("Gold");
    let other = world.tenant(7);
    let others = world.badge_of(other, "Gold");
    world.enrol(&enrolling(world, &badge, [1], 20)).unwrap();
    world.enrol(&enrolling(world, &others, [2], 10)).unwrap();
    let first = world
        .stores
        .events
        .expire(minutes(60), minutes(60), 1)
        .unwrap();
    assert_eq!((first.events, first.has_more), (1, true));
    assert_eq!(expired(world, &badge), []);
    assert_eq!(expired(world, &others), [(2, 10)]);
    expire(world, 60, 1);
    assert_eq!(expired(world, &badge), [(1, 20)]);
}

sentences! {
    what_has_expired_is_told_once_at_its_instant_and_by_nobody
    the_earliest_expires_first_whatever_it_is
    what_had_passed_when_it_was_recorded_and_what_never_expires_is_not_told
    what_was_revoked_before_is_not_told
    who_was_refused_has_nothing_that_expires
    what_was_imported_expires_each_at_its_instant
    a_large_request_is_divided_and_each_is_told_once
    of_requests_that_share_a_transaction_each_is_told_of_its_own
    requests_that_are_due_at_one_instant_may_be_told_of_in_parts
    of_large_requests_that_expire_little_by_little_each_is_told_once
    twenty_thousand_that_are_due_at_one_instant_are_told_as_many_at_a_time_as_may_be
    every_org_has_its_own_in_its_own_feed
}
