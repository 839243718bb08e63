//! Instants on the wire: written exactly, and read in every form that callers send.
//!
//! An instant `x` is a number of seconds with nine decimals, its twin `xISO` the
//! same as text. JSON numbers pass through `f64` in most libraries, which loses
//! digits; here they are read from and written as the text that they are.

use std::borrow::Cow;

use accolade_domain::instant::{Instant, OutOfRange};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// What is accepted for an instant `x`.
const ACCEPTED: &str = "Must be epoch seconds (1713860055 or 1713860055.25), epoch milliseconds \
                        (1713860055250), or an ISO 8601 date-time with Z or an offset \
                        (2024-04-23T13:44:15+05:30).";

/// What is accepted for its twin `xISO`.
const ACCEPTED_ISO: &str = "Must be an ISO 8601 date-time with Z or an offset, like \
                            2024-04-23T13:44:15+05:30, as a string.";

/// Numbers from this many digits before the point are milliseconds: in seconds they would
/// lie after the year 5138.
const MILLISECOND_DIGITS: isize = 12;

/// More digits than any instant has; a bound on arithmetic in `i128`.
const MOST_DIGITS: isize = 30;

/// An instant as a JSON number: seconds since 1970 with exactly nine decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireInstant(pub(crate) Instant);

/// The same instant as text: RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireIso(pub(crate) Instant);

impl From<Instant> for WireInstant {
    fn from(instant: Instant) -> Self {
        Self(instant)
    }
}

impl From<Instant> for WireIso {
    fn from(instant: Instant) -> Self {
        Self(instant)
    }
}

impl Serialize for WireInstant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(decimal_seconds(self.0))
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl Serialize for WireIso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PartialSchema for WireInstant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some(
                "A moment: seconds since 1970 in UTC, written with exactly nine decimals.",
            ))
            .examples([serde_json::json!(1_926_235_957)])
            .into()
    }
}

impl ToSchema for WireInstant {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Instant")
    }
}

impl PartialSchema for WireIso {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some(
                "A moment: RFC 3339 in UTC. Read too: any ISO 8601 date-time with Z or an offset.",
            ))
            .examples([serde_json::json!("2031-01-15T09:32:37Z")])
            .into()
    }
}

impl ToSchema for WireIso {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("InstantISO")
    }
}

fn decimal_seconds(instant: Instant) -> String {
    let micros = instant.unix_micros();
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, fraction) = (
        micros.unsigned_abs() / 1_000_000,
        micros.unsigned_abs() % 1_000_000,
    );
    format!("{sign}{seconds}.{fraction:06}000")
}

/// The instant in the JSON value `value` of a field `x`.
///
/// # Errors
/// A sentence for the caller that says what is accepted.
pub(crate) fn read(value: &RawValue) -> Result<Instant, String> {
    let text = value.get();
    if text.starts_with('"') {
        let text: Cow<'_, str> = serde_json::from_str(text).map_err(|_| ACCEPTED.to_owned())?;
        parse(text.trim())
    } else if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        parse(text)
    } else {
        Err(ACCEPTED.to_owned())
    }
}

/// The instant in the JSON value `value` of a field `xISO`.
///
/// # Errors
/// A sentence for the caller that says what is accepted.
pub(crate) fn read_iso(value: &RawValue) -> Result<Instant, String> {
    let refused = || ACCEPTED_ISO.to_owned();
    let text: Cow<'_, str> = serde_json::from_str(value.get()).map_err(|_| refused())?;
    Instant::parse_iso(text.trim()).map_err(|_| refused())
}

/// The instant that `text` says in any of the accepted forms.
///
/// # Errors
/// A sentence for the caller that says what is accepted.
pub(crate) fn parse(text: &str) -> Result<Instant, String> {
    match Decimal::parse(text) {
        Some(number) => number
            .instant()
            .map_err(|OutOfRange| format!("{ACCEPTED} Years 1 to 9999.")),
        None => Instant::parse_iso(text).map_err(|_| ACCEPTED.to_owned()),
    }
}

/// A decimal number, exactly: `0.DIGITS × 10^point`.
struct Decimal {
    negative: bool,
    /// Significant digits, the first of which is no zero.
    digits: Vec<u8>,
    /// How many of them stand before the point; negative if zeros stand after it.
    point: isize,
}

impl Decimal {
    /// Reads `-`, digits, a point with digits, and an exponent, of which all but the first
    /// digits may be absent.
    fn parse(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Self::exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let zeros = whole
            .bytes()
            .chain(fraction.bytes())
            .take_while(|byte| *byte == b'0')
            .count();
        Some(Self {
            negative,
            digits: whole
                .bytes()
                .chain(fraction.bytes())
                .skip(zeros)
                .map(|byte| byte - b'0')
                .collect(),
            point: isize::try_from(whole.len())
                .ok()?
                .checked_sub_unsigned(zeros)?
                .checked_add(exponent)?,
        })
    }

    /// Up to four digits with a sign: more has no instant.
    fn exponent(text: &str) -> Option<isize> {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let readable =
            (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        readable.then(|| text.parse().ok()).flatten()
    }

    fn instant(&self) -> Result<Instant, OutOfRange> {
        let decimals = if self.point >= MILLISECOND_DIGITS {
            3
        } else {
            6
        };
        let micros = self.floor_times_ten_to(decimals)?;
        i64::try_from(micros)
            .map_err(|_| OutOfRange)
            .and_then(Instant::from_unix_micros)
    }

    /// The greatest integer not above the number times `10^decimals`: what is cut off is
    /// the later part of the moment, before 1970 as after, as it is for ISO texts.
    fn floor_times_ten_to(&self, decimals: isize) -> Result<i128, OutOfRange> {
        if self.digits.is_empty() {
            return Ok(0);
        }
        let kept = self.point + decimals;
        if kept > MOST_DIGITS {
            return Err(OutOfRange);
        }
        let kept = usize::try_from(kept).unwrap_or(0);
        let magnitude = (0..kept).fold(0_i128, |number, place| {
            number * 10 + i128::from(self.digits.get(place).copied().unwrap_or(0))
        });
        let exact = self.digits.iter().skip(kept).all(|digit| *digit == 0);
        Ok(match (self.negative, exact) {
            (false, _) => magnitude,
            (true, true) => -magnitude,
            (true, false) => -magnitude - 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(micros: i64) -> Instant {
        Instant::from_unix_micros(micros).unwrap()
    }

    fn read_text(json: &str) -> Result<i64, String> {
        read(serde_json::from_str(json).unwrap()).map(Instant::unix_micros)
    }

    #[test]
    fn a_number_has_exactly_nine_decimals() {
        let written = |micros| serde_json::to_string(&WireInstant(at(micros))).unwrap();
        assert_eq!(written(1_926_235_957_000_000), "1926235957.000000000");
        assert_eq!(written(1_926_235_957_123_456), "1926235957.123456000");
        assert_eq!(written(0), "0.000000000");
        assert_eq!(written(-1), "-0.000001000");
        assert_eq!(written(-1_500_000), "-1.500000000");
    }

    #[test]
    fn the_twin_is_text_in_utc() {
        let written = serde_json::to_string(&WireIso(at(1_926_235_957_000_000))).unwrap();
        assert_eq!(written, r#""2031-01-15T09:32:37Z""#);
    }

    #[test]
    fn every_form_of_a_moment_is_read_as_the_same_instant() {
        for json in [
            "1713860055",
            "1713860055.000000000",
            "1713860055000",
            "1713860055000.0",
            "1.713860055e9",
            "1713860055E+0",
            "17138600550e-1",
            r#""1713860055""#,
            r#""1713860055000""#,
            r#""2024-04-23T13:44:15+05:30""#,
            r#""2024-04-23T08:14:15Z""#,
            r#"" 2024-04-23T08:14:15.000000Z ""#,
            r#""2024\u002d04-23T08:14:15Z""#,
        ] {
            assert_eq!(read_text(json), Ok(1_713_860_055_000_000), "{json}");
        }
    }

    #[test]
    fn a_hundred_billion_is_milliseconds_and_one_less_is_seconds() {
        assert_eq!(read_text("100000000000"), Ok(100_000_000_000_000));
        assert_eq!(read_text("99999999999"), Ok(99_999_999_999_000_000));
        assert_eq!(read_text("-100000000000"), Ok(-100_000_000_000_000));
        assert_eq!(read_text("1713860055250.75"), Ok(1_713_860_055_250_750));
    }

    #[test]
    fn what_is_finer_than_a_microsecond_is_cut_off_as_it_is_in_iso_texts() {
        assert_eq!(read_text("1.0000009"), Ok(1_000_000));
        assert_eq!(read_text("-0.0000001"), Ok(-1));
        assert_eq!(read_text(r#""1969-12-31T23:59:59.9999999Z""#), Ok(-1));
        assert_eq!(read_text("0.0000000000000000000000000000000000001"), Ok(0));
        assert_eq!(read_text("-0"), Ok(0));
    }

    #[test]
    fn nonsense_is_refused_and_told_what_is_accepted() {
        for json in [
            "true",
            "{}",
            "[1713860055]",
            r#""NaN""#,
            r#""Infinity""#,
            r#""""#,
            r#""1713860055s""#,
            r#""+1713860055""#,
            r#""0x10""#,
            r#""1e""#,
            r#""1.""#,
            r#"".5""#,
            r#""2024-04-23""#,
            r#""2024-04-23T13:44:15""#,
            r#""2024-02-30T00:00:00Z""#,
            r#""\ud800""#,
            "1e400",
            "1e99999999999999999999",
            "999999999999999999",
            "1e29",
            "-99999999999999",
        ] {
            let refused = read_text(json).unwrap_err();
            assert!(
                refused.starts_with("Must be epoch seconds"),
                "{json}: {refused}"
            );
        }
    }

    #[test]
    fn the_iso_twin_takes_only_iso_texts() {
        let read = |json| read_iso(serde_json::from_str(json).unwrap());
        assert_eq!(
            read(r#""2024-04-23T13:44:15+05:30""#),
            Ok(at(1_713_860_055_000_000))
        );
        assert_eq!(read("1713860055"), Err(ACCEPTED_ISO.to_owned()));
        assert_eq!(read(r#""1713860055""#), Err(ACCEPTED_ISO.to_owned()));
    }

    proptest! {
        #[test]
        fn what_was_written_and_is_read_again_is_the_same_instant(
            micros in Instant::MIN.unix_micros()..=Instant::MAX.unix_micros()
        ) {
            let iso = serde_json::to_string(&WireIso(at(micros))).unwrap();
            prop_assert_eq!(read_text(&iso), Ok(micros));
            prop_assert_eq!(read_iso(serde_json::from_str(&iso).unwrap()), Ok(at(micros)));
            // In seconds, numbers reach to the year 5138.
            if micros.unsigned_abs() < 100_000_000_000_000_000 {
                let number = serde_json::to_string(&WireInstant(at(micros))).unwrap();
                prop_assert_eq!(read_text(&number), Ok(micros));
            }
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".{0,40}", number in "-?[0-9]{1,40}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,5})?") {
            let _ = parse(&text);
            let _ = parse(&number);
        }
    }
}
