//! The customer directory. Identifiers are personal data: they are in no error and in no log.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use accolade_application::ports::{
    CustomerDirectory, DirectoryEntry, DirectoryError, IdempotencyRecord, IdentifierKind,
    StoreError,
};
use accolade_domain::ids::{CustomerId, OrgId};
use anyhow::anyhow;

use super::idempotency::reserve_record;
use super::{Connection, directory_sql};
use crate::retry::{Abort, nobody_knows};
use crate::store::Store;

/// How many rounds there may be. Each lost round means that somebody else won it.
const ROUNDS: usize = 1_000;

/// An identifier as it is compared.
type Key = (i16, String);

/// What `entries` ask for: the owner of each identifier, and those that two ask for.
struct Wanted {
    owners: BTreeMap<Key, CustomerId>,
    twice: Vec<(usize, IdentifierKind)>,
}

fn key(kind: IdentifierKind, text: &str) -> Key {
    (kind.number(), kind.comparable(text))
}

fn wanted(entries: &[DirectoryEntry]) -> Wanted {
    let mut wanted = Wanted {
        owners: BTreeMap::new(),
        twice: Vec::new(),
    };
    for (position, entry) in entries.iter().enumerate() {
        for (kind, text) in entry.identifiers.iter() {
            let key = key(kind, text.as_str());
            match wanted.owners.entry(key) {
                Entry::Vacant(free) => {
                    free.insert(entry.customer);
                }
                Entry::Occupied(_) => wanted.twice.push((position, kind)),
            }
        }
    }
    wanted
}

/// Every wish for an identifier that somebody has who is not among the customers of
/// `entries`, and every second one.
fn taken(
    entries: &[DirectoryEntry],
    wanted: &Wanted,
    foreign: &HashSet<Key>,
) -> Vec<(usize, IdentifierKind)> {
    let mut taken = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        for (kind, text) in entry.identifiers.iter() {
            if foreign.contains(&key(kind, text.as_str()))
                || wanted.twice.contains(&(position, kind))
            {
                taken.push((position, kind));
            }
        }
    }
    taken
}

impl CustomerDirectory for Store<Connection> {
    fn put(
        &self,
        org: OrgId,
        entries: &[DirectoryEntry],
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<(), DirectoryError> {
        let wanted = wanted(entries);
        let mut customers: Vec<_> = entries.iter().map(|entry| entry.customer).collect();
        customers.sort_unstable();
        let named: HashSet<_> = customers.iter().map(|customer| customer.get()).collect();
        let rows: Vec<_> = (wanted.owners.iter())
            .map(|(key, customer)| (key.clone(), *customer))
            .collect();
        let work = |connection: &mut Connection| {
            if !reserve_record(connection, idempotency)? {
                return Err(Abort::Refused(DirectoryError::IdempotencyKeyUsed));
            }
            for _ in 0..ROUNDS {
                directory_sql::delete(connection, org, &customers)?;
                let inserted = directory_sql::insert(connection, org, &rows)?;
                if inserted.len() == rows.len() && wanted.twice.is_empty() {
                    return Ok(());
                }
                let inserted: HashSet<_> = inserted.into_iter().collect();
                let missing: Vec<_> = (wanted.owners.keys())
                    .filter(|key| !inserted.contains(key))
                    .cloned()
                    .collect();
                let owners = directory_sql::owners(connection, org, &missing)?;
                let foreign: HashSet<_> = owners
                    .into_iter()
                    .filter(|(_, owner)| !named.contains(owner))
                    .map(|(key, _)| key)
                    .collect();
                let taken = taken(entries, &wanted, &foreign);
                if !taken.is_empty() {
                    return Err(Abort::Refused(DirectoryError::Taken(taken)));
                }
                // Somebody else has given the same customers identifiers meanwhile.
            }
            Err(anyhow!("a directory could not be written in {ROUNDS} rounds").into())
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
            let owners = directory_sql::owners(connection, org, &keys)?;
            let owners: BTreeMap<_, _> = owners.into_iter().collect();
            let owner = |key: &Key| owners.get(key).copied().map(crate::mapping::stored);
            Ok(keys
                .iter()
                .map(|key| owner(key).transpose())
                .collect::<anyhow::Result<_>>()?)
        })
    }
}
