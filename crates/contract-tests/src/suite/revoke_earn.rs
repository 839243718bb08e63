//! Revoking earned badges.

use accolade_application::ports::{
    Context, IdempotencyRecord, LedgerEntry, Operation, RecordError, RecordedRequest as _,
    RevokeEarnRequest,
};

use accolade_domain::audit::Action;
use accolade_domain::event::Fact;
use accolade_domain::zone::CalendarUnit;

use crate::World;
use crate::earning::{daily, in_all, rolling};
use crate::fixtures::{at, customer, now};

fn a_revoked_earn_is_not_active_counts_no_more_and_stays_in_the_details(world: &World) {
    let badge = world.direct("Gold");
    let [one, two] = [1, 1].map(|number| world.earned_by(&badge, number));
    let mut request = world.revoking(&badge, 1, one);
    request.context.now = at("2026-05-03T00:00:00.000001Z");
    world.revoke_earn(&request).unwrap();
    let is_active = |id| {
        let earning = &world.stores.earning;
        earning
            .is_active(badge.org, badge.id, customer(1), id)
            .unwrap()
    };
    assert!(!is_active(one));
    assert!(is_active(two));
    assert_eq!(world.earned(&badge), 1);
    let earns = world.details(&badge, 1).earns.items;
    let revoked: Vec<_> = earns
        .iter()
        .map(|r| (r.earned.id, r.earned.revoked_on))
        .collect();
    assert_eq!(revoked, [(two, None), (one, Some(request.context.now))]);
}

fn a_revocation_is_in_the_ledger_and_remembered_under_its_key(world: &World) {
    let badge = world.direct("Gold");
    let mut request = world.revoking(&badge, 1, world.earned_by(&badge, 1));
    request.context.key = Some(world.guard("key"));
    world.revoke_earn(&request).unwrap();
    let request_id = request.request_id.clone().unwrap();
    let entry = LedgerEntry {
        request_id: request_id.clone(),
        operation: Operation::RevokeEarn,
        recorded_on: request.context.now,
        answer: request.answer(()),
    };
    let found = world.stores.requests.find(badge.org, &request_id);
    assert_eq!(found.unwrap(), [entry]);
    let record = IdempotencyRecord {
        guard: world.guard("key"),
        answer: request.answer(()),
    };
    assert_eq!(world.remembered("key"), Some(record));
}

fn a_revocation_without_request_id_is_remembered_under_its_key_alone(world: &World) {
    let badge = world.direct("Gold");
    let mut request = world.revoking(&badge, 1, world.earned_by(&badge, 1));
    request.context.key = Some(world.guard("key"));
    request.request_id = None;
    world.revoke_earn(&request).unwrap();
    assert!(world.remembered("key").is_some());
    let mut again = world.revoking(&badge, 1, world.earned_by(&badge, 1));
    again.context.key = None;
    world
        .revoke_earn(&RevokeEarnRequest {
            request_id: None,
            ..again
        })
        .unwrap();
}

fn of_the_reasons_not_to_revoke_an_earn_the_first_is_given_and_nothing_is_written(world: &World) {
    let badge = world.direct("Gold");
    let mut used = world.revoking(&badge, 1, world.earned_by(&badge, 1));
    used.context.key = Some(world.guard("used"));
    world.revoke_earn(&used).unwrap();
    let active = world.earned_by(&badge, 1);
    for (key, id, earned, expected) in [
        (true, true, false, RecordError::IdempotencyKeyUsed),
        (true, false, true, RecordError::IdempotencyKeyUsed),
        (false, true, true, RecordError::RequestIdUsed),
        (false, true, false, RecordError::RequestIdUsed),
        (
            false,
            false,
            false,
            RecordError::Refused(RevokeEarnRequest::none_active()),
        ),
    ] {
        let mut request = world.revoking(&badge, 1, if earned { active } else { used.earned });
        request.context.key = Some(world.guard(if key { "used" } else { "fresh" }));
        if id {
            request.request_id.clone_from(&used.request_id);
        }
        assert_eq!(world.revoke_earn(&request), Err(expected));
        assert_eq!(world.remembered("fresh"), None);
        assert_eq!(world.earned(&badge), 1);
    }
}

fn an_earn_of_another_customer_badge_or_org_is_not_revoked(world: &World) {
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.direct(name));
    let mine = world.revoking(&gold, 1, world.earned_by(&gold, 1));
    world.earned_by(&gold, 2);
    world.earned_by(&silver, 1);
    let other = world.tenant(7);
    for request in [
        RevokeEarnRequest {
            customer: customer(2),
            ..mine.clone()
        },
        RevokeEarnRequest {
            badge: silver.id,
            ..mine.clone()
        },
        RevokeEarnRequest {
            context: Context {
                org: other.org,
                ..mine.context.clone()
            },
            ..mine.clone()
        },
    ] {
        let earning = &world.stores.earning;
        let RevokeEarnRequest {
            badge,
            customer,
            earned,
            ..
        } = request;
        let org = request.context.org;
        assert!(!earning.is_active(org, badge, customer, earned).unwrap());
        assert_eq!(
            world.revoke_earn(&request),
            Err(RecordError::Refused(RevokeEarnRequest::none_active()))
        );
    }
    assert_eq!((world.earned(&gold), world.earned(&silver)), (2, 1));
    world.revoke_earn(&mine).unwrap();
}

fn earns_that_are_revoked_together_have_a_result_each_and_every_count_falls(world: &World) {
    let windows = [in_all(99), daily(1, 99), rolling(CalendarUnit::Days, 1, 99)];
    let badge = world.limited("Gold", [in_all(99)], windows);
    let earned = [1, 2, 1, 3].map(|number| (number, world.earned_by(&badge, number)));
    let import = world.importing(&badge, &[(4, now())]);
    world.import(&import).unwrap();
    assert_eq!(world.counts(&badge, 1), [2, 5, 5, 4]);
    let executed = world.revoking(&badge, 9, earned[0].1);
    world.merge(8, 9);
    let mut requests: Vec<_> = earned[..3]
        .iter()
        .map(|(number, earned)| world.revoking(&badge, *number, *earned))
        .collect();
    requests.push(world.revoking(&badge, 4, import.items[0].id));
    // Another customer's, one who was merged, and a request id that is used.
    requests.push(world.revoking(&badge, 2, earned[3].1));
    requests.push(world.revoking(&badge, 8, executed.earned));
    let used = world.revoking(&badge, 3, world.earned_by(&badge, 3));
    world.revoke_earn(&used).unwrap();
    requests.push(RevokeEarnRequest {
        request_id: used.request_id,
        ..world.revoking(&badge, 3, earned[3].1)
    });
    let reason = Some("sent back".try_into().unwrap());
    for request in &mut requests {
        request.reason.clone_from(&reason);
    }
    let before = world.events().len();
    let revoked = world.stores.earning.revoke_all(&requests).unwrap();
    let none = || RecordError::Refused(RevokeEarnRequest::none_active());
    let expected = [
        Ok(()),
        Ok(()),
        Ok(()),
        Ok(()),
        Err(none()),
        Err(RecordError::CustomersMerged),
        Err(RecordError::RequestIdUsed),
    ];
    assert_eq!(revoked, expected);
    assert_eq!(world.earned(&badge), 1);
    assert_eq!(world.counts(&badge, 1), [0, 1, 1, 1]);
    let told = world
        .facts_since(before)
        .into_iter()
        .map(|fact| match fact {
            Fact::EarnRevoked(fact) => (fact.earned, fact.request_id, fact.reason),
            other => panic!("{other:?}"),
        });
    let done = requests[..4].iter();
    let done = done.map(|it| (it.earned, it.request_id.clone(), reason.clone()));
    assert_eq!(told.collect::<Vec<_>>(), done.collect::<Vec<_>>());
    for request in &requests[..4] {
        let id = request.request_id.clone().unwrap();
        let found = world.stores.requests.find(badge.org, &id).unwrap();
        assert_eq!(found[0].answer, request.answer(()));
    }
    let trail = world.trail_of(&requests[3].earned.to_string());
    assert_eq!(
        (trail[0].action, &trail[0].reason),
        (Action::Revoke, &reason)
    );
    let again = world.stores.earning.revoke_all(&requests[..2]).unwrap();
    assert_eq!(again, [(); 2].map(|()| Err(RecordError::RequestIdUsed)));
    assert_eq!(world.stores.earning.revoke_all(&[]).unwrap(), []);
}

sentences! {
    earns_that_are_revoked_together_have_a_result_each_and_every_count_falls
    a_revoked_earn_is_not_active_counts_no_more_and_stays_in_the_details
    a_revocation_is_in_the_ledger_and_remembered_under_its_key
    a_revocation_without_request_id_is_remembered_under_its_key_alone
    of_the_reasons_not_to_revoke_an_earn_the_first_is_given_and_nothing_is_written
    an_earn_of_another_customer_badge_or_org_is_not_revoked
}
