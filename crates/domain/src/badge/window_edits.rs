//! Editing the fixed windows of a badge that has started.
//!
//! A configuration that runs goes on until its window ends, whatever is to follow it, so that windows tile the
//! badge's life without gap or overlap. One that follows is replaced by whatever a further edit has follow; those
//! that have ended stay as they were.

use uuid::Uuid;

use crate::badge::constraint::{Constraint, FixedWindow, FixedWindowDraft};
use crate::badge::{BadgeDefinition, BadgeDraft};
use crate::earning::{Window, Windows, earning_time, tiled_by};
use crate::instant::Instant;
use crate::rejection::{Code, Rejection};
use crate::zone::Zone;

const CUSTOMER: &str = "customerConstraints";
const BADGE: &str = "badgeConstraints";

/// How both lists of constraints are edited.
pub(super) struct Edits {
    customer: Editing,
    badge: Editing,
}

impl Edits {
    /// The edits of `old` to what `draft` asks for.
    ///
    /// # Errors
    /// Of each list: 400 if two cycles are to follow one window; 826 if a constraint's kind would change.
    pub(super) fn of(
        old: &BadgeDefinition,
        draft: &BadgeDraft,
        now: Instant,
        mut reference: impl FnMut() -> Uuid,
    ) -> Result<Self, Vec<Rejection>> {
        let mut list = |field, old: &[Constraint], new: &[Constraint<FixedWindowDraft>]| {
            let editing = Editing::of(old, new.to_vec(), now, &mut reference);
            editing.map_err(|problem| problem.at_field(field))
        };
        let customer = list(
            CUSTOMER,
            &old.customer_constraints,
            &draft.customer_constraints,
        );
        let badge = list(BADGE, &old.badge_constraints, &draft.badge_constraints);
        both(customer, badge).map(|(customer, badge)| Self { customer, badge })
    }

    /// Has `definition` the constraints that come of them.
    ///
    /// # Errors
    /// Of each list: 826 if a window that runs is the badge's last, and another cycle was to follow it.
    pub(super) fn apply(
        self,
        definition: &mut BadgeDefinition,
        zone: &Zone,
        mut reference: impl FnMut() -> Uuid,
    ) -> Result<(), Vec<Rejection>> {
        let whole = earning_time(definition, zone);
        let mut list = |field, editing: Editing| {
            let constraints = editing.constraints(whole, zone, &mut reference);
            constraints.map_err(|problem| problem.at_field(field))
        };
        let (customer, badge) = (list(CUSTOMER, self.customer), list(BADGE, self.badge));
        let (customer, badge) = both(customer, badge)?;
        definition.customer_constraints = customer;
        definition.badge_constraints = badge;
        Ok(())
    }
}

fn both<T>(
    customer: Result<T, Rejection>,
    badge: Result<T, Rejection>,
) -> Result<(T, T), Vec<Rejection>> {
    match (customer, badge) {
        (Ok(customer), Ok(badge)) => Ok((customer, badge)),
        (customer, badge) => Err(customer.err().into_iter().chain(badge.err()).collect()),
    }
}

/// Takes configurations that have ended out of `draft`: callers send the definition back that they read, in which
/// those stand. Gives 400 for each list in which one is another than it was.
pub(super) fn drop_echoes(
    old: &BadgeDefinition,
    draft: &mut BadgeDraft,
    now: Instant,
) -> Vec<Rejection> {
    let lists = [
        (
            CUSTOMER,
            &old.customer_constraints,
            &mut draft.customer_constraints,
        ),
        (BADGE, &old.badge_constraints, &mut draft.badge_constraints),
    ];
    let problems = lists.into_iter().filter_map(|(field, old, new)| {
        let problem = drop_echoes_of(old, new, now).err()?;
        Some(problem.at_field(field))
    });
    problems.collect()
}

fn drop_echoes_of(
    old: &[Constraint],
    new: &mut Vec<Constraint<FixedWindowDraft>>,
    now: Instant,
) -> Result<(), Rejection> {
    let past: Vec<_> = fixed_windows(old).filter(|w| is_past(w, now)).collect();
    let mut is_changed = false;
    new.retain(|constraint| {
        let Constraint::FixedWindow(draft) = constraint else {
            return true;
        };
        let Some(same) = past.iter().find(|w| Some(w.reference) == draft.reference) else {
            return true;
        };
        is_changed |= (same.cycle, same.max) != (draft.cycle, draft.max);
        false
    });
    if is_changed {
        return Err(Rejection::unreadable(HAS_ENDED));
    }
    Ok(())
}

const HAS_ENDED: &str = "A configuration of fixed windows that has ended cannot be changed. Send it as it is, or without its referenceId.";

/// Has windows of a badge that has not started be called as they were, where their cycle is the same.
pub(super) fn keep_references(old: &BadgeDefinition, new: &mut BadgeDefinition) {
    for (old, new) in [
        (&old.customer_constraints, &mut new.customer_constraints),
        (&old.badge_constraints, &mut new.badge_constraints),
    ] {
        keep_references_of(old, new);
    }
}

fn keep_references_of(old: &[Constraint], new: &mut [Constraint]) {
    for constraint in new {
        if let Constraint::FixedWindow(window) = constraint
            && let Some(same) = fixed_windows(old).find(|old| old.cycle == window.cycle)
        {
            window.reference = same.reference;
        }
    }
}

pub(super) fn fixed_windows(constraints: &[Constraint]) -> impl Iterator<Item = FixedWindow> {
    constraints
        .iter()
        .filter_map(|constraint| match constraint {
            Constraint::FixedWindow(window) => Some(*window),
            _ => None,
        })
}

pub(super) fn is_past(window: &FixedWindow, now: Instant) -> bool {
    window.until.is_some_and(|until| until <= now)
}

fn is_next(window: &FixedWindow, now: Instant) -> bool {
    window.from.is_some_and(|from| from > now)
}

fn is_count<W>(constraint: &Constraint<W>) -> bool {
    match constraint {
        Constraint::FixedValue(_) | Constraint::RollingWindow(_) => true,
        Constraint::FixedWindow(_) | Constraint::NoLimit => false,
    }
}

/// A fixed window of a badge that has started: the configuration that runs and the one that follows it, and what a
/// draft says of both.
#[derive(Default)]
struct Slot {
    running: Option<FixedWindow>,
    next: Option<FixedWindow>,
    /// The draft has the running one, as it is but for its limit.
    keeps_running: bool,
    /// What the draft has follow: that which does, if it has its cycle, or another one.
    follower: Option<FixedWindowDraft>,
}

impl Slot {
    /// Those of the configurations of a list that are not past.
    fn all(windows: impl Iterator<Item = FixedWindow>, now: Instant) -> Vec<Self> {
        let mut slots: Vec<Self> = Vec::new();
        let mut followers = Vec::new();
        for window in windows.filter(|window| !is_past(window, now)) {
            if is_next(&window, now) {
                followers.push((slots.len(), window));
            } else {
                slots.push(Self {
                    running: Some(window),
                    ..Self::default()
                });
            }
        }
        for (behind, next) in followers {
            let is_followed = |slot: &Self| {
                let until = slot.running.and_then(|running| running.until);
                slot.next.is_none() && until.is_some() && until == next.from
            };
            // It stands behind the one that it follows, unless a caller has put them in another order.
            let nearest = slots[..behind].iter().rposition(is_followed);
            match nearest.or_else(|| slots.iter().position(is_followed)) {
                Some(place) => slots[place].next = Some(next),
                None => slots.push(Self {
                    next: Some(next),
                    ..Self::default()
                }),
            }
        }
        slots
    }

    fn names(&self, reference: Uuid) -> bool {
        let names = |w: &Option<FixedWindow>| w.is_some_and(|w| w.reference == reference);
        names(&self.running) || names(&self.next)
    }

    /// Whether `draft` is the running one, as it is but for its limit.
    fn is_running(&self, draft: &FixedWindowDraft) -> bool {
        self.running.is_some_and(|w| w.cycle == draft.cycle) && !self.keeps_running
    }

    /// Whether `draft` is the following one, likewise.
    fn is_next(&self, draft: &FixedWindowDraft) -> bool {
        self.next.is_some_and(|w| w.cycle == draft.cycle)
    }

    fn keep_running(&mut self, draft: &FixedWindowDraft) {
        if let Some(running) = &mut self.running {
            running.max = draft.max;
            self.keeps_running = true;
        }
    }

    /// Has `draft` follow. Another cycle comes before that which follows already.
    fn follow(&mut self, draft: FixedWindowDraft) -> Result<(), Rejection> {
        match &self.follower {
            Some(other) if !self.is_next(other) && self.is_next(&draft) => Ok(()),
            Some(other) if !self.is_next(other) => Err(Rejection::unreadable(ONE_FOLLOWS)),
            _ => {
                self.follower = Some(draft);
                Ok(())
            }
        }
    }

    /// Whether something in it is to be replaced by what the draft has and names nothing.
    const fn is_left_out(&self) -> bool {
        self.follower.is_none() && (!self.keeps_running || self.next.is_some())
    }

    const fn goes_on(&self) -> bool {
        self.keeps_running || self.follower.is_some()
    }
}

const ONE_FOLLOWS: &str = "Two cycles are to follow the window that runs now. Send one of them.";

/// What a draft has, in its order.
enum Said {
    /// What is as it was said.
    Plain(Constraint),
    /// The slot with this place.
    Slot(usize),
}

/// How the list of constraints of a badge that has started is edited.
struct Editing {
    now: Instant,
    slots: Vec<Slot>,
    said: Vec<Said>,
    past: Vec<FixedWindow>,
}

impl Editing {
    /// The editing of `old` to what `new` asks for.
    ///
    /// # Errors
    /// 400: two cycles are to follow one window. 826: a constraint's kind would change.
    fn of(
        old: &[Constraint],
        new: Vec<Constraint<FixedWindowDraft>>,
        now: Instant,
        reference: &mut impl FnMut() -> Uuid,
    ) -> Result<Self, Rejection> {
        let mut slots = Slot::all(fixed_windows(old), now);
        let mut said = Vec::new();
        let mut changed = Vec::new();
        for constraint in new {
            let Constraint::FixedWindow(draft) = constraint else {
                said.push(Said::Plain(constraint.with_reference(&mut *reference)));
                continue;
            };
            // A reference that names nothing here is none.
            let named = draft
                .reference
                .and_then(|it| slots.iter().position(|slot| slot.names(it)));
            let is_next = |slot: &Slot| slot.follower.is_none() && slot.is_next(&draft);
            let place = named
                .or_else(|| slots.iter().position(is_next))
                .or_else(|| slots.iter().position(|slot| slot.is_running(&draft)));
            let Some(place) = place else {
                changed.push(draft);
                continue;
            };
            let slot = &mut slots[place];
            if slot.is_running(&draft) {
                slot.keep_running(&draft);
            } else {
                slot.follow(draft)?;
            }
            said.push(Said::Slot(place));
        }
        for draft in changed {
            if let Some(place) = slots.iter().position(Slot::is_left_out) {
                slots[place].follow(draft)?;
                said.push(Said::Slot(place));
            } else {
                let draft = Constraint::FixedWindow(draft);
                said.push(Said::Plain(draft.with_reference(&mut *reference)));
            }
        }
        let past = fixed_windows(old).filter(|window| is_past(window, now));
        let editing = Self {
            now,
            slots,
            said,
            past: past.collect(),
        };
        if editing.changes_kind(old) {
            return Err(Rejection::new(Code::ConstraintKindFixed));
        }
        Ok(editing)
    }

    /// Whether a fixed window would become another kind of limit or the other way
    /// round: one kind has fewer and the other more. Fixed values and rolling
    /// windows may become each other.
    fn changes_kind(&self, old: &[Constraint]) -> bool {
        let new = self.said.iter().filter_map(|said| match said {
            Said::Plain(constraint) => Some(constraint),
            Said::Slot(_) => None,
        });
        let new_others = new.clone().filter(|it| is_count(it)).count();
        let is_window = |it: &&Constraint| matches!(it, Constraint::FixedWindow(_));
        let going_on = self.slots.iter().filter(|slot| slot.goes_on()).count();
        let new_windows = going_on + new.filter(is_window).count();
        let old_others = old.iter().filter(|it| is_count(it)).count();
        let old_windows = self.slots.len();
        (new_windows < old_windows && new_others > old_others)
            || (new_windows > old_windows && new_others < old_others)
    }

    /// The constraints: fixed windows go on as they are, or from the end of the running window on, and past
    /// ones are kept. `whole` is the time in which the badge can be earned from now on.
    ///
    /// # Errors
    /// 826: the running window is the last, and another cycle was to follow it.
    fn constraints(
        mut self,
        whole: Window,
        zone: &Zone,
        reference: &mut impl FnMut() -> Uuid,
    ) -> Result<Vec<Constraint>, Rejection> {
        let mut windows = Vec::new();
        for slot in &mut self.slots {
            let mut running = slot.running.filter(|_| slot.goes_on());
            let next = match slot.follower {
                None => None,
                Some(draft) if slot.is_next(&draft) => slot.next.map(|next| FixedWindow {
                    max: draft.max,
                    ..next
                }),
                Some(draft) => Some(FixedWindow {
                    reference: reference(),
                    cycle: draft.cycle,
                    max: draft.max,
                    from: match &running {
                        Some(running) => Some(window_end(running, whole, zone, self.now)?),
                        None => slot.next.and_then(|next| next.from),
                    },
                    until: None,
                }),
            };
            if let Some(running) = &mut running {
                // If nothing follows it any more, it runs until the badge ends.
                running.until = next.and_then(|next| next.from);
            }
            windows.push(running.into_iter().chain(next));
        }
        let mut constraints = Vec::new();
        for said in self.said {
            match said {
                Said::Plain(constraint) => constraints.push(constraint),
                // Where it is said again, nothing is left of it.
                Said::Slot(place) => {
                    constraints.extend(windows[place].by_ref().map(Constraint::FixedWindow));
                }
            }
        }
        constraints.extend(self.past.into_iter().map(Constraint::FixedWindow));
        Ok(constraints)
    }
}

/// When the window of `running` ends that runs `now`.
///
/// # Errors
/// 826: with the badge, so that none follows.
fn window_end(
    running: &FixedWindow,
    whole: Window,
    zone: &Zone,
    now: Instant,
) -> Result<Instant, Rejection> {
    let open = FixedWindow {
        until: None,
        ..*running
    };
    let windows = Windows {
        cycle: running.cycle,
        whole: tiled_by(&open, whole),
        zone,
    };
    let end = windows.containing(now).and_then(|window| window.ends_on);
    end.filter(|end| Some(*end) != whole.ends_on)
        .ok_or_else(|| Rejection::new(Code::ConstraintKindFixed).with_message(NONE_FOLLOWS))
}

const NONE_FOLLOWS: &str = "The running window is the badge's last: one of another cycle cannot follow it. Leave the cycle as it is, or let the badge end later.";
