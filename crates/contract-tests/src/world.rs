//! What every test starts from: a fresh database with one org and one client in it.

use accolade_application::access::{AccessGroups, ClientKey, Secret};
use accolade_application::answer::Answer;
use accolade_application::ports::{
    BadgeEdit, BadgeEditRequest, BadgeVersion, Context, CountedBadge, EditBadgeError,
    EnrolmentBatch, EnrolmentRequest, Fingerprint, IdSource as _, IdempotencyGuard, IdempotencyKey,
    IdempotencyRecord, NewClient, Org, RecordError, VersionedBadge,
};
use accolade_domain::actor::Actor;
use accolade_domain::audit::Attribution;
use accolade_domain::badge::Badge;
use accolade_domain::enrolment::CustomerOutcome;
use accolade_domain::ids::OrgId;
use accolade_domain::text::RequestId;
use accolade_domain::zone::Zone;
use accolade_memory::SequentialIds;
use time::Duration;

use crate::fixtures::{at, badge, customers, hold, now};
use crate::{Database, Stores};

/// An org and a client of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tenant {
    pub(crate) org: OrgId,
    pub(crate) actor: Actor,
}

impl Tenant {
    /// What the client does, now, in the request `tag`.
    pub(crate) fn by(self, tag: Option<&str>) -> Attribution {
        Attribution {
            actor: self.actor,
            on: now(),
            tag: tag.map(|tag| tag.try_into().unwrap()),
        }
    }
}

/// A fresh database, one way to it, and an org with a client.
pub(crate) struct World {
    database: Box<dyn Database>,
    pub(crate) stores: Stores,
    pub(crate) tenant: Tenant,
    pub(crate) ids: SequentialIds,
}

impl World {
    /// The world on `database`, which is fresh and empty.
    pub(crate) fn on(database: Box<dyn Database>) -> Self {
        let stores = database.connect();
        let tenant = settle(&stores, 100_458);
        Self {
            database,
            stores,
            tenant,
            ids: SequentialIds::default(),
        }
    }

    /// Two independent ways to the data: two servers.
    pub(crate) fn servers(&self) -> [Stores; 2] {
        [self.stores.clone(), self.database.connect()]
    }

    /// Another org, with a client.
    pub(crate) fn tenant(&self, org: i64) -> Tenant {
        settle(&self.stores, org)
    }

    /// A badge that is not created yet.
    pub(crate) fn draft(&self, name: &str) -> Badge {
        self.draft_of(self.tenant, name)
    }

    /// A badge of `tenant` that is not created yet.
    pub(crate) fn draft_of(&self, tenant: Tenant, name: &str) -> Badge {
        let id = self.ids.object_id().into();
        badge(id, tenant.org, tenant.actor, name)
    }

    /// Creates `badge`.
    pub(crate) fn create(&self, badge: &Badge) {
        self.stores.badges.create(badge, None, &[]).unwrap();
    }

    /// A plain badge, created.
    pub(crate) fn badge(&self, name: &str) -> Badge {
        self.badge_of(self.tenant, name)
    }

    /// A plain badge of `tenant`, created.
    pub(crate) fn badge_of(&self, tenant: Tenant, name: &str) -> Badge {
        let badge = self.draft_of(tenant, name);
        self.create(&badge);
        badge
    }

    /// The badge as it is now.
    pub(crate) fn found(&self, badge: &Badge) -> VersionedBadge {
        let found = self.stores.badges.find(badge.org, badge.id).unwrap();
        found.unwrap()
    }

    pub(crate) fn version(&self, badge: &Badge) -> BadgeVersion {
        self.found(badge).version
    }

    pub(crate) fn counted(&self, badge: &Badge) -> CountedBadge {
        let found = self.stores.badges.find_counted(badge.org, badge.id);
        found.unwrap().unwrap()
    }

    pub(crate) fn issued(&self, badge: &Badge) -> u64 {
        self.counted(badge).counts.issued
    }

    /// A request to enrol from the badge's present version, under a request id of its
    /// own, for the seconds 1000 to 2000 after 1970.
    pub(crate) fn request(
        &self,
        badge: &Badge,
        numbers: impl IntoIterator<Item = i64>,
    ) -> EnrolmentRequest {
        let customers = customers(numbers);
        EnrolmentRequest {
            context: Context {
                org: badge.org,
                actor: badge.created_by,
                now: now(),
                key: None,
                tag: None,
                rules: None,
            },
            badge: badge.id,
            version: self.version(badge),
            request_id: self.request_id(),
            triggered_by: None,
            by_hand: None,
            hold: hold(1000, 2000),
            ids: self.ids.block(u32::try_from(customers.len()).unwrap()),
            customers,
            unknown: Vec::new(),
        }
    }

    /// A request id that nobody has.
    pub(crate) fn request_id(&self) -> RequestId {
        self.ids.uuid().to_string().try_into().unwrap()
    }

    /// Executes one request.
    pub(crate) fn enrol(
        &self,
        request: &EnrolmentRequest,
    ) -> Result<Vec<CustomerOutcome>, RecordError> {
        enrol_on(&self.stores, request)
    }

    /// Changes `badge` from its present version.
    pub(crate) fn edit(&self, badge: &Badge, edit: BadgeEdit) {
        let request = self.edit_request(badge, edit);
        self.stores.badges.edit(&request).unwrap();
    }

    /// A change of `badge` from its present version.
    pub(crate) fn edit_request(&self, badge: &Badge, edit: BadgeEdit) -> BadgeEditRequest {
        BadgeEditRequest {
            org: badge.org,
            badge: badge.id,
            version: self.version(badge),
            edit,
            now: now(),
            by: badge.created_by,
            idempotency: None,
            entries: Vec::new(),
        }
    }

    /// The key `key` of the world's client, for three days from now.
    pub(crate) fn guard(&self, key: &str) -> IdempotencyGuard {
        guard_of(self.tenant, key)
    }

    /// The same with an answer, as badges are created and edited with.
    pub(crate) fn record(&self, key: &str) -> IdempotencyRecord {
        IdempotencyRecord {
            guard: self.guard(key),
            answer: Answer::Activity {
                badge: self.ids.object_id().into(),
                active: false,
            },
        }
    }

    /// What is remembered now under `key` of the world's client.
    pub(crate) fn remembered(&self, key: &str) -> Option<IdempotencyRecord> {
        let guard = self.guard(key);
        let idempotency = &self.stores.idempotency;
        idempotency
            .find(guard.org, guard.actor, &guard.key, now())
            .unwrap()
    }
}

/// Creates org `number` and a client of it.
fn settle(stores: &Stores, number: i64) -> Tenant {
    let org = Org {
        id: number.try_into().unwrap(),
        name: format!("Org {number}").try_into().unwrap(),
        zone: Zone::utc(),
        region: None,
    };
    let created_on = at("2024-01-01T00:00:00Z");
    stores.access.create_org(&org, created_on).unwrap();
    let client = NewClient {
        org: org.id,
        name: "Till".try_into().unwrap(),
        key: ClientKey::try_from(format!("till-{number}").as_str()).unwrap(),
        groups: AccessGroups::DEFAULT,
        owner: None,
        secret: Secret::presented("secret").hash(),
        created: Attribution::system(created_on),
    };
    Tenant {
        org: org.id,
        actor: stores.access.create_client(&client).unwrap().into(),
    }
}

/// Executes one request, by way of `stores`.
pub(crate) fn enrol_on(
    stores: &Stores,
    request: &EnrolmentRequest,
) -> Result<Vec<CustomerOutcome>, RecordError> {
    let batch = EnrolmentBatch::from(request.clone());
    let mut results = stores.enrolments.enrol(&batch).unwrap();
    assert_eq!(results.len(), 1, "one result for one request");
    results.remove(0)
}

/// The key `key` of the tenant's client, for three days from now.
pub(crate) fn guard_of(tenant: Tenant, key: &str) -> IdempotencyGuard {
    IdempotencyGuard {
        org: tenant.org,
        actor: tenant.actor,
        key: IdempotencyKey::try_from(key.to_owned()).unwrap(),
        fingerprint: Fingerprint([7; 32]),
        warnings: Vec::new(),
        used_on: now(),
        expires_on: now() + Duration::hours(72),
    }
}

/// Whether an edit failed because the badge had changed; panics if it failed otherwise.
pub(crate) fn was_changed(result: Result<(), EditBadgeError>) -> bool {
    match result {
        Ok(()) => false,
        Err(EditBadgeError::Changed) => true,
        Err(error) => panic!("{error:?}"),
    }
}
