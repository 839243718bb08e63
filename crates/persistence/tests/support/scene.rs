//! An org, its client and a badge, and requests about them.

use accolade_application::access::{AccessGroups, ClientKey, Secret};
use accolade_application::answer::{CustomerEarn, EarnOutcome};
use accolade_application::ports::{
    BadgeEdit, BadgeEditRequest, Context, EarnBatch, EarnRequest, EnrolmentBatch, EnrolmentRequest,
    Fingerprint, IdSource as _, IdempotencyGuard, IdempotencyKey, NewClient, Operation, Org,
    RecordError, StoreError,
};
use accolade_domain::actor::Actor;
use accolade_domain::audit::Attribution;
use accolade_domain::badge::constraint::Count;
use accolade_domain::badge::{Badge, BadgePeriod, EarnMode, EarnType, Expiry};
use accolade_domain::earning::{EarnTerms, Limit, Scope, Span, Window};
use accolade_domain::enrolment::{CustomerOutcome, Outcome};
use accolade_domain::fixtures::plain;
pub(crate) use accolade_domain::fixtures::{hold, second};
use accolade_domain::zone::{CalendarUnit, Zone};
use accolade_memory::SequentialIds;
use accolade_persistence::Database;
use uuid::Uuid;

/// One org with one badge, in a database.
pub(crate) struct Scene {
    pub(crate) database: Database,
    pub(crate) badge: Badge,
    pub(crate) actor: Actor,
    ids: SequentialIds,
}

impl Scene {
    /// Sets it up in `database`, which is migrated and empty.
    pub(crate) fn set(database: Database) -> Self {
        let ids = SequentialIds::default();
        let org = Org {
            id: 100_458.try_into().unwrap(),
            name: "Example".try_into().unwrap(),
            zone: Zone::utc(),
            region: None,
        };
        database.stores.access.create_org(&org, second(0)).unwrap();
        let client = NewClient {
            org: org.id,
            name: "loyalty".try_into().unwrap(),
            key: ClientKey::try_from("loyalty").unwrap(),
            groups: AccessGroups::DEFAULT,
            owner: None,
            secret: Secret::presented("secret").hash(),
            created: Attribution::system(second(0)),
        };
        let actor = database
            .stores
            .access
            .create_client(&client)
            .unwrap()
            .into();
        let badge = draft(&ids, actor, "Gold");
        database.stores.badges.create(&badge, None, &[]).unwrap();
        Self {
            database,
            badge,
            actor,
            ids,
        }
    }

    /// Another badge, not created yet.
    pub(crate) fn draft(&self, name: &str) -> Badge {
        draft(&self.ids, self.actor, name)
    }

    /// The customers from 1 to `len`, for the seconds 1000 to 2000 after 1970.
    pub(crate) fn request(&self, len: u32) -> EnrolmentRequest {
        let (org, id) = (self.badge.org, self.badge.id);
        let found = self.database.stores.badges.find(org, id).unwrap().unwrap();
        EnrolmentRequest {
            context: Context {
                org,
                actor: self.actor,
                now: second(1500),
                key: None,
                tag: None,
                rules: None,
            },
            badge: id,
            version: found.version,
            request_id: self.ids.uuid().to_string().try_into().unwrap(),
            triggered_by: None,
            by_hand: None,
            hold: hold(1000, 2000),
            customers: (1..=i64::from(len))
                .map(|n| n.try_into().unwrap())
                .collect(),
            ids: self.ids.block(len),
            unknown: Vec::new(),
        }
    }

    pub(crate) fn guard(&self, key: &str) -> IdempotencyGuard {
        IdempotencyGuard {
            org: self.badge.org,
            actor: self.actor,
            key: IdempotencyKey::try_from(key.to_owned()).unwrap(),
            fingerprint: Fingerprint([7; 32]),
            warnings: Vec::new(),
            used_on: second(1500),
            expires_on: second(9000),
        }
    }

    /// The customers from 1 to `len`, who earn at the second 1500 after 1970 under these limits.
    pub(crate) fn earn_request(&self, len: u32, limits: Vec<Limit>) -> EarnRequest {
        let (org, id) = (self.badge.org, self.badge.id);
        let found = self.database.stores.badges.find(org, id).unwrap().unwrap();
        EarnRequest {
            context: Context {
                org,
                actor: self.actor,
                now: second(1500),
                key: None,
                tag: None,
                rules: None,
            },
            badge: id,
            version: found.version,
            operation: Operation::EarnBulk,
            request_id: self.ids.uuid().to_string().try_into().unwrap(),
            triggered_by: None,
            by_hand: None,
            terms: EarnTerms {
                earn_type: EarnType::IssueEarn,
                event_on: second(1500),
                expires_on: second(9000),
            },
            limits,
            zone: Zone::utc(),
            customers: (1..=i64::from(len))
                .map(|n| n.try_into().unwrap())
                .collect(),
            unknown: Vec::new(),
            ids: self.ids.block(len),
        }
    }

    /// One of these customers, under a key of its own.
    pub(crate) fn single_earn(&self, customer: u32, limits: &[Limit]) -> EarnRequest {
        let request = self.earn_request(1, limits.to_vec());
        EarnRequest {
            context: Context {
                key: Some(self.guard(request.request_id.as_str())),
                ..request.context
            },
            operation: Operation::Earn,
            customers: vec![i64::from(customer).try_into().unwrap()],
            ..request
        }
    }

    /// What becomes of each request of a batch, by code; 0 where it was executed.
    pub(crate) fn earn_together(
        &self,
        requests: impl IntoIterator<Item = EarnRequest>,
    ) -> Result<Vec<u32>, StoreError> {
        let mut batch = EarnBatch::default();
        for request in requests {
            batch.push(request).unwrap();
        }
        let code = |outcome: Result<_, RecordError>| match outcome {
            Ok(_) => 0,
            Err(RecordError::Refused(rejection)) => rejection.code.number(),
            Err(error) => panic!("{error:?}"),
        };
        let outcomes = self.database.stores.earning.earn(&batch)?;
        Ok(outcomes.into_iter().map(code).collect())
    }

    pub(crate) fn earn(
        &self,
        request: &EarnRequest,
    ) -> Result<Result<Vec<CustomerEarn>, RecordError>, StoreError> {
        let batch = EarnBatch::from(request.clone());
        let mut outcomes = self.database.stores.earning.earn(&batch)?;
        Ok(outcomes.pop().unwrap())
    }

    /// How many earned badges the badge has, by its count.
    pub(crate) fn earned(&self) -> u64 {
        let (org, badge) = (self.badge.org, self.badge.id);
        let found = self
            .database
            .stores
            .badges
            .find_counted(org, badge)
            .unwrap();
        found.unwrap().counts.earned
    }

    pub(crate) fn enrol(
        &self,
        request: EnrolmentRequest,
    ) -> Result<Result<Vec<CustomerOutcome>, RecordError>, StoreError> {
        let batch = EnrolmentBatch::from(request);
        let mut outcomes = self.database.stores.enrolments.enrol(&batch)?;
        Ok(outcomes.pop().unwrap())
    }

    /// Turning the badge off.
    pub(crate) fn deactivation(&self) -> BadgeEditRequest {
        let (org, badge) = (self.badge.org, self.badge.id);
        let found = self
            .database
            .stores
            .badges
            .find(org, badge)
            .unwrap()
            .unwrap();
        BadgeEditRequest {
            org,
            badge,
            version: found.version,
            edit: BadgeEdit::Activity(false),
            now: second(1600),
            by: self.actor,
            idempotency: None,
            entries: Vec::new(),
        }
    }

    /// How many enrolments the badge has, by its count.
    pub(crate) fn issued(&self) -> u64 {
        let (org, badge) = (self.badge.org, self.badge.id);
        let found = self
            .database
            .stores
            .badges
            .find_counted(org, badge)
            .unwrap();
        found.unwrap().counts.issued
    }
}

/// One limit of each kind and scope, each with room for `max`.
pub(crate) fn limits_of_every_kind(max: u32) -> Vec<Limit> {
    limits_of_each(max, max)
}

/// One limit of each kind for customers, and one for the badge, with so much room.
pub(crate) fn limits_of_each(customer: u32, badge: u32) -> Vec<Limit> {
    let spans = [
        Span::AllTime,
        Span::Fixed {
            reference: Uuid::nil(),
            window: Window {
                starts_on: second(1000),
                ends_on: Some(second(2000)),
            },
        },
        Span::Rolling {
            unit: CalendarUnit::Days,
            length: Count::ONE,
            since: second(1500 - 86_400),
        },
    ];
    let of = |scope, max| spans.map(|span| Limit { scope, span, max });
    [of(Scope::Customer, customer), of(Scope::Badge, badge)].concat()
}

pub(crate) fn earned(outcomes: &[CustomerEarn]) -> usize {
    let earned = outcomes
        .iter()
        .filter(|it| matches!(it.outcome, EarnOutcome::Earned(..)));
    earned.count()
}

pub(crate) fn enrolled(outcomes: &[CustomerOutcome]) -> usize {
    let enrolled = outcomes
        .iter()
        .filter(|it| matches!(it.outcome, Outcome::Enrolled(_)));
    enrolled.count()
}

fn draft(ids: &SequentialIds, actor: Actor, name: &str) -> Badge {
    let mut badge = plain(name);
    badge.id = ids.object_id().into();
    badge.definition.period = BadgePeriod::new(second(0), second(1_000_000)).unwrap();
    badge.definition.earn_mode = EarnMode::EnrolThenEarn {
        enrolment_expiry: Expiry::WithBadge,
    };
    (badge.created_by, badge.updated_by) = (actor, actor);
    badge
}
