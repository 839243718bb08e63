use std::convert::Infallible;

use proptest::prelude::*;
use time::Duration;
use uuid::Uuid;

use super::*;
use crate::actor::Actor;
use crate::fixtures::at;
use crate::instant::Instant;
use crate::login::Login;
use crate::rejection::{Code, Rejection};

fn actor(number: i64) -> Actor {
    Actor::try_from(number).unwrap()
}

fn created_on() -> Instant {
    at("2026-05-01T09:30:00Z")
}

/// A change of actor 1 that needs so many approvals and waits for an hour.
fn change(approvals: i64) -> Change {
    Change {
        org: 1.try_into().unwrap(),
        id: ChangeId(Uuid::from_u128(7)),
        operation: RuledOperation::Enrol,
        state: ChangeState::Pending,
        maker: actor(1),
        created_on: created_on(),
        expires_on: created_on() + Duration::HOUR,
        approvals: Approvals::try_from(approvals).unwrap(),
        votes: Vec::new(),
        ended_on: None,
    }
}

/// Actors 1 and 2 are Asha's, 3 and 4 are Ravi's, others are alone.
fn principal(actor: Actor) -> Principal {
    let login = match actor.number() {
        1 | 2 => Some(Login::try_from("asha").unwrap()),
        3 | 4 => Some(Login::try_from("ravi").unwrap()),
        _ => None,
    };
    Principal::of(actor, login.as_ref())
}

fn vote(by: i64, decision: Decision, minutes: i64) -> Vote {
    Vote {
        actor: actor(by),
        decision,
        comment: None,
        voted_on: created_on() + Duration::minutes(minutes),
    }
}

fn cast(change: &Change, by: i64, decision: Decision) -> Result<(Change, Tally), Code> {
    let cast = change.vote(vote(by, decision, 1), principal);
    cast.map_err(|rejection| rejection.code)
}

#[test]
fn the_last_approval_of_those_that_are_needed_approves() {
    let (once, tally) = cast(&change(2), 3, Decision::Approved).unwrap();
    assert_eq!((once.state, tally), (ChangeState::Pending, Tally::Waits));
    let (twice, tally) = cast(&once, 5, Decision::Approved).unwrap();
    assert_eq!(
        (twice.state, tally),
        (ChangeState::Approved, Tally::Approved)
    );
    assert_eq!(twice.ended_on, Some(created_on() + Duration::MINUTE));
    let voted: Vec<_> = twice.votes.iter().map(|it| it.actor.number()).collect();
    assert_eq!(voted, [3, 5]);
}

#[test]
fn one_rejection_ends_it_whatever_others_said() {
    let (once, _) = cast(&change(2), 3, Decision::Approved).unwrap();
    let (ended, tally) = cast(&once, 5, Decision::Rejected).unwrap();
    assert_eq!(
        (ended.state, tally),
        (ChangeState::Rejected, Tally::Rejected)
    );
    assert_eq!(cast(&ended, 6, Decision::Approved), Err(Code::NotInState));
}

#[test]
fn who_made_it_votes_through_no_client_of_hers() {
    for by in [1, 2] {
        for decision in [Decision::Approved, Decision::Rejected] {
            assert_eq!(cast(&change(1), by, decision), Err(Code::ApprovalByMaker));
        }
    }
}

#[test]
fn nobody_votes_twice_through_whatever_client() {
    let (once, _) = cast(&change(3), 3, Decision::Approved).unwrap();
    for by in [3, 4] {
        assert_eq!(cast(&once, by, Decision::Approved), Err(Code::NotInState));
    }
}

#[test]
fn clients_without_an_owner_are_each_one_by_itself() {
    let of = |number| Principal::of(actor(number), None);
    assert_ne!(of(5), of(6));
    assert_eq!(of(5), of(5));
    assert_ne!(of(5), principal(actor(1)));
}

#[test]
fn at_its_last_moment_it_is_over() {
    let change = change(1);
    let last = change.expires_on;
    assert_eq!(
        change.state_at(last - Duration::MICROSECOND),
        ChangeState::Pending
    );
    assert_eq!(change.state_at(last), ChangeState::Expired);
    let late = change.vote(vote(3, Decision::Approved, 60), principal);
    assert_eq!(late.map_err(|it| it.code), Err(Code::NotInState));
    let over = change.expired(last).unwrap();
    assert_eq!(
        (over.state, over.ended_on),
        (ChangeState::Expired, Some(last))
    );
    assert_eq!(over.expired(last), None);
    assert_eq!(change.clone().at(last), over);
    assert_eq!(change.expired(created_on()), None);
}

#[test]
fn only_its_maker_withdraws_it_and_only_while_it_waits() {
    let change = change(1);
    let now = created_on();
    let by = |number| change.withdrawn(&principal(actor(number)), now, principal);
    let refused = |it: Result<Change, Rejection>| it.map_err(|it| it.code).unwrap_err();
    assert_eq!(refused(by(3)), Code::Forbidden);
    let withdrawn = by(2).unwrap();
    assert_eq!(withdrawn.state, ChangeState::Withdrawn);
    let again = withdrawn.withdrawn(&principal(actor(1)), now, principal);
    assert_eq!(refused(again), Code::NotInState);
}

fn rule(operation: RuledOperation, above_rows: u32, approvals: i64, seconds: i64) -> Rule {
    Rule {
        operation,
        above_rows,
        approvals: approvals.try_into().unwrap(),
        expires_after: seconds.try_into().unwrap(),
    }
}

/// How many approvals a command of so many rows needs, and for how many seconds it waits.
fn demanded(rules: &ApprovalRules, operations: &[RuledOperation], rows: u32) -> Option<(u8, u32)> {
    let Ok(demand) = rules.demand(operations, |above| Ok::<_, Infallible>(rows > above));
    demand.map(|it| (it.approvals.get(), it.expires_after.seconds()))
}

#[test]
fn what_no_rule_names_need_not_wait() {
    use RuledOperation::{Earn, Enrol};
    let rules = ApprovalRules::new(vec![rule(Enrol, 0, 1, 60)]).unwrap();
    assert_eq!(demanded(&rules, &[Earn], 1), None);
    assert_eq!(demanded(&ApprovalRules::default(), &[Enrol], 1), None);
    assert_eq!(demanded(&rules, &[Enrol], 1), Some((1, 60)));
}

#[test]
fn commands_of_so_many_rows_pass_and_those_without_rows_never() {
    use RuledOperation::{Enrol, Merge};
    let rules = vec![rule(Enrol, 100, 1, 60), rule(Merge, 100, 1, 60)];
    let rules = ApprovalRules::new(rules).unwrap();
    assert_eq!(demanded(&rules, &[Enrol], 100), None);
    assert_eq!(demanded(&rules, &[Enrol], 101), Some((1, 60)));
    assert_eq!(demanded(&rules, &[Merge], 2), Some((1, 60)));
}

#[test]
fn a_job_satisfies_the_rule_for_jobs_and_that_of_its_operation() {
    use RuledOperation::{Enrol, Job};
    let rules = vec![rule(Job, 1_000, 2, 600), rule(Enrol, 10, 1, 60)];
    let rules = ApprovalRules::new(rules).unwrap();
    assert_eq!(demanded(&rules, &[Job, Enrol], 10), None);
    assert_eq!(demanded(&rules, &[Job, Enrol], 11), Some((1, 60)));
    assert_eq!(demanded(&rules, &[Job, Enrol], 1_001), Some((2, 60)));
}

#[test]
fn an_operation_has_one_rule() {
    use RuledOperation::{Earn, Enrol};
    let twice = vec![
        rule(Enrol, 0, 1, 1),
        rule(Earn, 0, 1, 1),
        rule(Enrol, 0, 2, 1),
    ];
    let problems = ApprovalRules::new(twice).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|it| it.field.as_deref()).collect();
    assert_eq!(fields, [Some("rules[2].operation")]);
}

#[test]
fn approvals_are_one_to_five_and_a_change_waits_at_least_a_second() {
    let approvals: Vec<_> = [0, 1, 5, 6]
        .map(|it| Approvals::try_from(it).is_ok())
        .into();
    assert_eq!(approvals, [false, true, true, false]);
    let seconds = [-1, 0, 1, i64::from(u32::MAX), i64::from(u32::MAX) + 1];
    let seconds: Vec<_> = seconds.map(|it| ExpiresAfter::try_from(it).is_ok()).into();
    assert_eq!(seconds, [false, false, true, true, false]);
}

#[test]
fn numbers_and_names_are_unique() {
    for operation in RuledOperation::ALL {
        assert_eq!(
            RuledOperation::from_number(operation.number()),
            Some(*operation)
        );
    }
    for state in ChangeState::ALL {
        assert_eq!(ChangeState::from_number(state.number()), Some(*state));
    }
}

proptest! {
    /// Whoever votes what in which order: a change is approved only by so many different people as it
    /// needs, none of them its maker, and by no vote behind a rejection or behind its end.
    #[test]
    fn only_enough_other_people_approve(
        needed in 1..=5_i64,
        votes in prop::collection::vec((1..9_i64, any::<bool>(), 0..70_i64), 0..20),
    ) {
        let mut change = change(needed);
        let mut ended = false;
        for (by, approves, minutes) in votes {
            let decision = if approves { Decision::Approved } else { Decision::Rejected };
            let cast = vote(by, decision, minutes);
            let may = !ended && minutes < 60;
            match change.vote(cast.clone(), principal) {
                Ok((after, tally)) => {
                    prop_assert!(may);
                    prop_assert_eq!(after.votes.len(), change.votes.len() + 1);
                    prop_assert_eq!(after.votes.last(), Some(&cast));
                    ended = tally != Tally::Waits;
                    prop_assert_eq!(ended, after.state != ChangeState::Pending);
                    prop_assert_eq!(ended, after.ended_on.is_some());
                    change = after;
                }
                Err(rejection) => {
                    let is_known = |it: &Vote| principal(it.actor) == principal(actor(by));
                    let is_maker = principal(actor(by)) == principal(change.maker);
                    let expected = if !may || (!is_maker && change.votes.iter().any(is_known)) {
                        Code::NotInState
                    } else {
                        Code::ApprovalByMaker
                    };
                    prop_assert_eq!(rejection.code, expected);
                }
            }
        }
        let mut people: Vec<_> = change.votes.iter().map(|it| principal(it.actor)).collect();
        people.sort();
        people.dedup();
        prop_assert_eq!(people.len(), change.votes.len());
        prop_assert!(!people.contains(&principal(change.maker)));
        let is_approved = change.state == ChangeState::Approved;
        prop_assert_eq!(is_approved, change.approved() == usize::try_from(needed).unwrap());
    }
}
