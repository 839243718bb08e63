//! Enrolling for several callers at once.

use std::sync::{Arc, Mutex};

use accolade_application::Request;
use accolade_application::access::Caller;
use accolade_application::answer::RevokedEnrolment;
use accolade_application::badges::KnownBadges;
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::error::UseCaseError;
use accolade_application::group_commit::execute_together;
use accolade_application::ports::{
    BadgeEdit, EnrolmentBatch, EnrolmentStore, RecordError, RevokeEnrolmentsRequest, StoreError,
};
use accolade_domain::enrolment::{CustomerOutcome, Hold, Outcome};
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::OwnerType;
use anyhow::anyhow;

use crate::meddling::meddle;
use crate::world::{World, before, command, enrolment, now, outcomes, owner};

type MemberResult = Result<Vec<Outcome>, UseCaseError>;

fn results_of(world: &World, asked: Vec<(&Caller, EnrolCustomers)>) -> Vec<MemberResult> {
    results_with(world, &KnownBadges::default(), asked)
}

/// The same, with badges that are known already.
fn results_with(
    world: &World,
    known: &KnownBadges,
    asked: Vec<(&Caller, EnrolCustomers)>,
) -> Vec<MemberResult> {
    let members = asked
        .into_iter()
        .map(|(caller, command)| member(Request::new(caller.clone()), command));
    let results = execute_together(&world.ports, known, members.collect());
    results
        .into_iter()
        .map(|it| it.map(|executed| outcomes(&enrolment(now(executed)))))
        .collect()
}

fn member(request: Request, command: EnrolCustomers) -> (Request, EnrolCustomers, Vec<CustomerId>) {
    let customers = command.customers.numbers().unwrap().to_vec();
    (request, command, customers)
}

fn group(world: &World, commands: Vec<EnrolCustomers>) -> Vec<MemberResult> {
    let asked = commands.into_iter().map(|it| (&world.caller, it));
    results_of(world, asked.collect())
}

fn named(badge: BadgeId, customer: i64, request_id: &str) -> EnrolCustomers {
    EnrolCustomers {
        request_id: Some(request_id.try_into().unwrap()),
        ..command(badge, &[customer])
    }
}

fn enrolled(result: &MemberResult) -> bool {
    matches!(result.as_deref(), Ok([Outcome::Enrolled(_)]))
}

fn code(result: &MemberResult) -> u32 {
    match result {
        Err(UseCaseError::Refused(reasons)) => reasons[0].code.number(),
        other => panic!("not refused: {other:?}"),
    }
}

type Fault = dyn Fn(&EnrolmentBatch) -> Option<StoreError> + Send + Sync;

/// A store that fails when it is told to, and notes the size of each batch.
struct Faulty {
    store: Arc<dyn EnrolmentStore>,
    fault: Box<Fault>,
    sizes: Arc<Mutex<Vec<usize>>>,
}

/// Has the enrolments of `world` fail as `fault` says; gives the sizes of the batches.
fn faulty(
    world: &mut World,
    fault: impl Fn(&EnrolmentBatch) -> Option<StoreError> + Send + Sync + 'static,
) -> Arc<Mutex<Vec<usize>>> {
    let sizes = Arc::default();
    Arc::make_mut(&mut world.ports.stores).enrolments = Arc::new(Faulty {
        store: world.ports.stores.enrolments.clone(),
        fault: Box::new(fault),
        sizes: Arc::clone(&sizes),
    });
    sizes
}

impl EnrolmentStore for Faulty {
    fn enrol(
        &self,
        batch: &EnrolmentBatch,
    ) -> Result<Vec<Result<Vec<CustomerOutcome>, RecordError>>, StoreError> {
        self.sizes.lock().unwrap().push(batch.requests().len());
        match (self.fault)(batch) {
            Some(error) => Err(error),
            None => self.store.enrol(batch),
        }
    }

    fn preview(
        &self,
        org: OrgId,
        badge: BadgeId,
        hold: Hold,
        customers: &[CustomerId],
        now: Instant,
    ) -> Result<Vec<CustomerOutcome>, StoreError> {
        self.store.preview(org, badge, hold, customers, now)
    }

    fn revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Result<Vec<RevokedEnrolment>, RecordError>, StoreError> {
        self.store.revoke(request)
    }

    fn preview_revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Vec<RevokedEnrolment>, StoreError> {
        self.store.preview_revoke(request)
    }
}

fn names(batch: &EnrolmentBatch, customer: i64) -> bool {
    let mut customers = batch.requests().iter().flat_map(|it| &it.customers);
    customers.any(|it| it.get() == customer)
}

#[test]
fn requests_of_several_orgs_and_badges_share_one_transaction_and_each_has_its_end() {
    let mut world = World::new();
    let (gold, silver, off) = (
        world.badge("Gold"),
        world.badge("Silver"),
        world.badge("Off"),
    );
    world.deactivate(off);
    let sizes = faulty(&mut world, |_| None);
    let stranger = world.stranger();
    let caller = &world.caller;
    let results = results_of(
        &world,
        vec![
            (caller, command(gold, &[1])),
            (caller, command(off, &[2])),
            (caller, command(silver, &[3])),
            (&stranger, command(gold, &[4])),
        ],
    );
    assert!(
        enrolled(&results[0]) && enrolled(&results[2]),
        "{results:?}"
    );
    assert_eq!((code(&results[1]), code(&results[3])), (1901, 404));
    assert_eq!(*sizes.lock().unwrap(), [2]);
    assert_eq!((world.issued(gold), world.issued(silver)), (1, 1));
}

#[test]
fn of_two_with_one_request_id_the_first_is_carried_out() {
    let world = World::new();
    let badge = world.badge("Gold");
    let results = group(&world, vec![named(badge, 1, "r"), named(badge, 2, "r")]);
    assert!(enrolled(&results[0]));
    assert_eq!(code(&results[1]), 809);
    assert_eq!(world.issued(badge), 1);
}

#[test]
fn of_two_for_one_customer_the_second_is_told_of_the_first() {
    let world = World::new();
    let badge = world.badge("Gold");
    let results = group(&world, vec![command(badge, &[1]), command(badge, &[1])]);
    let Ok([Outcome::Enrolled(id)]) = results[0].as_deref() else {
        panic!("{results:?}");
    };
    assert_eq!(
        results[1].as_deref().unwrap(),
        [Outcome::AlreadyEnrolled(*id)]
    );
}

#[test]
fn of_two_with_one_idempotency_key_the_second_gets_the_answer_of_the_first() {
    let world = World::new();
    let badge = world.badge("Gold");
    let guard = world.guard("key", 7);
    let same = || member(world.under(&guard), command(badge, &[1]));
    let known = KnownBadges::default();
    let results = execute_together(&world.ports, &known, vec![same(), same()]);
    let mut results = results.into_iter();
    let first = now(results.next().unwrap().unwrap());
    assert_eq!(before(results.next().unwrap().unwrap()), first);
    assert_eq!(world.issued(badge), 1);
}

#[test]
fn when_a_transaction_fails_its_requests_are_carried_out_one_by_one() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    let sizes = faulty(&mut world, |batch| {
        names(batch, 2).then(|| StoreError::Unexpected(anyhow!("customer 2")))
    });
    let commands = [1, 2, 3].map(|customer| command(badge, &[customer]));
    let results = group(&world, commands.into());
    assert!(
        enrolled(&results[0]) && enrolled(&results[2]),
        "{results:?}"
    );
    assert!(matches!(
        results[1],
        Err(UseCaseError::Store(StoreError::Unexpected(_)))
    ));
    assert_eq!(*sizes.lock().unwrap(), [3, 1, 1, 1]);
    assert_eq!(world.issued(badge), 2);
}

#[test]
fn what_may_have_been_carried_out_is_not_carried_out_again() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    let sizes = faulty(&mut world, |_| {
        Some(StoreError::OutcomeUnknown(anyhow!("lost")))
    });
    let results = group(&world, vec![command(badge, &[1]), command(badge, &[2])]);
    for result in &results {
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
fn while_the_database_is_away_nobody_waits_for_it_once_for_each_request() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    let sizes = faulty(&mut world, |_| {
        Some(StoreError::Unavailable(anyhow!("away")))
    });
    let commands = [1, 2, 3, 4].map(|customer| command(badge, &[customer]));
    for result in group(&world, commands.into()) {
        assert!(
            matches!(result, Err(UseCaseError::Store(StoreError::Unavailable(_)))),
            "{result:?}"
        );
    }
    assert_eq!(*sizes.lock().unwrap(), [4, 1]);
}

#[test]
fn who_is_decided_by_a_badge_that_changes_meanwhile_is_decided_anew() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    meddle(&mut world, [BadgeEdit::Activity(false)]);
    let results = group(&world, vec![command(badge, &[1]), command(badge, &[2])]);
    assert_eq!((code(&results[0]), code(&results[1])), (1901, 1901));
    assert_eq!(world.issued(badge), 0);
}

#[test]
fn a_badge_that_is_known_is_not_read_and_yet_nobody_is_enrolled_by_what_it_was() {
    let mut world = World::new();
    let badge = world.badge("Gold");
    let known = KnownBadges::default();
    let enrol = |world: &World, customer| {
        let asked = vec![(&world.caller, command(badge, &[customer]))];
        results_with(world, &known, asked).pop().unwrap()
    };
    assert!(enrolled(&enrol(&world, 1)));
    // Whoever reads it finds it deactivated the next time.
    meddle(&mut world, [BadgeEdit::Activity(false)]);
    assert!(enrolled(&enrol(&world, 2)));
    world.deactivate(badge);
    assert_eq!(code(&enrol(&world, 3)), 1901);
    assert_eq!(world.issued(badge), 2);
}

#[test]
fn nobody_is_refused_by_what_a_badge_was() {
    let world = World::new();
    let badge = world.badge("Gold");
    let known = KnownBadges::default();
    let by = owner(OwnerType::Loyalty, "123694");
    let enrol = || {
        let triggered_by = Some(by.clone());
        let command = EnrolCustomers {
            triggered_by,
            ..command(badge, &[1])
        };
        let asked = vec![(&world.caller, command)];
        results_with(&world, &known, asked).pop().unwrap()
    };
    assert_eq!(code(&enrol()), 810);
    world.claim(badge, by.clone());
    assert!(enrolled(&enrol()));
}

#[test]
fn a_group_of_nobody_has_no_ends() {
    assert!(group(&World::new(), Vec::new()).is_empty());
}
