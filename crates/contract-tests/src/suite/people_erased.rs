//! Customers who are forgotten.

use accolade_application::answer::{
    Answer, DirectoryAnswer, DirectoryEcho, Imported, UnknownCustomer,
};
use accolade_application::ports::{IdempotencyRecord, RecordError};
use accolade_domain::audit::{Action, EntityKind};
use accolade_domain::event::{EventKind, Fact};
use accolade_domain::identifier::IdentifierKind;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::text::RequestId;

use crate::World;
use crate::earning::{all_imported, codes, in_all};
use crate::fixtures::{at, customer, hold, now};
use crate::held::everything_held;

/// What is kept of the only request with this id.
fn answer_of(world: &World, request_id: &RequestId) -> Answer {
    let found = world.stores.requests.find(world.tenant.org, request_id);
    let mut entries = found.unwrap();
    assert_eq!(entries.len(), 1);
    entries.remove(0).answer
}

/// The customers of an answer about several.
fn customers_of(answer: &Answer) -> Vec<i64> {
    let customers: Vec<CustomerId> = match answer {
        Answer::Enrolment(answer) => answer.outcomes.iter().map(|it| it.customer).collect(),
        Answer::Earned(answer) => answer.outcomes.iter().map(|it| it.customer).collect(),
        Answer::EnrolmentsRevoked { outcomes, .. } => {
            outcomes.iter().map(|it| it.customer).collect()
        }
        other => panic!("{other:?}"),
    };
    customers.into_iter().map(CustomerId::get).collect()
}

/// The kinds of the world's events, whether they are forgotten, and the badges of those that are.
fn shown(world: &World) -> Vec<(EventKind, bool, Option<BadgeId>)> {
    let events = world.events().into_iter();
    events
        .map(|event| match event.fact {
            Fact::Forgotten(it) => (it.kind, true, it.badge),
            fact => (fact.kind(), false, None),
        })
        .collect()
}

fn nothing_of_a_customer_is_left_and_what_counted_still_counts(world: &World) {
    let gold = world.badge("Gold");
    let silver = world.limited("Silver", [in_all(1)], [in_all(3)]);
    world.call(1, Some("one@x.org"), None);
    world.enrol(&world.request(&gold, [1, 2])).unwrap();
    assert_eq!(world.earns(&silver, [1, 2]), [0, 0]);
    assert_eq!(world.earns(&silver, [1]), [817]);
    assert_eq!(world.erase(1), 1);
    assert_eq!(world.called(IdentifierKind::Email, "one@x.org"), None);
    assert_eq!(world.held(&everything_held()).holdings, []);
    for badge in [&gold, &silver] {
        let details = world.details(badge, 1);
        let left = (
            details.enrolments.total,
            details.earns.total,
            details.refusals.len(),
        );
        assert_eq!(left, (0, 0, 0));
    }
    assert_eq!((world.issued(&gold), world.earned(&silver)), (2, 2));
    assert_eq!(world.counts(&silver, 1), [0, 2]);
    assert_eq!(
        world.earns(&silver, [1, 3]),
        [0, 818],
        "the number is as good as new"
    );
    assert_eq!(world.counts(&silver, 1), [1, 3]);
    assert_eq!(
        codes(&world.earn(&world.earning(&silver, [2])).unwrap()),
        [817]
    );
}

fn answers_leave_the_customer_out_and_their_requests_stay_executed(world: &World) {
    let (gold, silver) = (
        world.badge("Gold"),
        world.limited("Silver", [in_all(1)], []),
    );
    let mut enrolment = world.request(&gold, [3, 1, 2]);
    enrolment.context.key = Some(world.guard("enrol"));
    world.enrol(&enrolment).unwrap();
    let again = world.request(&gold, [1, 2]);
    world.enrol(&again).unwrap();
    let earn = world.earning(&silver, [1, 2, 3]);
    world.earn(&earn).unwrap();
    let refused = world.earning(&silver, [4, 1]);
    world.earn(&refused).unwrap();
    let revocation = world.unenrolling(&gold, &[(2, None), (1, None)]);
    world.unenrol(&revocation).unwrap();
    world.erase(1);
    let request_id = revocation.request_id.clone().unwrap();
    for (request_id, left) in [
        (&enrolment.request_id, vec![3, 2]),
        (&again.request_id, vec![2]),
        (&earn.request_id, vec![2, 3]),
        (&refused.request_id, vec![4]),
        (&request_id, vec![2]),
    ] {
        assert_eq!(customers_of(&answer_of(world, request_id)), left);
    }
    let remembered = world.remembered("enrol").unwrap();
    assert_eq!(customers_of(&remembered.answer), [3, 2]);
    enrolment.context.key = None;
    assert_eq!(world.enrol(&enrolment), Err(RecordError::RequestIdUsed));
    world.erase(2);
    assert_eq!(customers_of(&answer_of(world, &enrolment.request_id)), [3]);
    assert_eq!(
        customers_of(&answer_of(world, &again.request_id)),
        [0_i64; 0]
    );
}

fn of_an_answer_about_nobody_else_nothing_is_left(world: &World) {
    let silver = world.direct("Silver");
    let request = world.one(&silver, 1);
    let outcomes = world.earn(&request).unwrap();
    let earned = crate::earning::earned_id(&outcomes);
    let revocation = world.revoking(&silver, 1, earned);
    world.revoke_earn(&revocation).unwrap();
    world.erase(1);
    assert_eq!(answer_of(world, &request.request_id), Answer::Forgotten);
    let request_id = revocation.request_id.unwrap();
    assert_eq!(answer_of(world, &request_id), Answer::Forgotten);
}

fn elements_of_an_import_keep_their_places(world: &World) {
    let silver = world.direct("Silver");
    let mut import = world.importing(&silver, &[(1, now()), (2, now()), (1, now())]);
    import.outcomes = all_imported(&import.items);
    world.import(&import).unwrap();
    world.erase(1);
    let Answer::Imported { outcomes, .. } = answer_of(world, &import.request_id) else {
        panic!("no import");
    };
    let expected = [
        Imported::Forgotten,
        import.outcomes[1].clone(),
        Imported::Forgotten,
    ];
    assert_eq!(outcomes, expected);
}

fn identifiers_that_nobody_had_are_taken_out_of_answers(world: &World) {
    let gold = world.badge("Gold");
    let unknown = |position, identifier: &str| UnknownCustomer {
        position,
        identifier: identifier.to_owned(),
    };
    let mut request = world.request(&gold, [1, 2]);
    request.unknown = vec![
        unknown(0, "One@X.org "),
        unknown(2, "other"),
        unknown(4, "1"),
    ];
    world.enrol(&request).unwrap();
    world.call(1, Some("one@x.org"), Some("1"));
    world.erase(1);
    let Answer::Enrolment(answer) = answer_of(world, &request.request_id) else {
        panic!("no enrolment");
    };
    assert_eq!(answer.unknown, [unknown(0, "other")]);
    assert_eq!(answer.outcomes.len(), 1);
}

fn answers_about_the_directory_leave_the_customer_out(world: &World) {
    let echo = |number, email: Option<&str>| DirectoryEcho {
        customer: customer(number),
        email: email.map(|it| it.try_into().unwrap()),
        mobile: None,
        external_id: None,
        card_number: None,
    };
    let remember = |key: &str, single, entries| {
        let record = IdempotencyRecord {
            guard: world.guard(key),
            answer: Answer::Directory(DirectoryAnswer { single, entries }),
        };
        world.stores.idempotency.remember(&record).unwrap().unwrap();
    };
    world.call(1, Some("one@x.org"), None);
    remember("one", true, vec![echo(1, Some("one@x.org"))]);
    remember(
        "both",
        false,
        vec![echo(2, Some("one@x.org")), echo(1, None)],
    );
    remember("other", true, vec![echo(2, Some("two@x.org"))]);
    let other = world.remembered("other");
    world.erase(1);
    assert_eq!(world.remembered("one").unwrap().answer, Answer::Forgotten);
    let left = Answer::Directory(DirectoryAnswer {
        single: false,
        entries: vec![echo(2, None)],
    });
    assert_eq!(world.remembered("both").unwrap().answer, left);
    assert_eq!(world.remembered("other"), other);
}

fn events_about_the_customer_say_nothing_and_keep_their_positions(world: &World) {
    let (gold, silver) = (
        world.badge("Gold"),
        world.limited("Silver", [in_all(1)], [in_all(2)]),
    );
    world.enrol(&world.request(&gold, [2, 1])).unwrap();
    world.earn(&world.earning(&silver, [1, 2])).unwrap();
    world
        .import(&world.importing(&gold, &[(1, now()), (2, now())]))
        .unwrap();
    world
        .unenrol(&world.unenrolling(&gold, &[(1, None), (2, None)]))
        .unwrap();
    let bronze = world.direct("Bronze");
    let earned = world.earned_by(&bronze, 1);
    world
        .revoke_earn(&world.revoking(&bronze, 1, earned))
        .unwrap();
    world.merge(3, 1);
    let before = world.events();
    world.erase(1);
    let after = world.events();
    let (gone, erased) = after.split_at(before.len());
    for (before, after) in before.iter().zip(gone) {
        let numbers = [1, 3].map(customer).into();
        match before.fact.without(&numbers) {
            Some(left) => assert_eq!(after.fact, left),
            None => assert_eq!(after, before),
        }
        assert_eq!(
            (after.position, after.recorded_on),
            (before.position, before.recorded_on)
        );
    }
    let left = shown(world).into_iter().filter(|it| it.1);
    let left: Vec<_> = left.map(|(kind, _, badge)| (kind, badge)).collect();
    let expected = [
        (EventKind::EnrolmentCreated, Some(gold.id)),
        (EventKind::EarnCreated, Some(silver.id)),
        (EventKind::LimitReached, Some(silver.id)),
        (EventKind::EarnImported, Some(gold.id)),
        (EventKind::EnrolmentRevoked, Some(gold.id)),
        (EventKind::EarnCreated, Some(bronze.id)),
        (EventKind::EarnRevoked, Some(bronze.id)),
        (EventKind::CustomerMerged, None),
    ];
    assert_eq!(left, expected);
    let [only] = erased else {
        panic!("{erased:?}");
    };
    let fact = Fact::CustomerErased {
        customer: customer(1),
    };
    assert_eq!((&only.fact, only.recorded_on), (&fact, now()));
}

fn of_what_was_revoked_at_once_each_part_is_looked_at(world: &World) {
    let badge = world.direct("Silver");
    let earned = [1, 2, 3].map(|number| (number, world.earned_by(&badge, number)));
    let requests = earned.map(|(number, earned)| world.revoking(&badge, number, earned));
    let revoked = world.stores.earning.revoke_all(&requests).unwrap();
    assert_eq!(revoked, [Ok(()), Ok(()), Ok(())]);
    let before = world.events().len() - requests.len();
    world.erase(9);
    world.erase(2);
    let told = world.facts_since(before).into_iter();
    let told: Vec<_> = told
        .map(|fact| fact.customer().map(CustomerId::get))
        .collect();
    assert_eq!(told, [Some(1), None, Some(3), Some(2)]);
}

fn what_had_expired_says_nothing_and_what_would_is_not_told(world: &World) {
    let (gold, silver) = (world.badge("Gold"), world.direct("Silver"));
    let mut request = world.request(&gold, [1, 2, 3]);
    request.hold = hold(1000, 1_900_000_000);
    world.enrol(&request).unwrap();
    world.earn(&world.earning(&silver, [4, 1, 2])).unwrap();
    world
        .import(&world.importing(&silver, &[(1, now()), (2, now())]))
        .unwrap();
    world.merge(1, 5);
    let first = at("2027-06-01T00:00:00Z");
    let expired = world.stores.events.expire(first, first, 100).unwrap();
    assert_eq!(expired.events, 3);
    world.erase(5);
    let late = at("2040-01-01T00:00:00Z");
    let expired = world.stores.events.expire(late, late, 100).unwrap();
    assert_eq!(expired.events, 3, "of two enrolments and an import");
    let of = |kind| {
        let shown = shown(world).into_iter().filter(move |it| it.0 == kind);
        shown.map(|it| it.1).collect::<Vec<_>>()
    };
    assert_eq!(of(EventKind::EnrolmentExpired), [false, false]);
    assert_eq!(of(EventKind::EarnExpired), [false, true, false, false]);
}

fn reasons_about_the_customer_are_gone_and_all_else_of_the_trail_stays(world: &World) {
    let (gold, silver) = (world.badge("Gold"), world.direct("Silver"));
    let because = |reason: &str| Some(reason.try_into().unwrap());
    world.enrol(&world.request(&gold, [1, 2])).unwrap();
    let mut revocation = world.unenrolling(&gold, &[(1, None), (2, None)]);
    revocation.reason = because("a mistake");
    let outcomes = world.unenrol(&revocation).unwrap();
    let earned = world.earned_by(&silver, 1);
    let mut request = world.revoking(&silver, 1, earned);
    request.reason = because("another one");
    world.revoke_earn(&request).unwrap();
    world.merge(3, 1);
    world.erase(1);
    let reason = |id: &str| {
        let told = world.trail_of(id);
        let entry = told.iter().find(|it| it.action != Action::Erase).unwrap();
        entry.reason.as_ref().map(|it| it.as_str().to_owned())
    };
    let [hers, other] = [0, 1].map(|place: usize| outcomes[place].enrolment.unwrap().to_string());
    assert_eq!(reason(&hers), None);
    assert_eq!(reason(&other).as_deref(), Some("a mistake"));
    assert_eq!(reason(&earned.to_string()), None);
    assert_eq!(reason("1"), None);
    let mut told = world.trail_of("1");
    told.retain(|it| it.entity.kind() == EntityKind::Customer);
    let actions: Vec<_> = told.iter().map(|it| it.action).collect();
    assert_eq!(actions, [Action::Erase, Action::Merge]);
    let merge = &told[1];
    assert!(!merge.change.is_empty());
}

fn who_was_merged_into_the_customer_goes_as_well(world: &World) {
    let badge = world.direct("Silver");
    let [first, second] = [1, 2].map(|number| world.earning(&badge, [number, 9]));
    world.earn(&first).unwrap();
    world.earn(&second).unwrap();
    world.merge(1, 2);
    world.merge(2, 3);
    assert_eq!(world.erase(1), 3);
    assert_eq!(world.successors(1..4), []);
    for request in [&first, &second] {
        assert_eq!(customers_of(&answer_of(world, &request.request_id)), [9]);
    }
    let earned = world.earned_by(&badge, 1);
    assert_eq!(world.details(&badge, 1).earns.items[0].earned.id, earned);
    assert_eq!(world.details(&badge, 3).earns.total, 0);
}

fn erasing_again_changes_nothing_and_is_answered_the_same(world: &World) {
    let badge = world.direct("Silver");
    world.earned_by(&badge, 1);
    world.erase(1);
    let (events, told) = (world.events(), world.trail_of("1"));
    for number in [1, 4] {
        assert_eq!(world.erase(number), number);
    }
    assert_eq!(world.events(), events);
    assert_eq!(world.trail_of("1"), told);
    assert_eq!(world.trail_of("4"), []);
    world.earned_by(&badge, 1);
    let fact = world.events().pop().unwrap().fact;
    assert_eq!(fact.customer(), Some(customer(1)), "a new life");
    world.erase(1);
    let erasures = world.kinds().into_iter();
    assert_eq!(
        erasures
            .filter(|it| *it == EventKind::CustomerErased)
            .count(),
        2
    );
}

fn another_orgs_customer_of_this_number_stays(world: &World) {
    let other = world.tenant(7);
    let badge = world.direct("Silver");
    let foreign = world.badge_of(other, "Silver");
    world.earned_by(&badge, 1);
    let request = world.request(&foreign, [1]);
    world.enrol(&request).unwrap();
    let mut erasing = world.erasing(1);
    erasing.org = other.org;
    world.stores.people.erase(&erasing).unwrap();
    assert_eq!(world.details(&badge, 1).earns.total, 1);
    assert_eq!(world.details(&foreign, 1).enrolments.total, 0);
    let facts = world.events().into_iter().map(|it| it.fact);
    assert!(
        facts
            .into_iter()
            .all(|it| !matches!(it, Fact::Forgotten(_)))
    );
}

sentences! {
    nothing_of_a_customer_is_left_and_what_counted_still_counts
    answers_leave_the_customer_out_and_their_requests_stay_executed
    of_an_answer_about_nobody_else_nothing_is_left
    elements_of_an_import_keep_their_places
    identifiers_that_nobody_had_are_taken_out_of_answers
    answers_about_the_directory_leave_the_customer_out
    events_about_the_customer_say_nothing_and_keep_their_positions
    of_what_was_revoked_at_once_each_part_is_looked_at
    what_had_expired_says_nothing_and_what_would_is_not_told
    reasons_about_the_customer_are_gone_and_all_else_of_the_trail_stays
    who_was_merged_into_the_customer_goes_as_well
    erasing_again_changes_nothing_and_is_answered_the_same
    another_orgs_customer_of_this_number_stays
}
