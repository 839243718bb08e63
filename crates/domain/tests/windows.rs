//! Fixed windows tile the badge's life without gap or overlap, in every zone.
#![allow(clippy::unwrap_used)]

use accolade_domain::badge::constraint::{Count, Cycle, Weekday};
use accolade_domain::earning::{Window, Windows};
use accolade_domain::instant::Instant;
use accolade_domain::zone::Zone;
use proptest::prelude::*;
use time::Duration;

fn zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(vec![
        "UTC",
        "Asia/Kolkata",
        "America/New_York",
        "America/Sao_Paulo",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Beirut",
    ])
    .prop_map(|name| name.parse().unwrap())
}

fn cycle() -> impl Strategy<Value = Cycle> {
    prop_oneof![
        (1..40_i64).prop_map(|n| Cycle::Days {
            refresh_rate: Count::try_from(n).unwrap()
        }),
        prop::sample::select(Weekday::ALL).prop_map(|starts_on| Cycle::Weeks { starts_on }),
        Just(Cycle::Months),
    ]
}

/// From 1995 to 2035, to the microsecond.
fn moment() -> impl Strategy<Value = Instant> {
    (788_918_400_000_000_i64..2_051_222_400_000_000)
        .prop_map(|micros| Instant::from_unix_micros(micros).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn windows_follow_each_other_from_the_first_moment_to_the_last(
        zone in zone(), cycle in cycle(), starts_on in moment(), days in 1..800_i64,
    ) {
        let whole = Window { starts_on, ends_on: Some(starts_on + Duration::days(days)) };
        let windows: Vec<_> = Windows { cycle, whole, zone: &zone }.from(Instant::MIN).collect();
        prop_assert_eq!(windows[0].starts_on, whole.starts_on);
        prop_assert_eq!(windows.last().unwrap().ends_on, whole.ends_on);
        for pair in windows.windows(2) {
            prop_assert_eq!(pair[0].ends_on, Some(pair[1].starts_on));
        }
        for window in &windows {
            prop_assert!(Some(window.starts_on) < window.ends_on);
        }
    }

    #[test]
    fn every_moment_lies_in_the_window_that_is_found_for_it(
        zone in zone(), cycle in cycle(), starts_on in moment(), after in 0..70_000_000_000_000_i64,
    ) {
        let whole = Window { starts_on, ends_on: None };
        let moment = starts_on + Duration::microseconds(after);
        let windows = Windows { cycle, whole, zone: &zone };
        let found = windows.containing(moment).unwrap();
        prop_assert!(found.contains(moment));
        prop_assert_eq!(windows.containing(found.starts_on), Some(found));
        let last = found.ends_on.unwrap() - Duration::MICROSECOND;
        prop_assert_eq!(windows.containing(last), Some(found));
    }

    #[test]
    fn windows_but_the_first_begin_at_the_first_moment_of_a_local_day(
        zone in zone(), cycle in cycle(), starts_on in moment(),
    ) {
        let whole = Window { starts_on, ends_on: None };
        for window in (Windows { cycle, whole, zone: &zone }).from(Instant::MIN).skip(1).take(30) {
            let begins = window.starts_on;
            prop_assert_eq!(zone.midnight(zone.date(begins)), begins);
        }
    }
}
