//! Everything that is remembered, behind one lock: holding it is a transaction.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use accolade_application::approvals::Subject;
use accolade_application::ports::{
    BadgeDay, Client, EarnRecord, EnrolmentRecord, IdempotencyKey, IdempotencyRecord,
    IdentifierKind, KnownOperator, LeaseName, LedgerEntry, Org, Refusal, StoredChange,
    VersionedBadge, VersionedRules,
};
use accolade_domain::actor::Actor;
use accolade_domain::approval::ChangeId;
use accolade_domain::audit::Entry;
use accolade_domain::badge::constraint::Count;
use accolade_domain::catalogue::{CustomField, Group};
use accolade_domain::earning::EarnedBadge;
use accolade_domain::ids::{
    BadgeId, BadgeNumber, CustomFieldId, CustomerId, GroupId, ObjectId, OrgId, WebhookId,
};
use accolade_domain::instant::Instant;
use accolade_domain::job::JobId;
use accolade_domain::people::Merged;
use accolade_domain::text::RequestId;
use accolade_domain::zone::CalendarUnit;
use time::Date;

use crate::events::Feed;
use crate::expiries::{DueKey, Expiring};
use crate::jobs::JobRecord;
use crate::leases::Held;
use crate::operators::SessionRecord;
use crate::webhooks::WebhookState;

/// Of each customer and badge, what was recorded, in that order.
pub(crate) type ByCustomer<T> = BTreeMap<(OrgId, BadgeId, CustomerId), Vec<T>>;

/// What still counts for a badge of customers who were forgotten.
#[derive(Clone, Default)]
pub(crate) struct Forgotten {
    /// How many enrolments.
    pub(crate) issued: usize,
    /// Earned badges.
    pub(crate) earns: Vec<EarnedBadge>,
}

/// All that is stored.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) orgs: BTreeMap<OrgId, Org>,
    /// In the order of their numbers, which they share with operators.
    pub(crate) clients: Vec<Client>,
    /// In the order of their numbers.
    pub(crate) operators: Vec<KnownOperator>,
    pub(crate) sessions: Vec<SessionRecord>,
    /// In the order in which they were written.
    pub(crate) audit: Vec<Entry>,
    pub(crate) badges: BTreeMap<(OrgId, BadgeId), VersionedBadge>,
    pub(crate) badge_days: BTreeMap<(OrgId, BadgeId), BTreeMap<Date, BadgeDay>>,
    pub(crate) badge_numbers: BTreeMap<(OrgId, BadgeId), BadgeNumber>,
    pub(crate) groups: BTreeMap<(OrgId, GroupId), Group>,
    /// How often the badges, claims and groups of an org changed.
    pub(crate) catalogue_versions: BTreeMap<OrgId, i64>,
    pub(crate) fields: BTreeMap<(OrgId, CustomFieldId), CustomField>,
    pub(crate) enrolments: ByCustomer<EnrolmentRecord>,
    pub(crate) earns: ByCustomer<EarnRecord>,
    /// Of each enrolment and earned badge, the request that recorded it, and who sent that.
    pub(crate) origins: BTreeMap<ObjectId, (RequestId, Actor)>,
    pub(crate) refusals: ByCustomer<Refusal>,
    /// Who was merged into whom.
    pub(crate) merged: BTreeMap<(OrgId, CustomerId), Merged>,
    /// What still counts of customers who were forgotten.
    pub(crate) forgotten: BTreeMap<(OrgId, BadgeId), Forgotten>,
    /// Who has an identifier, in the form in which it is compared.
    pub(crate) identifiers: BTreeMap<(OrgId, IdentifierKind, String), CustomerId>,
    /// Of each id, the entries in the order in which they were recorded.
    pub(crate) requests: BTreeMap<(OrgId, RequestId), Vec<LedgerEntry>>,
    pub(crate) feeds: BTreeMap<OrgId, Feed>,
    pub(crate) webhooks: BTreeMap<(OrgId, WebhookId), WebhookState>,
    /// What is to be told of when it expires.
    pub(crate) expiring: BTreeMap<DueKey, VecDeque<Expiring>>,
    /// How many requests have recorded something that may expire.
    pub(crate) expiring_requests: u64,
    /// When it was last told that a rolling window of a badge is full.
    pub(crate) rolling_told: HashMap<(OrgId, BadgeId, CalendarUnit, Count), Instant>,
    pub(crate) idempotency: BTreeMap<(OrgId, Actor, IdempotencyKey), IdempotencyRecord>,
    pub(crate) leases: BTreeMap<LeaseName, Held>,
    pub(crate) jobs: BTreeMap<(OrgId, JobId), JobRecord>,
    pub(crate) rules: BTreeMap<OrgId, VersionedRules>,
    pub(crate) changes: BTreeMap<(OrgId, ChangeId), StoredChange>,
    /// What changes that wait are about, each until when.
    pub(crate) subjects: BTreeMap<(OrgId, Subject), (ChangeId, Instant)>,
}

/// Every store port, in memory.
///
/// ```
/// use accolade_application::ports::Health as _;
/// use accolade_memory::MemoryStore;
///
/// assert!(MemoryStore::default().check().is_ok());
/// ```
#[derive(Default)]
pub struct MemoryStore {
    pub(crate) state: Mutex<State>,
}

impl MemoryStore {
    /// The state, for one transaction. Nobody panics between two writes, so
    /// the state behind a poisoned lock is whole.
    pub(crate) fn begin(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
