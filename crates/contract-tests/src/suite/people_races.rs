//! Customers who are merged or forgotten while something is recorded about them.

use accolade_application::ports::{EarnRequest, EnrolmentRequest, MergeError, RecordError};
use accolade_domain::badge::Badge;
use accolade_domain::enrolment::Outcome;
use accolade_domain::event::{EventKind, Fact};
use accolade_domain::ids::CustomerId;

use crate::earning::{earn_on, earned, in_all};
use crate::fixtures::{customer, hold};
use crate::people::merged;
use crate::race::race;
use crate::world::enrol_on;
use crate::{Stores, World};

const RACERS: usize = 4;
const ROUNDS: i64 = 12;

/// The two customers of a round.
fn both(round: i64) -> (i64, i64) {
    (round * 10 + 1, round * 10 + 2)
}

/// Enrols for the first, and as soon as it was merged for the second.
fn enrol_either(stores: &Stores, request: &EnrolmentRequest, second: CustomerId) -> bool {
    let outcomes = enrol_on(stores, request).or_else(|error| {
        assert_eq!(error, RecordError::CustomersMerged);
        let other = EnrolmentRequest {
            customers: vec![second],
            ..request.clone()
        };
        enrol_on(stores, &other)
    });
    matches!(outcomes.unwrap()[0].outcome, Outcome::Enrolled(_))
}

/// The same for an earn.
fn earn_either(stores: &Stores, request: &EarnRequest, second: CustomerId) -> usize {
    let outcomes = earn_on(stores, request).or_else(|error| {
        assert_eq!(error, RecordError::CustomersMerged);
        let other = EarnRequest {
            customers: vec![second],
            ..request.clone()
        };
        earn_on(stores, &other)
    });
    earned(&outcomes.unwrap())
}

/// Nothing is the first's, and the badge's counts are those of what all have.
fn assert_moved(world: &World, badge: &Badge, (first, second): (i64, i64)) {
    let details = world.details(badge, first);
    assert_eq!(
        details.customer,
        customer(second),
        "something is left of the first"
    );
}

fn an_enrolment_of_who_is_merged_meanwhile_is_the_seconds_or_refused(world: &World) {
    let servers = world.servers();
    for round in 0..ROUNDS {
        let badge = world.badge(&format!("Badge {round}"));
        let (first, second) = both(round);
        let requests: Vec<_> = (0..4)
            .map(|racer| EnrolmentRequest {
                hold: hold(racer * 1000, racer * 1000 + 1000),
                ..world.request(&badge, [first])
            })
            .collect();
        let enrolled = race(RACERS + 1, |racer| {
            if let Some(request) = requests.get(racer) {
                return enrol_either(&servers[racer % 2], request, customer(second));
            }
            merged(&servers[0], &world.merging(first, second)).unwrap();
            true
        });
        assert!(enrolled.into_iter().all(|it| it));
        assert_moved(world, &badge, (first, second));
        assert_eq!(
            world.details(&badge, second).enrolments.total,
            RACERS as u64
        );
        assert_eq!(world.issued(&badge), RACERS as u64);
    }
}

fn enrolments_of_both_that_race_with_the_merge_leave_one_that_holds(world: &World) {
    let servers = world.servers();
    for round in 0..ROUNDS {
        let badge = world.badge(&format!("Badge {round}"));
        let (first, second) = both(round);
        let requests = [first, second].map(|number| world.request(&badge, [number]));
        race(3, |racer| match requests.get(racer) {
            Some(request) => {
                enrol_either(&servers[racer], request, customer(second));
            }
            None => {
                merged(&servers[0], &world.merging(first, second)).unwrap();
            }
        });
        assert_moved(world, &badge, (first, second));
        assert_eq!(world.issued(&badge), 1);
        let enrolments = world.details(&badge, second).enrolments.items;
        let holds = enrolments
            .iter()
            .filter(|it| it.enrolment.revoked_on.is_none());
        assert_eq!(holds.count(), 1);
    }
}

fn earns_that_race_with_the_merge_never_exceed_the_customers_limit(world: &World) {
    let servers = world.servers();
    for round in 0..ROUNDS {
        let badge = world.limited(&format!("Badge {round}"), [in_all(3)], [in_all(100)]);
        let (first, second) = both(round);
        let requests: Vec<_> = (0..RACERS)
            .map(|_| world.earning(&badge, [first]))
            .collect();
        let earned = race(RACERS + 1, |racer| {
            if let Some(request) = requests.get(racer) {
                return earn_either(&servers[racer % 2], request, customer(second));
            }
            merged(&servers[1], &world.merging(first, second)).unwrap();
            0
        });
        assert_eq!(earned.into_iter().sum::<usize>(), 3);
        assert_moved(world, &badge, (first, second));
        assert_eq!(world.details(&badge, second).earns.total, 3);
        assert_eq!(world.counts(&badge, second), [3, 3]);
        assert_eq!(world.earned(&badge), 3);
    }
}

fn of_two_merges_the_other_way_round_one_is_done(world: &World) {
    let servers = world.servers();
    for round in 0..ROUNDS {
        let badge = world.direct(&format!("Badge {round}"));
        let (first, second) = both(round);
        world.earns(&badge, [first, second]);
        let requests = [world.merging(first, second), world.merging(second, first)];
        let results = race(2, |racer| merged(&servers[racer], &requests[racer]));
        let winner =
            crate::race::only_winner(&results, |error| matches!(error, MergeError::OnePerson));
        let to = [second, first][winner];
        assert_eq!(world.details(&badge, first).customer, customer(to));
        assert_eq!(world.details(&badge, second).earns.total, 2);
    }
}

fn merges_that_make_a_chain_end_at_its_end(world: &World) {
    let servers = world.servers();
    for round in 0..ROUNDS {
        let badge = world.direct(&format!("Badge {round}"));
        let numbers = [1, 2, 3].map(|it| round * 10 + it);
        world.earns(&badge, numbers);
        let requests = [
            world.merging(numbers[0], numbers[1]),
            world.merging(numbers[1], numbers[2]),
        ];
        for result in race(2, |racer| merged(&servers[racer], &requests[racer])) {
            result.unwrap();
        }
        for number in numbers {
            let details = world.details(&badge, number);
            assert_eq!(details.customer, customer(numbers[2]));
            assert_eq!(details.earns.total, 3);
        }
    }
}

fn what_races_with_an_erasure_is_recorded_after_it_or_gone(world: &World) {
    let servers = world.servers();
    for round in 0..ROUNDS {
        let badge = world.direct(&format!("Badge {round}"));
        let (number, _) = both(round);
        world.earns(&badge, [number, number + 5]);
        let before = world.events().len();
        let requests: Vec<_> = (0..RACERS)
            .map(|_| world.earning(&badge, [number]))
            .collect();
        race(RACERS + 1, |racer| {
            if let Some(request) = requests.get(racer) {
                return earned(&earn_on(&servers[racer % 2], request).unwrap());
            }
            servers[0].people.erase(&world.erasing(number)).unwrap();
            0
        });
        let facts = world.facts_since(before);
        let is_erasure = |fact: &Fact| fact.kind() == EventKind::CustomerErased;
        let (gone, left) = facts.split_at(facts.iter().position(is_erasure).unwrap());
        assert!(gone.iter().all(|fact| matches!(fact, Fact::Forgotten(_))));
        let left = left
            .iter()
            .filter(|fact| fact.kind() == EventKind::EarnCreated);
        let is_told = |fact: &&Fact| fact.customer() == Some(customer(number));
        assert_eq!(left.clone().count(), left.clone().filter(is_told).count());
        let earns = world.details(&badge, number).earns.total;
        assert_eq!(earns, left.count() as u64);
        assert_eq!(world.earned(&badge), 2 + RACERS as u64);
        let answers = requests.iter().map(|request| {
            let found = world.stores.requests.find(badge.org, &request.request_id);
            let answer = found.unwrap().remove(0).answer;
            match answer {
                accolade_application::answer::Answer::Earned(answer) => answer.outcomes.len(),
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(answers.sum::<usize>() as u64, earns);
    }
}

fn a_merge_that_races_with_an_erasure_leaves_both_forgotten_or_one(world: &World) {
    let servers = world.servers();
    for round in 0..ROUNDS {
        let badge = world.direct(&format!("Badge {round}"));
        let (first, second) = both(round);
        world.earns(&badge, [first, second]);
        let done = race(2, |racer| {
            if racer == 0 {
                merged(&servers[0], &world.merging(first, second)).unwrap();
                0
            } else {
                let erased = servers[1].people.erase(&world.erasing(first));
                erased.unwrap().get()
            }
        });
        let earns = world.details(&badge, second).earns.total;
        if done[1] == second {
            assert_eq!((earns, world.successors([first])), (0, vec![]));
        } else {
            assert_eq!(
                (earns, world.successors([first])),
                (1, vec![(first, second)])
            );
        }
        assert_eq!(world.earned(&badge), 2);
    }
}

sentences! {
    an_enrolment_of_who_is_merged_meanwhile_is_the_seconds_or_refused
    enrolments_of_both_that_race_with_the_merge_leave_one_that_holds
    earns_that_race_with_the_merge_never_exceed_the_customers_limit
    of_two_merges_the_other_way_round_one_is_done
    merges_that_make_a_chain_end_at_its_end
    what_races_with_an_erasure_is_recorded_after_it_or_gone
    a_merge_that_races_with_an_erasure_leaves_both_forgotten_or_one
}
