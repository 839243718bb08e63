//! Of several reasons to refuse, the one that is checked first is given: for every pair of
//! reasons, in the order in which the operation checks them.

use accolade_application::earning::{EarnBadge, RevokeEarn};
use accolade_application::enrolment::{RevokeEnrolments, WhichEnrolments};
use accolade_application::ports::Operation;
use accolade_domain::badge::BadgeDraft;
use accolade_domain::ids::EarnedBadgeId;
use accolade_domain::owner::OwnerType;
use time::Duration;

use crate::world::{World, at, at_most, codes, customer, direct, draft, outcome_codes, owner};

const NOBODYS: &str = "69381523cebb9648d8974501";

/// A reason to refuse an earn, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    RequestIdUsed,
    NoSuchBadge,
    Deactivated,
    OwnerNotAllowed,
    NotClaimed,
    InFuture,
    NotLive,
    OutsidePeriod,
    NotEnrolled,
    CustomerLimit,
    BadgeLimit,
}

use Reason::{
    BadgeLimit, CustomerLimit, Deactivated, InFuture, NoSuchBadge, NotClaimed, NotEnrolled,
    NotLive, OutsidePeriod, OwnerNotAllowed, RequestIdUsed,
};

impl Reason {
    fn code(self) -> u32 {
        match self {
            RequestIdUsed => 809,
            NoSuchBadge => 404,
            Deactivated => 1901,
            OwnerNotAllowed => 714,
            NotClaimed => 810,
            InFuture => 750,
            NotLive => 815,
            OutsidePeriod => 816,
            NotEnrolled => 811,
            CustomerLimit => 817,
            BadgeLimit => 818,
        }
    }
}

/// The reasons to refuse an earn of a badge for which customers enrol first.
const ENROLLED: [Reason; 10] = [
    RequestIdUsed,
    NoSuchBadge,
    Deactivated,
    OwnerNotAllowed,
    NotClaimed,
    InFuture,
    NotLive,
    NotEnrolled,
    CustomerLimit,
    BadgeLimit,
];

/// The reasons to refuse an earn of a badge that is earned directly.
const DIRECT: [Reason; 10] = [
    RequestIdUsed,
    NoSuchBadge,
    Deactivated,
    OwnerNotAllowed,
    NotClaimed,
    InFuture,
    NotLive,
    OutsidePeriod,
    CustomerLimit,
    BadgeLimit,
];

/// A request of customer 1 to earn, to refuse which there are exactly these reasons.
fn scene(world: &World, badge: BadgeDraft, reasons: &[Reason], operation: Operation) -> EarnBadge {
    let is = |reason| reasons.contains(&reason);
    let limit = |yes| if yes { at_most(1) } else { Vec::new() };
    let badge = world.badge(BadgeDraft {
        customer_constraints: limit(is(CustomerLimit)),
        badge_constraints: limit(is(BadgeLimit)),
        ..badge
    });
    world.claim(badge, owner(OwnerType::Loyalty, "1"));
    if is(CustomerLimit) {
        world.import(badge, 1);
    }
    if is(BadgeLimit) {
        world.import(badge, 2);
    }
    let enrols = world.found(badge).definition.earn_mode.earn_type().name() == "ISSUE_EARN";
    if enrols && !is(NotEnrolled) {
        world.enrol(badge, 1);
    }
    let asked = match operation {
        Operation::Earn => world.one(badge, 1),
        _ => world.several(badge, [1]),
    };
    let mut command = EarnBadge {
        triggered_by: Some(owner(
            if is(OwnerNotAllowed) {
                OwnerType::Journeys
            } else {
                OwnerType::Loyalty
            },
            if is(NotClaimed) { "2" } else { "1" },
        )),
        ..asked
    };
    if is(RequestIdUsed) {
        let other = world.badge(direct("Other"));
        let first = EarnBadge {
            badge: other,
            triggered_by: None,
            ..command.clone()
        };
        world.earn(&first).unwrap();
    }
    if is(Deactivated) {
        world.turn(badge, false);
    }
    if is(NoSuchBadge) {
        command.badge = NOBODYS.parse().unwrap();
    }
    if is(NotLive) {
        world.clock.set(at("2025-12-01T00:00:00Z"));
    }
    if is(OutsidePeriod) {
        command.event.on = Some(at("2025-11-01T00:00:00Z"));
    }
    if is(InFuture) {
        command.event.on = Some(world.ports.clock.now() + Duration::hours(25));
    }
    command
}

/// For a pair of reasons, and each alone, the first is the one that is given.
fn assert_order(reasons: &[Reason], badge: fn(&str) -> BadgeDraft) {
    for (place, first) in reasons.iter().enumerate() {
        for second in &reasons[place..] {
            // Both say when the event was, and it was only at one time.
            if (*first, *second) == (InFuture, OutsidePeriod) {
                continue;
            }
            let world = World::new();
            let command = scene(&world, badge("Gold"), &[*first, *second], Operation::Earn);
            let dry = world.try_out(command.clone());
            assert_eq!(
                codes(&dry),
                [first.code()],
                "dry run: {first:?}, {second:?}"
            );
            let result = world.earn(&command);
            assert_eq!(codes(&result), [first.code()], "{first:?}, {second:?}");
        }
    }
}

#[test]
fn an_earn_of_a_badge_to_enrol_for_is_refused_for_the_first_reason() {
    assert_order(&ENROLLED, draft);
}

#[test]
fn an_earn_of_a_direct_badge_is_refused_for_the_first_reason() {
    assert_order(&DIRECT, direct);
}

#[test]
fn without_any_reason_the_earn_is_recorded() {
    for badge in [draft("Gold"), direct("Gold")] {
        let world = World::new();
        let command = scene(&world, badge, &[], Operation::Earn);
        assert_eq!(outcome_codes(world.earn(&command).unwrap()), [0]);
    }
}

#[test]
fn a_batch_is_refused_as_a_whole_for_what_concerns_all_and_by_customer_for_the_rest() {
    for (place, first) in ENROLLED.iter().enumerate() {
        for second in &ENROLLED[place..] {
            let world = World::new();
            let reasons = [*first, *second];
            let command = scene(&world, draft("Gold"), &reasons, Operation::EarnBulk);
            let dry = world.try_out(command.clone());
            for result in [dry, world.earn(&command)] {
                if *first >= NotEnrolled {
                    assert_eq!(
                        outcome_codes(result.unwrap()),
                        [first.code()],
                        "{reasons:?}"
                    );
                } else {
                    assert_eq!(codes(&result), [first.code()], "{reasons:?}");
                }
            }
        }
    }
}

#[test]
fn a_refused_earn_uses_no_request_id_up() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let command = world.one(badge, 1);
    assert_eq!(codes(&world.earn(&command)), [811]);
    world.enrol(badge, 1);
    assert_eq!(outcome_codes(world.earn(&command).unwrap()), [0]);
    assert_eq!(codes(&world.earn(&command)), [809]);
}

#[test]
fn one_request_id_serves_each_operation_once() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    let one = world.one(badge, 1);
    let several = EarnBadge {
        request_id: one.request_id.clone(),
        ..world.several(badge, [1])
    };
    world.earn(&one).unwrap();
    world.earn(&several).unwrap();
    assert_eq!(codes(&world.earn(&several)), [809]);
}

#[test]
fn revoking_an_earn_is_refused_for_a_used_id_then_an_unknown_badge_then_a_missing_earn() {
    let world = World::new();
    let badge = world.badge(direct("Gold"));
    let used = RevokeEarn {
        reason: None,
        badge,
        customer: customer(1).into(),
        earned: world.earned(badge, 1),
        request_id: Some(world.request_id()),
    };
    world.run(used.clone()).unwrap();
    let fresh = RevokeEarn {
        reason: None,
        request_id: Some(world.request_id()),
        ..used.clone()
    };
    let unknown = |command: &RevokeEarn| RevokeEarn {
        badge: NOBODYS.parse().unwrap(),
        ..command.clone()
    };
    for (command, code) in [
        (unknown(&used), 809),
        (used.clone(), 809),
        (unknown(&fresh), 404),
        (fresh.clone(), 814),
    ] {
        let dry = world.try_out(command.clone());
        assert_eq!(codes(&dry), [code], "{command:?}");
        let result = world.run(command.clone());
        assert_eq!(codes(&result), [code], "{command:?}");
    }
}

#[test]
fn an_earn_of_another_customer_badge_or_of_none_is_no_active_earn() {
    let world = World::new();
    let [gold, silver] = ["Gold", "Silver"].map(|name| world.badge(direct(name)));
    let mine = RevokeEarn {
        reason: None,
        badge: gold,
        customer: customer(1).into(),
        earned: world.earned(gold, 1),
        request_id: None,
    };
    let of_nobody: EarnedBadgeId = NOBODYS.parse().unwrap();
    for command in [
        RevokeEarn {
            customer: customer(2).into(),
            ..mine.clone()
        },
        RevokeEarn {
            badge: silver,
            ..mine.clone()
        },
        RevokeEarn {
            earned: of_nobody,
            ..mine.clone()
        },
    ] {
        let dry = world.try_out(command.clone());
        assert_eq!(codes(&dry), [814]);
        assert_eq!(codes(&world.run(command)), [814]);
    }
    world.run(mine).unwrap();
}

#[test]
fn revoking_enrolments_is_refused_for_a_used_id_then_an_unknown_badge() {
    let world = World::new();
    let badge = world.badge(draft("Gold"));
    let used = RevokeEnrolments {
        reason: None,
        badge,
        which: WhichEnrolments::AllOf(vec![customer(1)].into()),
        request_id: Some(world.request_id()),
    };
    world.run(used.clone()).unwrap();
    let fresh = || Some(world.request_id());
    for dry_run in [true, false] {
        for (badge, request_id, expected) in [
            (NOBODYS.parse().unwrap(), used.request_id.clone(), vec![809]),
            (badge, used.request_id.clone(), vec![809]),
            (NOBODYS.parse().unwrap(), fresh(), vec![404]),
            (badge, fresh(), vec![]),
        ] {
            let command = RevokeEnrolments {
                reason: None,
                badge,
                request_id,
                ..used.clone()
            };
            let result = if dry_run {
                world.try_out(command)
            } else {
                world.run(command)
            };
            assert_eq!(codes(&result), expected, "dry run: {dry_run}");
        }
    }
}
