//! Several requests in one transaction.

use accolade_application::ports::{
    BadgeEdit, Context, EnrolmentBatch, EnrolmentRequest, Operation, RecordError, RulesVersion,
};
use accolade_domain::enrolment::{CustomerOutcome, Outcome};

use crate::World;
use crate::fixtures::hold;
use crate::world::guard_of;

type Results = Vec<Result<Vec<CustomerOutcome>, RecordError>>;

fn enrol(world: &World, requests: impl IntoIterator<Item = EnrolmentRequest>) -> Results {
    let mut batch = EnrolmentBatch::default();
    requests
        .into_iter()
        .for_each(|request| batch.push(request).unwrap());
    world.stores.enrolments.enrol(&batch).unwrap()
}

fn enrolled(request: &EnrolmentRequest) -> Vec<Outcome> {
    let ids = request.ids.iter();
    ids.map(|id| Outcome::Enrolled(id.into())).collect()
}

fn outcomes(result: &Result<Vec<CustomerOutcome>, RecordError>) -> Vec<Outcome> {
    let outcomes = result.as_ref().unwrap();
    outcomes.iter().map(|outcome| outcome.outcome).collect()
}

fn each_request_is_answered_at_its_position(world: &World) {
    let badges = ["Gold", "Silver", "Bronze"].map(|name| world.badge(name));
    let requests = [
        world.request(&badges[1], [9, 1]),
        world.request(&badges[2], [1]),
        world.request(&badges[0], [3, 1, 2]),
        world.request(&badges[1], [5, 2]),
        world.request(&badges[0], [4]),
    ];
    let results = enrol(world, requests.clone());
    assert_eq!(results.len(), 5);
    for (result, request) in results.iter().zip(&requests) {
        assert_eq!(outcomes(result), enrolled(request));
        let entries = world
            .stores
            .requests
            .find(request.context.org, &request.request_id)
            .unwrap();
        assert_eq!(entries.len(), 1);
    }
    assert_eq!(
        badges.each_ref().map(|badge| world.issued(badge)),
        [4, 4, 1]
    );
}

fn of_each_request_all_or_nothing_is_recorded_whatever_becomes_of_the_others(world: &World) {
    let (gold, silver) = (world.badge("Gold"), world.badge("Silver"));
    let guarded = |key: &str, request: EnrolmentRequest| EnrolmentRequest {
        context: Context {
            key: Some(world.guard(key)),
            ..request.context
        },
        ..request
    };
    let earlier = guarded("used", world.request(&gold, [100]));
    world.enrol(&earlier).unwrap();
    let stale = guarded("stale", world.request(&silver, [6]));
    world.edit(&silver, BadgeEdit::Activity(true));
    let key_used = guarded("used", world.request(&gold, [2]));
    let id_used = EnrolmentRequest {
        request_id: earlier.request_id,
        ..guarded("id", world.request(&gold, [4]))
    };
    let gone = EnrolmentRequest {
        badge: world.draft("Gone").id,
        ..guarded("gone", world.request(&gold, [7]))
    };
    let free = [
        guarded("free", world.request(&gold, [1])),
        world.request(&gold, [3, 100]),
        world.request(&silver, [5]),
    ];
    let [first, second, third] = free.clone();
    let batch = [key_used, first, id_used, second, stale, third, gone];
    let results = enrol(world, batch.clone());

    assert_eq!(results[0], Err(RecordError::IdempotencyKeyUsed));
    assert_eq!(results[2], Err(RecordError::RequestIdUsed));
    assert_eq!(results[4], Err(RecordError::BadgeChanged));
    assert_eq!(results[6], Err(RecordError::BadgeChanged));
    assert_eq!(outcomes(&results[1]), enrolled(&free[0]));
    assert_eq!(outcomes(&results[3])[0], enrolled(&free[1])[0]);
    assert!(matches!(
        outcomes(&results[3])[1],
        Outcome::AlreadyEnrolled(_)
    ));
    assert_eq!(outcomes(&results[5]), enrolled(&free[2]));
    assert_eq!((world.issued(&gold), world.issued(&silver)), (3, 1));
    for (position, request) in batch.iter().enumerate().filter(|(i, _)| *i != 2) {
        let carried_out = position % 2 == 1;
        let ledger = &world.stores.requests;
        let used = ledger.is_used(
            request.context.org,
            Operation::IssueBulk,
            &request.request_id,
        );
        assert_eq!(used.unwrap(), carried_out, "request {position}");
    }
    let remembered = ["used", "free", "id", "stale", "gone"].map(|key| world.remembered(key));
    assert_eq!(
        remembered.map(|r| r.is_some()),
        [true, true, false, false, false]
    );
}

fn of_a_batch_what_other_rules_let_through_or_names_who_was_merged_leaves_neither_key_nor_id(
    world: &World,
) {
    let badge = world.badge("Gold");
    world.merge(1, 2);
    let guarded = |key: &str, customer| {
        let mut request = world.request(&badge, [customer]);
        request.context.key = Some(world.guard(key));
        request
    };
    let mut by_other_rules = guarded("rules", 3);
    by_other_rules.context.rules = Some(RulesVersion(7));
    let mut by_these_rules = guarded("these", 4);
    by_these_rules.context.rules = Some(RulesVersion(0));
    let batch = [by_other_rules, guarded("merged", 1), by_these_rules];
    let results = enrol(world, batch.clone());
    assert_eq!(results[0], Err(RecordError::RulesChanged));
    assert_eq!(results[1], Err(RecordError::CustomersMerged));
    assert_eq!(outcomes(&results[2]), enrolled(&batch[2]));
    let ledger = &world.stores.requests;
    let are_used = batch.each_ref().map(|it| {
        let used = ledger.is_used(it.context.org, Operation::IssueBulk, &it.request_id);
        used.unwrap()
    });
    assert_eq!(are_used, [false, false, true]);
    let remembered = ["rules", "merged", "these"].map(|key| world.remembered(key).is_some());
    assert_eq!(remembered, [false, false, true]);
}

fn requests_of_one_badge_keep_their_own_periods(world: &World) {
    let badge = world.badge("Gold");
    world.enrol(&world.request(&badge, [1, 2])).unwrap();
    let touching = EnrolmentRequest {
        hold: hold(2000, 2001),
        ..world.request(&badge, [1])
    };
    let overlapping = EnrolmentRequest {
        hold: hold(1999, 2001),
        ..world.request(&badge, [2])
    };
    let results = enrol(world, [overlapping, touching.clone()]);
    assert!(matches!(
        outcomes(&results[0])[0],
        Outcome::AlreadyEnrolled(_)
    ));
    assert_eq!(outcomes(&results[1]), enrolled(&touching));
}

fn orgs_may_use_the_same_key_and_the_same_id_and_share_no_batch(world: &World) {
    let other = world.tenant(7);
    let (ours, theirs) = (world.badge("Gold"), world.badge_of(other, "Gold"));
    let mut first = world.request(&ours, [1]);
    first.context.key = Some(world.guard("key"));
    let mut second = world.request(&theirs, [1]);
    second.context.key = Some(guard_of(other, "key"));
    second.request_id = first.request_id.clone();
    let mut batch = EnrolmentBatch::from(first.clone());
    assert!(batch.push(second.clone()).is_err());
    for request in [first, second] {
        let results = enrol(world, [request.clone()]);
        assert_eq!(outcomes(&results[0]), enrolled(&request));
    }
}

fn a_batch_of_a_hundred_requests_is_carried_out(world: &World) {
    let badges: Vec<_> = (0..5).map(|i| world.badge(&format!("Badge {i}"))).collect();
    let requests: Vec<_> = (0..100)
        .map(|i| {
            let badge = &badges[i % 5];
            let first = i64::try_from(i).unwrap() * 10 + 1;
            world.request(badge, first..first + 10)
        })
        .collect();
    let results = enrol(world, requests.clone());
    for (result, request) in results.iter().zip(&requests) {
        assert_eq!(outcomes(result), enrolled(request));
    }
    assert!(badges.iter().all(|badge| world.issued(badge) == 200));
}

sentences! {
    each_request_is_answered_at_its_position
    of_each_request_all_or_nothing_is_recorded_whatever_becomes_of_the_others
    of_a_batch_what_other_rules_let_through_or_names_who_was_merged_leaves_neither_key_nor_id
    requests_of_one_badge_keep_their_own_periods
    orgs_may_use_the_same_key_and_the_same_id_and_share_no_batch
    a_batch_of_a_hundred_requests_is_carried_out
}
