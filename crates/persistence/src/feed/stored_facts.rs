//! What rows of the feed store of facts that are in no answer of the ledger.

use accolade_domain::event::{BadgeFact, EarnFact, EnrolmentFact};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::instant::Instant;
use accolade_domain::owner::Owner;
use accolade_domain::text::{BadgeName, Reason, RequestId};
use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::answers::parts::{Differences, NO_ID, Neighbour, StoredId, StoredOwner};
use crate::mapping::{badge_id, instant, object_id, stored};

/// What the facts of one revocation have in common.
#[derive(Clone, Serialize, Deserialize)]
struct StoredRevocation {
    badge: [u8; 12],
    request_id: Option<String>,
    actor: Option<i64>,
    reason: Option<String>,
}

/// Enrolments that one request has revoked.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredRevokedEnrolments {
    common: StoredRevocation,
    customers: Differences,
    enrolments: Vec<StoredId>,
    event_on: Differences,
    expires_on: Differences,
    /// Whoever triggered some of them.
    owners: Vec<StoredOwner>,
    /// Of each, the place of the owner among those, from 1; 0 where there is none.
    triggered_by: Vec<u32>,
}

impl StoredRevokedEnrolments {
    /// None stands in the places of those whose customers were forgotten.
    pub(super) fn new(facts: &[Option<EnrolmentFact>]) -> anyhow::Result<Self> {
        let first = facts.iter().flatten().next();
        let first = first.context("a revocation of nothing")?;
        let common = |it: &EnrolmentFact| {
            let of = (it.badge, it.actor, it.request_id.clone());
            (of, it.reason.clone())
        };
        let of_first = common(first);
        let mut owners: Vec<&Owner> = Vec::new();
        let (mut enrolments, mut triggered_by) = (Vec::new(), Vec::new());
        let mut before = Neighbour::default();
        for it in facts {
            let Some(it) = it else {
                enrolments.push(before.store(NO_ID));
                triggered_by.push(0);
                continue;
            };
            ensure!(
                common(it) == of_first,
                "a revocation has several badges, or callers"
            );
            enrolments.push(before.store(it.enrolment.0));
            let owner = it.triggered_by.as_ref().map(|owner| {
                // As a rule they are few.
                let known = owners.iter().position(|known| *known == owner);
                known.unwrap_or_else(|| {
                    owners.push(owner);
                    owners.len() - 1
                })
            });
            triggered_by.push(owner.map_or(Ok(0), |place| u32::try_from(place + 1))?);
        }
        let customers = facts.iter().map(|it| it.as_ref().map(|it| it.customer));
        Ok(Self {
            common: StoredRevocation {
                badge: *first.badge.0.as_bytes(),
                request_id: text(first.request_id.as_ref().map(RequestId::as_str)),
                actor: first.actor.map(Into::into),
                reason: text(first.reason.as_ref().map(Reason::as_str)),
            },
            customers: Differences::of_customers(customers),
            enrolments,
            event_on: moments(facts, |it| it.event_on),
            expires_on: moments(facts, |it| it.expires_on),
            owners: owners.into_iter().map(StoredOwner::new).collect(),
            triggered_by,
        })
    }

    pub(super) fn facts(self) -> anyhow::Result<Vec<Option<EnrolmentFact>>> {
        let StoredRevocation {
            badge,
            request_id,
            actor,
            reason,
        } = self.common;
        let badge = badge_id(&badge)?;
        let request_id = request_id.map(RequestId::from_stored);
        let actor = actor.map(stored).transpose()?;
        let reason = reason.map(Reason::from_stored);
        let owners = self.owners.into_iter().map(StoredOwner::owner);
        let owners: Vec<Owner> = owners.collect::<anyhow::Result<_>>()?;
        let mut before = Neighbour::default();
        let (mut customers, mut triggered_by) =
            (self.customers.customers(), self.triggered_by.iter());
        let (mut event_on, mut expires_on) = (self.event_on.numbers(), self.expires_on.numbers());
        let facts = self.enrolments.iter().map(|enrolment| {
            let owner = *triggered_by.next().context("too few owners")?;
            let owner = (owner as usize).checked_sub(1);
            let owner = owner.map(|place| owners.get(place).cloned().context("a stored owner"));
            let enrolment = before.read(enrolment)?.into();
            let event_on = instant(event_on.next().context("too few event dates")?)?;
            let expires_on = instant(expires_on.next().context("too few expiries")?)?;
            let customer = customers.next().context("too few customers")??;
            let triggered_by = owner.transpose()?;
            Ok(customer.map(|customer| EnrolmentFact {
                badge,
                customer,
                enrolment,
                event_on,
                expires_on,
                triggered_by,
                request_id: request_id.clone(),
                actor,
                reason: reason.clone(),
            }))
        });
        facts.collect()
    }
}

/// A moment of each; the beginning of time of those whose customers were forgotten.
fn moments(facts: &[Option<EnrolmentFact>], of: impl Fn(&EnrolmentFact) -> Instant) -> Differences {
    let facts = facts.iter().map(Option::as_ref);
    facts
        .map(|it| it.map_or(0, |it| of(it).unix_micros()))
        .collect()
}

fn text(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// An earned badge that was revoked.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredRevokedEarn {
    common: StoredRevocation,
    customer: i64,
    earned: [u8; 12],
    enrolment: Option<[u8; 12]>,
    event_on: i64,
    expires_on: i64,
    triggered_by: Option<StoredOwner>,
}

impl StoredRevokedEarn {
    pub(super) fn new(fact: &EarnFact) -> Self {
        Self {
            common: StoredRevocation {
                badge: *fact.badge.0.as_bytes(),
                request_id: text(fact.request_id.as_ref().map(RequestId::as_str)),
                actor: fact.actor.map(Into::into),
                reason: text(fact.reason.as_ref().map(Reason::as_str)),
            },
            customer: fact.customer.get(),
            earned: *fact.earned.0.as_bytes(),
            enrolment: fact.enrolment.map(|it| *it.0.as_bytes()),
            event_on: fact.event_on.unix_micros(),
            expires_on: fact.expires_on.unix_micros(),
            triggered_by: fact.triggered_by.as_ref().map(StoredOwner::new),
        }
    }

    pub(super) fn fact(self) -> anyhow::Result<EarnFact> {
        let customer: CustomerId = stored(self.customer)?;
        let badge: BadgeId = badge_id(&self.common.badge)?;
        let enrolment = self.enrolment.map(|id| object_id(&id)).transpose()?;
        Ok(EarnFact {
            badge,
            customer,
            earned: object_id(&self.earned)?.into(),
            enrolment: enrolment.map(Into::into),
            event_on: instant(self.event_on)?,
            expires_on: instant(self.expires_on)?,
            triggered_by: self.triggered_by.map(StoredOwner::owner).transpose()?,
            request_id: self.common.request_id.map(RequestId::from_stored),
            actor: self.common.actor.map(stored).transpose()?,
            reason: self.common.reason.map(Reason::from_stored),
            limits: Vec::new(),
        })
    }
}

/// A badge that was created or changed.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredBadge {
    badge: [u8; 12],
    version: i64,
    name: String,
    actor: i64,
    owner: Option<StoredOwner>,
}

impl StoredBadge {
    pub(super) fn new(fact: &BadgeFact) -> Self {
        Self {
            badge: *fact.badge.0.as_bytes(),
            version: fact.version,
            name: fact.name.as_str().to_owned(),
            actor: fact.actor.number(),
            owner: fact.owner.as_ref().map(StoredOwner::new),
        }
    }

    pub(super) fn fact(self) -> anyhow::Result<BadgeFact> {
        Ok(BadgeFact {
            badge: badge_id(&self.badge)?,
            version: self.version,
            name: BadgeName::from_stored(self.name),
            actor: stored(self.actor)?,
            owner: self.owner.map(StoredOwner::owner).transpose()?,
        })
    }
}
