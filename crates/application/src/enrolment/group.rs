//! Enrolling for several callers at once.

use accolade_domain::enrolment::{CustomerOutcome, Hold, terms};
use accolade_domain::instant::Instant;
use accolade_domain::rejection::Rejection;

use crate::access::Caller;
use crate::badges::KnownBadges;
use crate::enrolment::EnrolCustomers;
use crate::error::UseCaseError;
use crate::group::{self, Ended, Grouped};
use crate::ports::{
    BadgeVersion, Context, EnrolmentBatch, EnrolmentRequest, Ports, RecordError, StoreError,
    VersionedBadge,
};
use crate::request_id::known_or_new;

/// Carries out what each caller asks for, as [`enrol`](crate::enrolment::enrol) does, in as few
/// transactions as can be. Gives an end to each, by position. Badges that
/// are `known` are not read first.
///
/// # Errors
/// Of each request those of [`enrol`](crate::enrolment::enrol), whatever becomes of the others.
pub fn enrol_group(
    ports: &Ports,
    known: Option<&KnownBadges>,
    asked: Vec<(&Caller, EnrolCustomers)>,
) -> Vec<Ended> {
    group::carry_out::<EnrolmentRequest>(ports, known, asked)
}

impl Grouped for EnrolmentRequest {
    type Command = EnrolCustomers;

    fn undecided(
        ports: &Ports,
        caller: &Caller,
        command: EnrolCustomers,
        now: Instant,
    ) -> Result<Self, UseCaseError> {
        let request_id = known_or_new(ports, command.request_id.as_ref())?;
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
            request_id,
            triggered_by: command.triggered_by,
            hold: Hold::new(Instant::MIN, Instant::MAX)?,
            customers: command.customers,
            unknown: command.unknown,
            ids,
        })
    }

    fn event_on(command: &EnrolCustomers) -> Option<Instant> {
        command.event_on
    }

    fn decide(
        &mut self,
        caller: &Caller,
        event_on: Option<Instant>,
        found: &VersionedBadge,
    ) -> Result<(), Rejection> {
        let triggered_by = self.triggered_by.as_ref();
        self.hold = terms(
            &found.badge,
            &caller.zone,
            triggered_by,
            event_on,
            self.context.now,
        )?;
        self.version = found.version;
        Ok(())
    }

    fn carry_out(
        ports: &Ports,
        batch: &EnrolmentBatch,
    ) -> Result<Vec<Result<Vec<CustomerOutcome>, RecordError>>, StoreError> {
        ports.stores.enrolments.enrol(batch)
    }
}
