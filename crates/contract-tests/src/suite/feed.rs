//! What the feed is told.

use accolade_application::answer::{EarnOutcome, Imported};
use accolade_application::ports::{BadgeEdit, RecordError};
use accolade_domain::badge::Badge;
use accolade_domain::enrolment::Outcome;
use accolade_domain::event::{BadgeChanged, BadgeFact, EarnFact, EnrolmentFact, EventKind, Fact};
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::rejection::{Code, Rejection};

use crate::World;
use crate::earning::in_all;
use crate::feed::all_events;
use crate::fixtures::{at, claim, customer, now, owner, second};

const LATER: &str = "2026-05-02T00:00:00.000003Z";

fn of_badge(badge: &Badge, changed: BadgeChanged, version: i64, owner: Option<Owner>) -> Fact {
    let fact = BadgeFact {
        badge: badge.id,
        version,
        name: badge.definition.name.clone(),
        actor: badge.created_by,
        owner,
    };
    Fact::Badge(changed, fact)
}

fn enrolments_are_told_each_customer_for_itself(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [2])).unwrap();
    let before = world.events().len();
    let mut request = world.request(&badge, [3, 2, 1]);
    request.context.now = at(LATER);
    request.triggered_by = Some(owner(OwnerType::Loyalty, "spring"));
    let outcomes = world.enrol(&request).unwrap();
    let fact = |place: usize| {
        let Outcome::Enrolled(enrolment) = outcomes[place].outcome else {
            panic!("{:?}", outcomes[place]);
        };
        Fact::EnrolmentCreated(EnrolmentFact {
            badge: badge.id,
            customer: outcomes[place].customer,
            enrolment,
            event_on: request.hold.event_on(),
            expires_on: request.hold.expires_on(),
            triggered_by: request.triggered_by.clone(),
            request_id: Some(request.request_id.clone()),
            actor: Some(badge.created_by),
            reason: None,
        })
    };
    assert_eq!(world.facts_since(before), [fact(0), fact(2)]);
    for event in &world.events()[before..] {
        assert_eq!((event.org, event.recorded_on), (badge.org, at(LATER)));
    }
}

fn revoked_enrolments_are_told_with_or_without_a_request_id(world: &World) {
    let badge = world.badge("Gold");
    for (customer, has_id) in [(1, true), (2, false)] {
        let mut request = world.request(&badge, [customer]);
        request.triggered_by = Some(owner(OwnerType::Journeys, "7"));
        let outcomes = world.enrol(&request).unwrap();
        let Outcome::Enrolled(enrolment) = outcomes[0].outcome else {
            panic!("{outcomes:?}");
        };
        let before = world.events().len();
        let mut revocation = world.unenrolling(&badge, &[(customer, None), (9, None)]);
        revocation.context.now = at(LATER);
        if !has_id {
            revocation.request_id = None;
        }
        world.unenrol(&revocation).unwrap();
        let fact = EnrolmentFact {
            badge: badge.id,
            customer: self::customer(customer),
            enrolment,
            event_on: request.hold.event_on(),
            expires_on: request.hold.expires_on(),
            triggered_by: request.triggered_by,
            request_id: revocation.request_id,
            actor: Some(badge.created_by),
            reason: None,
        };
        assert_eq!(world.facts_since(before), [Fact::EnrolmentRevoked(fact)]);
        assert_eq!(world.events()[before].recorded_on, at(LATER));
    }
}

fn earns_and_their_revocations_are_told_with_the_enrolment_that_they_rest_on(world: &World) {
    let badge = world.badge("Gold");
    world.enrol_for_hours(&badge, -1, 5, 1);
    let mut request = world.earning(&badge, [2, 1]);
    request.triggered_by = Some(owner(OwnerType::Milestones, "ten"));
    let before = world.events().len();
    let outcomes = world.earn(&request).unwrap();
    let EarnOutcome::Earned(earned, enrolment @ Some(_)) = outcomes[1].outcome.clone() else {
        panic!("{outcomes:?}");
    };
    let fact = EarnFact {
        badge: badge.id,
        customer: customer(1),
        earned,
        enrolment,
        event_on: request.terms.event_on,
        expires_on: request.terms.expires_on,
        triggered_by: request.triggered_by.clone(),
        request_id: Some(request.request_id.clone()),
        actor: Some(badge.created_by),
        reason: None,
        limits: Vec::new(),
    };
    assert_eq!(world.facts_since(before), [Fact::EarnCreated(fact.clone())]);

    let mut revocation = world.revoking(&badge, 1, earned);
    revocation.context.now = at(LATER);
    world.revoke_earn(&revocation).unwrap();
    let revoked = EarnFact {
        request_id: revocation.request_id,
        ..fact
    };
    assert_eq!(world.facts_since(before + 1), [Fact::EarnRevoked(revoked)]);
    assert_eq!(world.events()[before + 1].recorded_on, at(LATER));
}

fn imports_are_told_in_the_order_of_their_answer(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.importing(&badge, &[(2, second(5)), (1, second(3)), (2, second(4))]);
    let refused = Imported::Refused(vec![Rejection::new(Code::Unreadable)]);
    request.outcomes.insert(1, refused);
    let before = world.events().len();
    world.import(&request).unwrap();
    let fact = |index: usize| {
        let item = &request.items[index];
        Fact::EarnImported(EarnFact {
            badge: item.badge,
            customer: item.customer,
            earned: item.id,
            enrolment: None,
            event_on: item.event_on,
            expires_on: item.expires_on,
            triggered_by: None,
            request_id: Some(request.request_id.clone()),
            actor: Some(badge.created_by),
            reason: None,
            limits: Vec::new(),
        })
    };
    assert_eq!(world.facts_since(before), [fact(0), fact(1), fact(2)]);

    let mut revocation = world.revoking(&badge, 1, request.items[1].id);
    revocation.request_id = None;
    world.revoke_earn(&revocation).unwrap();
    let [Fact::EarnRevoked(revoked)] = &world.facts_since(before + 3)[..] else {
        panic!("{:?}", world.facts_since(before + 3));
    };
    assert_eq!(
        (revoked.request_id.as_ref(), revoked.event_on),
        (None, second(3))
    );
}

fn whatever_becomes_of_a_badge_is_told(world: &World) {
    let badge = world.badge("Gold");
    let owner = owner(OwnerType::Loyalty, "1");
    let claimed = |active| BadgeEdit::Claim(claim(OwnerType::Loyalty, "1", active));
    world.edit(&badge, claimed(true));
    world.edit(&badge, claimed(false));
    world.edit(&badge, claimed(true));
    world.edit(&badge, BadgeEdit::Activity(false));
    world.edit(&badge, BadgeEdit::Activity(true));
    let mut renamed = badge.clone();
    renamed.definition.name = "Silver".try_into().unwrap();
    let silver = Box::new(renamed.definition.clone());
    let definition = || silver.clone();
    world.edit(
        &badge,
        BadgeEdit::Definition {
            definition: definition(),
            active: None,
        },
    );
    // It has this definition, so only what it does beside is told.
    world.edit(
        &badge,
        BadgeEdit::Definition {
            definition: definition(),
            active: Some(false),
        },
    );
    renamed.definition.default_till = Some(7);
    world.edit(
        &badge,
        BadgeEdit::Definition {
            definition: Box::new(renamed.definition.clone()),
            active: Some(true),
        },
    );
    let expected = [
        of_badge(&badge, BadgeChanged::Created, 1, None),
        of_badge(&badge, BadgeChanged::Claimed, 2, Some(owner.clone())),
        of_badge(&badge, BadgeChanged::Unclaimed, 3, Some(owner.clone())),
        of_badge(&badge, BadgeChanged::Claimed, 4, Some(owner)),
        of_badge(&badge, BadgeChanged::Deactivated, 5, None),
        of_badge(&badge, BadgeChanged::Activated, 6, None),
        of_badge(&renamed, BadgeChanged::Updated, 7, None),
        of_badge(&renamed, BadgeChanged::Deactivated, 8, None),
        of_badge(&renamed, BadgeChanged::Updated, 9, None),
        of_badge(&renamed, BadgeChanged::Activated, 9, None),
    ];
    assert_eq!(world.facts_since(0), expected);
    let events = world.events();
    assert_eq!(events[0].recorded_on, badge.created_on);
    assert_eq!(events[1].recorded_on, now());
}

fn what_changes_nothing_is_not_told(world: &World) {
    let badge = world.badge("Gold");
    let claimed = |active| BadgeEdit::Claim(claim(OwnerType::Loyalty, "1", active));
    world.edit(&badge, claimed(false));
    world.edit(&badge, claimed(true));
    let before = world.events().len();
    world.edit(&badge, claimed(true));
    world.edit(&badge, BadgeEdit::Activity(true));
    for active in [None, Some(true)] {
        world.edit(
            &badge,
            BadgeEdit::Definition {
                definition: Box::new(badge.definition.clone()),
                active,
            },
        );
    }
    assert_eq!(before, 2);
    assert_eq!(world.facts_since(before), []);
}

fn what_is_refused_is_not_told(world: &World) {
    let badge = world.badge("Gold");
    let request = world.request(&badge, [1, 2]);
    world.enrol(&request).unwrap();
    let limited = world.limited("Limited", [], [in_all(1)]);
    world.earn(&world.earning(&limited, [1])).unwrap();
    let before = world.events().len();

    world.enrol(&request).unwrap_err();
    world.enrol(&world.request(&badge, [2, 1])).unwrap();
    world.enrol(&world.request(&badge, [])).unwrap();
    let mut stale = world.request(&badge, [3]);
    stale.version.0 -= 1;
    assert_eq!(world.enrol(&stale), Err(RecordError::BadgeChanged));
    world.earn(&world.earning(&limited, [2, 3])).unwrap();
    world.earn(&world.earning(&badge, [9])).unwrap();
    world
        .unenrol(&world.unenrolling(&badge, &[(9, None)]))
        .unwrap();
    let nobodys = world.revoking(&badge, 1, badge.id.0.into());
    world.revoke_earn(&nobodys).unwrap_err();
    world.import(&world.importing(&badge, &[])).unwrap();
    world
        .stores
        .badges
        .create(&world.draft("Gold"), None, &[])
        .unwrap_err();
    let mut late = world.edit_request(&badge, BadgeEdit::Activity(false));
    late.version.0 -= 1;
    world.stores.badges.edit(&late).unwrap_err();
    assert_eq!(world.facts_since(before), []);
}

fn requests_of_a_batch_are_told_in_its_order(world: &World) {
    let badge = world.badge("Gold");
    let before = world.events().len();
    let mut batch = accolade_application::ports::EnrolmentBatch::default();
    for number in [5, 3, 9, 1] {
        batch.push(world.request(&badge, [number])).unwrap();
    }
    world.stores.enrolments.enrol(&batch).unwrap();
    let events = world.events();
    let customers = events[before..].iter().map(|it| it.customer().unwrap());
    assert_eq!(customers.collect::<Vec<_>>(), [5, 3, 9, 1].map(customer));
}

fn each_org_has_a_feed_of_its_own(world: &World) {
    let tenant = world.tenant(7);
    let badge = world.badge("Gold");
    let others = world.badge_of(tenant, "Gold");
    world.enrol(&world.request(&badge, [1])).unwrap();
    world.enrol(&world.request(&others, [1, 2])).unwrap();
    assert_eq!(
        world.kinds(),
        [EventKind::BadgeCreated, EventKind::EnrolmentCreated]
    );
    let of_other = all_events(&*world.stores.events, tenant.org);
    assert_eq!(of_other.len(), 3);
    assert!(of_other.iter().all(|it| it.org == tenant.org));
}

fn ten_thousand_customers_of_one_request_are_ten_thousand_events(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, 1..=10_000)).unwrap();
    let before = world.events().len();
    let targets: Vec<_> = (1..=10_000).map(|number| (number, None)).collect();
    world.unenrol(&world.unenrolling(&badge, &targets)).unwrap();
    let events = world.events();
    assert_eq!((before, events.len()), (10_001, 20_001));
    for (created, revoked) in events[1..].iter().zip(&events[before..]) {
        assert_eq!(created.customer(), revoked.customer());
    }
}

sentences! {
    enrolments_are_told_each_customer_for_itself
    revoked_enrolments_are_told_with_or_without_a_request_id
    earns_and_their_revocations_are_told_with_the_enrolment_that_they_rest_on
    imports_are_told_in_the_order_of_their_answer
    whatever_becomes_of_a_badge_is_told
    what_changes_nothing_is_not_told
    what_is_refused_is_not_told
    requests_of_a_batch_are_told_in_its_order
    each_org_has_a_feed_of_its_own
    ten_thousand_customers_of_one_request_are_ten_thousand_events
}
