//! The fixed windows of a badge, and how much of each is taken.

use accolade_domain::badge::constraint::Constraint;
use accolade_domain::earning::{
    Limit, Scope, Span, Window, Windows, counted_window, earning_time, tiled_by,
};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use uuid::Uuid;

use crate::access::Caller;
use crate::badges::not_found;
use crate::customers::current_one;
use crate::error::UseCaseError;
use crate::ports::{PageOf, Ports};

/// Whose windows are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowScope {
    /// Those of customer or badge constraints.
    Of(Scope),
    /// Both.
    All,
}

/// Which windows to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedWindowQuery {
    /// Of this badge.
    pub badge: BadgeId,
    /// Whose.
    pub scope: WindowScope,
    /// Whose earns count under customer limits; required by the edge if counts are asked for.
    pub customer: Option<CustomerId>,
    /// Of this configuration only.
    pub reference: Option<Uuid>,
    /// Whether to count.
    pub counts: bool,
    /// That end later than this.
    pub starts_on: Option<Instant>,
    /// That start earlier than this.
    pub ends_on: Option<Instant>,
    /// Which page.
    pub page: PageOf,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowCount {
    /// The configuration.
    pub reference: Uuid,
    /// Whose limit it is.
    pub scope: Scope,
    /// From when until when.
    pub window: Window,
    /// How many earns count, if asked for.
    pub earned: Option<u64>,
}

/// A page of windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedWindows {
    /// What the badge's windows tile.
    pub whole: Window,
    /// The windows of the page, in the order of the constraints and then of time.
    pub windows: Vec<WindowCount>,
    /// How many there are on all pages.
    pub total: u64,
}

/// The most windows that are looked at: a badge of a century has fewer days.
const MOST: usize = 40_000;

/// The page of the badge's fixed windows that `query` asks for. A badge whose enrolments
/// never expire has windows without end: they are listed until `query.ends_on`, or
/// until the end of the badge.
///
/// # Errors
/// 404.
pub fn fixed_windows(
    ports: &Ports,
    caller: &Caller,
    query: &FixedWindowQuery,
) -> Result<FixedWindows, UseCaseError> {
    let found = ports
        .stores
        .badges
        .find(caller.org, query.badge)?
        .ok_or_else(|| not_found(query.badge).at_field("badgeMetaId"))?;
    let definition = &found.badge.definition;
    let whole = earning_time(definition, &caller.zone);
    let mut until = query.ends_on.unwrap_or(Instant::MAX);
    if whole.ends_on.is_none() && query.ends_on.is_none() {
        until = definition.period.expires_on();
    }
    let mut all = Vec::new();
    for (scope, constraints) in [
        (Scope::Customer, &definition.customer_constraints),
        (Scope::Badge, &definition.badge_constraints),
    ] {
        if query.scope != WindowScope::All && query.scope != WindowScope::Of(scope) {
            continue;
        }
        for constraint in constraints {
            let Constraint::FixedWindow(fixed) = constraint else {
                continue;
            };
            if query
                .reference
                .is_some_and(|reference| reference != fixed.reference)
            {
                continue;
            }
            let windows = Windows {
                cycle: fixed.cycle,
                whole: tiled_by(fixed, whole),
                zone: &caller.zone,
            };
            all.extend(
                windows
                    .from(query.starts_on.unwrap_or(Instant::MIN))
                    .take_while(|window| window.starts_on < until)
                    .take(MOST)
                    .map(|window| (fixed, scope, window)),
            );
        }
    }
    let total = all.len() as u64;
    let first = (query.page.page as usize).saturating_mul(query.page.size as usize);
    let page: Vec<_> = all
        .into_iter()
        .skip(first)
        .take(query.page.size as usize)
        .collect();
    let counts = if query.counts {
        let limits: Vec<_> = page
            .iter()
            .map(|(fixed, scope, window)| Limit {
                scope: *scope,
                span: Span::Fixed {
                    reference: fixed.reference,
                    window: counted_window(*window, whole),
                },
                max: fixed.max.get(),
            })
            .collect();
        let customer = query.customer;
        let customer = customer.map(|it| current_one(ports, caller, it));
        ports
            .stores
            .earning
            .counted(caller.org, query.badge, customer.transpose()?, &limits)?
            .into_iter()
            .map(Some)
            .collect()
    } else {
        vec![None; page.len()]
    };
    let windows = page
        .into_iter()
        .zip(counts)
        .map(|((fixed, scope, window), earned)| WindowCount {
            reference: fixed.reference,
            scope,
            window,
            earned,
        })
        .collect();
    Ok(FixedWindows {
        whole,
        windows,
        total,
    })
}
