//! Limits: how much room there is, for whom, and whose refusal it is.

use accolade_application::answer::EarnOutcome;
use accolade_domain::badge::Badge;
use accolade_domain::badge::constraint::{Constraint, Cycle, FixedWindow, Weekday};
use accolade_domain::zone::CalendarUnit;
use time::Duration;
use uuid::Uuid;

use crate::World;
use crate::earning::{code_of, codes, count, daily, in_all, rolling, windows};
use crate::fixtures::{at, customers, now};

/// One of each kind.
fn every_kind(max: i64) -> Vec<Constraint> {
    let weekly = Cycle::Weeks {
        starts_on: Weekday::Friday,
    };
    vec![
        in_all(max),
        daily(1, max),
        windows(2, weekly, max),
        windows(3, Cycle::Months, max),
        rolling(CalendarUnit::Days, 1, max),
        rolling(CalendarUnit::Weeks, 2, max),
        rolling(CalendarUnit::Months, 1, max),
    ]
}

/// The event dates in turn, each by another customer; a code for each.
fn events(world: &World, badge: &Badge, events: &[&str]) -> Vec<u32> {
    let earn = |(number, event): (i64, &&str)| {
        let request = world.earning_at(badge, [number], at(event), now());
        codes(&world.earn(&request).unwrap())[0]
    };
    (1..).zip(events).map(earn).collect()
}

fn a_badges_limit_of_every_kind_is_filled_to_the_last_place_and_not_further(world: &World) {
    for (number, limit) in every_kind(3).into_iter().enumerate() {
        let badge = world.limited(&format!("Badge {number}"), [], [limit.clone()]);
        let filled: Vec<_> = (1..=5)
            .map(|customer| world.earns(&badge, [customer])[0])
            .collect();
        assert_eq!(filled, [0, 0, 0, 818, 818], "{limit:?}");
        assert_eq!(world.earned(&badge), 3);
    }
}

fn a_customers_limit_of_every_kind_is_each_customers_own(world: &World) {
    for (number, limit) in every_kind(2).into_iter().enumerate() {
        let badge = world.limited(&format!("Badge {number}"), [limit.clone()], []);
        assert_eq!(world.earns(&badge, [1, 2]), [0, 0]);
        assert_eq!(world.earns(&badge, [2, 3]), [0, 0]);
        assert_eq!(
            world.earns(&badge, [1, 2, 3, 4]),
            [0, 817, 0, 0],
            "{limit:?}"
        );
        assert_eq!(world.earned(&badge), 7);
    }
}

fn with_room_for_three_the_first_three_of_five_get_it(world: &World) {
    for (number, limit) in every_kind(4).into_iter().enumerate() {
        let badge = world.limited(&format!("Badge {number}"), [], [limit.clone()]);
        world.earned_by(&badge, 1);
        assert_eq!(
            world.earns(&badge, [9, 1, 7, 8, 2]),
            [0, 0, 0, 818, 818],
            "{limit:?}"
        );
    }
}

fn who_is_refused_for_another_reason_takes_no_room(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], [in_all(3)]);
    world.earned_by(&badge, 1);
    assert_eq!(world.earns(&badge, [1, 2, 3, 4]), [817, 0, 0, 818]);

    let mut draft = world.draft("Silver");
    draft.definition.badge_constraints = vec![in_all(1)];
    world.create(&draft);
    let mut enrolment = world.request(&draft, [2]);
    enrolment.hold = accolade_domain::enrolment::Hold::new(
        at("2026-01-01T00:00:00Z"),
        at("2027-01-01T00:00:00Z"),
    )
    .unwrap();
    world.enrol(&enrolment).unwrap();
    assert_eq!(world.earns(&draft, [1, 2, 3]), [811, 0, 811]);
}

fn all_limits_must_have_room_and_the_first_without_is_named(world: &World) {
    let badge = world.limited("Gold", every_kind(5), every_kind(5));
    for _ in 0..5 {
        assert_eq!(world.earns(&badge, [1]), [0]);
    }
    assert_eq!(world.earns(&badge, [1, 2]), [817, 818]);

    let badge = world.limited("Silver", [daily(1, 9), in_all(1)], [daily(2, 1), in_all(9)]);
    world.earned_by(&badge, 1);
    let outcomes = world.earn(&world.earning(&badge, [1, 2])).unwrap();
    let message = |outcome: &EarnOutcome| match outcome {
        EarnOutcome::Refused(rejection) => rejection.message.clone(),
        other => panic!("{other:?}"),
    };
    let messages: Vec<_> = outcomes.iter().map(|o| message(&o.outcome)).collect();
    assert!(
        messages[0].starts_with("The customer has reached its limit: once in all."),
        "{messages:?}"
    );
    assert!(
        messages[1].starts_with(
            "The badge has reached its limit: once in the window from 2026-05-01T00:00:00Z to \
             2026-05-02T00:00:00Z. It opens again at 2026-05-02T00:00:00Z."
        ),
        "{messages:?}"
    );
}

fn a_refused_single_customer_gets_the_same_code_as_in_a_batch(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], [in_all(2)]);
    world.earned_by(&badge, 1);
    assert_eq!(code_of(&world.earn(&world.one(&badge, 1))), 817);
    world.earned_by(&badge, 2);
    assert_eq!(code_of(&world.earn(&world.one(&badge, 3))), 818);
}

fn a_revoked_earn_gives_back_exactly_one_place_under_every_limit(world: &World) {
    let badge = world.limited("Gold", every_kind(3), every_kind(3));
    let ids: Vec<_> = (0..3).map(|_| world.earned_by(&badge, 1)).collect();
    assert_eq!(world.earns(&badge, [1, 2]), [817, 818]);
    for id in [ids[1], ids[0], ids[2]] {
        world.revoke_earn(&world.revoking(&badge, 1, id)).unwrap();
        assert_eq!(world.counts(&badge, 1), [2; 14]);
        assert_eq!(world.earns(&badge, [1, 2]), [0, 818]);
        assert_eq!(world.counts(&badge, 1), [3; 14]);
    }
}

fn fixed_windows_count_by_the_event_date_and_each_window_has_its_own_room(world: &World) {
    let badge = world.limited("Gold", [], [daily(1, 1)]);
    assert_eq!(
        events(
            world,
            &badge,
            &[
                "2026-05-01T00:00:00Z",
                "2026-05-01T23:59:59.999999Z",
                "2026-05-02T00:00:00Z",
                "2026-04-30T23:59:59.999999Z",
                "2026-04-30T00:00:00Z",
                "2024-01-01T00:00:00Z",
                "2029-12-31T00:00:00Z",
                "2030-01-01T00:00:00Z",
            ]
        ),
        [0, 818, 0, 0, 818, 0, 0, 818]
    );
}

fn a_customers_windows_count_by_the_event_date_too(world: &World) {
    let badge = world.limited("Gold", [windows(1, Cycle::Months, 2)], []);
    let earn = |number, event| {
        let request = world.earning_at(&badge, [number], at(event), now());
        codes(&world.earn(&request).unwrap())[0]
    };
    let earns = [
        (1, "2026-04-30T23:59:59.999999Z", 0),
        (1, "2026-05-01T00:00:00Z", 0),
        (1, "2026-05-31T23:59:59.999999Z", 0),
        (1, "2026-05-15T00:00:00Z", 817),
        (2, "2026-05-15T00:00:00Z", 0),
        (1, "2026-04-01T00:00:00Z", 0),
        (1, "2026-04-02T00:00:00Z", 817),
        (1, "2026-06-01T00:00:00Z", 0),
    ];
    for (number, event, code) in earns {
        assert_eq!(earn(number, event), code, "{number} {event}");
    }
}

fn earns_of_other_badges_and_orgs_take_no_room(world: &World) {
    let [gold, silver] =
        ["Gold", "Silver"].map(|name| world.limited(name, every_kind(1), every_kind(1)));
    let mut theirs = world.draft_of(world.tenant(7), "Gold");
    theirs.definition = accolade_domain::badge::BadgeDefinition {
        name: theirs.definition.name.clone(),
        ..gold.definition.clone()
    };
    world.create(&theirs);
    for badge in [&gold, &silver, &theirs] {
        assert_eq!(world.earns(badge, [1]), [0]);
        assert_eq!(world.earns(badge, [1]), [817]);
    }
}

fn a_limit_that_a_live_badge_did_not_have_counts_what_was_earned_before(world: &World) {
    for (number, limit) in every_kind(3).into_iter().enumerate() {
        let badge = world.limited(&format!("Badge {number}"), [], []);
        let revoked = world.earned_by(&badge, 1);
        world
            .revoke_earn(&world.revoking(&badge, 1, revoked))
            .unwrap();
        assert_eq!(world.earns(&badge, [1, 2]), [0, 0]);
        world.redefine(&badge, |definition| {
            definition.customer_constraints = vec![limit.clone()];
            definition.badge_constraints = vec![limit.clone()];
        });
        assert_eq!(world.counts(&badge, 1), [1, 2]);
        assert_eq!(world.earns(&badge, [1, 2]), [0, 818], "{limit:?}");
    }
}

fn a_limit_that_was_taken_off_and_put_on_again_counts_what_was_earned_between(world: &World) {
    for (number, limit) in every_kind(2).into_iter().enumerate() {
        let badge = world.limited(&format!("Badge {number}"), [], [limit.clone()]);
        world.earned_by(&badge, 1);
        world.redefine(&badge, |definition| definition.badge_constraints.clear());
        world.earned_by(&badge, 2);
        world.redefine(&badge, |definition| {
            definition.badge_constraints = vec![limit.clone()];
        });
        assert_eq!(world.earns(&badge, [3]), [818], "{limit:?}");
    }
}

fn a_limit_that_is_raised_opens_and_one_that_is_lowered_stays_shut_until_there_is_room(
    world: &World,
) {
    for (number, kind) in every_kind(1).into_iter().enumerate() {
        let of = |max| every_kind(max).swap_remove(number);
        let badge = world.limited(&format!("Badge {number}"), [], [kind]);
        let set = |max| {
            world.redefine(&badge, |definition| {
                definition.badge_constraints = vec![of(max)];
            });
        };
        let first = world.earned_by(&badge, 1);
        set(3);
        let second = world.earned_by(&badge, 2);
        world.earned_by(&badge, 3);
        set(2);
        for (customer, id) in [(1, first), (2, second)] {
            assert_eq!(world.earns(&badge, [4]), [818]);
            world
                .revoke_earn(&world.revoking(&badge, customer, id))
                .unwrap();
        }
        assert_eq!(world.earns(&badge, [4, 5]), [0, 818]);
    }
}

fn the_configuration_that_governs_the_event_date_counts(world: &World) {
    let change = at("2026-05-02T00:00:00Z");
    let window = |reference, cycle, from, until| {
        Constraint::FixedWindow(FixedWindow {
            reference: Uuid::from_u128(reference),
            cycle,
            max: count(1),
            from,
            until,
        })
    };
    let day = Cycle::Days {
        refresh_rate: count(1),
    };
    let badge = world.limited(
        "Gold",
        [],
        [
            window(1, day, None, Some(change)),
            window(2, Cycle::Months, Some(change), None),
        ],
    );
    assert_eq!(
        events(
            world,
            &badge,
            &[
                "2026-04-30T12:00:00Z",
                "2026-05-01T12:00:00Z",
                "2026-05-01T13:00:00Z",
                "2026-05-02T00:00:00Z",
                "2026-05-31T00:00:00Z",
                "2026-06-01T00:00:00Z",
            ]
        ),
        [0, 0, 818, 0, 818, 0]
    );
}

fn a_window_whose_cycle_is_changed_at_once_counts_what_the_new_one_holds(world: &World) {
    let badge = world.limited("Gold", [], [daily(1, 1)]);
    assert_eq!(
        events(
            world,
            &badge,
            &["2026-05-01T12:00:00Z", "2026-05-02T12:00:00Z"]
        ),
        [0, 0]
    );
    world.redefine(&badge, |definition| {
        definition.badge_constraints = vec![windows(2, Cycle::Months, 3)];
    });
    assert_eq!(world.counts(&badge, 1), [2]);
    assert_eq!(
        events(
            world,
            &badge,
            &["2026-05-20T12:00:00Z", "2026-05-21T12:00:00Z"]
        ),
        [0, 818]
    );
}

fn imports_take_room_under_fixed_limits_and_none_under_rolling_ones(world: &World) {
    for (number, limit) in every_kind(2).into_iter().enumerate() {
        let badge = world.limited(&format!("Badge {number}"), [limit.clone()], [limit.clone()]);
        world
            .import(&world.importing(&badge, &[(1, now()), (1, now() - Duration::SECOND)]))
            .unwrap();
        let rolls = matches!(limit, Constraint::RollingWindow(_));
        let counted = if rolls { 0 } else { 2 };
        assert_eq!(world.counts(&badge, 1), [counted; 2], "{limit:?}");
        let expected = if rolls { [0, 0] } else { [817, 818] };
        assert_eq!(world.earns(&badge, [1, 2]), expected, "{limit:?}");
    }
}

fn imports_are_refused_by_no_limit_and_a_revoked_one_gives_its_place_back(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], [in_all(1), daily(1, 1)]);
    let request = world.importing(&badge, &[(1, now()), (1, now()), (2, now())]);
    world.import(&request).unwrap();
    assert_eq!(world.earned(&badge), 3);
    for item in &request.items {
        assert_eq!(world.earns(&badge, [3]), [818]);
        let revoking = world.revoking(&badge, item.customer.get(), item.id);
        world.revoke_earn(&revoking).unwrap();
    }
    assert_eq!(world.earns(&badge, [3, 1]), [0, 818]);
}

fn an_import_counts_in_the_window_of_its_event_date(world: &World) {
    let badge = world.limited("Gold", [], [daily(1, 1)]);
    let earlier = at("2026-04-01T12:00:00Z");
    world
        .import(&world.importing(&badge, &[(1, earlier), (1, at("2020-01-01T00:00:00Z"))]))
        .unwrap();
    assert_eq!(
        events(
            world,
            &badge,
            &["2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z"]
        ),
        [818, 0]
    );
}

fn counts_are_of_the_limits_that_are_asked_for_in_their_order(world: &World) {
    let badge = world.limited("Gold", every_kind(9), every_kind(9));
    for _ in 0..2 {
        world.earned_by(&badge, 1);
    }
    world.earned_by(&badge, 2);
    let earlier = world.earning_at(&badge, [1], at("2026-03-01T00:00:00Z"), now());
    world.earn(&earlier).unwrap();
    let customers_own = [3, 2, 2, 2, 3, 3, 3];
    let everybodys = [4, 3, 3, 3, 4, 4, 4];
    assert_eq!(
        world.counts(&badge, 1),
        [customers_own, everybodys].concat()
    );
    assert_eq!(world.counts(&badge, 3), [[0; 7], everybodys].concat());

    let mut limits = earlier.limits;
    limits.reverse();
    let earning = &world.stores.earning;
    let counted = |customer| {
        earning
            .counted(badge.org, badge.id, customer, &limits)
            .unwrap()
    };
    let customers_own = [3, 3, 3, 1, 1, 1, 3];
    let everybodys = [4, 4, 4, 1, 1, 1, 4];
    assert_eq!(
        counted(customers([1]).pop()),
        [everybodys, customers_own].concat()
    );
    assert_eq!(counted(None), [everybodys, [0; 7]].concat());
    assert_eq!(
        earning.counted(badge.org, badge.id, None, &[]).unwrap(),
        [0_u64; 0]
    );
}

sentences! {
    a_badges_limit_of_every_kind_is_filled_to_the_last_place_and_not_further
    a_customers_limit_of_every_kind_is_each_customers_own
    with_room_for_three_the_first_three_of_five_get_it
    who_is_refused_for_another_reason_takes_no_room
    all_limits_must_have_room_and_the_first_without_is_named
    a_refused_single_customer_gets_the_same_code_as_in_a_batch
    a_revoked_earn_gives_back_exactly_one_place_under_every_limit
    fixed_windows_count_by_the_event_date_and_each_window_has_its_own_room
    a_customers_windows_count_by_the_event_date_too
    earns_of_other_badges_and_orgs_take_no_room
    a_limit_that_a_live_badge_did_not_have_counts_what_was_earned_before
    a_limit_that_was_taken_off_and_put_on_again_counts_what_was_earned_between
    a_limit_that_is_raised_opens_and_one_that_is_lowered_stays_shut_until_there_is_room
    the_configuration_that_governs_the_event_date_counts
    a_window_whose_cycle_is_changed_at_once_counts_what_the_new_one_holds
    imports_take_room_under_fixed_limits_and_none_under_rolling_ones
    imports_are_refused_by_no_limit_and_a_revoked_one_gives_its_place_back
    an_import_counts_in_the_window_of_its_event_date
    counts_are_of_the_limits_that_are_asked_for_in_their_order
}
