//! One batch of requests, from the locks to the counts.

use std::collections::{BTreeMap, BTreeSet};

use accolade_application::ports::{EnrolError, EnrolmentRequest, Operation};
use anyhow::Context as _;

use crate::answers::{Refused, encode_enrolment, outcomes};
use crate::enrolment::sql::{BadgeKey, Count, EnrolmentSql, KeyRow, LedgerRow, Wanted};
use crate::enrolment::{Outcomes, attempts};
use crate::retry::Failure;

/// A batch, and what has become of its requests so far.
pub(crate) struct Batch<'a> {
    requests: &'a [EnrolmentRequest],
    badges: BTreeSet<BadgeKey>,
    errors: Vec<Option<EnrolError>>,
}

/// A batch that waits for COMMIT.
pub(crate) struct Recorded {
    pub(crate) outcomes: Outcomes,
    pub(crate) badges: BTreeSet<BadgeKey>,
    /// The rows of the requests that were carried out, with their answers.
    pub(crate) ledger: Vec<LedgerRow>,
}

impl<'a> Batch<'a> {
    pub(crate) fn of(requests: &'a [EnrolmentRequest]) -> anyhow::Result<Self> {
        for request in requests {
            anyhow::ensure!(
                request.ids.len() >= request.customers.len(),
                "a request has fewer ids than customers"
            );
        }
        Ok(Self {
            requests,
            badges: requests.iter().map(BadgeKey::of).collect(),
            errors: vec![None; requests.len()],
        })
    }

    /// Carries out what can be. So `many` customers or more are enrolled in the way that is
    /// best for many.
    pub(crate) fn record<C: EnrolmentSql>(
        mut self,
        connection: &mut C,
        many: usize,
    ) -> Result<Recorded, Failure> {
        self.check_versions(connection)?;
        let keys = self.reserve_keys(connection)?;
        let mut ledger = self.write_ledger(connection, keys)?;
        let refused = attempts::enrol(
            connection,
            self.requests,
            &self.numbers(&ledger),
            self.wanted(&ledger)?,
            many,
        )?;
        self.correct(connection, &mut ledger, &refused)?;
        self.count(connection, &ledger, &refused)?;
        let outcomes = self
            .errors
            .iter()
            .enumerate()
            .map(|(request, error)| match error {
                Some(error) => Ok(Err(*error)),
                None => outcomes(&self.requests[request], &refused[request]).map(Ok),
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Recorded {
            outcomes,
            badges: self.badges,
            ledger,
        })
    }

    /// The positions of requests that nothing speaks against so far.
    fn good(&self) -> impl Iterator<Item = usize> {
        self.errors
            .iter()
            .enumerate()
            .filter(|(_, error)| error.is_none())
            .map(|(request, _)| request)
    }

    fn check_versions<C: EnrolmentSql>(&mut self, connection: &mut C) -> Result<(), Failure> {
        let badges: Vec<_> = self.badges.iter().copied().collect();
        connection.share_badges(&badges)?;
        let versions: BTreeMap<_, _> = connection.versions(&badges)?.into_iter().collect();
        for (request, error) in self.requests.iter().zip(&mut self.errors) {
            if versions.get(&BadgeKey::of(request)) == Some(&request.version) {
                continue;
            }
            // Nothing is written for it, so it only looks at what comes before.
            let key_used = match &request.idempotency {
                Some(guard) => connection.is_key_used(guard)?,
                None => false,
            };
            *error = Some(if key_used {
                EnrolError::IdempotencyKeyUsed
            } else if connection.is_request_used(request)? {
                EnrolError::RequestIdUsed
            } else {
                EnrolError::BadgeChanged
            });
        }
        Ok(())
    }

    /// Reserves the keys of good requests. Gives those that were new.
    fn reserve_keys<C: EnrolmentSql>(
        &mut self,
        connection: &mut C,
    ) -> Result<Vec<(usize, KeyRow<'a>)>, Failure> {
        let mut keys: Vec<_> = self
            .good()
            .filter_map(|position| {
                let request = &self.requests[position];
                let guard = request.idempotency.as_ref()?;
                Some((position, KeyRow { guard, request }))
            })
            .collect();
        if keys.is_empty() {
            return Ok(keys);
        }
        // One order for all, so that batches that cross wait for each other only one way.
        keys.sort_unstable_by(|(_, a), (_, b)| {
            (a.guard.client, &a.guard.key).cmp(&(b.guard.client, &b.guard.key))
        });
        let rows: Vec<_> = keys.iter().map(|(_, row)| *row).collect();
        let mut new = connection.reserve_keys(&rows)?.into_iter();
        keys.retain(|(position, _)| {
            let is_new = new.next().unwrap_or(false);
            if !is_new {
                self.errors[*position] = Some(EnrolError::IdempotencyKeyUsed);
            }
            is_new
        });
        Ok(keys)
    }

    /// Writes the rows of good requests as if nobody were refused. Gives those whose request
    /// ids were new, and releases the `keys` of the others.
    fn write_ledger<C: EnrolmentSql>(
        &mut self,
        connection: &mut C,
        mut keys: Vec<(usize, KeyRow<'a>)>,
    ) -> Result<Vec<LedgerRow>, Failure> {
        let mut rows = self
            .good()
            .map(|position| {
                let request = &self.requests[position];
                Ok(LedgerRow {
                    request: position,
                    org: request.org,
                    operation: Operation::IssueBulk,
                    request_id: request.request_id.clone(),
                    answer: encode_enrolment(request, &[])?,
                    number: 0,
                })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        if rows.is_empty() {
            return Ok(rows);
        }
        rows.sort_unstable_by(|a, b| (a.org, &a.request_id).cmp(&(b.org, &b.request_id)));
        let mut new = connection.record(self.requests, &rows)?.into_iter();
        rows.retain_mut(|row| {
            let number = new.next().flatten();
            match number {
                Some(number) => row.number = number,
                None => self.errors[row.request] = Some(EnrolError::RequestIdUsed),
            }
            number.is_some()
        });
        keys.retain(|(position, _)| self.errors[*position].is_some());
        if !keys.is_empty() {
            let keys: Vec<_> = keys.into_iter().map(|(_, row)| row).collect();
            connection.release_keys(&keys)?;
        }
        Ok(rows)
    }

    /// The ledger's numbers of all requests; 0 for those that it has not.
    fn numbers(&self, ledger: &[LedgerRow]) -> Vec<i64> {
        let mut numbers = vec![0; self.requests.len()];
        for row in ledger {
            numbers[row.request] = row.number;
        }
        numbers
    }

    fn wanted(&self, ledger: &[LedgerRow]) -> anyhow::Result<Vec<Wanted>> {
        let mut wanted = Vec::new();
        for row in ledger {
            let request = &self.requests[row.request];
            for (position, customer) in request.customers.iter().enumerate() {
                wanted.push(Wanted {
                    request: row.request,
                    position,
                    customer: *customer,
                    id: request.ids.get(position).context("too few ids")?,
                    ordinal: 1,
                });
            }
        }
        wanted.sort_unstable_by_key(|it| {
            let request = &self.requests[it.request];
            (request.org, it.customer, request.badge)
        });
        Ok(wanted)
    }

    fn correct<C: EnrolmentSql>(
        &self,
        connection: &mut C,
        ledger: &mut [LedgerRow],
        refused: &[Vec<Refused>],
    ) -> Result<(), Failure> {
        let mut corrected = Vec::new();
        for row in ledger {
            let refused = &refused[row.request];
            if !refused.is_empty() {
                row.answer = encode_enrolment(&self.requests[row.request], refused)?;
                corrected.push(row.clone());
            }
        }
        if !corrected.is_empty() {
            connection.correct(&corrected)?;
        }
        Ok(())
    }

    fn count<C: EnrolmentSql>(
        &self,
        connection: &mut C,
        ledger: &[LedgerRow],
        refused: &[Vec<Refused>],
    ) -> Result<(), Failure> {
        let mut counts: BTreeMap<BadgeKey, i64> = BTreeMap::new();
        for row in ledger {
            let request = &self.requests[row.request];
            let enrolled = request.customers.len() - refused[row.request].len();
            *counts.entry(BadgeKey::of(request)).or_default() +=
                i64::try_from(enrolled).context("a count")?;
        }
        let counts: Vec<_> = counts
            .into_iter()
            .filter(|(_, issued)| *issued > 0)
            .map(|(badge, issued)| Count {
                badge,
                issued,
                earned: 0,
            })
            .collect();
        if !counts.is_empty() {
            connection.count(&counts)?;
        }
        Ok(())
    }
}
