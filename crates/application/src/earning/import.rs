//! Importing earned badges from elsewhere.

use accolade_domain::approval::RuledOperation;
use std::collections::HashMap;

use accolade_domain::badge::Badge;
use accolade_domain::earning::{Limit, Scope, Span, limits};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::RequestId;
use anyhow::anyhow;
use serde::{Deserialize, Serialize};

use crate::access::Caller;
use crate::answer::{Answer, Imported};
use crate::approvals::Approval;
use crate::customers::{NamedCustomer, resolve_each};
use crate::error::UseCaseError;
use crate::execute::Command;
use crate::ports::{
    ImportItem, ImportRequest, Operation, Ports, RecordError, RecordedRequest as _,
};
use crate::request::{self, Request};
use crate::turns::MOST_ROUNDS;

/// One element of an import: what could be read of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// The badge.
    pub badge: BadgeId,
    /// The customer.
    pub customer: NamedCustomer,
    /// When it was earned.
    pub event_on: Instant,
    /// When it expires.
    pub expires_on: Instant,
}

/// Records earned badges from elsewhere, also of badges that are deactivated or past. No limit
/// refuses them.
///
/// Refused as a whole with 809. Elements fail alone, each for what could not be read of it, a
/// customer whose identifier nobody has (1026), a badge that the org does not have (1054), or
/// an expiry before the earn (400).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCustomerBadges {
    /// The elements, in the order of the request.
    pub rows: Vec<Result<ImportRow, Vec<Rejection>>>,
    /// The caller's id of the request; one is made if `None`.
    pub request_id: Option<RequestId>,
}

impl Command for ImportCustomerBadges {
    const APPROVAL: Approval<Self> = Approval::Ruled(RuledOperation::Import, |it| Ok(it.into()));

    const HAS_DRY_RUN: bool = true;

    fn customers(&self) -> usize {
        self.rows.len()
    }

    fn run(self, ports: &Ports, request: &mut Request) -> Result<Answer, UseCaseError> {
        let mut rows = found(ports, request, self.rows)?;
        let caller = &request.caller;
        let request_id = request::id_or_new(ports, self.request_id.as_ref())?;
        request::check_id_unused(ports, caller, Operation::Import, &request_id)?;
        let badges = badges(ports, caller, &rows)?;
        for _ in 0..MOST_ROUNDS {
            rows = current_rows(ports, caller, rows)?;
            let recorded = decided(ports, request, &request_id, &badges, &rows)?;
            if request.dry_run {
                return Ok(recorded.answer(()));
            }
            match ports.stores.earning.import(&recorded)? {
                Err(RecordError::CustomersMerged) => {}
                imported => {
                    imported?;
                    return Ok(recorded.answer(()));
                }
            }
        }
        Err(UseCaseError::overtaken("who the customers are"))
    }
}

/// What is recorded of `rows`.
fn decided(
    ports: &Ports,
    request: &Request,
    request_id: &RequestId,
    badges: &HashMap<BadgeId, Badge>,
    rows: &[Result<FoundRow, Vec<Rejection>>],
) -> Result<ImportRequest, UseCaseError> {
    let (caller, now) = (&request.caller, ports.clock.now());
    let len = u32::try_from(rows.len())
        .map_err(|_| UseCaseError::unexpected(anyhow!("more elements than ids")))?;
    let mut items = Vec::new();
    let mut outcomes = Vec::new();
    for (row, id) in rows.iter().zip(ports.ids.block(len).iter()) {
        let fit = match row {
            Ok(row) => fitting(badges, row).map(|badge| (row, badge)),
            Err(problems) => Err(problems.clone()),
        };
        let (row, badge) = match fit {
            Ok(fit) => fit,
            Err(problems) => {
                outcomes.push(Imported::Refused(problems));
                continue;
            }
        };
        items.push(ImportItem {
            badge: row.badge,
            customer: row.customer,
            id: id.into(),
            event_on: row.event_on,
            expires_on: row.expires_on,
            counts_under: counts_under(badge, caller, row.event_on, now),
        });
        outcomes.push(Imported::Recorded {
            badge: row.badge,
            customer: row.customer,
            earned: id.into(),
            expires_on: row.expires_on,
        });
    }
    Ok(ImportRequest {
        context: request.context(now),
        request_id: request_id.clone(),
        items,
        outcomes,
    })
}

/// The same rows, of the successors of those who were merged into others.
fn current_rows(
    ports: &Ports,
    caller: &Caller,
    mut rows: FoundRows,
) -> Result<FoundRows, UseCaseError> {
    let customers: Vec<_> = rows.iter().flatten().map(|row| row.customer).collect();
    let successors = ports.stores.people.successors(caller.org, &customers)?;
    for row in rows.iter_mut().flatten() {
        let successor = successors.get(&row.customer);
        row.customer = successor.copied().unwrap_or(row.customer);
    }
    Ok(rows)
}

/// A row whose customer is found.
struct FoundRow {
    badge: BadgeId,
    customer: CustomerId,
    event_on: Instant,
    expires_on: Instant,
}

type FoundRows = Vec<Result<FoundRow, Vec<Rejection>>>;

/// The rows with their customers found; one whose identifier nobody has fails alone.
fn found(
    ports: &Ports,
    request: &mut Request,
    rows: Vec<Result<ImportRow, Vec<Rejection>>>,
) -> Result<FoundRows, UseCaseError> {
    let mut positions = Vec::with_capacity(rows.len());
    let mut named = Vec::with_capacity(rows.len());
    for (position, row) in rows.iter().enumerate() {
        if let Ok(row) = row {
            positions.push(position);
            named.push(row.customer.clone());
        }
    }
    let customers = resolve_each(ports, request, named, |index| {
        format!("[{}].customerId", positions[index])
    })?;
    let mut customers = customers.into_iter();
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(problems) => {
                found.push(Err(problems));
                continue;
            }
        };
        found.push(match customers.next() {
            Some(Ok(customer)) => Ok(FoundRow {
                badge: row.badge,
                customer,
                event_on: row.event_on,
                expires_on: row.expires_on,
            }),
            _ => Err(vec![
                Rejection::new(Code::IdentifierUnknown).at_field("customerId"),
            ]),
        });
    }
    Ok(found)
}

/// The badges that the rows name, each read once.
fn badges(
    ports: &Ports,
    caller: &Caller,
    rows: &[Result<FoundRow, Vec<Rejection>>],
) -> Result<HashMap<BadgeId, Badge>, UseCaseError> {
    let mut ids: Vec<_> = rows.iter().flatten().map(|row| row.badge).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = ports.stores.badges.find_all(caller.org, &ids)?;
    Ok(found
        .into_iter()
        .map(|found| (found.badge.id, found.badge))
        .collect())
}

fn fitting<'a>(
    badges: &'a HashMap<BadgeId, Badge>,
    row: &FoundRow,
) -> Result<&'a Badge, Vec<Rejection>> {
    let badge = badges
        .get(&row.badge)
        .ok_or_else(|| vec![Rejection::new(Code::ImportBadgeUnknown).at_field("badgeMetaId")])?;
    if row.expires_on <= row.event_on {
        return Err(vec![
            Rejection::new(Code::Unreadable)
                .with_message(
                    "The earned badge would expire before it was earned. Check both dates.",
                )
                .at_field("earnExpiresOn"),
        ]);
    }
    Ok(badge)
}

/// The badge's limits under which an imported earn counts from now on.
fn counts_under(badge: &Badge, caller: &Caller, event_on: Instant, now: Instant) -> Vec<Limit> {
    limits(&badge.definition, &caller.zone, event_on, now)
        .into_iter()
        .filter(|limit| limit.scope == Scope::Badge && !matches!(limit.span, Span::Rolling { .. }))
        .collect()
}
