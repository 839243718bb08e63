//! What the feed says of limits: how many count after each earn, and who took the last place.

use accolade_application::ports::{EarnRequest, FeedQuery};
use accolade_domain::badge::Badge;
use accolade_domain::badge::constraint::Constraint;
use accolade_domain::earning::{Limit, Scope, Span};
use accolade_domain::event::{Event, Fact, Position};
use accolade_domain::ids::CustomerId;
use accolade_domain::instant::Instant;
use accolade_domain::zone::CalendarUnit;
use time::Duration;

use crate::World;
use crate::earning::{daily, earn_on, in_all, rolling};
use crate::feed::{all_of, query};
use crate::fixtures::{at, customer, now};
use crate::race::race;

/// Everything that the feed says of the badge, in order.
pub(super) fn feed(world: &World, badge: &Badge) -> Vec<Event> {
    let query = FeedQuery {
        badge: Some(badge.id),
        ..query(badge.org, Position::START)
    };
    all_of(&*world.stores.events, query)
}

/// What of the feed is told of earns and of limits of a badge, a line each.
fn told(world: &World, badge: &Badge) -> Vec<String> {
    let events = feed(world, badge).into_iter();
    let lines = events.filter_map(|event| match event.fact {
        Fact::EarnCreated(it) => {
            let counts = it.limits.iter().map(|it| it.count.to_string());
            let counts: Vec<_> = counts.collect();
            Some(format!("{}: {}", it.customer, counts.join(" ")))
        }
        Fact::LimitReached(it) => Some(match it.customer {
            Some(customer) => format!("{customer} reached {}", it.limit.max),
            None => format!("badge reached {}", it.limit.max),
        }),
        _ => None,
    });
    lines.collect()
}

fn every_kind(max: i64) -> Vec<Constraint> {
    vec![
        in_all(max),
        daily(1, max),
        rolling(CalendarUnit::Days, 1, max),
        rolling(CalendarUnit::Months, 2, max),
    ]
}

fn earns_at(world: &World, badge: &Badge, numbers: &[i64], moment: Instant) {
    let request = world.earning_at(badge, numbers.iter().copied(), moment, moment);
    world.earn(&request).unwrap();
}

fn behind_the_earn_that_takes_the_last_place_it_is_told(world: &World) {
    for (number, limit) in every_kind(2).into_iter().enumerate() {
        let name = |whose: &str| format!("{whose} {number}");
        let badge = world.limited(&name("badge"), [], [limit.clone()]);
        world.earns(&badge, [1]);
        world.earns(&badge, [1, 2, 3]);
        world.earns(&badge, [1]);
        assert_eq!(told(world, &badge), ["1: 1", "1: 2", "badge reached 2"]);

        let badge = world.limited(&name("customer"), [limit], []);
        world.earns(&badge, [1, 2]);
        world.earns(&badge, [3, 2, 1]);
        let expected = [
            "1: 1",
            "2: 1",
            "3: 1",
            "2: 2",
            "2 reached 2",
            "1: 2",
            "1 reached 2",
        ];
        assert_eq!(told(world, &badge), expected);
    }
}

fn it_says_which_limit_as_the_earn_met_it(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], [daily(7, 1), in_all(9)]);
    let request = world.earning(&badge, [4]);
    world.earn(&request).unwrap();
    let reached: Vec<_> = (feed(world, &badge).into_iter())
        .filter_map(|event| match event.fact {
            Fact::LimitReached(it) => Some((it.badge, it.customer, it.limit)),
            _ => None,
        })
        .collect();
    let limits: &[Limit] = &request.limits;
    assert_eq!(
        reached,
        [
            (badge.id, Some(customer(4)), limits[0]),
            (badge.id, None, limits[1])
        ]
    );
    assert_eq!(limits[0].scope, Scope::Customer);
    assert!(matches!(limits[1].span, Span::Fixed { .. }));
}

fn an_earn_can_reach_several_limits_the_customers_before_the_badges(world: &World) {
    let badge = world.limited("Gold", [in_all(2), daily(1, 1)], [in_all(1), daily(2, 1)]);
    world.earns(&badge, [5]);
    let expected = [
        "5: 1 1 1 1",
        "5 reached 1",
        "badge reached 1",
        "badge reached 1",
    ];
    assert_eq!(told(world, &badge), expected);
}

fn who_is_refused_takes_no_place_and_is_not_told_of(world: &World) {
    let badge = world.limited("Gold", [in_all(1)], [in_all(3)]);
    world.earns(&badge, [1]);
    world.earns(&badge, [2, 1, 3, 4]);
    let expected = [
        "1: 1 1",
        "1 reached 1",
        "2: 1 2",
        "2 reached 1",
        "3: 1 3",
        "3 reached 1",
        "badge reached 3",
    ];
    assert_eq!(told(world, &badge), expected);
}

fn requests_of_one_batch_count_on_from_each_other(world: &World) {
    let badge = world.limited(
        "Gold",
        [in_all(2)],
        [in_all(3), rolling(CalendarUnit::Days, 1, 9)],
    );
    world.earned_by(&badge, 2);
    let requests = [1, 2, 3].map(|number| world.one(&badge, number));
    world.earn_together(requests);
    let expected = [
        "2: 1 1 1",
        "1: 1 2 2",
        "2: 2 3 3",
        "2 reached 2",
        "badge reached 3",
    ];
    assert_eq!(told(world, &badge), expected);
}

fn a_place_that_a_revoked_earn_gives_back_is_told_of_again(world: &World) {
    for (number, limit) in [in_all(2), daily(1, 2)].into_iter().enumerate() {
        let badge = world.limited(&format!("Badge {number}"), [limit.clone()], [limit]);
        let first = world.earned_by(&badge, 1);
        world.earned_by(&badge, 1);
        world
            .revoke_earn(&world.revoking(&badge, 1, first))
            .unwrap();
        world.earned_by(&badge, 1);
        let reached = ["1: 2 2", "1 reached 2", "badge reached 2"];
        let expected = [&["1: 1 1"][..], &reached, &reached].concat();
        assert_eq!(told(world, &badge), expected);
    }
}

fn of_a_rolling_window_it_is_told_at_most_once_an_hour(world: &World) {
    let limit = rolling(CalendarUnit::Days, 1, 2);
    let minutes = |minutes| now() + Duration::minutes(minutes);
    let day = 24 * 60;
    // Earns leave the window as they came, and each time somebody takes the place.
    let moments = [0, 30, day, day + 30, day + 60, day + 89];
    for (name, customer, badge) in [
        ("badge", vec![], vec![limit.clone()]),
        ("customer", vec![limit.clone()], vec![]),
    ] {
        let badge = world.limited(name, customer, badge);
        for moment in moments {
            earns_at(world, &badge, &[1], minutes(moment));
        }
        let told = told(world, &badge);
        let reached = format!("{} reached 2", if name == "badge" { "badge" } else { "1" });
        let expected = [
            "1: 1", "1: 2", &reached, // 30
            "1: 2", &reached, // day
            "1: 2",   // day + 30: quiet
        ];
        assert_eq!(told, expected, "{name}");
    }
}

fn after_an_hour_a_rolling_window_is_told_of_again(world: &World) {
    let limit = rolling(CalendarUnit::Days, 1, 1);
    for (name, customer, badge) in [
        ("badge", vec![], vec![limit.clone()]),
        ("customer", vec![limit.clone()], vec![]),
    ] {
        let badge = world.limited(name, customer, badge);
        let revoke_and_earn = |minutes: i64| {
            let moment = now() + Duration::minutes(minutes);
            let earns = world.details(&badge, 1).earns.items;
            if let Some(last) = earns.iter().find(|it| it.earned.revoked_on.is_none()) {
                let mut request = world.revoking(&badge, 1, last.earned.id);
                request.context.now = moment - Duration::SECOND;
                world.revoke_earn(&request).unwrap();
            }
            earns_at(world, &badge, &[1], moment);
        };
        for minutes in [0, 20, 59, 60, 100, 119, 120] {
            revoke_and_earn(minutes);
        }
        let told = told(world, &badge);
        let reached = told.iter().filter(|line| line.contains("reached"));
        assert_eq!(reached.count(), 3, "{name}: {told:?}");
    }
}

fn what_has_left_a_rolling_window_does_not_count_however_much_room_there_is(world: &World) {
    let limit = rolling(CalendarUnit::Days, 1, 1_000);
    let badge = world.limited("Gold", [], [limit]);
    for day in 0..4 {
        let moment = now() + Duration::days(day);
        earns_at(world, &badge, &[1, 2], moment);
    }
    let expected = ["1: 1", "2: 2"].repeat(4);
    assert_eq!(told(world, &badge), expected);
}

fn an_import_counts_and_tells_of_no_limit(world: &World) {
    let badge = world.limited("Gold", [], [in_all(2), daily(1, 2)]);
    let mut request = world.importing(&badge, &[(1, now()), (2, now())]);
    request.outcomes = super::expiries::outcomes(&request);
    world.import(&request).unwrap();
    assert_eq!(world.earns(&badge, [3]), [818]);
    assert!(told(world, &badge).is_empty());
}

fn a_dry_run_tells_of_no_limit(world: &World) {
    let badge = world.limited("Gold", [], [rolling(CalendarUnit::Days, 1, 1)]);
    world
        .stores
        .earning
        .preview(&world.earning(&badge, [1]))
        .unwrap();
    assert!(told(world, &badge).is_empty());
    world.earns(&badge, [1]);
    assert_eq!(told(world, &badge), ["1: 1", "badge reached 1"]);
}

fn while_many_earn_at_once_every_place_is_told_once_and_the_last_one_last(world: &World) {
    const SERVERS: usize = 4;
    const EACH: usize = 6;
    // Half of what is asked for.
    let places = i64::try_from(SERVERS * EACH / 2).unwrap();
    let limits = [in_all(places), rolling(CalendarUnit::Days, 1, places)];
    let badge = world.limited("Gold", [in_all(3)], limits);
    let servers = world.servers();
    // Everybody asks for the same few customers, so that their numbers are taken again and again.
    let requests: Vec<Vec<EarnRequest>> = (0..SERVERS)
        .map(|_| {
            (0..EACH)
                .map(|_| world.earning(&badge, [1, 2, 3, 4]))
                .collect()
        })
        .collect();
    race(SERVERS, |racer| {
        for request in &requests[racer] {
            earn_on(&servers[racer % servers.len()], request).unwrap();
        }
    });
    let mut counts = vec![Vec::new(); 5];
    let mut reached = Vec::new();
    for event in feed(world, &badge) {
        match event.fact {
            Fact::EarnCreated(it) => {
                let of_customer = usize::try_from(it.customer.get()).unwrap();
                counts[of_customer].push(it.limits[0].count);
                counts[0].push(it.limits[1].count);
                assert_eq!(it.limits[1].count, it.limits[2].count);
            }
            Fact::LimitReached(it) => {
                let whose = it.customer.map_or(0, CustomerId::get);
                reached.push((whose, counts[usize::try_from(whose).unwrap()].len()));
            }
            _ => {}
        }
    }
    assert_eq!(counts[0], (1..=12).collect::<Vec<_>>());
    for of_customer in &counts[1..] {
        assert_eq!(*of_customer, [1, 2, 3]);
    }
    reached.sort_unstable();
    assert_eq!(reached, [(0, 12), (0, 12), (1, 3), (2, 3), (3, 3), (4, 3)]);
}

fn limits_that_a_revision_brings_are_told_by_what_counted_before(world: &World) {
    let badge = world.direct("Gold");
    earns_at(world, &badge, &[1, 2], at("2026-05-01T00:00:00Z"));
    world.redefine(&badge, |definition| {
        definition.badge_constraints = vec![in_all(3)];
    });
    world.earns(&badge, [3]);
    assert_eq!(
        told(world, &badge),
        ["1: ", "2: ", "3: 3", "badge reached 3"]
    );
}

sentences! {
    behind_the_earn_that_takes_the_last_place_it_is_told
    it_says_which_limit_as_the_earn_met_it
    an_earn_can_reach_several_limits_the_customers_before_the_badges
    who_is_refused_takes_no_place_and_is_not_told_of
    requests_of_one_batch_count_on_from_each_other
    a_place_that_a_revoked_earn_gives_back_is_told_of_again
    of_a_rolling_window_it_is_told_at_most_once_an_hour
    after_an_hour_a_rolling_window_is_told_of_again
    what_has_left_a_rolling_window_does_not_count_however_much_room_there_is
    an_import_counts_and_tells_of_no_limit
    a_dry_run_tells_of_no_limit
    while_many_earn_at_once_every_place_is_told_once_and_the_last_one_last
    limits_that_a_revision_brings_are_told_by_what_counted_before
}
