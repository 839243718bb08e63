//! Revising a badge: what may change of a definition, and when.
//!
//! Before a badge starts everything may. From then on its start, its earn type
//! and the kinds of its constraints stay, and a changed cycle of fixed windows takes
//! effect only when the running window has ended. An owner with an active
//! claim can never be taken off.

use uuid::Uuid;

use crate::badge::constraint::{Constraint, FixedWindow, FixedWindowDraft};
use crate::badge::{Badge, BadgeDefinition, BadgeDraft, BadgeStatus, Defining};
use crate::earning::{Window, Windows, earning_time, tiled_by};
use crate::instant::Instant;
use crate::rejection::{Code, Rejection};

impl Badge {
    /// The definition that replaces the badge's by `draft`. Dates are checked
    /// against now only where they change.
    ///
    /// # Errors
    /// Everything that is wrong: as [`BadgeDraft::define`]; 729 if an owner with an
    /// active claim is left out; and, unless the badge is upcoming, 723, 1904
    /// and 826 where the start, the earn type or a constraint's kind would change.
    pub fn revise(
        &self,
        draft: BadgeDraft,
        defining: Defining<'_>,
        mut reference: impl FnMut() -> Uuid,
    ) -> Result<BadgeDefinition, Vec<Rejection>> {
        let old = &self.definition;
        let mut draft = draft;
        for (old, new) in [
            (&old.customer_constraints, &mut draft.customer_constraints),
            (&old.badge_constraints, &mut draft.badge_constraints),
        ] {
            drop_echoes(old, new, defining.now);
        }
        let mut problems = Vec::new();
        let claimed_by = self.claimed_by();
        let left_out = |owner| !draft.owners.contains(&owner);
        if !draft.owners.is_empty()
            && old
                .owners
                .as_slice()
                .iter()
                .any(|owner| claimed_by.contains(owner) && left_out(*owner))
        {
            problems
                .push(Rejection::new(Code::OwnerHasClaim).at_field("ownership.restrictedToOwners"));
        }
        let started = old.period.status(defining.now) != BadgeStatus::Upcoming;
        if started {
            if draft
                .starts_on
                .is_some_and(|starts_on| starts_on != old.period.starts_on())
            {
                problems.push(Rejection::new(Code::StartFixedOnceLive).at_field("startOn"));
            }
            if draft
                .earn_type
                .is_some_and(|earn_type| earn_type != old.earn_mode.earn_type())
            {
                problems.push(Rejection::new(Code::EarnTypeFixed).at_field("earnType"));
            }
            for (field, old, new) in [
                (
                    "customerConstraints",
                    &old.customer_constraints,
                    &draft.customer_constraints,
                ),
                (
                    "badgeConstraints",
                    &old.badge_constraints,
                    &draft.badge_constraints,
                ),
            ] {
                if changes_kind(old, new, defining) {
                    problems.push(Rejection::new(Code::ConstraintKindFixed).at_field(field));
                }
            }
        }
        let drafts = (
            draft.customer_constraints.clone(),
            draft.badge_constraints.clone(),
        );
        let mut definition = match draft.define_after(Some(old), defining, &mut reference) {
            Ok(definition) => definition,
            Err(more) => {
                // A start that may not change need not be checked against now.
                let said = problems.iter().any(|p| p.code == Code::StartFixedOnceLive);
                problems.extend(
                    more.into_iter()
                        .filter(|p| !(said && p.code == Code::StartInPast)),
                );
                return Err(problems);
            }
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        if started {
            let whole = earning_time(&definition, defining.zone);
            let editing = Editing { whole, defining };
            definition.customer_constraints =
                editing.merge(&old.customer_constraints, drafts.0, &mut reference);
            definition.badge_constraints =
                editing.merge(&old.badge_constraints, drafts.1, &mut reference);
        }
        Ok(definition)
    }
}

/// Takes past configurations of windows out of `new`: callers send the definition back that they
/// read, in which those stand.
fn drop_echoes(old: &[Constraint], new: &mut Vec<Constraint<FixedWindowDraft>>, now: Instant) {
    let past: Vec<Uuid> = old
        .iter()
        .filter_map(|constraint| match constraint {
            Constraint::FixedWindow(w) if is_past(w, now) => Some(w.reference),
            _ => None,
        })
        .collect();
    new.retain(|constraint| match constraint {
        Constraint::FixedWindow(draft) => draft.reference.is_none_or(|r| !past.contains(&r)),
        _ => true,
    });
}

fn is_past(window: &FixedWindow, now: Instant) -> bool {
    window.until.is_some_and(|until| until <= now)
}

fn is_next(window: &FixedWindow, now: Instant) -> bool {
    window.from.is_some_and(|from| from > now)
}

/// Whether a fixed window would become another kind of limit or the other way
/// round: one kind has fewer and the other more. Fixed values and rolling
/// windows may become each other.
fn changes_kind(
    old: &[Constraint],
    new: &[Constraint<FixedWindowDraft>],
    defining: Defining<'_>,
) -> bool {
    let now = defining.now;
    let old_windows = old
        .iter()
        .filter(|c| matches!(c, Constraint::FixedWindow(w) if !is_past(w, now) && !is_next(w, now)))
        .count();
    let next: Vec<Uuid> = old
        .iter()
        .filter_map(|constraint| match constraint {
            Constraint::FixedWindow(w) if is_next(w, now) => Some(w.reference),
            _ => None,
        })
        .collect();
    let echoed = |w: &FixedWindowDraft| w.reference.is_some_and(|r| next.contains(&r));
    let new_windows = new
        .iter()
        .filter(|c| matches!(c, Constraint::FixedWindow(w) if !echoed(w)))
        .count();
    let old_others = old.iter().filter(|c| is_count(c)).count();
    let new_others = new.iter().filter(|c| is_count(c)).count();
    (new_windows < old_windows && new_others > old_others)
        || (new_windows > old_windows && new_others < old_others)
}

fn is_count<W>(constraint: &Constraint<W>) -> bool {
    match constraint {
        Constraint::FixedValue(_) | Constraint::RollingWindow(_) => true,
        Constraint::FixedWindow(_) | Constraint::NoLimit => false,
    }
}

/// Editing the fixed windows of a badge that has started.
struct Editing<'a> {
    whole: Window,
    defining: Defining<'a>,
}

impl Editing<'_> {
    /// The constraints that `new` asks for, in which fixed windows go on as they
    /// are, or from the end of the running window on, and past ones are kept.
    fn merge(
        &self,
        old: &[Constraint],
        new: Vec<Constraint<FixedWindowDraft>>,
        reference: &mut impl FnMut() -> Uuid,
    ) -> Vec<Constraint> {
        let now = self.defining.now;
        let mut existing: Vec<FixedWindow> = old
            .iter()
            .filter_map(|c| {
                if let Constraint::FixedWindow(w) = c {
                    Some(*w)
                } else {
                    None
                }
            })
            .collect();
        let kept_past: Vec<FixedWindow> = existing
            .iter()
            .copied()
            .filter(|w| is_past(w, now))
            .collect();
        existing.retain(|w| !is_past(w, now));
        let (mut next, mut current): (Vec<_>, Vec<_>) =
            existing.into_iter().partition(|w| is_next(w, now));

        let mut merged = Vec::new();
        let mut changed = Vec::new();
        for constraint in new {
            match constraint {
                Constraint::FixedWindow(draft) => {
                    match take(&mut next, &draft).or_else(|| take(&mut current, &draft)) {
                        Some(same) => merged.push(Constraint::FixedWindow(FixedWindow {
                            max: draft.max,
                            ..same
                        })),
                        None => changed.push(draft),
                    }
                }
                other => merged.push(other.with_reference(&mut *reference)),
            }
        }
        // A running window whose successor was taken out runs until the badge ends.
        let follows = |merged: &[Constraint], until| {
            merged
                .iter()
                .any(|c| matches!(c, Constraint::FixedWindow(w) if w.from == Some(until)))
        };
        for index in 0..merged.len() {
            if let Constraint::FixedWindow(window) = merged[index]
                && let Some(until) = window.until
                && !follows(&merged, until)
            {
                merged[index] = Constraint::FixedWindow(FixedWindow {
                    until: None,
                    ..window
                });
            }
        }
        for draft in changed {
            let mut added = FixedWindow {
                reference: reference(),
                cycle: draft.cycle,
                max: draft.max,
                from: None,
                until: None,
            };
            let named = |w: &FixedWindow| Some(w.reference) == draft.reference;
            // A new window replaces the configuration that it names; if it names none, one that the
            // draft leaves out.
            let from_next = next.iter().position(named);
            let from_current = current
                .iter()
                .position(named)
                .or_else(|| (!current.is_empty()).then_some(0));
            if let Some(index) = from_next {
                added.from = next.remove(index).from;
            } else if let Some(index) = from_current {
                let running = current.remove(index);
                let end = self.running_window_end(&running);
                if let Some(end) = end {
                    added.from = Some(end);
                    merged.push(Constraint::FixedWindow(FixedWindow {
                        until: Some(end),
                        ..running
                    }));
                } else {
                    // The running window ends with the badge: nothing can follow it.
                    added = FixedWindow {
                        max: draft.max,
                        ..running
                    };
                }
            }
            merged.push(Constraint::FixedWindow(added));
        }
        merged.extend(kept_past.into_iter().map(Constraint::FixedWindow));
        merged
    }

    /// When the window that runs now ends; `None` if it ends with the badge, so that none follows.
    fn running_window_end(&self, running: &FixedWindow) -> Option<Instant> {
        let open = FixedWindow {
            until: None,
            ..*running
        };
        let whole = tiled_by(&open, self.whole);
        let windows = Windows {
            cycle: running.cycle,
            whole,
            zone: self.defining.zone,
        };
        let end = windows.containing(self.defining.now)?.ends_on?;
        (Some(end) != self.whole.ends_on).then_some(end)
    }
}

/// Takes out of `windows` the one that `draft` asks for: with the same cycle,
/// and the reference if it has one.
fn take(windows: &mut Vec<FixedWindow>, draft: &FixedWindowDraft) -> Option<FixedWindow> {
    let index = windows.iter().position(|w| {
        w.cycle == draft.cycle
            && draft
                .reference
                .is_none_or(|reference| reference == w.reference)
    })?;
    Some(windows.remove(index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::constraint::{Count, Cycle};
    use crate::badge::{EarnMode, EarnType, Expiry};
    use crate::fixtures::{at, badge};
    use crate::owner::OwnerType;
    use crate::zone::Zone;

    const NOW: &str = "2026-05-10T12:00:00Z";

    fn draft_of(badge: &Badge) -> BadgeDraft {
        let definition = &badge.definition;
        BadgeDraft {
            name: Some(definition.name.clone()),
            starts_on: Some(definition.period.starts_on()),
            expires_on: Some(definition.period.expires_on()),
            earn_type: Some(definition.earn_mode.earn_type()),
            enrolment_expiry: match definition.earn_mode {
                EarnMode::EnrolThenEarn { enrolment_expiry } => Some(enrolment_expiry),
                EarnMode::Direct => None,
            },
            earned_expiry: Some(definition.earned_expiry),
            owners: definition.owners.as_slice().to_vec(),
            ..BadgeDraft::default()
        }
    }

    fn revise(badge: &Badge, draft: BadgeDraft, now: &str) -> Result<BadgeDefinition, Vec<u32>> {
        let zone = Zone::utc();
        let mut made = 0;
        let defining = Defining {
            now: at(now),
            zone: &zone,
            migrating: false,
        };
        badge
            .revise(draft, defining, || {
                made += 1;
                Uuid::from_u128(made)
            })
            .map_err(|problems| problems.into_iter().map(|p| p.code.number()).collect())
    }

    fn count(n: i64) -> Count {
        Count::try_from(n).unwrap()
    }

    fn daily(n: i64, max: i64, reference: Option<u128>) -> Constraint<FixedWindowDraft> {
        Constraint::FixedWindow(FixedWindowDraft {
            cycle: Cycle::Days {
                refresh_rate: count(n),
            },
            max: count(max),
            reference: reference.map(Uuid::from_u128),
        })
    }

    type Config = (u128, i64, i64, Option<String>, Option<String>);

    fn configs(definition: &BadgeDefinition) -> Vec<Config> {
        let text = |instant: Option<Instant>| instant.map(|i| i.to_string());
        definition
            .badge_constraints
            .iter()
            .filter_map(|c| match c {
                Constraint::FixedWindow(w) => {
                    let Cycle::Days { refresh_rate } = w.cycle else {
                        return None;
                    };
                    let reference = w.reference.as_u128();
                    Some((
                        reference,
                        refresh_rate.into(),
                        w.max.into(),
                        text(w.from),
                        text(w.until),
                    ))
                }
                _ => None,
            })
            .collect()
    }

    fn limited(windows: &[FixedWindow]) -> Badge {
        let mut badge = badge();
        badge.definition.badge_constraints = windows
            .iter()
            .copied()
            .map(Constraint::FixedWindow)
            .collect();
        badge
    }

    fn three_days() -> FixedWindow {
        FixedWindow {
            reference: Uuid::from_u128(100),
            cycle: Cycle::Days {
                refresh_rate: count(3),
            },
            max: count(5),
            from: None,
            until: None,
        }
    }

    #[test]
    fn a_badge_may_be_revised_to_what_it_is() {
        let badge = badge();
        assert_eq!(revise(&badge, draft_of(&badge), NOW), Ok(badge.definition));
    }

    #[test]
    fn once_live_the_start_the_earn_type_and_the_kinds_stay() {
        let badge = limited(&[three_days()]);
        let draft = BadgeDraft {
            starts_on: Some(at("2024-02-01T00:00:00Z")),
            earn_type: Some(EarnType::Earn),
            badge_constraints: vec![Constraint::FixedValue(count(3))],
            ..draft_of(&badge)
        };
        assert_eq!(
            revise(&badge, draft.clone(), NOW),
            Err(vec![723, 1904, 826])
        );
        let later = BadgeDraft {
            starts_on: Some(at("2024-02-01T00:00:00Z")),
            ..draft
        };
        assert!(revise(&badge, later, "2023-12-31T00:00:00Z").is_ok());
    }

    #[test]
    fn an_owner_with_an_active_claim_stays() {
        let mut badge = badge();
        let draft = BadgeDraft {
            owners: vec![OwnerType::Journeys],
            ..draft_of(&badge)
        };
        assert_eq!(revise(&badge, draft.clone(), NOW), Err(vec![729]));
        badge.claims[0].active = false;
        assert!(revise(&badge, draft, NOW).is_ok());
    }

    #[test]
    fn only_an_end_that_changes_may_not_be_past() {
        let mut badge = badge();
        badge.definition.earn_mode = EarnMode::EnrolThenEarn {
            enrolment_expiry: Expiry::Never,
        };
        let now = "2030-06-01T00:00:00Z";
        assert!(revise(&badge, draft_of(&badge), now).is_ok());
        let draft = BadgeDraft {
            expires_on: Some(at("2030-05-01T00:00:00Z")),
            ..draft_of(&badge)
        };
        assert_eq!(revise(&badge, draft, now), Err(vec![724]));
    }

    #[test]
    fn another_limit_of_the_same_cycle_takes_effect_in_place() {
        let badge = limited(&[three_days()]);
        let draft = BadgeDraft {
            badge_constraints: vec![daily(3, 9, None)],
            ..draft_of(&badge)
        };
        let revised = revise(&badge, draft, NOW).unwrap();
        assert_eq!(configs(&revised), [(100, 3, 9, None, None)]);
    }

    #[test]
    fn another_cycle_follows_when_the_running_window_has_ended_and_can_be_replaced() {
        let badge = limited(&[three_days()]);
        let draft = BadgeDraft {
            badge_constraints: vec![daily(7, 9, None)],
            ..draft_of(&badge)
        };
        let revised = revise(&badge, draft, NOW).unwrap();
        let [running, next] = &configs(&revised)[..] else {
            panic!("two configurations")
        };
        assert_eq!((running.0, running.1, running.3.clone()), (100, 3, None));
        assert_eq!(running.4, next.3);
        assert_eq!((next.1, next.2, next.4.clone()), (7, 9, None));

        let again = Badge {
            definition: revised.clone(),
            ..badge.clone()
        };
        let draft = BadgeDraft {
            badge_constraints: vec![daily(14, 9, None)],
            ..draft_of(&badge)
        };
        let replaced = configs(&revise(&again, draft, NOW).unwrap());
        assert_eq!(replaced.len(), 2);
        assert_eq!((replaced[0].0, replaced[1].1), (100, 14));
        assert_eq!(replaced[0].4, replaced[1].3);

        let draft = BadgeDraft {
            badge_constraints: vec![daily(3, 5, None)],
            ..draft_of(&badge)
        };
        assert_eq!(
            configs(&revise(&again, draft, NOW).unwrap()),
            [(100, 3, 5, None, None)]
        );
    }

    #[test]
    fn on_an_upcoming_badge_another_cycle_replaces_the_first() {
        let badge = limited(&[three_days()]);
        let draft = BadgeDraft {
            badge_constraints: vec![daily(7, 9, None)],
            ..draft_of(&badge)
        };
        let revised = revise(&badge, draft, "2023-12-31T00:00:00Z").unwrap();
        assert_eq!(configs(&revised), [(1, 7, 9, None, None)]);
    }

    #[test]
    fn a_past_configuration_is_kept_and_may_be_echoed() {
        let past = FixedWindow {
            reference: Uuid::from_u128(7),
            until: Some(at("2026-01-01T00:00:00Z")),
            ..three_days()
        };
        let current = FixedWindow {
            from: past.until,
            ..three_days()
        };
        let badge = limited(&[past, current]);
        let draft = BadgeDraft {
            badge_constraints: vec![daily(3, 5, Some(7)), daily(3, 6, Some(100))],
            ..draft_of(&badge)
        };
        let from = Some("2026-01-01T00:00:00Z".to_owned());
        assert_eq!(
            configs(&revise(&badge, draft, NOW).unwrap()),
            [(100, 3, 6, from.clone(), None), (7, 3, 5, None, from)]
        );
    }
}
