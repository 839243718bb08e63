//! Earning under limits at the same moment, by way of two servers: exact totals afterwards,
//! never more than there was room for and never less.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use accolade_application::ports::RecordError;
use accolade_domain::badge::Badge;
use accolade_domain::badge::constraint::{Constraint, Cycle};
use accolade_domain::ids::EarnedBadgeId;
use accolade_domain::zone::CalendarUnit;

use crate::World;
use crate::earning::{
    code_of, codes, daily, earn_on, earned, earned_id, for_others, in_all, rolling, windows,
};
use crate::fixtures::{at, now};
use crate::race::{race, shuffled};

const RACERS: usize = 8;

fn number(index: usize) -> i64 {
    i64::try_from(index).unwrap() + 1
}

/// Every racer lets customers of its own earn one by one until it is refused.
fn assert_filled_by_single_earns(world: &World, badge: &Badge, places: usize) {
    let servers = world.servers();
    let request = world.one(badge, 1);
    let won = race(RACERS, |i| {
        let mut won = 0;
        // Where nothing is refused, one more than there are places is enough.
        while won <= places {
            let request = for_others(world, &request, [number(i * 1000 + won)]);
            match code_of(&earn_on(&servers[i % 2], &request)) {
                0 => won += 1,
                818 => break,
                code => panic!("{code}"),
            }
        }
        won
    });
    assert_eq!(won.iter().sum::<usize>(), places);
    assert_eq!(world.earned(badge), places as u64);
    assert_eq!(code_of(&world.earn(&world.one(badge, 9999))), 818);
}

fn single_earns_fill_a_badges_fixed_value_exactly(world: &World) {
    let badge = world.limited("Gold", [], [in_all(37)]);
    assert_filled_by_single_earns(world, &badge, 37);
}

fn single_earns_fill_a_badges_fixed_window_exactly(world: &World) {
    let badge = world.limited("Gold", [], [windows(1, Cycle::Months, 37)]);
    assert_filled_by_single_earns(world, &badge, 37);
}

fn single_earns_fill_a_badges_rolling_window_exactly(world: &World) {
    let badge = world.limited("Gold", [], [rolling(CalendarUnit::Weeks, 1, 37)]);
    assert_filled_by_single_earns(world, &badge, 37);
}

fn single_earns_fill_the_narrowest_of_several_limits_exactly(world: &World) {
    let badge = world.limited(
        "Gold",
        [in_all(1), rolling(CalendarUnit::Days, 1, 1)],
        [
            in_all(41),
            daily(1, 40),
            rolling(CalendarUnit::Days, 1, 39),
            windows(2, Cycle::Months, 37),
            rolling(CalendarUnit::Months, 1, 38),
        ],
    );
    assert_filled_by_single_earns(world, &badge, 37);
}

fn batches_fill_a_limit_to_the_last_place_and_each_in_its_order(world: &World) {
    let servers = world.servers();
    for (name, limit) in [
        ("all", in_all(100)),
        ("window", daily(1, 100)),
        ("rolling", rolling(CalendarUnit::Days, 1, 100)),
    ] {
        let badge = world.limited(name, [], [limit]);
        let requests: Vec<_> = (0..RACERS)
            .map(|racer| {
                let first = number(racer * 1000);
                world.earning(&badge, (first..first + 30).rev())
            })
            .collect();
        let all = race(RACERS, |i| earn_on(&servers[i % 2], &requests[i]).unwrap());
        assert_eq!(
            all.iter().map(|outcomes| earned(outcomes)).sum::<usize>(),
            100
        );
        for outcomes in &all {
            // Those who got none come after those who did.
            assert!(codes(outcomes).is_sorted(), "{outcomes:?}");
        }
        assert_eq!(world.earned(&badge), 100);
    }
}

fn batches_and_single_earns_mixed_fill_a_limit_exactly(world: &World) {
    let servers = world.servers();
    let badge = world.limited(
        "Gold",
        [in_all(2)],
        [in_all(60), rolling(CalendarUnit::Days, 1, 59)],
    );
    let won = race(RACERS, |i| {
        let mut won = 0;
        for step in 0..12 {
            let first = number(i * 1000 + step * 10);
            if step % 2 == 0 {
                let request = world.earning(&badge, first..first + 3);
                won += earned(&earn_on(&servers[i % 2], &request).unwrap());
            } else {
                let request = world.one(&badge, first);
                won += usize::from(code_of(&earn_on(&servers[i % 2], &request)) == 0);
            }
        }
        won
    });
    assert_eq!(won.iter().sum::<usize>(), 59);
    assert_eq!(world.earned(&badge), 59);
}

/// All racers ask for all customers, in an order of their own.
fn assert_each_customer_is_filled(world: &World, limits: Vec<Constraint>, places: u64) {
    let servers = world.servers();
    let badge = world.limited("Gold", limits, []);
    let won = race(RACERS, |i| {
        let request = world.earning(&badge, shuffled(i, 40));
        let mut won = 0;
        for _ in 0..2 {
            let request = for_others(world, &request, shuffled(i, 40));
            won += earned(&earn_on(&servers[i % 2], &request).unwrap());
        }
        won as u64
    });
    assert_eq!(won.iter().sum::<u64>(), 40 * places);
    assert_eq!(world.earned(&badge), 40 * places);
    for customer in 1..=40 {
        assert_eq!(world.counts(&badge, customer)[0], places);
        let earns = world.details(&badge, customer).earns.items;
        assert_eq!(earns.len() as u64, places);
    }
}

fn a_customers_fixed_value_is_filled_exactly_for_each_customer(world: &World) {
    assert_each_customer_is_filled(world, vec![in_all(3)], 3);
}

fn a_customers_windows_side_by_side_are_filled_exactly_for_each_customer(world: &World) {
    let limits = vec![
        rolling(CalendarUnit::Days, 1, 5),
        daily(1, 3),
        windows(2, Cycle::Months, 4),
        in_all(6),
    ];
    assert_each_customer_is_filled(world, limits, 3);
}

fn customer_and_badge_limits_hold_together(world: &World) {
    let servers = world.servers();
    let badge = world.limited("Gold", [daily(1, 2)], [in_all(50)]);
    let won = race(RACERS, |i| {
        let outcomes = (0..3).map(|_| {
            let request = world.earning(&badge, shuffled(i, 30));
            earned(&earn_on(&servers[i % 2], &request).unwrap())
        });
        outcomes.sum::<usize>()
    });
    assert_eq!(won.iter().sum::<usize>(), 50);
    let by_customer: u64 = (1..=30)
        .map(|customer| {
            let earned = world.details(&badge, customer).badge.standing.earned;
            assert!(earned <= 2, "customer {customer} earned {earned} times");
            earned
        })
        .sum();
    assert_eq!(by_customer, 50);
}

fn each_window_of_a_badge_is_filled_exactly_while_others_are_too(world: &World) {
    let servers = world.servers();
    let badge = world.limited("Gold", [], [daily(1, 10)]);
    let days = [1, 2, 3, 4].map(|day| at(&format!("2026-04-{day:02}T12:00:00Z")));
    let won = race(RACERS, |i| {
        let mut won = [0; 4];
        for step in 0..20 {
            let day = (i + step) % 4;
            let customer = number(i * 1000 + step);
            let request = world.earning_at(&badge, [customer], days[day], now());
            won[day] += earned(&earn_on(&servers[i % 2], &request).unwrap());
        }
        won
    });
    let totals: Vec<usize> = (0..4)
        .map(|day| won.iter().map(|won| won[day]).sum())
        .collect();
    assert_eq!(totals, [10; 4]);
}

fn what_is_revoked_meanwhile_makes_room_for_exactly_as_many(world: &World) {
    let servers = world.servers();
    for (name, limit) in [
        ("all", in_all(12)),
        ("window", daily(1, 12)),
        ("rolling", rolling(CalendarUnit::Days, 1, 12)),
    ] {
        let badge = world.limited(name, [], [limit]);
        // Each racer earns and takes back what it earned, and keeps the last ones.
        let kept: Vec<Vec<(i64, EarnedBadgeId)>> = race(RACERS, |i| {
            let mut held = Vec::new();
            for step in 0..12 {
                let customer = number(i * 1000 + step);
                let request = world.one(&badge, customer);
                let result = earn_on(&servers[i % 2], &request);
                if code_of(&result) == 0 {
                    held.push((customer, earned_id(&result.unwrap())));
                }
                if step % 3 == 2
                    && let Some((customer, id)) = held.pop()
                {
                    let request = world.revoking(&badge, customer, id);
                    servers[i % 2].earning.revoke(&request).unwrap().unwrap();
                }
            }
            held
        });
        let held = kept.iter().map(Vec::len).sum::<usize>();
        assert_eq!(world.earned(&badge), held as u64);
        assert_eq!(world.counts(&badge, 1), [held as u64]);
        assert!(held <= 12, "{held} were earned");
        // What is left is given to exactly as many.
        let left = world.earns(&badge, 9001..=9020);
        assert_eq!(left.iter().filter(|code| **code == 0).count(), 12 - held);
        for (customer, id) in kept.into_iter().flatten() {
            world
                .revoke_earn(&world.revoking(&badge, customer, id))
                .unwrap();
            assert_eq!(world.earns(&badge, [9101, 9102]), [0, 818]);
        }
    }
}

fn a_place_that_is_given_back_is_taken_by_exactly_one_of_many(world: &World) {
    let servers = world.servers();
    let badge = world.limited("Gold", [], [in_all(1), rolling(CalendarUnit::Days, 1, 1)]);
    let mut holder = (1, world.earned_by(&badge, 1));
    for round in 0..10 {
        world
            .revoke_earn(&world.revoking(&badge, holder.0, holder.1))
            .unwrap();
        let requests: Vec<_> = (0..RACERS)
            .map(|racer| world.one(&badge, number(round * 100 + racer)))
            .collect();
        let results = race(RACERS, |i| earn_on(&servers[i % 2], &requests[i]));
        let mut winners = (0..RACERS).filter(|i| code_of(&results[*i]) == 0);
        let winner = winners.next().unwrap();
        assert_eq!(winners.next(), None);
        holder = (
            number(round * 100 + winner),
            earned_id(results[winner].as_ref().unwrap()),
        );
    }
}

fn a_limit_that_is_added_while_a_badge_is_earned_is_never_exceeded(world: &World) {
    let servers = world.servers();
    for (round, limit) in [
        in_all(150),
        daily(1, 150),
        rolling(CalendarUnit::Days, 1, 150),
    ]
    .into_iter()
    .enumerate()
    {
        let badge = world.limited(&format!("Badge {round}"), [], []);
        let is_limited = AtomicBool::new(false);
        let done = AtomicUsize::new(0);
        race(RACERS, |i| {
            let stores = &servers[i % 2];
            if i == 0 {
                while done.load(SeqCst) < 10 {
                    std::thread::yield_now();
                }
                let edit = world.redefinition(&badge, |definition| {
                    definition.badge_constraints = vec![limit.clone()];
                });
                let request = world.edit_request(&badge, edit);
                stores.badges.edit(&request).unwrap();
                is_limited.store(true, SeqCst);
                return;
            }
            // Where nothing is refused, there are more of these than places.
            for step in 0..300 {
                let customer = number(i * 10_000 + step);
                let request = world.one(&badge, customer);
                match earn_on(stores, &request) {
                    Ok(_) => {
                        done.fetch_add(1, SeqCst);
                        // Until there is a limit, not more than there is room for.
                        while !is_limited.load(SeqCst) && done.load(SeqCst) >= 100 {
                            std::thread::yield_now();
                        }
                    }
                    Err(RecordError::BadgeChanged) => {}
                    refused => {
                        assert_eq!(code_of(&refused), 818);
                        return;
                    }
                }
            }
        });
        assert_eq!(world.earned(&badge), 150, "{limit:?}");
    }
}

fn imports_meanwhile_are_all_recorded_and_all_counted(world: &World) {
    let servers = world.servers();
    let badge = world.limited("Gold", [], [in_all(60), daily(1, 70)]);
    let won = race(RACERS, |i| {
        let stores = &servers[i % 2];
        let mut won = 0;
        for step in 0..10 {
            let customer = number(i * 1000 + step);
            if i % 2 == 0 {
                let request = world.importing(&badge, &[(customer, now())]);
                stores.earning.import(&request).unwrap().unwrap();
            } else {
                won += usize::from(code_of(&earn_on(stores, &world.one(&badge, customer))) == 0);
            }
        }
        won
    });
    let earned = won.iter().sum::<usize>();
    // 40 imports never wait for room, and nobody earned beyond it.
    assert!((20..=40).contains(&earned), "{earned}");
    assert_eq!(world.earned(&badge), 40 + earned as u64);
    assert_eq!(world.counts(&badge, 1), [40 + earned as u64; 2]);
}

fn limited_badges_do_not_get_in_each_others_way(world: &World) {
    let servers = world.servers();
    let badges = ["Gold", "Silver", "Bronze"].map(|name| {
        let limits = [in_all(20), rolling(CalendarUnit::Days, 1, 20)];
        world.limited(name, [in_all(1)], limits)
    });
    race(RACERS, |i| {
        for step in 0..12 {
            let badge = &badges[(i + step) % 3];
            let request = world.earning(badge, shuffled(i + step, 8));
            earn_on(&servers[i % 2], &request).unwrap();
        }
    });
    for badge in &badges {
        assert_eq!(world.earned(badge), 8);
    }
}

fn recorded_moments_of_a_rolling_badge_never_run_backwards(world: &World) {
    let servers = world.servers();
    let badge = world.limited("Gold", [], [rolling(CalendarUnit::Days, 1, 1000)]);
    race(RACERS, |i| {
        for step in 0..10 {
            // Clocks that differ.
            let seconds = i64::try_from((i * 7 + step * 3) % 20).unwrap();
            let moment = now() + time::Duration::seconds(seconds);
            let request = world.earning_at(&badge, [1], moment, moment);
            assert_eq!(codes(&earn_on(&servers[i % 2], &request).unwrap()), [0]);
        }
    });
    let earns = world.details(&badge, 1).earns.items;
    assert_eq!(earns.len(), 80);
    // The one recorded last comes first.
    assert!(
        earns.is_sorted_by(|a, b| a.earned.earned_on >= b.earned.earned_on),
        "{earns:#?}"
    );
}

fn rolling_windows_hold_while_clocks_differ(world: &World) {
    let servers = world.servers();
    let limit = rolling(CalendarUnit::Days, 1, 5);
    let badge = world.limited("Gold", [], [limit]);
    race(RACERS, |i| {
        for step in 0..30 {
            let hours = i64::try_from(step * 3 + i).unwrap();
            let moment = now() + time::Duration::hours(hours);
            let request = world.earning_at(&badge, [1, 2], moment, moment);
            earn_on(&servers[i % 2], &request).unwrap();
        }
    });
    let mut recorded = Vec::new();
    for customer in [1, 2] {
        let earns = world.details(&badge, customer).earns.items;
        recorded.extend(earns.iter().map(|record| record.earned.earned_on));
    }
    recorded.sort();
    assert_eq!(recorded.len() as u64, world.earned(&badge));
    for window in recorded.windows(6) {
        assert!(
            window[5].since(window[0]) >= time::Duration::DAY,
            "{recorded:?}"
        );
    }
}

fn batches_that_cross_all_get_through(world: &World) {
    let servers = world.servers();
    let badge = world.limited(
        "Gold",
        [in_all(1_000), daily(1, 1_000)],
        [in_all(10_000), daily(2, 10_000)],
    );
    let template = world.earning(&badge, [1]);
    race(RACERS, |i| {
        for step in 0..5 {
            let request = for_others(world, &template, shuffled(i + step, 100));
            let outcomes = earn_on(&servers[i % 2], &request).unwrap();
            assert_eq!(earned(&outcomes), 100);
        }
    });
    assert_eq!(world.earned(&badge), 4000);
}

sentences! {
    single_earns_fill_a_badges_fixed_value_exactly
    single_earns_fill_a_badges_fixed_window_exactly
    single_earns_fill_a_badges_rolling_window_exactly
    single_earns_fill_the_narrowest_of_several_limits_exactly
    batches_fill_a_limit_to_the_last_place_and_each_in_its_order
    batches_and_single_earns_mixed_fill_a_limit_exactly
    a_customers_fixed_value_is_filled_exactly_for_each_customer
    a_customers_windows_side_by_side_are_filled_exactly_for_each_customer
    customer_and_badge_limits_hold_together
    each_window_of_a_badge_is_filled_exactly_while_others_are_too
    what_is_revoked_meanwhile_makes_room_for_exactly_as_many
    a_place_that_is_given_back_is_taken_by_exactly_one_of_many
    a_limit_that_is_added_while_a_badge_is_earned_is_never_exceeded
    imports_meanwhile_are_all_recorded_and_all_counted
    limited_badges_do_not_get_in_each_others_way
    recorded_moments_of_a_rolling_badge_never_run_backwards
    rolling_windows_hold_while_clocks_differ
    batches_that_cross_all_get_through
}
