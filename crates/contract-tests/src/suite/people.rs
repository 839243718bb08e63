//! Customers who become one.

use accolade_application::answer::Answer;
use accolade_application::ports::{
    DirectoryEntry, DirectoryError, Identifiers, MergeError, RecordError,
};
use accolade_domain::audit::Action;
use accolade_domain::badge::Badge;
use accolade_domain::customer::CustomerId;
use accolade_domain::enrolment::Outcome;
use accolade_domain::event::{Event, EventKind, Fact};
use accolade_domain::identifier::IdentifierKind;
use accolade_domain::ids::EnrolmentId;
use accolade_domain::text::Reason;
use accolade_domain::zone::CalendarUnit;
use time::Duration;

use crate::World;
use crate::earning::{codes, in_all, rolling};
use crate::feed::{all_of, query};
use crate::fixtures::{at, customer, hold, now, second};
use crate::held::everything_held;
use crate::people::merged;

/// Enrols a customer from one second after 1970 until another.
fn enrolled(world: &World, badge: &Badge, number: i64, (from, until): (i64, i64)) -> EnrolmentId {
    let mut request = world.request(badge, [number]);
    request.hold = hold(from, until);
    match world.enrol(&request).unwrap()[0].outcome {
        Outcome::Enrolled(id) => id,
        other => panic!("{other:?}"),
    }
}

/// The ids of a customer's enrolments, the last first, and whether each is revoked.
fn enrolments(world: &World, badge: &Badge, number: i64) -> Vec<(EnrolmentId, bool)> {
    let records = world.details(badge, number).enrolments.items.into_iter();
    records
        .map(|it| (it.enrolment.id, it.enrolment.revoked_on.is_some()))
        .collect()
}

fn everything_of_the_first_is_the_seconds(world: &World) {
    let (gold, silver) = (world.badge("Gold"), world.direct("Silver"));
    let enrolment = enrolled(world, &gold, 1, (1000, 2000));
    let earns = [1, 2, 1].map(|number| world.earned_by(&silver, number));
    assert_eq!(world.merge(1, 2), (1, 2));
    assert_eq!(enrolments(world, &gold, 2), [(enrolment, false)]);
    let of_silver = world.details(&silver, 2);
    let mut ids: Vec<_> = of_silver
        .earns
        .items
        .iter()
        .map(|it| it.earned.id)
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, earns);
    assert_eq!((world.issued(&gold), world.earned(&silver)), (1, 3));
    let next = world.earned_by(&silver, 2);
    assert_eq!(world.details(&silver, 2).earns.items[0].earned.id, next);
    world
        .unenrol(&world.unenrolling(&gold, &[(2, None)]))
        .unwrap();
    assert_eq!(world.issued(&gold), 0);
}

fn what_is_asked_about_the_first_is_answered_about_the_second(world: &World) {
    let badge = world.badge("Gold");
    world.enrol_for_hours(&badge, -1, 1, 0);
    let before = world.holding(&badge, &everything_held());
    world.merge(1, 2);
    assert!(before.is_some());
    assert_eq!(world.holding(&badge, &everything_held()), before);
    assert_eq!(world.details(&badge, 1), world.details(&badge, 2));
    assert_eq!(world.details(&badge, 1).customer, customer(2));
    let enrolment = world.details(&badge, 1).enrolments.items[0].enrolment.id;
    let held = &world.stores.customer_badges;
    let recorded = held.recorded_on(badge.org, &[(customer(1), enrolment)]);
    assert_eq!(recorded.unwrap()[&enrolment], now());
}

fn of_identifiers_the_seconds_win(world: &World) {
    world.call(1, Some("one@x.org"), Some("1"));
    world.call(2, Some("two@x.org"), None);
    world.merge(1, 2);
    assert_eq!(world.called(IdentifierKind::Email, "one@x.org"), None);
    assert_eq!(world.called(IdentifierKind::Email, "two@x.org"), Some(2));
    assert_eq!(world.called(IdentifierKind::CardNumber, "1"), Some(2));
    let hidden = world.trail_of("2")[0].change.hidden.clone();
    let names: Vec<_> = hidden.iter().map(|field| field.name()).collect();
    assert_eq!(names, ["cardNumber"]);
}

fn of_enrolments_that_overlap_the_earlier_stays_and_what_was_earned_rests_on_it(world: &World) {
    let badge = world.badge("Gold");
    let later = enrolled(world, &badge, 1, (1500, 2500));
    let earlier = enrolled(world, &badge, 2, (1000, 2000));
    let other = enrolled(world, &badge, 1, (2500, 3000));
    let revoked = enrolled(world, &badge, 1, (3000, 4000));
    world
        .unenrol(&world.unenrolling(&badge, &[(1, Some(revoked))]))
        .unwrap();
    let earn = |number, on| {
        let request = world.earning_at(&badge, [number], second(on), now());
        assert_eq!(codes(&world.earn(&request).unwrap()), [0]);
    };
    earn(1, 1600);
    earn(2, 1100);
    earn(1, 2600);
    let before = world.events().len();
    world.merge(1, 2);
    assert_eq!(world.issued(&badge), 2);
    let details = world.details(&badge, 2);
    let shown = details.enrolments.items.iter().map(|it| {
        let reason = it.revoke_reason.as_ref().map(Reason::as_str);
        (it.enrolment.id, it.enrolment.revoked_on.is_some(), reason)
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort_unstable_by_key(|it| it.0);
    let expected = [
        (later, true, Some("merged")),
        (earlier, false, None),
        (other, false, None),
        (revoked, true, None),
    ];
    assert_eq!(shown, expected);
    let mut rest: Vec<_> = (details.earns.items.iter())
        .map(|it| (it.earned.event_on, it.earned.enrolment))
        .collect();
    rest.sort_unstable();
    let expected = [(1100, earlier), (1600, earlier), (2600, other)];
    assert_eq!(rest, expected.map(|(on, id)| (second(on), Some(id))));
    let facts = world.facts_since(before);
    let [
        Fact::CustomerMerged { from, to },
        Fact::EnrolmentRevoked(fact),
    ] = facts.as_slice()
    else {
        panic!("{facts:?}");
    };
    assert_eq!((from.get(), to.get()), (1, 2));
    assert_eq!((fact.customer.get(), fact.enrolment), (2, later));
    assert_eq!(fact.reason, Some(Reason::merged()));
    assert_eq!(fact.actor, Some(world.tenant.actor));
    let told = world.trail_of(&later.to_string());
    assert_eq!(told[0].action, Action::Revoke);
    assert_eq!(told[0].reason, Some(Reason::merged()));
}

fn what_both_have_is_kept_in_the_order_in_which_it_was_recorded(world: &World) {
    let badge = world.badge("Gold");
    let mut recorded = Vec::new();
    for (number, minute) in [(1, 1), (2, 2), (1, 3), (2, 4)] {
        let mut request = world.request(&badge, [number]);
        request.hold = hold(minute * 1000, minute * 1000 + 1000);
        request.context.now = now() + Duration::minutes(minute);
        world.enrol(&request).unwrap();
        recorded.insert(0, request.ids.get(0).unwrap().into());
    }
    world.merge(1, 2);
    let shown: Vec<EnrolmentId> = (enrolments(world, &badge, 2).into_iter())
        .map(|it| it.0)
        .collect();
    assert_eq!(shown, recorded);
    let next = enrolled(world, &badge, 2, (9000, 9500));
    assert_eq!(enrolments(world, &badge, 2)[0].0, next);
}

fn a_customers_limits_count_what_both_have(world: &World) {
    let limits = [in_all(3), rolling(CalendarUnit::Days, 1, 3)];
    for (first, limit) in [1, 11].into_iter().zip(limits) {
        let badge = world.limited(&format!("Badge {first}"), [limit], [in_all(100)]);
        let second = first + 1;
        assert_eq!(world.earns(&badge, [first, second]), [0, 0]);
        assert_eq!(world.earns(&badge, [first, second]), [0, 0]);
        world.merge(first, second);
        assert_eq!(world.counts(&badge, second), [4, 4]);
        assert_eq!(world.earns(&badge, [second]), [817]);
        assert_eq!(world.earned(&badge), 4);
    }
}

fn of_the_refusals_of_both_the_last_ten_stay(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], []);
    assert_eq!(world.earns(&badge, [1, 2]), [0, 0]);
    let mut asked = Vec::new();
    for minute in 1..=14 {
        let on = now() + Duration::minutes(minute);
        let request = world.earning_at(&badge, [1 + minute % 2], now(), on);
        assert_eq!(codes(&world.earn(&request).unwrap()), [817]);
        asked.insert(0, on);
    }
    world.merge(1, 2);
    let refusals = world.details(&badge, 2).refusals;
    let shown: Vec<_> = refusals.iter().map(|it| it.refused_on).collect();
    assert_eq!(shown, asked[..10]);
}

fn nothing_is_recorded_for_who_was_merged(world: &World) {
    let (gold, silver) = (world.badge("Gold"), world.direct("Silver"));
    let earned = world.earned_by(&silver, 1);
    world.merge(1, 2);
    let refused = RecordError::CustomersMerged;
    assert_eq!(
        world.enrol(&world.request(&gold, [3, 1])),
        Err(refused.clone())
    );
    assert_eq!(
        world.earn(&world.earning(&silver, [1])),
        Err(refused.clone())
    );
    let revoking = world.revoking(&silver, 1, earned);
    assert_eq!(world.revoke_earn(&revoking), Err(refused.clone()));
    let unenrolling = world.unenrolling(&gold, &[(1, None)]);
    assert_eq!(world.unenrol(&unenrolling), Err(refused.clone()));
    let import = world.importing(&silver, &[(3, now()), (1, now())]);
    assert_eq!(world.import(&import), Err(refused));
    let entry = DirectoryEntry {
        customer: customer(1),
        identifiers: Identifiers::default(),
    };
    let by = world.tenant.by(None);
    let put = (world.stores.directory).put(gold.org, &[entry], &by, None);
    assert!(matches!(put, Err(DirectoryError::CustomersMerged)));
    assert_eq!((world.issued(&gold), world.earned(&silver)), (0, 1));
    assert_eq!(
        world.revoke_earn(&world.revoking(&silver, 2, earned)),
        Ok(())
    );
    assert_eq!(world.earned(&silver), 0);
}

fn who_was_executed_before_is_told_so_and_not_that_somebody_was_merged(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.request(&badge, [1]);
    request.context.key = Some(world.guard("key"));
    world.enrol(&request).unwrap();
    let before = world.remembered("key");
    world.merge(1, 2);
    assert_eq!(world.enrol(&request), Err(RecordError::IdempotencyKeyUsed));
    request.context.key = None;
    assert_eq!(world.enrol(&request), Err(RecordError::RequestIdUsed));
    assert_eq!(world.remembered("key"), before);
    let Some(Answer::Enrolment(answer)) = before.map(|it| it.answer) else {
        panic!("no enrolment");
    };
    assert_eq!(answer.outcomes[0].customer, customer(1));
}

fn who_was_merged_stands_for_whoever_the_other_became(world: &World) {
    let badge = world.badge("Gold");
    let enrolment = enrolled(world, &badge, 1, (1000, 2000));
    assert_eq!(world.merge(1, 2), (1, 2));
    assert_eq!(world.merge(2, 3), (2, 3));
    assert_eq!(world.successors(1..5), [(1, 3), (2, 3)]);
    assert_eq!(enrolments(world, &badge, 1), [(enrolment, false)]);
    assert_eq!(world.merge(4, 1), (4, 3), "into the successor");
    assert_eq!(world.merge(1, 5), (3, 5), "the successor further");
    assert_eq!(world.successors(1..6), [(1, 5), (2, 5), (3, 5), (4, 5)]);
    assert_eq!(enrolments(world, &badge, 5), [(enrolment, false)]);
}

fn merging_again_changes_nothing_and_is_answered_the_same(world: &World) {
    let badge = world.badge("Gold");
    enrolled(world, &badge, 1, (1000, 2000));
    for both in [(1, 2), (2, 3), (4, 1)] {
        let (from, to) = world.merge(both.0, both.1);
        let (events, told) = (world.events(), world.trail_of(&to.to_string()));
        assert_eq!(world.merge(both.0, both.1), (from, to));
        assert_eq!(world.events(), events);
        assert_eq!(world.trail_of(&to.to_string()), told);
    }
    assert_eq!(world.merge(1, 2), (1, 2), "after the second was merged");
    for (from, to) in [(3, 1), (3, 4)] {
        let refused = merged(&world.stores, &world.merging(from, to));
        assert!(matches!(refused, Err(MergeError::OnePerson)), "{from} {to}");
    }
}

fn a_merge_is_remembered_under_its_key(world: &World) {
    let mut request = world.merging(1, 2);
    request.key = Some(world.guard("key"));
    merged(&world.stores, &request).unwrap();
    let remembered = world.remembered("key").unwrap();
    let answer = Answer::CustomersMerged {
        from: customer(1),
        to: customer(2),
    };
    assert_eq!(remembered.answer, answer);
    for (from, to) in [(1, 2), (3, 4), (2, 1)] {
        let again = crate::fixtures::customers([from, to]);
        (request.from, request.to) = (again[0], again[1]);
        let refused = merged(&world.stores, &request);
        assert!(matches!(refused, Err(MergeError::IdempotencyKeyUsed)));
    }
}

fn what_expires_is_told_of_the_second(world: &World) {
    let (gold, silver) = (world.badge("Gold"), world.direct("Silver"));
    let mut request = world.request(&gold, [7, 1]);
    request.hold = hold(1000, 2_000_000_000);
    world.enrol(&request).unwrap();
    world.earn(&world.earning(&silver, [1])).unwrap();
    world
        .import(&world.importing(&silver, &[(1, now())]))
        .unwrap();
    world.merge(1, 2);
    let before = world.events().len();
    let late = at("2040-01-01T00:00:00Z");
    world.stores.events.expire(late, late, 100).unwrap();
    let facts = world.facts_since(before);
    let mut told: Vec<_> = facts
        .iter()
        .map(|fact| (fact.kind(), fact.customer().map(CustomerId::get)))
        .collect();
    told.sort_unstable();
    let expected = [
        (EventKind::EnrolmentExpired, Some(2)),
        (EventKind::EnrolmentExpired, Some(7)),
        (EventKind::EarnExpired, Some(2)),
        (EventKind::EarnExpired, Some(2)),
    ];
    assert_eq!(told, expected);
}

fn a_customers_events_are_found_by_either_number(world: &World) {
    let badge = world.direct("Silver");
    world.earns(&badge, [1, 2, 3]);
    world.merge(1, 2);
    world.earns(&badge, [2]);
    for number in [1, 2] {
        let query = accolade_application::ports::FeedQuery {
            customer: Some(customer(number)),
            ..query(badge.org, accolade_domain::event::Position::START)
        };
        let events = all_of(&*world.stores.events, query);
        let kinds: Vec<_> = events.iter().map(Event::kind).collect();
        let earn = EventKind::EarnCreated;
        assert_eq!(kinds, [earn, earn, EventKind::CustomerMerged, earn]);
    }
}

fn another_org_merges_for_itself(world: &World) {
    let other = world.tenant(7);
    let badge = world.badge("Gold");
    enrolled(world, &badge, 1, (1000, 2000));
    let mut request = world.merging(1, 2);
    request.org = other.org;
    merged(&world.stores, &request).unwrap();
    assert_eq!(world.successors([1]), []);
    assert_eq!(enrolments(world, &badge, 2), []);
    assert_eq!(world.enrol(&world.request(&badge, [1])).unwrap().len(), 1);
}

sentences! {
    everything_of_the_first_is_the_seconds
    what_is_asked_about_the_first_is_answered_about_the_second
    of_identifiers_the_seconds_win
    of_enrolments_that_overlap_the_earlier_stays_and_what_was_earned_rests_on_it
    what_both_have_is_kept_in_the_order_in_which_it_was_recorded
    a_customers_limits_count_what_both_have
    of_the_refusals_of_both_the_last_ten_stay
    nothing_is_recorded_for_who_was_merged
    who_was_executed_before_is_told_so_and_not_that_somebody_was_merged
    who_was_merged_stands_for_whoever_the_other_became
    merging_again_changes_nothing_and_is_answered_the_same
    a_merge_is_remembered_under_its_key
    what_expires_is_told_of_the_second
    a_customers_events_are_found_by_either_number
    another_org_merges_for_itself
}
