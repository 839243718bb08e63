//! What a step needs besides itself: the same ids and moments for both sides.

use accolade_application::answer::Answer;
use accolade_application::ports::{IdSource as _, IdempotencyGuard, IdempotencyRecord};
use accolade_domain::audit::Attribution;
use accolade_domain::ids::{BadgeId, CustomFieldId, GroupId, IdBlock};
use accolade_domain::instant::Instant;
use accolade_domain::text::RequestId;
use time::Duration;

use crate::World;
use crate::fixtures::now;
use crate::walk::steps::BADGES;
use crate::world::{Tenant, guard_of};

/// How many groups, and how many custom fields, a walk may create.
pub(crate) const CATALOGUE: usize = 3;

/// The most ids that a step may need.
const IDS: u32 = 16;

/// The things of a walk, and what is new for a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    pub(crate) tenant: Tenant,
    pub(crate) badges: [BadgeId; BADGES],
    pub(crate) groups: [GroupId; CATALOGUE],
    pub(crate) fields: [CustomFieldId; CATALOGUE],
    /// When the step is made.
    pub(crate) now: Instant,
    /// Ids that are new.
    pub(crate) ids: IdBlock,
}

impl Context {
    pub(crate) fn new(world: &World, tenant: Tenant) -> Self {
        let ids = &world.ids;
        Self {
            tenant,
            badges: std::array::from_fn(|_| ids.object_id().into()),
            groups: std::array::from_fn(|_| ids.object_id().into()),
            fields: std::array::from_fn(|_| ids.object_id().into()),
            now: now(),
            ids: ids.block(IDS),
        }
    }

    /// The same for a step so many minutes after the beginning.
    pub(crate) fn at(self, world: &World, minute: usize) -> Self {
        Self {
            now: now() + Duration::minutes(i64::try_from(minute).unwrap()),
            ids: world.ids.block(IDS),
            ..self
        }
    }

    /// Ids that are new, without the first ones.
    pub(crate) fn ids_from(&self, first: usize) -> IdBlock {
        let len = u32::try_from(self.ids.len() - first).unwrap();
        IdBlock::new(self.ids.get(first).unwrap(), len).unwrap()
    }

    /// So many minutes after the step.
    pub(crate) fn minutes(&self, count: i64) -> Instant {
        self.now + Duration::minutes(count)
    }

    /// So many hours after the step.
    pub(crate) fn hours(&self, count: i64) -> Instant {
        self.now + Duration::hours(count)
    }

    /// What the tenant's client does in the step.
    pub(crate) fn by(&self) -> Attribution {
        Attribution {
            on: self.now,
            ..self.tenant.by(Some("walk"))
        }
    }

    /// A key that expires within the walk.
    pub(crate) fn guard(&self, key: Option<u8>) -> Option<IdempotencyGuard> {
        key.map(|key| IdempotencyGuard {
            used_on: self.now,
            expires_on: self.now + Duration::minutes(10),
            ..guard_of(self.tenant, &format!("key {key}"))
        })
    }

    /// The same with an answer that nothing else has.
    pub(crate) fn record(&self, key: Option<u8>) -> Option<IdempotencyRecord> {
        self.guard(key).map(|guard| IdempotencyRecord {
            guard,
            answer: Answer::Activity {
                badge: self.ids.get(0).unwrap().into(),
                active: true,
            },
        })
    }
}

pub(crate) fn request_id(number: u8) -> RequestId {
    format!("request {number}").try_into().unwrap()
}
