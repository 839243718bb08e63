//! How much room a customer has under the limits of a badge, and when there is more.

use accolade_domain::earning::{Limit, Scope, Span, leaves_rolling};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::zone::Zone;

use crate::access::Caller;
use crate::customers::badges::{LimitCount, details};
use crate::error::UseCaseError;
use crate::ports::{DetailsQuery, EarnRecord, PageOf, Ports};

/// The most earns that are looked at to say when a rolling window opens.
const MOST_EARNS: u32 = 1_000;

/// A limit, how much of it is taken, and when there is room again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitRoom {
    /// The limit, for an event that happens now.
    pub limit: Limit,
    /// How many earns count.
    pub counted: u64,
    /// How many more there may be.
    pub room: u64,
    /// When there is room again. `None` if there is room now; if there will be none unless an earned badge is
    /// revoked; and of a badge's rolling window, which depends on what others have earned.
    pub opens_on: Option<Instant>,
}

/// The limits of a badge that hold for a customer now, the customer's first, and how much room is left under
/// each.
///
/// # Errors
/// 404 if the org has no such badge.
pub fn room(
    ports: &Ports,
    caller: &Caller,
    customer: CustomerId,
    badge: BadgeId,
) -> Result<Vec<LimitRoom>, UseCaseError> {
    let query = DetailsQuery {
        customer,
        badge,
        now: ports.clock.now(),
        enrolments: PageOf { page: 0, size: 1 },
        earns: PageOf {
            page: 0,
            size: MOST_EARNS,
        },
    };
    let shown = details(ports, caller, &query, true)?;
    let earns = &shown.details.earns.items;
    let rooms = shown.limits.iter().map(|it| {
        let room = it.limit.room(it.counted);
        LimitRoom {
            limit: it.limit,
            counted: it.counted,
            room,
            opens_on: (room == 0)
                .then(|| opens_on(it, earns, &caller.zone))
                .flatten(),
        }
    });
    Ok(rooms.collect())
}

/// When there is room again under a limit that is reached, given the customer's last earns.
fn opens_on(full: &LimitCount, earns: &[EarnRecord], zone: &Zone) -> Option<Instant> {
    match full.limit.span {
        Span::AllTime => None,
        Span::Fixed { window, .. } => {
            // Windows follow each other at midnight; the last holds one moment more.
            window.ends_on.filter(|end| *end == end.floor_to_second())
        }
        Span::Rolling { unit, length, .. } => {
            if full.limit.scope == Scope::Badge {
                return None;
            }
            let counting = earns.iter().map(|it| &it.earned);
            let counting = counting.filter(|it| it.counts(full.limit.span));
            let mut earned_on: Vec<_> = counting.map(|it| it.earned_on).collect();
            earned_on.sort_unstable();
            // As many must leave as there are above one less than the most.
            let last_to_leave = earned_on.len().checked_sub(full.limit.max as usize)?;
            let must_leave = earned_on.get(last_to_leave)?;
            Some(leaves_rolling(unit, length, *must_leave, zone))
        }
    }
}
