//! Leases, each call one statement.

use std::collections::HashMap;
use std::time::Duration;

use accolade_application::ports::{LeaseName, Leases, StoreError, TakenLease, Term};
use accolade_domain::instant::Instant;
use diesel::QueryResult;
use uuid::Uuid;

use crate::retry::{PooledConnection, WorkError, nobody_knows};
use crate::store::Store;

/// A term as it is stored; times in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewTerm<'a> {
    pub(crate) holder: &'a [u8],
    /// Counts where the database has no clock of its own.
    pub(crate) now: i64,
    pub(crate) length: i64,
}

impl<'a> From<&'a Term> for NewTerm<'a> {
    fn from(term: &'a Term) -> Self {
        Self {
            holder: term.holder.as_bytes(),
            now: term.now.unix_micros(),
            length: micros(term.length),
        }
    }
}

/// The name of a lease that was taken, and who let it run out.
pub(crate) type TakenRow = (String, Option<Vec<u8>>);

/// What leases need of a connection.
pub(crate) trait LeaseSql: PooledConnection {
    /// Takes those of `names` that are free, have run out or are the holder's, the first `most`; gives
    /// their names, and who let each run out.
    fn take_leases(
        &mut self,
        names: &[String],
        most: i64,
        term: NewTerm<'_>,
    ) -> Result<Vec<TakenRow>, WorkError>;

    /// Renews those of `names` that are the holder's; gives their names.
    fn renew_leases(
        &mut self,
        names: &[String],
        term: NewTerm<'_>,
    ) -> Result<Vec<String>, WorkError>;

    /// Deletes those of `names` that are the holder's.
    fn release_leases(&mut self, names: &[String], holder: &[u8]) -> Result<(), WorkError>;

    /// How many have a lease.
    fn count_lease_holders(&mut self, now: i64) -> QueryResult<i64>;

    /// Deletes those that ran out so many microseconds ago or more.
    fn sweep_leases(&mut self, now: i64, ran_out_for: i64) -> QueryResult<u64>;
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn texts(names: &[LeaseName]) -> Vec<String> {
    names.iter().map(LeaseName::to_string).collect()
}

impl<C: LeaseSql> Leases for Store<C> {
    fn take(
        &self,
        names: &[LeaseName],
        most: usize,
        term: &Term,
    ) -> Result<Vec<TakenLease>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let texts = texts(names);
        let taken: HashMap<_, _> = self
            .writer
            .write::<_, StoreError>(
                |connection| Ok(connection.take_leases(&texts, most, term.into())?),
                nobody_knows,
            )?
            .into_iter()
            .collect();
        let taken = names.iter().zip(&texts).filter_map(|(name, text)| {
            taken.get(text).map(|taken_from| TakenLease {
                name: *name,
                is_takeover: taken_from.is_some(),
            })
        });
        Ok(taken.collect())
    }

    fn renew(&self, names: &[LeaseName], term: &Term) -> Result<Vec<LeaseName>, StoreError> {
        let texts = texts(names);
        let renewed = self.writer.write::<_, StoreError>(
            |connection| Ok(connection.renew_leases(&texts, term.into())?),
            nobody_knows,
        )?;
        let renewed = names
            .iter()
            .zip(&texts)
            .filter(|(_, text)| renewed.contains(text));
        Ok(renewed.map(|(name, _)| *name).collect())
    }

    fn release(&self, names: &[LeaseName], holder: Uuid) -> Result<(), StoreError> {
        let texts = texts(names);
        self.writer.write(
            |connection| Ok(connection.release_leases(&texts, holder.as_bytes())?),
            nobody_knows,
        )
    }

    fn count_holders(&self, now: Instant) -> Result<u64, StoreError> {
        let count = self
            .reader
            .query(|connection| Ok(connection.count_lease_holders(now.unix_micros())?))?;
        Ok(count.unsigned_abs())
    }

    fn sweep_leases(&self, now: Instant, ran_out_for: Duration) -> Result<u64, StoreError> {
        let (now, ran_out_for) = (now.unix_micros(), micros(ran_out_for));
        self.writer.write(
            |connection| Ok(connection.sweep_leases(now, ran_out_for)?),
            nobody_knows,
        )
    }
}
