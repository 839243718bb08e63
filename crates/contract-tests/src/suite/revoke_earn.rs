//! Revoking earned badges.

use accolade_application::ports::{
    Context, IdempotencyRecord, LedgerEntry, Operation, RecordError, RecordedRequest as _,
    RevokeEarnRequest,
};

use crate::World;
use crate::fixtures::{at, customer};

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

sentences! {
    a_revoked_earn_is_not_active_counts_no_more_and_stays_in_the_details
    a_revocation_is_in_the_ledger_and_remembered_under_its_key
    a_revocation_without_request_id_is_remembered_under_its_key_alone
    of_the_reasons_not_to_revoke_an_earn_the_first_is_given_and_nothing_is_written
    an_earn_of_another_customer_badge_or_org_is_not_revoked
}
