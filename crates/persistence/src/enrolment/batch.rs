//! One batch of requests, from the locks to the counts.

use std::collections::{BTreeMap, BTreeSet};

use accolade_application::ports::{EnrolmentRequest, RecordError, RecordedRequest as _};
use anyhow::Context as _;

use crate::answers::{Refused, encode_enrolment, outcomes};
use crate::enrolment::sql::{BadgeKey, Count, EnrolmentSql, Wanted};
use crate::enrolment::{Outcomes, attempts};
use crate::ledger::{self, KeyRow, LedgerName, LedgerRow, LedgerSql};
use crate::retry::Failure;

/// A batch, and what has become of its requests so far.
pub(crate) struct Batch<'a> {
    requests: &'a [EnrolmentRequest],
    badges: BTreeSet<BadgeKey>,
    errors: Vec<Option<RecordError>>,
}

/// A batch that waits for COMMIT.
pub(crate) struct Recorded<'a> {
    pub(crate) outcomes: Outcomes,
    pub(crate) badges: BTreeSet<BadgeKey>,
    /// The rows of the requests that were carried out, with their answers.
    pub(crate) ledger: Vec<LedgerRow<'a>>,
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
    pub(crate) fn record<C: EnrolmentSql + LedgerSql>(
        mut self,
        connection: &mut C,
        many: usize,
    ) -> Result<Recorded<'a>, Failure> {
        self.check_versions(connection)?;
        let keys = self.reserve_keys(connection)?;
        let mut ledger = self.write_ledger(connection, keys)?;
        let refused = attempts::enrol(
            connection,
            self.requests,
            &ledger::numbers(&ledger, self.requests.len()),
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
                Some(error) => Ok(Err(error.clone())),
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

    fn check_versions<C: EnrolmentSql + LedgerSql>(
        &mut self,
        connection: &mut C,
    ) -> Result<(), Failure> {
        let badges: Vec<_> = self.badges.iter().copied().collect();
        connection.share_badges(&badges)?;
        let versions: BTreeMap<_, _> = connection.versions(&badges)?.into_iter().collect();
        let changed: Vec<_> = (self.requests.iter().enumerate())
            .filter(|(_, it)| versions.get(&BadgeKey::of(it)) != Some(&it.version))
            .map(|(position, it)| (position, it.identity()))
            .collect();
        // Nothing is written for them, so they only look at what comes before.
        let (positions, names): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
        let used = ledger::used(connection, &names)?;
        for (position, used) in positions.into_iter().zip(used) {
            self.errors[position] = Some(if used.key {
                RecordError::IdempotencyKeyUsed
            } else if used.name {
                RecordError::RequestIdUsed
            } else {
                RecordError::BadgeChanged
            });
        }
        Ok(())
    }

    /// Reserves the keys of good requests. Gives those that were new.
    fn reserve_keys<C: LedgerSql>(
        &mut self,
        connection: &mut C,
    ) -> Result<Vec<KeyRow<'a>>, Failure> {
        let mut keys: Vec<_> = self
            .good()
            .filter_map(|position| KeyRow::of(position, self.requests[position].identity()))
            .collect();
        for position in ledger::reserve_keys(connection, &mut keys)? {
            self.errors[position] = Some(RecordError::IdempotencyKeyUsed);
        }
        Ok(keys)
    }

    /// Writes the rows of good requests as if nobody were refused. Gives those whose request
    /// ids were new, and releases the `keys` of the others.
    fn write_ledger<C: LedgerSql>(
        &mut self,
        connection: &mut C,
        mut keys: Vec<KeyRow<'a>>,
    ) -> Result<Vec<LedgerRow<'a>>, Failure> {
        let mut rows = self
            .good()
            .map(|position| {
                let request = &self.requests[position];
                Ok(LedgerRow {
                    request: position,
                    name: LedgerName::new(request.identity()).context("a request without an id")?,
                    recorded_on: request.context.now,
                    recorded_by: request.context.actor,
                    triggered_by: request.triggered_by.as_ref(),
                    answer: encode_enrolment(request, &[])?,
                    number: 0,
                })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        for position in ledger::record(connection, &mut rows, &mut keys)? {
            self.errors[position] = Some(RecordError::RequestIdUsed);
        }
        Ok(rows)
    }

    fn wanted(&self, ledger: &[LedgerRow<'_>]) -> anyhow::Result<Vec<Wanted>> {
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
            (request.context.org, it.customer, request.badge)
        });
        Ok(wanted)
    }

    fn correct<C: LedgerSql>(
        &self,
        connection: &mut C,
        ledger: &mut [LedgerRow<'_>],
        refused: &[Vec<Refused>],
    ) -> Result<(), Failure> {
        let mut corrected = Vec::new();
        for row in ledger {
            let refused = &refused[row.request];
            if !refused.is_empty() {
                row.answer = encode_enrolment(&self.requests[row.request], refused)?;
                corrected.push(&*row);
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
        ledger: &[LedgerRow<'_>],
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
