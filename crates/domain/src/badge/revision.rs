//! Revising a badge: what may change of a definition, and when.
//!
//! Before a badge starts everything may. From then on its start, its earn type
//! and the kinds of its constraints stay, and a changed cycle of fixed windows takes
//! effect only when the running window has ended. An owner with an active
//! claim can never be taken off.

use uuid::Uuid;

use crate::badge::window_edits::{self, Edits};
use crate::badge::{Badge, BadgeDefinition, BadgeDraft, BadgeStatus, Defining};
use crate::rejection::{Code, Rejection};

impl Badge {
    /// The definition that replaces the badge's by `draft`. Dates are checked
    /// against now only where they change.
    ///
    /// # Errors
    /// Everything that is wrong: as [`BadgeDraft::define`]; 729 if an owner with an
    /// active claim is left out; and, unless the badge is upcoming, 723, 1904
    /// and 826 where the start, the earn type or a constraint's kind would change, or its cycle
    /// in the badge's last window.
    pub fn revise(
        &self,
        draft: BadgeDraft,
        defining: Defining<'_>,
        mut reference: impl FnMut() -> Uuid,
    ) -> Result<BadgeDefinition, Vec<Rejection>> {
        let old = &self.definition;
        let mut draft = draft;
        let mut problems = window_edits::drop_echoes(old, &mut draft, defining.now);
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
        let mut edits = None;
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
            match Edits::of(old, &draft, defining.now, &mut reference) {
                Ok(found) => edits = Some(found),
                Err(more) => problems.extend(more),
            }
        }
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
        match edits {
            Some(edits) => edits.apply(&mut definition, defining.zone, &mut reference)?,
            None => window_edits::keep_references(old, &mut definition),
        }
        Ok(definition)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::badge::constraint::{Constraint, Count, Cycle, FixedWindow, FixedWindowDraft};
    use crate::badge::window_edits::{fixed_windows, is_past};
    use crate::badge::{EarnMode, EarnType, Expiry};
    use crate::earning::{earning_time, tiled_by};
    use crate::fixtures::{at, badge};
    use crate::instant::Instant;
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
        fixed_windows(&definition.badge_constraints)
            .filter_map(|w| {
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

    /// Limited by [`three_days`], which another configuration (7) was before.
    fn with_one_that_has_ended() -> Badge {
        let past = FixedWindow {
            reference: Uuid::from_u128(7),
            until: Some(at("2026-01-01T00:00:00Z")),
            ..three_days()
        };
        let current = FixedWindow {
            from: past.until,
            ..three_days()
        };
        limited(&[past, current])
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

    /// When the window of [`three_days`] ends that runs at [`NOW`].
    const TURN: &str = "2026-05-11T00:00:00Z";

    /// What becomes of [`three_days`], which windows of a week follow (200), by a draft with these.
    fn edited(windows: &[Constraint<FixedWindowDraft>]) -> Vec<Config> {
        let running = FixedWindow {
            until: Some(at(TURN)),
            ..three_days()
        };
        let next = FixedWindow {
            reference: Uuid::from_u128(200),
            cycle: Cycle::Days {
                refresh_rate: count(7),
            },
            max: count(9),
            from: running.until,
            until: None,
        };
        let badge = limited(&[running, next]);
        let draft = BadgeDraft {
            badge_constraints: windows.to_vec(),
            ..draft_of(&badge)
        };
        configs(&revise(&badge, draft, NOW).unwrap())
    }

    #[test]
    fn the_running_configuration_runs_to_its_end_whoever_says_only_what_follows_it() {
        let turn = || Some(TURN.to_owned());
        for (windows, max) in [
            (&[daily(7, 9, None)][..], 9),
            (&[daily(7, 4, None)], 4),
            (&[daily(7, 4, Some(200))], 4),
            (&[daily(3, 5, Some(100)), daily(7, 9, Some(200))], 9),
        ] {
            let both = [(100, 3, 5, None, turn()), (200, 7, max, turn(), None)];
            assert_eq!(edited(windows), both, "{windows:?}");
        }
    }

    #[test]
    fn whichever_of_both_is_given_another_cycle_one_follows_the_running_one() {
        let turn = || Some(TURN.to_owned());
        for windows in [
            &[daily(3, 5, Some(100)), daily(14, 2, Some(200))][..],
            &[daily(14, 2, Some(200))],
            &[daily(14, 2, Some(100)), daily(7, 9, Some(200))],
            &[daily(14, 2, Some(100))],
        ] {
            let edited = edited(windows);
            let [running, next] = &edited[..] else {
                panic!("{windows:?}: {edited:?}")
            };
            assert_eq!(*running, (100, 3, 5, None, turn()), "{windows:?}");
            let next = (next.1, next.2, next.3.clone(), next.4.clone());
            assert_eq!(next, (14, 2, turn(), None), "{windows:?}");
        }
    }

    /// The windows of `badge` as a caller reads them.
    fn read(badge: &Badge) -> impl Iterator<Item = FixedWindowDraft> {
        fixed_windows(&badge.definition.badge_constraints).map(|window| FixedWindowDraft {
            reference: Some(window.reference),
            cycle: window.cycle,
            max: window.max,
        })
    }

    /// The same, of which the one at `place`, or the last, gets another cycle; only that one, unless `all` are
    /// sent back.
    fn echoed(
        badge: &Badge,
        place: usize,
        days: i64,
        all: bool,
    ) -> Vec<Constraint<FixedWindowDraft>> {
        let mut drafts: Vec<_> = read(badge).collect();
        let place = place.min(drafts.len() - 1);
        drafts[place].cycle = Cycle::Days {
            refresh_rate: count(days),
        };
        if !all {
            drafts = vec![drafts[place]];
        }
        drafts.into_iter().map(Constraint::FixedWindow).collect()
    }

    proptest! {
        #[test]
        fn windows_tile_a_badges_life_across_edits(
            edits in prop::collection::vec((0..9_i64, 0..4_usize, 1..9_i64, any::<bool>(), any::<bool>()), 1..8)
        ) {
            let mut badge = limited(&[three_days()]);
            let mut now = at(NOW);
            for (made, (days, place, cycle, named, all)) in edits.into_iter().enumerate() {
                now = now + time::Duration::days(days);
                let draft = BadgeDraft {
                    badge_constraints: if named {
                        echoed(&badge, place, cycle, all)
                    } else {
                        vec![daily(cycle, 5, None)]
                    },
                    ..draft_of(&badge)
                };
                let zone = Zone::utc();
                let defining = Defining { now, zone: &zone, migrating: false };
                let mut reference = made as u128 * 1_000 + 1_000;
                let revised = badge.revise(draft, defining, || {
                    reference += 1;
                    Uuid::from_u128(reference)
                });
                // One that has ended stays as it was, and nothing follows the last.
                let Ok(revised) = revised else { continue };
                // Who has one that has ended alone takes the limit away.
                if fixed_windows(&revised.badge_constraints).all(|window| is_past(&window, now)) {
                    continue;
                }
                badge.definition = revised;
                let again = BadgeDraft {
                    badge_constraints: read(&badge).map(Constraint::FixedWindow).collect(),
                    ..draft_of(&badge)
                };
                let again = badge.revise(again, defining, Uuid::new_v4);
                prop_assert_eq!(again.as_ref(), Ok(&badge.definition));
                let whole = earning_time(&badge.definition, &zone);
                let windows = fixed_windows(&badge.definition.badge_constraints);
                let mut spans: Vec<_> = windows.map(|window| tiled_by(&window, whole)).collect();
                spans.sort_by_key(|span| span.starts_on);
                prop_assert_eq!(spans[0].starts_on, whole.starts_on);
                for pair in spans.windows(2) {
                    prop_assert_eq!(pair[0].ends_on, Some(pair[1].starts_on), "{:?}", spans);
                }
                prop_assert_eq!(spans.last().unwrap().ends_on, whole.ends_on);
            }
        }
    }

    #[test]
    fn two_cycles_do_not_follow_one_window_and_one_that_has_ended_stays() {
        let badge = with_one_that_has_ended();
        for windows in [
            vec![daily(14, 5, Some(100)), daily(21, 5, Some(100))],
            vec![daily(3, 5, Some(100)), daily(3, 6, Some(7))],
            vec![daily(4, 5, Some(7))],
        ] {
            let draft = BadgeDraft {
                badge_constraints: windows.clone(),
                ..draft_of(&badge)
            };
            assert_eq!(revise(&badge, draft, NOW), Err(vec![400]), "{windows:?}");
        }
    }

    #[test]
    fn windows_side_by_side_are_edited_each_by_itself() {
        let five_days = FixedWindow {
            reference: Uuid::from_u128(101),
            cycle: Cycle::Days {
                refresh_rate: count(5),
            },
            ..three_days()
        };
        let badge = limited(&[three_days(), five_days]);
        let draft = BadgeDraft {
            badge_constraints: vec![daily(5, 6, Some(101)), daily(7, 1, Some(100))],
            ..draft_of(&badge)
        };
        let revised = configs(&revise(&badge, draft, NOW).unwrap());
        let brief: Vec<_> = revised
            .iter()
            .map(|it| (it.1, it.2, it.4.is_some()))
            .collect();
        assert_eq!(brief, [(5, 6, false), (3, 5, true), (7, 1, false)]);
        // What names nothing of this list is none of it, and a fixed value may come beside what follows.
        let badge = limited(&[three_days()]);
        let draft = BadgeDraft {
            badge_constraints: vec![daily(3, 9, Some(777)), Constraint::FixedValue(count(3))],
            ..draft_of(&badge)
        };
        assert_eq!(
            configs(&revise(&badge, draft, NOW).unwrap()),
            [(100, 3, 9, None, None)]
        );
    }

    #[test]
    fn no_other_cycle_follows_the_last_window() {
        let badge = limited(&[FixedWindow {
            cycle: Cycle::Months,
            ..three_days()
        }]);
        let draft = BadgeDraft {
            badge_constraints: vec![daily(1, 5, None)],
            ..draft_of(&badge)
        };
        // The last enrolment ends on 2031-01-15.
        for now in ["2031-01-10T00:00:00Z", "2031-01-16T00:00:00Z"] {
            assert_eq!(revise(&badge, draft.clone(), now), Err(vec![826]));
        }
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
        let draft = BadgeDraft {
            badge_constraints: vec![daily(3, 9, None)],
            ..draft_of(&badge)
        };
        let revised = revise(&badge, draft, "2023-12-31T00:00:00Z").unwrap();
        assert_eq!(configs(&revised), [(100, 3, 9, None, None)]);
    }

    #[test]
    fn a_past_configuration_is_kept_and_may_be_echoed() {
        let badge = with_one_that_has_ended();
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
