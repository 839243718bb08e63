//! The rules that a whole request to earn must pass, in their order.

use time::Duration;

use crate::badge::{Badge, BadgeStatus, EarnMode, EarnType, Expiry};
use crate::instant::Instant;
use crate::owner::Owner;
use crate::rejection::{Code, Rejection};
use crate::zone::Zone;

/// How far ahead of now an event may lie.
const AHEAD: Duration = Duration::DAY;

/// When the criteria for an earn were fulfilled, as a request says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EventDate {
    /// When; now if `None`.
    pub on: Option<Instant>,
    /// The field of the request that says so, for what is wrong with it. What is stored of it does not
    /// say so.
    #[cfg_attr(feature = "serde", serde(skip, default = "default_field"))]
    pub field: &'static str,
}

#[cfg(feature = "serde")]
fn default_field() -> &'static str {
    EventDate::default().field
}

/// Now.
impl Default for EventDate {
    fn default() -> Self {
        Self {
            on: None,
            field: "earnEventDate",
        }
    }
}

/// What an earn is recorded with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarnTerms {
    /// Whether customers must be enrolled.
    pub earn_type: EarnType,
    /// When the criteria were fulfilled.
    pub event_on: Instant,
    /// When the earned badge expires.
    pub expires_on: Instant,
}

/// The terms on which `badge` is earned, recorded by `triggered_by` at `now` with the
/// date `event`. A relative expiry counts from `now`, and one that never comes from the event.
///
/// # Errors
/// The first that applies: 1901 the badge is deactivated; 714 the owner is not
/// allowed; 810 it has no active claim; 750 the event lies more than 24 hours
/// ahead; 815 the badge is upcoming; 816 a badge that is earned directly, and the
/// event lies outside its period.
pub fn terms(
    badge: &Badge,
    zone: &Zone,
    triggered_by: Option<&Owner>,
    event: EventDate,
    now: Instant,
) -> Result<EarnTerms, Rejection> {
    badge
        .check_active()
        .map_err(|rejection| rejection.at_field("badgeMetaId"))?;
    badge.check_trigger(triggered_by)?;
    let event_on = event.on.unwrap_or(now);
    if event_on > now + AHEAD {
        return Err(Rejection::new(Code::EarnInFuture).at_field(event.field));
    }
    let definition = &badge.definition;
    if definition.period.status(now) == BadgeStatus::Upcoming {
        return Err(Rejection::new(Code::NotLive).at_field("badgeMetaId"));
    }
    if definition.earn_mode == EarnMode::Direct && !definition.period.contains(event_on) {
        return Err(Rejection::new(Code::EventOutsidePeriod)
            .with_message("Event date is not in duration of badge meta. Pass the earn event date.")
            .at_field(event.field));
    }
    let expiry = definition.earned_expiry;
    let from = match expiry {
        Expiry::Relative { .. } => now,
        _ => event_on,
    };
    Ok(EarnTerms {
        earn_type: definition.earn_mode.earn_type(),
        event_on,
        expires_on: expiry.after(from, definition.period, zone),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, badge, owner};
    use crate::owner::OwnerType;
    use crate::zone::CalendarUnit;

    const NOW: &str = "2026-05-01T00:00:00Z";

    fn dated(event: Option<&str>) -> EventDate {
        EventDate {
            on: event.map(at),
            ..EventDate::default()
        }
    }

    fn judge(badge: &Badge, event: Option<&str>, now: &str) -> Result<EarnTerms, u32> {
        terms(badge, &Zone::utc(), None, dated(event), at(now)).map_err(|r| r.code.number())
    }

    #[test]
    fn an_event_may_lie_a_day_ahead_but_not_more() {
        assert!(judge(&badge(), Some("2026-05-02T00:00:00Z"), NOW).is_ok());
        assert_eq!(
            judge(&badge(), Some("2026-05-02T00:00:00.000001Z"), NOW),
            Err(750)
        );
    }

    #[test]
    fn an_upcoming_badge_is_not_live() {
        assert_eq!(judge(&badge(), None, "2023-12-31T00:00:00Z"), Err(815));
    }

    #[test]
    fn a_relative_expiry_counts_from_now_and_never_from_the_event() {
        let mut badge = badge();
        let mut expires = |expiry| {
            badge.definition.earned_expiry = expiry;
            let judged = judge(&badge, Some("2026-03-01T00:00:00Z"), NOW);
            judged.unwrap().expires_on.to_string()
        };
        let week = Expiry::Relative {
            unit: CalendarUnit::Weeks,
            value: 1.try_into().unwrap(),
        };
        assert_eq!(expires(week), "2026-05-08T00:00:00Z");
        assert_eq!(expires(Expiry::Never), "2126-03-01T00:00:00Z");
    }

    #[test]
    fn only_a_badge_that_is_earned_directly_minds_its_period() {
        let mut badge = badge();
        assert!(judge(&badge, Some("2023-12-31T00:00:00Z"), NOW).is_ok());
        badge.definition.earn_mode = EarnMode::Direct;
        assert_eq!(judge(&badge, Some("2023-12-31T00:00:00Z"), NOW), Err(816));
    }

    #[test]
    fn what_is_wrong_with_the_date_is_said_at_the_field_that_has_it() {
        let mut badge = badge();
        badge.definition.earn_mode = EarnMode::Direct;
        let field = |on: &str, field| {
            let event = EventDate {
                on: Some(at(on)),
                field,
            };
            let refused = terms(&badge, &Zone::utc(), None, event, at(NOW)).unwrap_err();
            (refused.code.number(), refused.field.unwrap())
        };
        for name in ["earnEventDate", "issueEventDate"] {
            let said = name.to_owned();
            assert_eq!(field("2023-12-31T00:00:00Z", name), (816, said.clone()));
            assert_eq!(field("2026-05-03T00:00:00Z", name), (750, said));
        }
    }

    #[test]
    fn the_trigger_comes_before_the_dates_and_the_activity_before_all() {
        let mut badge = badge();
        let by = owner(OwnerType::Journeys, "1");
        let judge = |badge: &Badge| {
            let ahead = dated(Some("2027-01-01T00:00:00Z"));
            terms(badge, &Zone::utc(), Some(&by), ahead, at(NOW)).map_err(|r| r.code.number())
        };
        assert_eq!(judge(&badge), Err(714));
        badge.active = false;
        assert_eq!(judge(&badge), Err(1901));
    }
}
