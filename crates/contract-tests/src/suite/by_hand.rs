//! What operators do by hand, in the audit trail.

use accolade_application::ports::{AuditQuery, EarnRequest, EnrolmentRequest};
use accolade_domain::audit::{Action, Change, EntityKind, Entry};
use accolade_domain::text::Reason;

use crate::World;
use crate::earning::{code_of, in_all};

fn reason() -> Reason {
    Reason::try_from("she has shown the receipt").unwrap()
}

/// What the audit trail tells of enrolments and earned badges, oldest first.
fn told(world: &World) -> Vec<Entry> {
    let query = AuditQuery {
        kinds: vec![EntityKind::Enrolment, EntityKind::Earn],
        limit: 1_000,
        ..AuditQuery::default()
    };
    let page = world.stores.audit.entries(world.tenant.org, &query);
    let entries = page.unwrap().entries.into_iter().rev();
    entries.map(|it| it.entry).collect()
}

fn who_is_enrolled_by_hand_is_in_the_audit_trail_with_the_reason(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [2])).unwrap();
    assert_eq!(told(world), []);
    let mut request = EnrolmentRequest {
        by_hand: Some(reason()),
        ..world.request(&badge, [1, 2, 3])
    };
    request.context.tag = Some("by-hand".try_into().unwrap());
    world.enrol(&request).unwrap();
    let told = told(world);
    // The second was enrolled already.
    let expected = [0, 2].map(|place| request.ids.get(place).unwrap().to_string());
    let ids: Vec<_> = told.iter().map(|it| it.entity.id()).collect();
    assert_eq!(ids, expected);
    for entry in told {
        assert_eq!(entry.entity.kind(), EntityKind::Enrolment);
        assert_eq!(entry.action, Action::Create);
        assert_eq!(entry.reason, Some(reason()));
        assert_eq!(entry.by, request.context.attribution());
        assert_eq!(entry.change, Change::default());
    }
}

fn who_earns_by_hand_is_in_the_audit_trail_and_who_is_refused_is_not(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], []);
    let by_hand = |number| EarnRequest {
        by_hand: Some(reason()),
        ..world.one(&badge, number)
    };
    let first = by_hand(1);
    assert_eq!(code_of(&world.earn(&first)), 0);
    assert_eq!(code_of(&world.earn(&by_hand(1))), 817);
    let told = told(world);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].entity.id(), first.ids.first().unwrap().to_string());
    assert_eq!(
        (told[0].entity.kind(), told[0].action, &told[0].reason),
        (EntityKind::Earn, Action::Create, &Some(reason()))
    );
}

fn when_a_customer_is_erased_the_reasons_about_her_go(world: &World) {
    let badge = world.badge("Gold");
    let request = EnrolmentRequest {
        by_hand: Some(reason()),
        ..world.request(&badge, [1, 2])
    };
    world.enrol(&request).unwrap();
    world.erase(1);
    let reasons: Vec<_> = told(world).into_iter().map(|it| it.reason).collect();
    assert_eq!(reasons, [None, Some(reason())]);
}

sentences! {
    who_is_enrolled_by_hand_is_in_the_audit_trail_with_the_reason
    who_earns_by_hand_is_in_the_audit_trail_and_who_is_refused_is_not
    when_a_customer_is_erased_the_reasons_about_her_go
}
