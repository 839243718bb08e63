//! A chunk of customers with their identifiers.
//!
//! They are written in one transaction, each customer once, but as if it had been one row after the
//! other: who has which identifier is read first, and every row is judged by that and by the rows before
//! it. What was judged is the plan of the chunk, kept before anything is written, and written under an
//! idempotency key that names chunk and plan. If somebody else got hold of an identifier in between,
//! the key is used up and the rows are judged again, by another plan under another key.

use std::collections::{BTreeMap, HashMap};

use accolade_domain::ids::CustomerId;
use accolade_domain::job::RowOutcome;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Name;
use sha2::{Digest as _, Sha256};
use time::Duration;

use super::{Chunk, Keeping, RunError};
use crate::answer::Answer;
use crate::customers::{NamedCustomer, PutCustomers};
use crate::error::UseCaseError;
use crate::execute::execute;
use crate::ports::{
    ChunkPlan, DirectoryEntry, Fingerprint, IdempotencyGuard, IdempotencyRecord, IdentifierKind,
    Identifiers, PlannedRow, RowAction, StoreError,
};
use crate::request::Request;

/// How long a key is remembered: nobody is late by so much who is still at work on a chunk.
const KEPT: Duration = Duration::days(7);

/// How often others may be faster before a chunk is begun again.
const MOST_PLANS: u32 = 20;

/// Who has which identifier, in the form in which they are compared.
#[derive(Default)]
pub(super) struct Holders {
    holders: HashMap<(IdentifierKind, String), CustomerId>,
    /// The same the other way round.
    held: HashMap<(CustomerId, IdentifierKind), String>,
}

impl Holders {
    /// Who has something.
    pub(super) fn customers(&self) -> impl Iterator<Item = CustomerId> {
        self.holders.values().copied()
    }

    /// Who has which identifier.
    pub(super) fn iter(&self) -> impl Iterator<Item = (CustomerId, IdentifierKind, &str)> {
        let all = self.holders.iter();
        all.map(|((kind, text), customer)| (*customer, *kind, text.as_str()))
    }

    pub(super) fn take(&mut self, customer: CustomerId, kind: IdentifierKind, text: &str) {
        self.holders.insert((kind, text.to_owned()), customer);
        self.held.insert((customer, kind), text.to_owned());
    }

    /// Replaces the identifiers of a customer.
    ///
    /// # Errors
    /// 1921 if one of them is another's: nothing changes.
    pub(super) fn replace(&mut self, entry: &DirectoryEntry) -> Result<(), Rejection> {
        let customer = entry.customer;
        for (kind, text) in entry.identifiers.iter() {
            let holder = self.holders.get(&(kind, text.as_str().to_owned()));
            if holder.is_some_and(|holder| *holder != customer) {
                return Err(Rejection::new(Code::IdentifierTaken).at_field(kind.name()));
            }
        }
        for kind in IdentifierKind::ALL {
            if let Some(text) = self.held.remove(&(customer, *kind)) {
                self.holders.remove(&(*kind, text));
            }
        }
        for (kind, text) in entry.identifiers.iter() {
            self.take(customer, kind, text.as_str());
        }
        Ok(())
    }
}

/// What became of an attempt to write what a plan says.
enum Written {
    /// It is written.
    Done,
    /// Somebody has got hold of an identifier meanwhile. The plan is never written.
    Taken,
    /// It is refused for another reason. The plan is never written.
    Refused(Rejection),
}

impl Written {
    fn refused(rejections: &[Rejection]) -> Self {
        let other = rejections
            .iter()
            .find(|it| it.code != Code::IdentifierTaken);
        other.map_or(Self::Taken, |it| Self::Refused(it.clone()))
    }
}

impl ChunkPlan {
    /// The plan that follows this one if all that it would write is refused.
    fn refused(&self, rejection: &Rejection) -> Self {
        let rows = self.rows.iter().map(|row| match row {
            PlannedRow::Customer(_) => PlannedRow::Refused(rejection.clone()),
            other => other.clone(),
        });
        Self {
            number: self.number + 1,
            rows: rows.collect(),
        }
    }
}

impl Chunk<'_> {
    /// Writes the identifiers that rows have.
    ///
    /// # Errors
    /// Somebody else works on the job; the store failed.
    pub(super) fn put_customers(&mut self, mut keeping: Keeping<'_>) -> Result<(), RunError> {
        let entries = self.entries()?;
        let mut plan = match keeping.kept() {
            Some(plan) => plan.clone(),
            None => keeping.keep(&self.judged(1, &entries)?)?,
        };
        for _ in 0..MOST_PLANS {
            plan = match self.write(&plan, &entries)? {
                Written::Done => {
                    self.tell_planned(plan);
                    return Ok(());
                }
                Written::Taken => keeping.keep(&self.judged(plan.number + 1, &entries)?)?,
                Written::Refused(rejection) => keeping.keep(&plan.refused(&rejection))?,
            };
        }
        let cause =
            anyhow::anyhow!("identifiers of a chunk were taken {MOST_PLANS} times in a row");
        Err(StoreError::Unavailable(cause).into())
    }

    /// What the rows want, in the form in which it is kept; `None` of a row that cannot be read.
    ///
    /// # Errors
    /// The store failed.
    pub(super) fn entries(&mut self) -> Result<Vec<Option<DirectoryEntry>>, StoreError> {
        let region = self.caller.region;
        let rows = self.rows.iter();
        let numbers = rows.filter_map(|row| match &row.action {
            Ok(RowAction::Customer(entry)) => Some(entry.customer),
            _ => None,
        });
        let numbers: Vec<_> = numbers.collect();
        let people = &self.ports.stores.people;
        let successors = people.successors(self.caller.org, &numbers)?;
        let rows = std::mem::take(&mut self.rows).into_iter();
        let entries = rows.map(|row| match row.action {
            Ok(RowAction::Customer(mut entry)) => {
                if let Some(successor) = successors.get(&entry.customer) {
                    entry.customer = *successor;
                }
                for (kind, text) in entry.identifiers.iter_mut() {
                    *text = Name::from_stored(kind.comparable(text.as_str(), region).text);
                }
                Some(entry)
            }
            _ => None,
        });
        Ok(entries.collect())
    }

    /// Judges the rows by who has their identifiers now.
    fn judged(
        &self,
        number: u32,
        entries: &[Option<DirectoryEntry>],
    ) -> Result<ChunkPlan, StoreError> {
        let mut holders = self.holders(entries)?;
        let rows = entries.iter().map(|entry| match entry {
            None => PlannedRow::AsRead,
            Some(entry) => match holders.replace(entry) {
                Ok(()) => PlannedRow::Customer(entry.customer),
                Err(rejection) => PlannedRow::Refused(rejection),
            },
        });
        Ok(ChunkPlan {
            number,
            rows: rows.collect(),
        })
    }

    /// Who has the identifiers of `entries` now.
    pub(super) fn holders(
        &self,
        entries: &[Option<DirectoryEntry>],
    ) -> Result<Holders, StoreError> {
        let mut holders = Holders::default();
        for kind in IdentifierKind::ALL {
            let wanted = entries.iter().flatten();
            let wanted = wanted.filter_map(|entry| entry.identifiers.get(*kind));
            let mut wanted: Vec<_> = wanted.map(|text| text.as_str().to_owned()).collect();
            wanted.sort_unstable();
            wanted.dedup();
            if wanted.is_empty() {
                continue;
            }
            let directory = &self.ports.stores.directory;
            let found = directory.resolve(self.caller.org, *kind, &wanted)?;
            for (text, customer) in wanted.iter().zip(found) {
                if let Some(customer) = customer {
                    holders.take(customer, *kind, text);
                }
            }
        }
        Ok(holders)
    }

    /// Writes what `plan` says of `entries`, unless it was written before.
    fn write(
        &self,
        plan: &ChunkPlan,
        entries: &[Option<DirectoryEntry>],
    ) -> Result<Written, RunError> {
        // Of each customer the last.
        let mut last: BTreeMap<CustomerId, &Identifiers> = BTreeMap::new();
        for (entry, planned) in entries.iter().zip(&plan.rows) {
            if let (Some(entry), PlannedRow::Customer(_)) = (entry, planned) {
                last.insert(entry.customer, &entry.identifiers);
            }
        }
        if last.is_empty() {
            return Ok(Written::Done);
        }
        let guard = self.guard(plan.number)?;
        let request = Request {
            key: Some(guard.clone()),
            ..Request::new(self.caller.clone())
        };
        let entries = last
            .into_iter()
            .map(|(customer, identifiers)| (NamedCustomer::from(customer), identifiers.clone()));
        match execute(
            self.ports,
            request,
            PutCustomers::Several(entries.collect()),
        ) {
            Ok(executed) => match executed.answer() {
                Answer::NotExecuted(rejections) => Ok(Written::refused(rejections)),
                _ => Ok(Written::Done),
            },
            Err(UseCaseError::Refused(rejections)) => {
                let written = Written::refused(&rejections);
                let record = IdempotencyRecord {
                    guard,
                    answer: Answer::NotExecuted(rejections),
                };
                // Somebody else who was not refused has used the key by now, or nobody ever will.
                let remembered = self.ports.stores.idempotency.remember(&record)?;
                Ok(if remembered.is_ok() {
                    written
                } else {
                    Written::Done
                })
            }
            Err(UseCaseError::IdempotencyKeyUsed) => Ok(Written::Done),
            Err(UseCaseError::Store(error)) => Err(error.into()),
            // The directory is under no rule.
            Err(error @ UseCaseError::RulesChanged) => {
                Err(StoreError::Unexpected(error.into()).into())
            }
        }
    }

    fn guard(&self, plan: u32) -> Result<IdempotencyGuard, StoreError> {
        let key = self.names.key(plan as usize)?;
        let now = self.ports.clock.now();
        Ok(IdempotencyGuard {
            org: self.caller.org,
            actor: self.caller.actor,
            fingerprint: Fingerprint(Sha256::digest(key.as_str()).into()),
            key,
            warnings: Vec::new(),
            used_on: now,
            expires_on: now + KEPT,
        })
    }

    fn tell_planned(&mut self, plan: ChunkPlan) {
        for (outcome, planned) in self.outcomes.iter_mut().zip(plan.rows) {
            match planned {
                PlannedRow::AsRead => {}
                PlannedRow::Customer(_) => *outcome = Some(RowOutcome::Succeeded(None)),
                PlannedRow::Refused(rejection) => {
                    *outcome = Some(RowOutcome::Refused(None, rejection.into()));
                }
            }
        }
    }
}
