//! Earning for several callers at once.

use accolade_domain::badge::EarnType;
use accolade_domain::earning::{EarnTerms, limits, terms};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;

use crate::access::Caller;
use crate::answer::CustomerEarn;
use crate::badges::KnownBadges;
use crate::earning::EarnBadge;
use crate::error::UseCaseError;
use crate::group::{self, Ended, Grouped};
use crate::ports::{
    BadgeVersion, Context, EarnBatch, EarnRequest, Ports, RecordError, StoreError, VersionedBadge,
};

/// Carries out what each caller asks for, as [`earn`](crate::earning::earn) does, in as few
/// transactions as can be: those who earn one badge on the same terms share one. Gives an end to
/// each, by position. Badges that are `known` are not read first.
///
/// # Errors
/// Of each request those of [`earn`](crate::earning::earn), whatever becomes of the others.
pub fn earn_group(
    ports: &Ports,
    known: Option<&KnownBadges>,
    asked: Vec<(&Caller, EarnBadge)>,
) -> Vec<Ended> {
    group::carry_out::<EarnRequest>(ports, known, asked)
}

impl Grouped for EarnRequest {
    type Command = EarnBadge;

    fn undecided(
        ports: &Ports,
        caller: &Caller,
        command: EarnBadge,
        now: Instant,
    ) -> Result<Self, UseCaseError> {
        let ids = group::ids(ports, command.customers.len())?;
        Ok(Self {
            context: Context {
                org: caller.org,
                actor: caller.actor,
                now,
                key: command.idempotency,
            },
            badge: command.badge,
            version: BadgeVersion(0),
            operation: command.operation,
            request_id: command.request_id,
            triggered_by: command.triggered_by,
            terms: EarnTerms {
                earn_type: EarnType::IssueEarn,
                event_on: now,
                expires_on: Instant::MAX,
            },
            limits: Vec::new(),
            zone: caller.zone.clone(),
            customers: command.customers,
            unknown: command.unknown,
            ids,
        })
    }

    fn event_on(command: &EarnBadge) -> Option<Instant> {
        command.event_on
    }

    fn decide(
        &mut self,
        caller: &Caller,
        event_on: Option<Instant>,
        found: &VersionedBadge,
    ) -> Result<(), Rejection> {
        let (zone, now) = (&caller.zone, self.context.now);
        let triggered_by = self.triggered_by.as_ref();
        self.terms = terms(&found.badge, zone, triggered_by, event_on, now)?;
        self.limits = limits(&found.badge.definition, zone, self.terms.event_on, now);
        self.version = found.version;
        Ok(())
    }

    fn carry_out(
        ports: &Ports,
        batch: &EarnBatch,
    ) -> Result<Vec<Result<Vec<CustomerEarn>, RecordError>>, StoreError> {
        ports.stores.earning.earn(batch)
    }
}
