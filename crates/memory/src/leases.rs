//! Leases.

use std::collections::BTreeSet;
use std::time::Duration;

use accolade_application::ports::{LeaseName, Leases, StoreError, TakenLease, Term};
use accolade_domain::instant::Instant;
use uuid::Uuid;

use crate::MemoryStore;

/// Who has a lease, or had it last.
#[derive(Clone)]
pub(crate) struct Held {
    holder: Uuid,
    until: Instant,
}

/// As far as instants go.
fn time(duration: Duration) -> time::Duration {
    duration.try_into().unwrap_or(time::Duration::MAX)
}

impl From<&Term> for Held {
    fn from(term: &Term) -> Self {
        Self {
            holder: term.holder,
            until: term.now + time(term.length),
        }
    }
}

impl Leases for MemoryStore {
    fn take(
        &self,
        names: &[LeaseName],
        most: usize,
        term: &Term,
    ) -> Result<Vec<TakenLease>, StoreError> {
        let mut state = self.begin();
        let mut taken = Vec::new();
        for name in names {
            if taken.len() == most {
                break;
            }
            let held = state.leases.get(name);
            let by_another = held.filter(|held| held.holder != term.holder);
            if by_another.is_none_or(|held| held.until <= term.now) {
                taken.push(TakenLease {
                    name: *name,
                    is_takeover: by_another.is_some(),
                });
                state.leases.insert(*name, term.into());
            }
        }
        Ok(taken)
    }

    fn renew(&self, names: &[LeaseName], term: &Term) -> Result<Vec<LeaseName>, StoreError> {
        let mut state = self.begin();
        let mut renewed = Vec::new();
        for name in names {
            if let Some(held) = state.leases.get_mut(name)
                && held.holder == term.holder
            {
                *held = term.into();
                renewed.push(*name);
            }
        }
        Ok(renewed)
    }

    fn release(&self, names: &[LeaseName], holder: Uuid) -> Result<(), StoreError> {
        self.begin()
            .leases
            .retain(|name, held| held.holder != holder || !names.contains(name));
        Ok(())
    }

    fn count_holders(&self, now: Instant) -> Result<u64, StoreError> {
        let state = self.begin();
        let held = state.leases.values().filter(|held| held.until > now);
        let holders: BTreeSet<_> = held.map(|held| held.holder).collect();
        Ok(holders.len() as u64)
    }

    fn sweep_leases(&self, now: Instant, ran_out_for: Duration) -> Result<u64, StoreError> {
        let mut state = self.begin();
        let before = state.leases.len();
        let since = now - time(ran_out_for);
        state.leases.retain(|_, held| held.until > since);
        Ok((before - state.leases.len()) as u64)
    }
}
