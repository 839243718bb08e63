//! An org with a client, an hour of a day, and short ways to do things.

use std::sync::Arc;

use accolade_application::access::{AccessGroups, Caller, ClientKey, Secret, create_org};
use accolade_application::answer::{Answer, EnrolmentAnswer};
use accolade_application::badges::{ClaimBadge, CreateBadge, SetActivity, get};
use accolade_application::customers::NamedCustomers;
use accolade_application::enrolment::EnrolCustomers;
use accolade_application::error::UseCaseError;
use accolade_application::ports::{
    Fingerprint, IdempotencyGuard, IdempotencyKey, NewClient, Org, Ports,
};
use accolade_application::{Command, Executed, Request, execute};
use accolade_domain::audit::Attribution;
use accolade_domain::badge::BadgeDraft;
use accolade_domain::enrolment::Outcome;
pub(crate) use accolade_domain::fixtures::{at, draft, owner};
use accolade_domain::ids::{BadgeId, CustomerId};
use accolade_domain::owner::Owner;
use accolade_memory::{FixedClock, MemoryStore, memory_ports};
use time::Duration;

/// The code and the field of each reason why `result` was refused.
pub(crate) fn refused<T: std::fmt::Debug>(
    result: Result<T, UseCaseError>,
) -> Vec<(u32, Option<String>)> {
    match result {
        Err(UseCaseError::Refused(reasons)) => reasons
            .into_iter()
            .map(|reason| (reason.code.number(), reason.field))
            .collect(),
        other => panic!("not refused: {other:?}"),
    }
}

/// The codes alone.
pub(crate) fn codes<T: std::fmt::Debug>(result: Result<T, UseCaseError>) -> Vec<u32> {
    let reasons = refused(result).into_iter();
    reasons.map(|(code, _)| code).collect()
}

pub(crate) struct World {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) ports: Ports,
    pub(crate) caller: Caller,
}

impl World {
    /// Org 100458 on 1 May 2026.
    pub(crate) fn new() -> Self {
        let clock = Arc::new(FixedClock::at(at("2026-05-01T09:30:00Z")));
        let ports = memory_ports(Arc::new(MemoryStore::default()), clock.clone());
        let caller = settle(&ports, 100_458, "Asia/Kolkata");
        Self {
            clock,
            ports,
            caller,
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

    /// Does `command` under this key.
    pub(crate) fn run_under(
        &self,
        key: &IdempotencyGuard,
        command: impl Command,
    ) -> Result<Executed, UseCaseError> {
        execute(&self.ports, self.under(key), command)
    }

    /// A client of another org.
    pub(crate) fn stranger(&self) -> Caller {
        settle(&self.ports, 7, "UTC")
    }

    /// Creates a badge that is live from 2024 to 2030, whose enrolments expire in 2031.
    pub(crate) fn badge(&self, name: &str) -> BadgeId {
        self.badge_from(draft(name))
    }

    pub(crate) fn badge_from(&self, draft: BadgeDraft) -> BadgeId {
        match self.run(creation(draft)).unwrap() {
            Answer::BadgeCreated(view) => view.badge.id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn claim(&self, badge: BadgeId, owner: Owner) {
        let command = ClaimBadge { badge, owner };
        self.run(command).unwrap();
    }

    pub(crate) fn deactivate(&self, badge: BadgeId) {
        let command = SetActivity {
            badge,
            active: false,
        };
        self.run(command).unwrap();
    }

    pub(crate) fn enrol(&self, command: EnrolCustomers) -> Result<EnrolmentAnswer, UseCaseError> {
        self.run(command).map(enrolment)
    }

    pub(crate) fn issued(&self, badge: BadgeId) -> u64 {
        get(&self.ports, &self.caller, badge).unwrap().counts.issued
    }

    /// A key for a request of which `fingerprint` is left.
    pub(crate) fn guard(&self, key: &str, fingerprint: u8) -> IdempotencyGuard {
        let used_on = self.ports.clock.now();
        IdempotencyGuard {
            org: self.caller.org,
            actor: self.caller.actor,
            key: IdempotencyKey::try_from(key.to_owned()).unwrap(),
            fingerprint: Fingerprint([fingerprint; 32]),
            warnings: Vec::new(),
            used_on,
            expires_on: used_on + Duration::hours(72),
        }
    }
}

fn settle(ports: &Ports, number: i64, zone: &str) -> Caller {
    let org = Org {
        id: number.try_into().unwrap(),
        name: "Org".try_into().unwrap(),
        zone: zone.parse().unwrap(),
        region: None,
    };
    create_org(ports, &org).unwrap();
    let client = NewClient {
        org: org.id,
        name: "Till".try_into().unwrap(),
        key: ClientKey::try_from(format!("till-{number}").as_str()).unwrap(),
        groups: AccessGroups::DEFAULT,
        owner: None,
        secret: Secret::presented("secret").hash(),
        created: Attribution::system(ports.clock.now()),
    };
    Caller {
        actor: ports.stores.access.create_client(&client).unwrap().into(),
        org: org.id,
        zone: org.zone,
        region: org.region,
        groups: client.groups,
    }
}

/// Creates what has its start in the past.
pub(crate) fn creation(draft: BadgeDraft) -> CreateBadge {
    CreateBadge {
        draft,
        unread: Vec::new(),
        active: true,
        migrating: true,
        id: None,
    }
}

/// By hand, dated now, without request id or key.
pub(crate) fn command(badge: BadgeId, customers: &[i64]) -> EnrolCustomers {
    let customer = |number: &i64| CustomerId::try_from(*number).unwrap();
    EnrolCustomers {
        badge,
        customers: NamedCustomers::from(customers.iter().map(customer).collect::<Vec<_>>()),
        request_id: None,
        event_on: None,
        triggered_by: None,
        by_hand: None,
    }
}

pub(crate) fn enrolment(answer: Answer) -> EnrolmentAnswer {
    match answer {
        Answer::Enrolment(answer) => answer,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn outcomes(answer: &EnrolmentAnswer) -> Vec<Outcome> {
    let outcomes = answer.outcomes.iter();
    outcomes.map(|outcome| outcome.outcome).collect()
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
