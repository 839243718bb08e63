//! Moments as people read them: in the org's zone, with the same in UTC beside it.

use std::fmt;

use accolade_domain::instant::Instant;
use accolade_domain::zone::Zone;
use askama::filters::HtmlSafe;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, PrimitiveDateTime, Time};

use crate::texts as t;

/// How browsers write the value of a field for a local time.
const FIELD: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
const FIELD_WITH_FRACTION: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond]");
const FIELD_WITHOUT_SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]");
const FIELD_OF_DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Says moments in the zone of an org.
#[derive(Debug, Clone)]
pub(crate) struct Moments(Zone);

/// A moment, as markup: the local time, with the moment in UTC for machines and as a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    utc: Instant,
    local: String,
}

impl Moments {
    /// Those of `zone`.
    pub(crate) fn of(zone: &Zone) -> Self {
        Self(zone.clone())
    }

    /// The zone.
    pub(crate) const fn zone(&self) -> &Zone {
        &self.0
    }

    /// How `instant` is shown.
    pub(crate) fn show(&self, instant: Instant) -> Moment {
        let local = self.0.local_time(instant);
        let clock = (local.hour(), local.minute());
        Moment {
            utc: instant,
            local: format!("{}, {:02}:{:02}", t::day(local.date()), clock.0, clock.1),
        }
    }

    /// The same of one that there may be.
    pub(crate) fn maybe(&self, instant: Option<Instant>) -> Option<Moment> {
        instant.map(|it| self.show(it))
    }

    /// `message` with its moments, which the API says in UTC, as they are shown.
    pub(crate) fn within(&self, message: &str) -> String {
        let word = |word: &str| {
            let bare = word.trim_end_matches(['.', ',']);
            let is_moment = bare.ends_with('Z') && bare.contains('T');
            match Instant::parse_iso(bare) {
                Ok(instant) if is_moment => {
                    format!("{}{}", self.show(instant).local, &word[bare.len()..])
                }
                _ => word.to_owned(),
            }
        };
        let words: Vec<_> = message.split(' ').map(word).collect();
        words.join(" ")
    }

    /// `instant` as the value of a field.
    pub(crate) fn field(&self, instant: Instant) -> String {
        let local = self.0.local_time(instant);
        local.format(FIELD).unwrap_or_default()
    }

    /// The moment that a field says, if it says one: a local time, or the beginning of a local day.
    ///
    /// # Errors
    /// It is neither.
    pub(crate) fn read(&self, text: &str) -> Result<Option<Instant>, NoMoment> {
        if text.is_empty() {
            return Ok(None);
        }
        let day = || Date::parse(text, FIELD_OF_DAY).map(|it| it.with_time(Time::MIDNIGHT));
        let local = PrimitiveDateTime::parse(text, FIELD)
            .or_else(|_| PrimitiveDateTime::parse(text, FIELD_WITHOUT_SECONDS))
            .or_else(|_| PrimitiveDateTime::parse(text, FIELD_WITH_FRACTION))
            .or_else(|_| day());
        local
            .map(|it| Some(self.0.moment(it)))
            .map_err(|_| NoMoment)
    }

    /// The same, where `before` is what the field said when it was shown: a field has no more than
    /// seconds, and what nobody touched stays what it was.
    ///
    /// # Errors
    /// It is no local time.
    pub(crate) fn read_over(
        &self,
        text: &str,
        before: Option<Instant>,
    ) -> Result<Option<Instant>, NoMoment> {
        match before {
            Some(before) if self.field(before) == text => Ok(Some(before)),
            _ => self.read(text),
        }
    }
}

/// The text of a field is no local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoMoment;

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digits, and the names of months: nothing that has to be escaped.
        let Self { utc, local } = self;
        let hint = utc.floor_to_second().to_string().replace(['T', 'Z'], " ");
        let hint = hint.trim_end();
        write!(
            f,
            r#"<time datetime="{utc}" title="{hint} UTC">{local}</time>"#
        )
    }
}

impl HtmlSafe for Moment {}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_domain::fixtures::at;

    fn kolkata() -> Moments {
        Moments("Asia/Kolkata".parse().unwrap())
    }

    #[test]
    fn a_moment_is_shown_in_the_orgs_zone_with_utc_as_a_hint() {
        assert_eq!(
            kolkata().show(at("2026-05-01T18:45:30.25Z")).to_string(),
            "<time datetime=\"2026-05-01T18:45:30.250Z\" title=\"2026-05-01 18:45:30 UTC\">\
             2 May 2026, 00:15</time>"
        );
    }

    #[test]
    fn moments_within_a_message_are_those_of_the_org() {
        assert_eq!(
            kolkata().within("It opens again at 2026-05-01T18:45:30.250Z, in Z."),
            "It opens again at 2 May 2026, 00:15, in Z."
        );
    }

    #[test]
    fn a_field_is_read_in_the_orgs_zone_and_keeps_what_nobody_touched() {
        let moments = kolkata();
        let precise = at("2026-05-01T18:45:30.25Z");
        let field = moments.field(precise);
        assert_eq!(field, "2026-05-02T00:15:30");
        assert_eq!(moments.read(&field), Ok(Some(at("2026-05-01T18:45:30Z"))));
        assert_eq!(moments.read_over(&field, Some(precise)), Ok(Some(precise)));
        assert_eq!(
            moments.read("2026-05-02T00:15"),
            Ok(Some(at("2026-05-01T18:45:00Z")))
        );
        assert_eq!(
            moments.read("2026-05-02"),
            Ok(Some(at("2026-05-01T18:30:00Z")))
        );
        assert_eq!(moments.read(""), Ok(None));
        assert_eq!(moments.read("tomorrow"), Err(NoMoment));
    }
}
