//! The customer directory. Identifiers are personal data: they are in no error and in no log.

use std::collections::{BTreeMap, BTreeSet, HashSet, btree_map};

use accolade_application::ports::{
    CustomerDirectory, DirectoryEntry, DirectoryError, IdempotencyRecord, IdentifierKind,
    StoreError,
};
use accolade_domain::audit::{Attribution, Entry, telling};
use accolade_domain::ids::{CustomerId, OrgId};

use crate::audit::AuditSql;
use crate::people::sql::PeopleSql;
use crate::retry::{MOST_ROUNDS, PooledConnection, Rollback, WorkError, nobody_knows};
use crate::store::Store;

/// An identifier as it is compared: its kind and its text.
pub(crate) type IdentifierKey = (i16, String);

/// What the directory needs of a connection, inside a transaction.
pub(crate) trait DirectorySql: PooledConnection + PeopleSql + AuditSql {
    /// Reserves the key of `record`, if there is one; `false` if it is remembered. Waits for others
    /// who are reserving it.
    fn reserve_record(&mut self, record: Option<&IdempotencyRecord>) -> Result<bool, WorkError>;

    /// Takes every identifier of these customers away; gives them, with whose they were.
    fn delete_identifiers(
        &mut self,
        org: OrgId,
        customers: &[CustomerId],
    ) -> Result<Vec<(IdentifierKey, i64)>, WorkError>;

    /// Gives identifiers to customers, unless they have an owner; tells which were given.
    fn insert_identifiers(
        &mut self,
        org: OrgId,
        rows: &[(IdentifierKey, CustomerId)],
    ) -> Result<Vec<IdentifierKey>, WorkError>;

    /// The owners of those identifiers that have one.
    fn owners(
        &mut self,
        org: OrgId,
        keys: &[IdentifierKey],
    ) -> Result<Vec<(IdentifierKey, i64)>, WorkError>;
}

/// What `entries` ask for: the owner of each identifier, and those that two ask for.
struct Owners {
    owners: BTreeMap<IdentifierKey, CustomerId>,
    twice: Vec<(usize, IdentifierKind)>,
}

fn key(kind: IdentifierKind, text: &str) -> IdentifierKey {
    (kind.number(), text.to_owned())
}

fn owners(entries: &[DirectoryEntry]) -> Owners {
    let mut asked = Owners {
        owners: BTreeMap::new(),
        twice: Vec::new(),
    };
    for (position, entry) in entries.iter().enumerate() {
        for (kind, text) in entry.identifiers.iter() {
            let key = key(kind, text.as_str());
            match asked.owners.entry(key) {
                btree_map::Entry::Vacant(free) => {
                    free.insert(entry.customer);
                }
                btree_map::Entry::Occupied(_) => asked.twice.push((position, kind)),
            }
        }
    }
    asked
}

/// Every wish for an identifier that somebody has who is not among the customers of
/// `entries`, and every second one.
fn taken(
    entries: &[DirectoryEntry],
    asked: &Owners,
    foreign: &HashSet<IdentifierKey>,
) -> Vec<(usize, IdentifierKind)> {
    let mut taken = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        for (kind, text) in entry.identifiers.iter() {
            if foreign.contains(&key(kind, text.as_str()))
                || asked.twice.contains(&(position, kind))
            {
                taken.push((position, kind));
            }
        }
    }
    taken
}

/// What the audit trail tells of `entries`, if it was `before` whose identifiers were whose: of each
/// customer who has others now, their kinds.
fn told(
    org: OrgId,
    entries: &[DirectoryEntry],
    before: &BTreeMap<IdentifierKey, i64>,
    by: &Attribution,
) -> Vec<Entry> {
    let mut held: BTreeMap<i64, BTreeSet<&IdentifierKey>> = BTreeMap::new();
    for (key, customer) in before {
        held.entry(*customer).or_default().insert(key);
    }
    let mut told = Vec::new();
    for entry in entries {
        let had = held.remove(&entry.customer.get()).unwrap_or_default();
        let wanted: Vec<_> = (entry.identifiers.iter())
            .map(|(kind, text)| key(kind, text.as_str()))
            .collect();
        let has = wanted.iter().collect::<BTreeSet<_>>();
        let other: Vec<_> = had.symmetric_difference(&has).map(|key| key.0).collect();
        let mut kinds = IdentifierKind::ALL.to_vec();
        kinds.retain(|kind| other.contains(&kind.number()));
        if !kinds.is_empty() {
            told.push(telling::identifiers_changed(
                org,
                entry.customer,
                &kinds,
                by,
            ));
        }
    }
    told
}

impl<C: DirectorySql> CustomerDirectory for Store<C> {
    fn put(
        &self,
        org: OrgId,
        entries: &[DirectoryEntry],
        by: &Attribution,
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<(), DirectoryError> {
        let asked = owners(entries);
        let mut customers: Vec<_> = entries.iter().map(|entry| entry.customer).collect();
        customers.sort_unstable();
        let named: HashSet<_> = customers.iter().map(|customer| customer.get()).collect();
        let rows: Vec<_> = (asked.owners.iter())
            .map(|(key, customer)| (key.clone(), *customer))
            .collect();
        let work = |connection: &mut C| {
            connection.share_people(org)?;
            if !connection.reserve_record(idempotency)? {
                return Err(Rollback::Refused(DirectoryError::IdempotencyKeyUsed));
            }
            if !connection.merged_of(org, &customers)?.is_empty() {
                return Err(Rollback::Refused(DirectoryError::CustomersMerged));
            }
            let mut before = BTreeMap::new();
            let mut inserted = HashSet::new();
            for _ in 0..MOST_ROUNDS {
                let deleted = connection.delete_identifiers(org, &customers)?;
                // What this transaction has given itself nobody had before.
                let others = deleted
                    .into_iter()
                    .filter(|(key, _)| !inserted.contains(key));
                before.extend(others);
                inserted = HashSet::from_iter(connection.insert_identifiers(org, &rows)?);
                if inserted.len() == rows.len() && asked.twice.is_empty() {
                    connection.tell(org, &told(org, entries, &before, by))?;
                    return Ok(());
                }
                let missing: Vec<_> = (asked.owners.keys())
                    .filter(|key| !inserted.contains(key))
                    .cloned()
                    .collect();
                let owners = connection.owners(org, &missing)?;
                let foreign: HashSet<_> = owners
                    .into_iter()
                    .filter(|(_, owner)| !named.contains(owner))
                    .map(|(key, _)| key)
                    .collect();
                let taken = taken(entries, &asked, &foreign);
                if !taken.is_empty() {
                    return Err(Rollback::Refused(DirectoryError::Taken(taken)));
                }
                // Somebody else has given the same customers identifiers meanwhile.
            }
            Err(WorkError::Overtaken("a directory").into())
        };
        self.writer.write(work, nobody_knows)
    }

    fn resolve(
        &self,
        org: OrgId,
        kind: IdentifierKind,
        identifiers: &[String],
    ) -> Result<Vec<Option<CustomerId>>, StoreError> {
        let keys: Vec<_> = identifiers.iter().map(|text| key(kind, text)).collect();
        self.reader.query(|connection| {
            let owners = connection.owners(org, &keys)?;
            let owners: BTreeMap<_, _> = owners.into_iter().collect();
            let owner = |key: &IdentifierKey| owners.get(key).copied().map(crate::mapping::stored);
            Ok(keys
                .iter()
                .map(|key| owner(key).transpose())
                .collect::<anyhow::Result<_>>()?)
        })
    }
}
