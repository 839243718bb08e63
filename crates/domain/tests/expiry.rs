//! Properties of calendar arithmetic in time zones, across months and clock changes.
#![allow(clippy::unwrap_used)]

use accolade_domain::badge::{BadgePeriod, Expiry, ExpiryValue};
use accolade_domain::instant::Instant;
use accolade_domain::zone::{CalendarUnit, Zone};
use proptest::prelude::*;
use time::Duration;

/// The most by which clock changes move a local time: Samoa skipped a day, and has
/// summer time besides.
const CLOCK_CHANGES: Duration = Duration::hours(26);

fn zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(vec![
        "UTC",
        "Asia/Kolkata",
        "America/New_York",
        "Europe/London",
        "Australia/Lord_Howe",
        "Pacific/Apia",
    ])
    .prop_map(|name| name.parse().unwrap())
}

/// From 2000 to 2040.
fn moment() -> impl Strategy<Value = Instant> {
    (946_684_800_i64..2_208_988_800).prop_map(|s| Instant::from_unix_seconds(s).unwrap())
}

fn unit() -> impl Strategy<Value = CalendarUnit> {
    prop::sample::select(CalendarUnit::ALL)
}

proptest! {
    #[test]
    fn a_later_date_is_about_as_much_later_as_its_units_are_long(
        zone in zone(), from in moment(), unit in unit(), count in 1_u32..1000,
    ) {
        let days = match unit {
            CalendarUnit::Days => (count, count),
            CalendarUnit::Weeks => (count * 7, count * 7),
            CalendarUnit::Months => (count * 28, count * 31),
        };
        let later = zone.add(from, unit, count).since(from);
        prop_assert!(later >= Duration::days(i64::from(days.0)) - CLOCK_CHANGES);
        prop_assert!(later <= Duration::days(i64::from(days.1)) + CLOCK_CHANGES);
    }

    #[test]
    fn what_begins_later_never_expires_earlier(
        zone in zone(), a in moment(), b in moment(), unit in unit(), count in 1_u32..500,
    ) {
        let (early, late) = (a.min(b), a.max(b));
        // Except within the gap and the fold of a clock change, which are shorter than a day.
        prop_assume!(late.since(early) > CLOCK_CHANGES);
        prop_assert!(zone.add(early, unit, count) <= zone.add(late, unit, count));
    }

    #[test]
    fn seven_days_are_a_week_and_twelve_months_a_year(zone in zone(), from in moment(), count in 1_u32..100) {
        prop_assert_eq!(
            zone.add(from, CalendarUnit::Days, count * 7),
            zone.add(from, CalendarUnit::Weeks, count)
        );
        prop_assert_eq!(
            zone.add(from, CalendarUnit::Months, count * 12),
            zone.add_years(from, count)
        );
    }

    #[test]
    fn nothing_expires_later_than_the_latest_expiry(
        zone in zone(), start in moment(), event in 0_i64..=1000, unit in unit(), value in 1_u32..400,
    ) {
        let badge = BadgePeriod::new(start, start + Duration::days(1000)).unwrap();
        let event = start + Duration::days(event);
        let expiries = [
            Expiry::Relative { unit, value: ExpiryValue::try_from(value).unwrap() },
            Expiry::WithBadge,
            Expiry::FixedDate(start),
        ];
        for expiry in expiries {
            let latest = expiry.latest(badge, &zone).unwrap();
            // A local time that a clock change skips moves forward by the gap.
            prop_assert!(expiry.after(event, badge, &zone) <= latest + CLOCK_CHANGES);
        }
        prop_assert_eq!(Expiry::Never.latest(badge, &zone), None);
    }
}
