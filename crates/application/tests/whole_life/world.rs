//! What every test starts from: an org, a client of it, and a clock that stands still.

use std::sync::Arc;

use accolade_application::access::{AccessGroups, Caller};
use accolade_application::answer::{Answer, CustomerEarn, EarnOutcome};
use accolade_application::badges::{ClaimBadge, CreateBadge, SetActivity};
use accolade_application::customers::NamedCustomers;
use accolade_application::earning::{EarnBadge, Earners, ImportCustomerBadges, ImportRow};
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::error::UseCaseError;
use accolade_application::ports::{
    DetailsQuery, Fingerprint, IdempotencyGuard, IdempotencyKey, PageOf, Ports,
};
use accolade_application::{Command, Executed, Request, execute};
use accolade_domain::badge::constraint::{Constraint, FixedWindowDraft};
use accolade_domain::badge::{Badge, BadgeDraft, EarnType, Expiry};
use accolade_domain::earning::EventDate;
pub(crate) use accolade_domain::fixtures::{at, count, customer, owner};
use accolade_domain::ids::{BadgeId, EarnedBadgeId, EnrolmentId};
use accolade_domain::owner::{Owner, OwnerType};
use accolade_domain::rejection::Rejection;
use accolade_domain::text::RequestId;
use accolade_domain::zone::Zone;
use accolade_memory::{FixedClock, MemoryStore, memory_ports};
use time::Duration;

/// The moment at which tests begin.
pub(crate) const NOW: &str = "2026-05-10T12:00:00Z";

pub(crate) fn at_most(number: i64) -> Vec<Constraint<FixedWindowDraft>> {
    vec![Constraint::FixedValue(count(number))]
}

/// A badge of the year 2026, for which customers enrol first.
pub(crate) fn draft(name: &str) -> BadgeDraft {
    BadgeDraft {
        name: Some(name.try_into().unwrap()),
        starts_on: Some(at("2026-01-01T00:00:00Z")),
        expires_on: Some(at("2027-01-01T00:00:00Z")),
        earn_type: Some(EarnType::IssueEarn),
        enrolment_expiry: Some(Expiry::WithBadge),
        earned_expiry: Some(Expiry::WithBadge),
        owners: vec![OwnerType::Loyalty],
        ..BadgeDraft::default()
    }
}

/// The same, earned directly.
pub(crate) fn direct(name: &str) -> BadgeDraft {
    BadgeDraft {
        earn_type: Some(EarnType::Earn),
        enrolment_expiry: None,
        ..draft(name)
    }
}

/// The codes of a refusal; none of a success.
pub(crate) fn codes<T>(result: &Result<T, UseCaseError>) -> Vec<u32> {
    refusals(result).iter().map(|r| r.code.number()).collect()
}

/// The codes of a refusal with their fields.
pub(crate) fn faults<T>(result: &Result<T, UseCaseError>) -> Vec<(u32, &str)> {
    let fault = |r: &'_ Rejection| r.code.number();
    let refusals = refusals(result).iter();
    refusals
        .map(|r| (fault(r), r.field.as_deref().unwrap_or_default()))
        .collect()
}

fn refusals<T>(result: &Result<T, UseCaseError>) -> &[Rejection] {
    match result {
        Ok(_) => &[],
        Err(UseCaseError::Refused(rejections)) => rejections,
        Err(error) => panic!("{error}"),
    }
}

/// An org with one client.
pub(crate) struct World {
    pub(crate) ports: Ports,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) caller: Caller,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::in_zone(Zone::utc())
    }

    pub(crate) fn in_zone(zone: Zone) -> Self {
        let clock = Arc::new(FixedClock::at(at(NOW)));
        Self {
            ports: memory_ports(Arc::new(MemoryStore::default()), clock.clone()),
            clock,
            caller: Caller {
                org: 100_458.try_into().unwrap(),
                zone,
                region: None,
                actor: 1.try_into().unwrap(),
                groups: AccessGroups::DEFAULT,
            },
        }
    }

    /// Does `command` for the world's caller.
    pub(crate) fn run(&self, command: impl Command) -> Result<Answer, UseCaseError> {
        self.run_as(&self.caller, command)
    }

    /// Does `command` for `caller`.
    pub(crate) fn run_as(
        &self,
        caller: &Caller,
        command: impl Command,
    ) -> Result<Answer, UseCaseError> {
        let request = Request::new(caller.clone());
        execute(&self.ports, request, command).map(|executed| executed.answer().clone())
    }

    /// What doing `command` would answer.
    pub(crate) fn try_out(&self, command: impl Command) -> Result<Answer, UseCaseError> {
        let request = Request {
            dry_run: true,
            ..Request::new(self.caller.clone())
        };
        execute(&self.ports, request, command).map(|executed| executed.answer().clone())
    }

    /// The request of the world's caller under this key, with the key's warnings.
    pub(crate) fn under(&self, key: &IdempotencyGuard) -> Request {
        Request {
            key: Some(key.clone()),
            warnings: key.warnings.clone(),
            ..Request::new(self.caller.clone())
        }
    }

    /// A request id that nobody has.
    pub(crate) fn request_id(&self) -> RequestId {
        self.ports.ids.uuid().to_string().try_into().unwrap()
    }

    /// The idempotency key `key`, for an hour.
    pub(crate) fn guard(&self, key: &str) -> IdempotencyGuard {
        let now = self.ports.clock.now();
        IdempotencyGuard {
            org: self.caller.org,
            actor: self.caller.actor,
            key: IdempotencyKey::try_from(key.to_owned()).unwrap(),
            fingerprint: Fingerprint([7; 32]),
            warnings: Vec::new(),
            used_on: now,
            expires_on: now + Duration::HOUR,
        }
    }

    /// Creates a badge as it would have been created before it started.
    pub(crate) fn badge(&self, draft: BadgeDraft) -> BadgeId {
        let command = CreateBadge {
            draft,
            unread: Vec::new(),
            active: true,
            migrating: true,
            id: None,
        };
        match self.run(command).unwrap() {
            Answer::BadgeCreated(view) => view.badge.id,
            other => panic!("{other:?}"),
        }
    }

    /// The badge as it is now.
    pub(crate) fn found(&self, badge: BadgeId) -> Badge {
        let found = self
            .ports
            .stores
            .badges
            .find(self.caller.org, badge)
            .unwrap();
        found.unwrap().badge
    }

    pub(crate) fn claim(&self, badge: BadgeId, owner: Owner) {
        let command = ClaimBadge { badge, owner };
        self.run(command).unwrap();
    }

    pub(crate) fn turn(&self, badge: BadgeId, active: bool) {
        let command = SetActivity { badge, active };
        self.run(command).unwrap();
    }

    /// Enrols the customer from the badge's start on.
    pub(crate) fn enrol(&self, badge: BadgeId, number: i64) -> EnrolmentId {
        let command = EnrolCustomers {
            badge,
            customers: NamedCustomers::from(vec![customer(number)]),
            request_id: None,
            event_on: Some(at("2026-01-01T00:00:00Z")),
            triggered_by: None,
            by_hand: None,
        };
        self.run(command).unwrap();
        let enrolment = self.details(badge, number).badge.standing.enrolment;
        enrolment.unwrap().id
    }

    /// A request for one customer to earn now.
    pub(crate) fn one(&self, badge: BadgeId, number: i64) -> EarnBadge {
        EarnBadge {
            earners: Earners::One(customer(number).into()),
            ..self.several(badge, [number])
        }
    }

    /// A request for several customers to earn now.
    pub(crate) fn several(
        &self,
        badge: BadgeId,
        numbers: impl IntoIterator<Item = i64>,
    ) -> EarnBadge {
        EarnBadge {
            badge,
            earners: Earners::Several(NamedCustomers::from(
                numbers.into_iter().map(customer).collect::<Vec<_>>(),
            )),
            request_id: self.request_id(),
            event: EventDate::default(),
            triggered_by: None,
            by_hand: None,
        }
    }

    pub(crate) fn earn(&self, command: &EarnBadge) -> Result<Answer, UseCaseError> {
        self.run(command.clone())
    }

    /// Lets the customer earn now.
    pub(crate) fn earned(&self, badge: BadgeId, number: i64) -> EarnedBadgeId {
        let answer = self.earn(&self.one(badge, number)).unwrap();
        match &outcomes(answer)[0].outcome {
            EarnOutcome::Earned(id, _) => *id,
            other => panic!("{other:?}"),
        }
    }

    /// Imports an earn of the customer: no limit refuses it.
    pub(crate) fn import(&self, badge: BadgeId, number: i64) {
        self.import_as(None, badge, [number]);
    }

    /// An element for each of the customers.
    pub(crate) fn import_as<const N: usize>(
        &self,
        request_id: Option<RequestId>,
        badge: BadgeId,
        numbers: [i64; N],
    ) {
        let row = |number| {
            Ok(ImportRow {
                badge,
                customer: customer(number).into(),
                event_on: at("2026-02-01T00:00:00Z"),
                expires_on: at("2026-12-01T00:00:00Z"),
            })
        };
        let command = ImportCustomerBadges {
            rows: numbers.map(row).into(),
            request_id,
        };
        self.run(command).unwrap();
    }

    pub(crate) fn details(
        &self,
        badge: BadgeId,
        number: i64,
    ) -> accolade_application::ports::CustomerBadgeDetails {
        let query = self.details_query(badge, number);
        let details = &self.ports.stores.customer_badges;
        let found = details.details(self.caller.org, &query);
        found.unwrap().unwrap()
    }

    /// What asks for all between the badge and the customer.
    pub(crate) fn details_query(&self, badge: BadgeId, number: i64) -> DetailsQuery {
        let all = PageOf {
            page: 0,
            size: 1_000,
        };
        DetailsQuery {
            customer: customer(number),
            badge,
            now: self.ports.clock.now(),
            enrolments: all,
            earns: all,
        }
    }
}

/// The outcomes of a request to earn.
pub(crate) fn outcomes(answer: Answer) -> Vec<CustomerEarn> {
    match answer {
        Answer::Earned(answer) => answer.outcomes,
        other => panic!("{other:?}"),
    }
}

/// The code of each outcome; 0 for an earn.
pub(crate) fn outcome_codes(answer: Answer) -> Vec<u32> {
    let code = |outcome: CustomerEarn| match outcome.outcome {
        EarnOutcome::Refused(rejection) => rejection.code.number(),
        EarnOutcome::Earned(..) | EarnOutcome::WouldEarn(_) => 0,
    };
    outcomes(answer).into_iter().map(code).collect()
}

/// The answer of what was executed now.
pub(crate) fn now(executed: Executed) -> Answer {
    match executed {
        Executed::Now { answer, .. } => answer,
        before @ Executed::Replayed(_) => panic!("{before:?}"),
    }
}

/// The answer of what was executed before.
pub(crate) fn before(executed: Executed) -> Answer {
    match executed {
        Executed::Replayed(record) => record.answer,
        now @ Executed::Now { .. } => panic!("{now:?}"),
    }
}
