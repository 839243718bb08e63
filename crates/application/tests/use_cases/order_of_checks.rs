//! Of two reasons to refuse an enrolment the earlier in the order of checks is given.

use accolade_domain::badge::{EarnType, Expiry};
use accolade_domain::owner::OwnerType;

use crate::world::{World, at, codes, command, draft, owner};

/// What can be wrong, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Problem {
    IdUsed = 809,
    NotFound = 404,
    Deactivated = 1901,
    Direct = 1902,
    OwnerNotAllowed = 714,
    NotClaimed = 810,
    OutsidePeriod = 816,
    ExpiresBeforeStart = 1903,
}

use Problem::{
    Deactivated, Direct, ExpiresBeforeStart, IdUsed, NotClaimed, NotFound, OutsidePeriod,
    OwnerNotAllowed,
};

const ORDER: [Problem; 8] = [
    IdUsed,
    NotFound,
    Deactivated,
    Direct,
    OwnerNotAllowed,
    NotClaimed,
    OutsidePeriod,
    ExpiresBeforeStart,
];

/// The code of an enrolment, and of its preview, with all of these problems.
fn judged(problems: &[Problem]) -> [Vec<u32>; 2] {
    let has = |problem| problems.contains(&problem);
    let world = World::new();
    let mut definition = draft("Gold");
    if has(Direct) {
        definition.earn_type = Some(EarnType::Earn);
    }
    if has(ExpiresBeforeStart) {
        definition.enrolment_expiry = Some(Expiry::FixedDate(at("2025-01-01T00:00:00Z")));
    }
    let badge = world.badge_from(definition);
    world.claim(badge, owner(OwnerType::Loyalty, "1"));
    if has(Deactivated) {
        world.deactivate(badge);
    }
    let mut request = command(badge, &[1]);
    request.request_id = Some("request".try_into().unwrap());
    request.event_on = Some(at("2026-01-01T00:00:00Z"));
    request.triggered_by = Some(owner(OwnerType::Loyalty, "1"));
    if has(IdUsed) {
        let mut first = command(world.badge("Silver"), &[1]);
        first.request_id.clone_from(&request.request_id);
        world.enrol(first).unwrap();
    }
    if has(NotFound) {
        request.badge = "ffffffffffffffffffffffff".parse().unwrap();
    }
    if has(NotClaimed) {
        request.triggered_by = Some(owner(OwnerType::Loyalty, "2"));
    }
    if has(OwnerNotAllowed) {
        request.triggered_by = Some(owner(OwnerType::Journeys, "1"));
    }
    if has(OutsidePeriod) {
        request.event_on = Some(at("2030-01-01T00:00:00.000001Z"));
    }
    let previewed = codes(world.try_out(request.clone()));
    [codes(world.enrol(request)), previewed]
}

#[test]
fn each_problem_alone_is_reported() {
    for problem in ORDER {
        let code = problem as u32;
        assert_eq!(judged(&[problem]), [[code], [code]]);
    }
}

#[test]
fn of_every_two_problems_the_earlier_is_reported() {
    for (position, earlier) in ORDER.into_iter().enumerate() {
        for later in &ORDER[position + 1..] {
            let code = earlier as u32;
            assert_eq!(
                judged(&[earlier, *later]),
                [[code], [code]],
                "{earlier:?} {later:?}"
            );
        }
    }
}

#[test]
fn of_all_problems_at_once_the_first_is_reported() {
    for first in 0..ORDER.len() {
        let code = ORDER[first] as u32;
        assert_eq!(judged(&ORDER[first..]), [[code], [code]]);
    }
}
