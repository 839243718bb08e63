//! The rules that a whole request to enrol must pass, in their order.

use crate::badge::{Badge, EarnMode};
use crate::enrolment::Hold;
use crate::instant::Instant;
use crate::owner::Owner;
use crate::rejection::{Code, Rejection};
use crate::zone::Zone;

/// When an enrolment for `badge` would hold that `triggered_by` records at
/// `now` with the event date `event_on` (default: now).
///
/// `triggered_by` is `None` if it is done by hand at the care desk.
///
/// # Errors
/// The first that applies: 1901 the badge is deactivated; 1902 it is earned
/// directly; 714 the owner is not allowed; 810 it has no active claim; 816 the
/// event date lies outside the badge's period; 1903 the enrolment would expire
/// before it starts.
pub fn terms(
    badge: &Badge,
    zone: &Zone,
    triggered_by: Option<&Owner>,
    event_on: Option<Instant>,
    now: Instant,
) -> Result<Hold, Rejection> {
    badge
        .check_active()
        .map_err(|rejection| rejection.at_field("badgeMetaId"))?;
    let EarnMode::EnrolThenEarn { enrolment_expiry } = badge.definition.earn_mode else {
        return Err(Rejection::new(Code::EarnedDirectly).at_field("badgeMetaId"));
    };
    badge.check_trigger(triggered_by)?;
    let event_on = event_on.unwrap_or(now);
    let period = badge.definition.period;
    if !period.contains(event_on) {
        return Err(Rejection::new(Code::EventOutsidePeriod).at_field("issueEventDate"));
    }
    Hold::new(event_on, enrolment_expiry.after(event_on, period, zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::Expiry;
    use crate::fixtures::{at, badge, owner};
    use crate::owner::OwnerType;

    const NOW: &str = "2026-05-01T00:00:00Z";

    fn judge(
        badge: &Badge,
        by: Option<(OwnerType, &str)>,
        event: Option<&str>,
    ) -> Result<Hold, u32> {
        let by = by.map(|(owner_type, reference)| owner(owner_type, reference));
        terms(badge, &Zone::utc(), by.as_ref(), event.map(at), at(NOW)).map_err(|r| r.code.number())
    }

    #[test]
    fn the_event_is_now_unless_told_otherwise() {
        let hold = judge(&badge(), Some((OwnerType::Loyalty, "123694")), None).unwrap();
        assert_eq!(
            (hold.event_on(), hold.expires_on()),
            (at(NOW), at("2031-01-15T09:32:37Z"))
        );
    }

    #[test]
    fn an_owner_must_be_allowed_and_have_a_claim_but_the_care_desk_needs_neither() {
        let badge = badge();
        assert_eq!(
            judge(&badge, Some((OwnerType::Journeys, "1")), None),
            Err(714)
        );
        assert_eq!(
            judge(&badge, Some((OwnerType::Loyalty, "1")), None),
            Err(810)
        );
        assert!(judge(&badge, Some((OwnerType::Membercare, "1")), None).is_ok());
        assert!(judge(&badge, None, None).is_ok());
    }

    #[test]
    fn a_claim_taken_back_is_no_claim() {
        let mut badge = badge();
        badge.claims[0].active = false;
        assert_eq!(
            judge(&badge, Some((OwnerType::Loyalty, "123694")), None),
            Err(810)
        );
    }

    #[test]
    fn the_event_date_lies_within_the_badges_period_both_ends_included() {
        let badge = badge();
        for (event, judged) in [
            ("2023-12-31T23:59:59.999999Z", Err(816)),
            ("2024-01-01T00:00:00Z", Ok(())),
            ("2030-01-01T00:00:00Z", Ok(())),
            ("2030-01-01T00:00:00.000001Z", Err(816)),
        ] {
            assert_eq!(
                judge(&badge, None, Some(event)).map(|_| ()),
                judged,
                "{event}"
            );
        }
    }

    #[test]
    fn an_enrolment_must_expire_after_it_starts() {
        let mut badge = badge();
        badge.definition.earn_mode = EarnMode::EnrolThenEarn {
            enrolment_expiry: Expiry::WithBadge,
        };
        assert_eq!(judge(&badge, None, Some("2030-01-01T00:00:00Z")), Err(1903));
        assert!(judge(&badge, None, Some("2029-12-31T23:59:59Z")).is_ok());
    }

    #[test]
    fn of_several_reasons_the_first_in_the_order_of_checks_is_given() {
        let mut badge = badge();
        badge.definition.earn_mode = EarnMode::Direct;
        badge.active = false;
        let nobody = Some((OwnerType::Journeys, "1"));
        assert_eq!(
            judge(&badge, nobody, Some("1999-01-01T00:00:00Z")),
            Err(1901)
        );
        badge.active = true;
        assert_eq!(
            judge(&badge, nobody, Some("1999-01-01T00:00:00Z")),
            Err(1902)
        );
    }
}
