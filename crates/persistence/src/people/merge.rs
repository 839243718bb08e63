//! Making everything of one customer another's.
//!
//! What both have of a badge is read, the domain says in which order it is kept together and which
//! enrolments give way, and the rows get their new ordinals: so many statements, whatever they have.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use accolade_application::ports::{IdentifierKind, MergeError, MergeRequest};
use accolade_domain::audit::telling;
use accolade_domain::enrolment::Enrolment;
use accolade_domain::event::{EnrolmentFact, EventKind};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::people::{Merging, Whose, giving_way, in_order};
use accolade_domain::text::Reason;
use anyhow::Context as _;

use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::mapping::{badge_id, enrolment, instant, triggered_by};
use crate::people::PeopleConnection;
use crate::people::sql::{HeldEarn, HeldEnrolment, Moved, MovedEarn, MovedEnrolment, RefusalRow};
use crate::recording::sql::{Growth, Revocation};
use crate::retry::{Rollback, WorkError};

/// How many refusals are remembered of a customer and badge.
const REFUSALS: usize = 10;

/// Both customers: the first, and the second.
type Both = (CustomerId, CustomerId);

/// Merges inside a transaction; gives both customers, as they are named in the answer.
pub(super) fn merge<C: PeopleConnection>(
    connection: &mut C,
    request: &MergeRequest,
) -> Result<Both, Rollback<MergeError>> {
    connection.lock_people(request.org)?;
    let merging = merging(connection, request)?;
    let (both, is_new) = match merging {
        Merging::Of { from, to } => ((from, to), true),
        Merging::Done { from, to } => ((from, to), false),
        Merging::OnePerson => return Err(Rollback::Refused(one_person(connection, request)?)),
    };
    if !connection.reserve_record(request.record(both).as_ref())? {
        return Err(Rollback::Refused(MergeError::IdempotencyKeyUsed));
    }
    if is_new {
        move_all(connection, request, both)?;
    }
    Ok(both)
}

/// What the request means, given who was merged before.
fn merging<C: PeopleConnection>(
    connection: &mut C,
    request: &MergeRequest,
) -> Result<Merging, WorkError> {
    let named = [request.from, request.to];
    let mut merged: BTreeSet<_> = connection
        .merged_of(request.org, &named)?
        .into_iter()
        .collect();
    let now = |customer| {
        let mut merged = merged.iter();
        let found = merged.find(|it| it.customer == customer);
        found.map_or(customer, |it| it.successor)
    };
    let (first, second) = (now(request.from), now(request.to));
    if first == second {
        merged.extend(connection.merged_into(request.org, second)?);
    }
    let merged: Vec<_> = merged.into_iter().collect();
    Ok(Merging::decide(request.from, request.to, &merged))
}

/// Why a request is refused that names one customer twice: a used key comes first.
fn one_person<C: PeopleConnection>(
    connection: &mut C,
    request: &MergeRequest,
) -> Result<MergeError, WorkError> {
    let Some(guard) = &request.key else {
        return Ok(MergeError::OnePerson);
    };
    let used = connection.used_keys(request.org, &[guard])?;
    Ok(if used.contains(&true) {
        MergeError::IdempotencyKeyUsed
    } else {
        MergeError::OnePerson
    })
}

fn move_all<C: PeopleConnection>(
    connection: &mut C,
    request: &MergeRequest,
    (from, to): Both,
) -> Result<(), WorkError> {
    let (org, by) = (request.org, &request.by);
    connection.enter_merged(org, from, to)?;
    let moved = connection.move_identifiers(org, from, to)?;
    let mut kinds = IdentifierKind::ALL.to_vec();
    kinds.retain(|kind| moved.contains(&kind.number()));
    let united = United::read(connection, request, (from, to))?;
    let reason = Reason::merged();
    let revocation = Revocation {
        on: by.on,
        by: by.actor,
        reason: Some(&reason),
    };
    if !united.enrolments.is_empty() {
        connection.move_enrolments(org, to, revocation, &united.enrolments)?;
    }
    if !united.earns.is_empty() {
        connection.move_earns(org, to, &united.earns)?;
    }
    move_refusals(connection, request, (from, to))?;
    let growths = united.growths()?;
    let why = request.reason.as_ref();
    let mut entries = vec![telling::customers_merged(org, (from, to), &kinds, why, by)];
    let all = united.revoked.values().flatten();
    let revoked = all.map(|it| telling::enrolment_revoked(org, it.enrolment, Some(&reason), by));
    entries.extend(revoked);
    connection.tell(org, &entries)?;
    let data = Data::Merged(from, to);
    let row = FeedRow::new(by.on, EventKind::CustomerMerged, 1, &data)?;
    let mut told: Vec<_> = row.into_iter().collect();
    for facts in united.revoked.into_values() {
        let events = facts.len();
        let data = Data::RevokedEnrolments(facts.into_iter().map(Some).collect());
        told.extend(FeedRow::new(
            by.on,
            EventKind::EnrolmentRevoked,
            events,
            &data,
        )?);
    }
    connection.append_and_grow(org, &told, &growths)?;
    Ok(())
}

/// What becomes of the rows of both customers.
#[derive(Default)]
struct United {
    enrolments: Vec<MovedEnrolment>,
    earns: Vec<MovedEarn>,
    /// By badge.
    revoked: BTreeMap<BadgeId, Vec<EnrolmentFact>>,
}

/// Where an enrolment was: whose, its badge and its ordinal.
type Place = (i64, BadgeId, i32);

impl United {
    fn read<C: PeopleConnection>(
        connection: &mut C,
        request: &MergeRequest,
        (from, to): Both,
    ) -> Result<Self, WorkError> {
        let both = [from, to];
        let enrolments = connection.enrolments_of_both(request.org, both)?;
        let mut by_badge: BTreeMap<BadgeId, Vec<HeldEnrolment>> = BTreeMap::new();
        for row in enrolments {
            let badge = badge_id(&row.badge_id)?;
            by_badge.entry(badge).or_default().push(row);
        }
        let is_first = |customer: i64| customer == from.get();
        by_badge.retain(|_, rows| rows.iter().any(|row| is_first(row.customer_id)));
        let mut united = Self::default();
        let mut ordinals = HashMap::new();
        let enrolled: BTreeSet<_> = by_badge.keys().copied().collect();
        for (badge, rows) in by_badge {
            united.add_enrolments(request, (from, to), badge, rows, &mut ordinals)?;
        }
        let earns = connection.earns_of_both(request.org, both)?;
        let mut by_badge: BTreeMap<BadgeId, Vec<HeldEarn>> = BTreeMap::new();
        for row in earns {
            let badge = badge_id(&row.badge_id)?;
            by_badge.entry(badge).or_default().push(row);
        }
        for (badge, mut rows) in by_badge {
            let has_both = rows.iter().any(|row| is_first(row.customer_id));
            if !enrolled.contains(&badge) && !has_both {
                continue;
            }
            rows.sort_by_key(|row| (whose(row.customer_id, from), row.ordinal));
            let keys = rows.iter().map(|row| {
                let earned_on = instant(row.earned_on)?;
                Ok((whose(row.customer_id, from), earned_on))
            });
            let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
            // Those of the second alone stay as they are, though a clock may have gone back meanwhile.
            let order = if has_both {
                in_order(&keys)
            } else {
                (0..rows.len()).collect()
            };
            for (new_ordinal, place) in (1..).zip(order) {
                let row = &rows[place];
                let enrolment = row.enrolment.map(|ordinal| {
                    let was: Place = (row.customer_id, badge, ordinal);
                    ordinals.get(&was).copied().unwrap_or(ordinal)
                });
                united.earns.push(MovedEarn {
                    moved: Moved {
                        customer: row.customer_id,
                        badge,
                        ordinal: row.ordinal,
                        new_ordinal,
                    },
                    enrolment,
                });
            }
        }
        Ok(united)
    }

    /// Adds the enrolments for a badge, and to `ordinals` which one stays in the place of each.
    fn add_enrolments(
        &mut self,
        request: &MergeRequest,
        (from, to): Both,
        badge: BadgeId,
        mut rows: Vec<HeldEnrolment>,
        ordinals: &mut HashMap<Place, i32>,
    ) -> anyhow::Result<()> {
        rows.sort_by_key(|row| (whose(row.customer_id, from), row.ordinal));
        let (mut held, mut keys): (Vec<(Whose, Enrolment)>, Vec<_>) = (Vec::new(), Vec::new());
        for row in &rows {
            let whose = whose(row.customer_id, from);
            let columns = (row.id.clone(), row.event_on, row.expires_on, row.revoked_on);
            held.push((whose, enrolment(columns)?));
            keys.push((whose, instant(row.recorded_on)?));
        }
        let instead = giving_way(&held);
        let order = in_order(&keys);
        let mut new_ordinals = vec![0; rows.len()];
        for (new_ordinal, place) in (1..).zip(&order) {
            new_ordinals[*place] = new_ordinal;
        }
        for place in order {
            let row = &rows[place];
            let stays = instead[place].unwrap_or(place);
            let was = (row.customer_id, badge, row.ordinal);
            ordinals.insert(was, new_ordinals[stays]);
            let gives_way = instead[place].is_some();
            self.enrolments.push(MovedEnrolment {
                moved: Moved {
                    customer: row.customer_id,
                    badge,
                    ordinal: row.ordinal,
                    new_ordinal: new_ordinals[place],
                },
                gives_way,
            });
            if gives_way {
                let (_, enrolment) = held[place];
                let owner = (row.owner_type, row.reference_id.clone());
                self.revoked.entry(badge).or_default().push(EnrolmentFact {
                    badge,
                    customer: to,
                    enrolment: enrolment.id,
                    event_on: enrolment.hold.event_on(),
                    expires_on: enrolment.hold.expires_on(),
                    triggered_by: triggered_by(owner.0, owner.1)?,
                    request_id: None,
                    actor: Some(request.by.actor),
                    reason: Some(Reason::merged()),
                });
            }
        }
        Ok(())
    }

    /// By how much the counts of the badges shrink.
    fn growths(&self) -> anyhow::Result<Vec<Growth>> {
        let growths = self.revoked.iter().map(|(badge, facts)| {
            let revoked = i64::try_from(facts.len()).context("a count")?;
            Ok(Growth {
                badge: *badge,
                issued: -revoked,
                earned: 0,
            })
        });
        growths.collect()
    }
}

fn whose(customer: i64, first: CustomerId) -> Whose {
    if customer == first.get() {
        Whose::First
    } else {
        Whose::Second
    }
}

/// Gives the first's refusals to the second: of each badge the last stay of both.
fn move_refusals<C: PeopleConnection>(
    connection: &mut C,
    request: &MergeRequest,
    (from, to): Both,
) -> Result<(), WorkError> {
    let both = [from, to];
    let mut by_badge: BTreeMap<BadgeId, Vec<RefusalRow>> = BTreeMap::new();
    for row in connection.refusals_of_both(request.org, both)? {
        let badge = badge_id(&row.badge_id)?;
        by_badge.entry(badge).or_default().push(row);
    }
    by_badge.retain(|_, rows| rows.iter().any(|row| row.customer_id == from.get()));
    if by_badge.is_empty() {
        return Ok(());
    }
    let badges: Vec<_> = by_badge.keys().copied().collect();
    let mut kept = Vec::new();
    for mut rows in by_badge.into_values() {
        rows.sort_by_key(|row| whose(row.customer_id, from));
        let keys = rows.iter().map(|row| {
            let refused_on = instant(row.refused_on)?;
            Ok((whose(row.customer_id, from), refused_on))
        });
        let order = in_order(&keys.collect::<anyhow::Result<Vec<_>>>()?);
        let too_many = order.len().saturating_sub(REFUSALS);
        kept.extend(order[too_many..].iter().map(|place| rows[*place].clone()));
    }
    connection.remove_refusals(request.org, &both, Some(&badges))?;
    connection.insert_refusals(request.org, to, &kept)
}
