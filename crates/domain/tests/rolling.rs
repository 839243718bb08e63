//! The start of a rolling window never moves back, in every zone.
#![allow(clippy::unwrap_used)]

use accolade_domain::badge::constraint::Count;
use accolade_domain::earning::{leaves_rolling, rolling_since};
use accolade_domain::instant::Instant;
use accolade_domain::zone::{CalendarUnit, Zone};
use proptest::prelude::*;
use time::Duration;

fn zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(vec![
        "UTC",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Pacific/Apia",
    ])
    .prop_map(|name| name.parse().unwrap())
}

fn moment() -> impl Strategy<Value = Instant> {
    (1_262_304_000_000_000_i64..1_893_456_000_000_000)
        .prop_map(|micros| Instant::from_unix_micros(micros).unwrap())
}

fn at(iso: &str) -> Instant {
    Instant::parse_iso(iso).unwrap()
}

#[test]
fn months_are_held_at_the_end_of_a_shorter_one() {
    let since = |now| rolling_since(CalendarUnit::Months, Count::ONE, at(now), &Zone::utc());
    assert_eq!(since("2026-03-28T10:00:00Z"), at("2026-02-28T10:00:00Z"));
    assert_eq!(
        since("2026-03-29T10:00:00Z"),
        at("2026-02-28T23:59:59.999999Z")
    );
    assert_eq!(
        since("2026-03-31T10:00:00Z"),
        at("2026-02-28T23:59:59.999999Z")
    );
    assert_eq!(since("2026-04-01T00:00:00Z"), at("2026-03-01T00:00:00Z"));
}

#[test]
fn a_day_is_24_hours_even_when_clocks_change() {
    let new_york = "America/New_York".parse().unwrap();
    assert_eq!(
        rolling_since(
            CalendarUnit::Days,
            Count::ONE,
            at("2026-03-08T12:00:00-04:00"),
            &new_york
        ),
        at("2026-03-07T11:00:00-05:00")
    );
}

proptest! {
    #[test]
    fn the_start_of_a_rolling_window_never_moves_back(
        zone in zone(), a in moment(), later in 0..5_000_000_000_000_i64, months in 1..15_i64,
    ) {
        let length = Count::try_from(months).unwrap();
        let since = |now| rolling_since(CalendarUnit::Months, length, now, &zone);
        // Far apart and close by, so that clock changes are met.
        for later in [later, later / 1000, later / 1_000_000] {
            prop_assert!(since(a) <= since(a + Duration::microseconds(later)));
        }
    }

    #[test]
    fn an_earn_counts_until_it_leaves_and_never_again(
        zone in zone(), recorded in moment(), length in 1..15_i64,
        unit in prop::sample::select(CalendarUnit::ALL),
    ) {
        let length = Count::try_from(length).unwrap();
        let leaves = leaves_rolling(unit, length, recorded, &zone);
        let since = |now| rolling_since(unit, length, now, &zone);
        prop_assert!(since(leaves) >= recorded);
        prop_assert!(since(leaves - Duration::MICROSECOND) < recorded);
    }
}
