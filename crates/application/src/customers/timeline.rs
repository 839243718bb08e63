//! What has happened to a customer, told with names.

use std::collections::BTreeMap;

use accolade_domain::actor::Actor;
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::text::BadgeName;

use crate::access::Caller;
use crate::error::UseCaseError;
use crate::ports::{ActorRecord, HistoryEntry, HistoryPlace, HistoryQuery, Ports};

/// The most entries of one page.
const MOST: u32 = 200;

/// An entry of a customer's history, and whose names stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// The entry.
    pub entry: HistoryEntry,
    /// The name of its badge; `None` if the badge is gone.
    pub badge_name: Option<BadgeName>,
    /// Who did it, if anybody did and it is kept.
    pub actor: Option<ActorRecord>,
}

/// Some of what has happened to a customer, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// The entries.
    pub entries: Vec<TimelineEntry>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<HistoryPlace>,
}

/// What has happened to the customer, or to the successor of one who was merged into another: at most
/// `limit` entries behind `after`.
///
/// # Errors
/// The store failed.
pub fn timeline(
    ports: &Ports,
    caller: &Caller,
    customer: CustomerId,
    after: Option<HistoryPlace>,
    limit: u32,
) -> Result<Timeline, UseCaseError> {
    let limit = limit.clamp(1, MOST);
    let query = HistoryQuery {
        customer,
        now: ports.clock.now(),
        after,
        // One more tells whether there is a next page.
        limit: limit + 1,
    };
    let mut entries = ports.stores.customer_badges.history(caller.org, &query)?;
    let next = if entries.len() > limit as usize {
        entries.truncate(limit as usize);
        place_behind(&entries, after)
    } else {
        None
    };
    let badges = badge_names(ports, caller, &entries)?;
    let actors = actors(ports, caller, &entries)?;
    let entries = entries.into_iter().map(|entry| TimelineEntry {
        badge_name: badges.get(&entry.badge).cloned(),
        actor: entry.by.and_then(|by| actors.get(&by).cloned()),
        entry,
    });
    Ok(Timeline {
        entries: entries.collect(),
        next,
    })
}

/// Where the page behind `entries` begins, which began behind `after`.
fn place_behind(entries: &[HistoryEntry], after: Option<HistoryPlace>) -> Option<HistoryPlace> {
    let last = entries.last()?;
    let of_moment = entries.iter().filter(|it| it.on == last.on).count();
    let before = after.filter(|place| place.on == last.on);
    let before = before.map_or(0, |place| place.passed);
    Some(HistoryPlace {
        on: last.on,
        passed: u32::try_from(of_moment).unwrap_or(u32::MAX) + before,
    })
}

fn badge_names(
    ports: &Ports,
    caller: &Caller,
    entries: &[HistoryEntry],
) -> Result<BTreeMap<BadgeId, BadgeName>, UseCaseError> {
    let mut badges: Vec<_> = entries.iter().map(|it| it.badge).collect();
    badges.sort_unstable();
    badges.dedup();
    if badges.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = ports.stores.badges.find_all(caller.org, &badges)?;
    let names = found.into_iter().map(|it| it.badge);
    Ok(names.map(|it| (it.id, it.definition.name)).collect())
}

fn actors(
    ports: &Ports,
    caller: &Caller,
    entries: &[HistoryEntry],
) -> Result<BTreeMap<Actor, ActorRecord>, UseCaseError> {
    let mut actors: Vec<_> = entries.iter().filter_map(|it| it.by).collect();
    actors.sort_unstable();
    actors.dedup();
    let mut known = BTreeMap::from([(Actor::SYSTEM, ActorRecord::System)]);
    actors.retain(|actor| *actor != Actor::SYSTEM);
    if !actors.is_empty() {
        let found = ports.stores.actors.find_all(caller.org, &actors)?;
        known.extend(found.into_iter().map(|record| (record.actor(), record)));
    }
    Ok(known)
}
