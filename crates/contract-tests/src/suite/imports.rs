//! Importing earned badges.

use accolade_application::answer::Imported;
use accolade_application::ports::{
    EarnRecord, IdempotencyRecord, LedgerEntry, Operation, RecordError, RecordedRequest as _,
};
use accolade_domain::earning::EarnedBadge;
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};

use crate::World;
use crate::earning::{all_imported, in_all};
use crate::fixtures::{at, now, second};

fn imports_are_found_as_they_were_recorded_the_last_first(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.importing(&badge, &[(1, second(5)), (2, Instant::MIN), (1, second(3))]);
    request.items[1].expires_on = Instant::MAX;
    request.outcomes = all_imported(&request.items);
    request.context.now = at("2026-05-02T00:00:00.000003Z");
    world.import(&request).unwrap();
    let record = |index: usize| {
        let item = &request.items[index];
        EarnRecord {
            earned: EarnedBadge {
                id: item.id,
                enrolment: None,
                event_on: item.event_on,
                earned_on: request.context.now,
                expires_on: item.expires_on,
                revoked_on: None,
                imported: true,
            },
            triggered_by: None,
            revoked_by: None,
            revoke_reason: None,
        }
    };
    assert_eq!(world.details(&badge, 1).earns.items, [record(2), record(0)]);
    assert_eq!(world.details(&badge, 2).earns.items, [record(1)]);
    assert_eq!(world.earned(&badge), 3);
}

fn an_import_is_in_the_ledger_and_remembered_under_its_key(world: &World) {
    let badge = world.badge("Gold");
    let mut request = world.importing(&badge, &[(1, now())]);
    request.outcomes = vec![
        Imported::Refused(vec![Rejection::new(Code::Unreadable).at_field("𝄞")]),
        Imported::Recorded {
            badge: badge.id,
            customer: request.items[0].customer,
            earned: request.items[0].id,
            expires_on: request.items[0].expires_on,
        },
    ];
    request.context.key = Some(world.guard("key"));
    world.import(&request).unwrap();
    let entry = LedgerEntry {
        request_id: request.request_id.clone(),
        operation: Operation::Import,
        recorded_on: request.context.now,
        answer: request.answer(()),
    };
    let found = world.stores.requests.find(badge.org, &request.request_id);
    assert_eq!(found.unwrap(), [entry]);
    let record = IdempotencyRecord {
        guard: world.guard("key"),
        answer: request.answer(()),
    };
    assert_eq!(world.remembered("key"), Some(record));
}

fn of_the_reasons_not_to_import_the_first_is_given_and_nothing_is_written(world: &World) {
    let badge = world.badge("Gold");
    let mut used = world.importing(&badge, &[(1, now())]);
    used.context.key = Some(world.guard("used"));
    world.import(&used).unwrap();
    for (key, id, expected) in [
        ("used", true, RecordError::IdempotencyKeyUsed),
        ("used", false, RecordError::IdempotencyKeyUsed),
        ("fresh", true, RecordError::RequestIdUsed),
    ] {
        let mut request = world.importing(&badge, &[(1, now())]);
        request.context.key = Some(world.guard(key));
        if id {
            request.request_id = used.request_id.clone();
        }
        assert_eq!(world.import(&request), Err(expected));
        assert_eq!(world.remembered("fresh"), None);
        assert_eq!(world.earned(&badge), 1);
    }
}

fn one_import_may_be_of_several_badges(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.limited(name, [], [in_all(2)]));
    let mut request = world.importing(&gold, &[(1, now()), (2, now())]);
    let other = world.importing(&silver, &[(1, now())]);
    request.items.insert(1, other.items[0].clone());
    world.import(&request).unwrap();
    assert_eq!((world.earned(&gold), world.earned(&silver)), (2, 1));
    assert_eq!(world.earns(&gold, [3]), [818]);
    assert_eq!(world.earns(&silver, [3, 4]), [0, 818]);
}

fn an_import_without_items_is_carried_out(world: &World) {
    let badge = world.badge("Gold");
    let request = world.importing(&badge, &[]);
    world.import(&request).unwrap();
    assert_eq!(world.import(&request), Err(RecordError::RequestIdUsed));
}

fn imports_with_one_request_id_that_race_are_recorded_once(world: &World) {
    let servers = world.servers();
    let badge = world.badge("Gold");
    let request = world.importing(&badge, &[(1, now()), (2, now())]);
    let results = crate::race::race(8, |i| servers[i % 2].earning.import(&request).unwrap());
    crate::race::only_winner(&results, |error| *error == RecordError::RequestIdUsed);
    assert_eq!(world.earned(&badge), 2);
}

fn ten_thousand_earns_are_imported_at_once(world: &World) {
    let badge = world.badge("Gold");
    let earns: Vec<_> = (1..=10_000).map(|number| (number, now())).collect();
    world.import(&world.importing(&badge, &earns)).unwrap();
    assert_eq!(world.earned(&badge), 10_000);
}

sentences! {
    imports_are_found_as_they_were_recorded_the_last_first
    an_import_is_in_the_ledger_and_remembered_under_its_key
    of_the_reasons_not_to_import_the_first_is_given_and_nothing_is_written
    one_import_may_be_of_several_badges
    an_import_without_items_is_carried_out
    imports_with_one_request_id_that_race_are_recorded_once
    ten_thousand_earns_are_imported_at_once
}
