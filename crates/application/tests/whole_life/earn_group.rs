//! Earning for several callers at once.

use std::sync::{Arc, Mutex};

use accolade_application::Request;
use accolade_application::access::Caller;
use accolade_application::answer::{Answer, CustomerEarn};
use accolade_application::badges::{KnownBadges, get};
use accolade_application::customers::NamedCustomer;
use accolade_application::earning::{EarnBadge, Earners};
use accolade_application::error::UseCaseError;
use accolade_application::group_commit::execute_together;
use accolade_application::ports::{
    BadgeEdit, EarnBatch, EarnRequest, EarningStore, ImportRequest, RecordError, RevokeEarnRequest,
    StoreError, TriedEarns,
};
use accolade_domain::badge::BadgeDraft;
use accolade_domain::earning::{EventDate, Limit};
use accolade_domain::ids::{BadgeId, CustomerId, EarnedBadgeId, OrgId};
use anyhow::anyhow;
use time::Duration;

use crate::meddling::meddle;
use crate::world::{World, at_most, before, codes, direct, draft, now, outcome_codes};

type MemberResult = Result<Answer, UseCaseError>;

fn results_of(world: &World, commands: impl IntoIterator<Item = EarnBadge>) -> Vec<MemberResult> {
    let asked = commands.into_iter().map(|it| (&world.caller, it));
    results_with(world, asked.collect())
}

fn results_with(world: &World, asked: Vec<(&Caller, EarnBadge)>) -> Vec<MemberResult> {
    let members = asked
        .into_iter()
        .map(|(caller, command)| member(Request::new(caller.clone()), command));
    let known = KnownBadges::default();
    let results = execute_together(&world.ports, &known, members.collect());
    results.into_iter().map(|it| it.map(now)).collect()
}

fn member(request: Request, command: EarnBadge) -> (Request, EarnBadge, Vec<CustomerId>) {
    let customers = match &command.earners {
        Earners::One(NamedCustomer::Number(customer)) => vec![*customer],
        Earners::Several(customers) => customers.numbers().unwrap().to_vec(),
        one @ Earners::One(_) => panic!("{one:?}"),
    };
    (request, command, customers)
}

/// What became of each customer of each request, by code; a request that failed as a whole has
/// its own.
fn all_codes(results: Vec<MemberResult>) -> Vec<Vec<u32>> {
    let of = |result: MemberResult| match result {
        Ok(answer) => outcome_codes(answer),
        failed => codes(&failed),
    };
    results.into_iter().map(of).collect()
}

fn earned(world: &World, badge: BadgeId) -> u64 {
    get(&world.ports, &world.caller, badge)
        .unwrap()
        .counts
        .earned
}

type Fault = dyn Fn(&EarnBatch) -> Option<StoreError> + Send + Sync;

/// A store that fails when it is told to, and notes the size of each batch.
struct Faulty {
    store: Arc<dyn EarningStore>,
    fault: Box<Fault>,
    sizes: Arc<Mutex<Vec<usize>>>,
}

/// Has the earns of `world` fail as `fault` says; gives the sizes of the batches.
fn faulty(
    world: &mut World,
    fault: impl Fn(&EarnBatch) -> Option<StoreError> + Send + Sync + 'static,
) -> Arc<Mutex<Vec<usize>>> {
    let sizes = Arc::default();
    Arc::make_mut(&mut world.ports.stores).earning = Arc::new(Faulty {
        store: world.ports.stores.earning.clone(),
        fault: Box::new(fault),
        sizes: Arc::clone(&sizes),
    });
    sizes
}

impl EarningStore for Faulty {
    fn earn(
        &self,
        batch: &EarnBatch,
    ) -> Result<Vec<Result<Vec<CustomerEarn>, RecordError>>, StoreError> {
        self.sizes.lock().unwrap().push(batch.requests().len());
        match (self.fault)(batch) {
            Some(error) => Err(error),
            None => self.store.earn(batch),
        }
    }

    fn preview_after(
        &self,
        request: &EarnRequest,
        tried: &TriedEarns,
    ) -> Result<Vec<CustomerEarn>, StoreError> {
        self.store.preview_after(request, tried)
    }

    fn revoke(&self, request: &RevokeEarnRequest) -> Result<Result<(), RecordError>, StoreError> {
        self.store.revoke(request)
    }

    fn is_active(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: CustomerId,
        earned: EarnedBadgeId,
    ) -> Result<bool, StoreError> {
        self.store.is_active(org, badge, customer, earned)
    }

    fn import(&self, request: &ImportRequest) -> Result<Result<(), RecordError>, StoreError> {
        self.store.import(request)
    }

    fn counted(
        &self,
        org: OrgId,
        badge: BadgeId,
        customer: Option<CustomerId>,
        limits: &[Limit],
    ) -> Result<Vec<u64>, StoreError> {
        self.store.counted(org, badge, customer, limits)
    }
}

#[test]
fn earns_of_one_badge_share_a_transaction_and_get_what_room_there_is_in_their_order() {
    let mut world = World::new();
    let badge = world.badge(BadgeDraft {
        customer_constraints: at_most(1),
        badge_constraints: at_most(4),
        ..direct("Gold")
    });
    world.earned(badge, 2);
    let sizes = faulty(&mut world, |_| None);
    let results = results_of(
        &world,
        [
            world.one(badge, 5),
            world.one(badge, 2),
            world.several(badge, [4, 3, 1]),
            world.one(badge, 6),
        ],
    );
    assert_eq!(
        all_codes(results),
        [vec![0], vec![817], vec![0, 0, 818], vec![818]]
    );
    assert_eq!(*sizes.lock().unwrap(), [4]);
    assert_eq!(earned(&world, badge), 4);
}

#[test]
fn earns_of_several_badges_orgs_and_dates_follow_each_other_and_each_has_its_end() {
    let mut world = World::new();
    let (gold, silver) = (world.badge(direct("Gold")), world.badge(draft("Silver")));
    let off = world.badge(direct("Off"));
    world.turn(off, false);
    let sizes = faulty(&mut world, |_| None);
    let stranger = Caller {
        org: 7.try_into().unwrap(),
        ..world.caller.clone()
    };
    let earlier = EarnBadge {
        event: EventDate {
            on: Some(world.ports.clock.now() - Duration::HOUR),
            ..EventDate::default()
        },
        ..world.one(gold, 4)
    };
    let asked = vec![
        (&world.caller, world.one(gold, 1)),
        (&world.caller, world.one(off, 1)),
        (&world.caller, world.one(silver, 1)),
        (&stranger, world.one(gold, 2)),
        (&world.caller, earlier),
        (&world.caller, world.one(gold, 3)),
    ];
    let results = results_with(&world, asked);
    assert_eq!(all_codes(results), [[0], [1901], [811], [404], [0], [0]]);
    assert_eq!(*sizes.lock().unwrap(), [2, 1, 1]);
    assert_eq!(earned(&world, gold), 3);
}

#[test]
fn of_two_with_one_request_id_the_first_is_carried_out() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    let first = world.one(badge, 1);
    let second = EarnBadge {
        request_id: first.request_id.clone(),
        ..world.one(badge, 2)
    };
    assert_eq!(all_codes(results_of(&world, [first, second])), [[0], [809]]);
    assert_eq!(earned(&world, badge), 1);
}

#[test]
fn of_two_for_one_customer_the_second_finds_what_the_first_has_left() {
    let world = World::new();
    let badge = world.badge(BadgeDraft {
        customer_constraints: at_most(1),
        ..direct("Gold")
    });
    let results = results_of(&world, [world.one(badge, 1), world.one(badge, 1)]);
    assert_eq!(all_codes(results), [[0], [817]]);
}

#[test]
fn of_two_with_one_idempotency_key_the_second_gets_the_answer_of_the_first() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    let guard = world.guard("key");
    let command = world.one(badge, 1);
    let same = || member(world.under(&guard), command.clone());
    let known = KnownBadges::default();
    let results = execute_together(&world.ports, &known, vec![same(), same()]);
    let mut results = results.into_iter();
    let first = now(results.next().unwrap().unwrap());
    assert_eq!(before(results.next().unwrap().unwrap()), first);
    assert_eq!(earned(&world, badge), 1);
}

#[test]
fn when_a_transaction_fails_its_earns_are_carried_out_one_by_one() {
    let mut world = World::new();
    let badge = world.badge(direct("Gold"));
    let sizes = faulty(&mut world, |batch| {
        let mut customers = batch.requests().iter().flat_map(|it| &it.customers);
        let fails = customers.any(|it| it.get() == 2);
        fails.then(|| StoreError::Unexpected(anyhow!("customer 2")))
    });
    let results = results_of(&world, [1, 2, 3].map(|number| world.one(badge, number)));
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    assert!(matches!(
        results[1],
        Err(UseCaseError::Store(StoreError::Unexpected(_)))
    ));
    assert_eq!(*sizes.lock().unwrap(), [3, 1, 1, 1]);
    assert_eq!(earned(&world, badge), 2);
}

#[test]
fn earns_that_may_have_been_recorded_are_not_carried_out_again() {
    let mut world = World::new();
    let badge = world.badge(direct("Gold"));
    let sizes = faulty(&mut world, |_| {
        Some(StoreError::OutcomeUnknown(anyhow!("lost")))
    });
    for result in results_of(&world, [1, 2].map(|number| world.one(badge, number))) {
        assert!(
            matches!(
                result,
                Err(UseCaseError::Store(StoreError::OutcomeUnknown(_)))
            ),
            "{result:?}"
        );
    }
    assert_eq!(*sizes.lock().unwrap(), [2]);
}

#[test]
fn while_the_database_is_away_no_earn_waits_for_it_again() {
    let mut world = World::new();
    let badge = world.badge(direct("Gold"));
    let sizes = faulty(&mut world, |_| {
        Some(StoreError::Unavailable(anyhow!("away")))
    });
    for result in results_of(&world, [1, 2, 3, 4].map(|number| world.one(badge, number))) {
        assert!(
            matches!(result, Err(UseCaseError::Store(StoreError::Unavailable(_)))),
            "{result:?}"
        );
    }
    assert_eq!(*sizes.lock().unwrap(), [4, 1]);
}

#[test]
fn earns_of_a_badge_that_changes_meanwhile_are_decided_anew() {
    let mut world = World::new();
    let badge = world.badge(direct("Gold"));
    meddle(
        &mut world,
        [BadgeEdit::Activity(true), BadgeEdit::Activity(false)],
    );
    let results = results_of(&world, [1, 2].map(|number| world.one(badge, number)));
    assert_eq!(all_codes(results), [[1901], [1901]]);
    assert_eq!(earned(&world, badge), 0);
}

#[test]
fn a_group_of_nobody_earns_nothing() {
    assert!(results_of(&World::new(), []).is_empty());
}
