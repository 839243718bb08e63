//! Recording what customers earn: one batch, from the locks to the counts.
//!
//! One transaction carries out a batch:
//!
//! 1. lock the badge, shared, and read its version;
//! 2. read who is enrolled, and count what each customer has. A request for one customer who is
//!    refused by that ends here: nothing is written of it;
//! 3. reserve the idempotency keys, then write the request ledger's rows as if the badge had no
//!    limits: who finds one taken is refused, and what it reserved is released;
//! 4. deal out what room there is, and record who gets some ([`deal`](super::deal));
//! 5. correct the ledger's answers where somebody was refused, take the rows and keys of refused
//!    requests back, and remember who was refused.
//!
//! The ledger's row has to be there before the lock of the badge's earns is taken: whoever sent
//! the same request twice waits there, and not where everybody else waits.
//!
//! The badge is locked shared, and who revokes an enrolment locks it against everybody: an earn
//! sees every revocation that has returned, without a lock for each enrolment.

use std::slice;

use accolade_application::answer::{CustomerEarn, EarnOutcome};
use accolade_application::ports::{
    EarnRequest, Operation, RecordError, RecordedRequest as _, StoreError,
};
use accolade_domain::earning::{Scope, Span};
use accolade_domain::ids::CustomerId;
use accolade_domain::rejection::{Code, Rejection};
use anyhow::Context as _;

use super::deal::Deal;
use super::{Connection, earn_sql};
use crate::answers;
use crate::enrolment::{BadgeKey, EnrolmentSql as _};
use crate::ledger::{self, KeyRow, LedgerName, LedgerRow, LedgerSql as _};
use crate::retry::{Abort, Failure};

/// What has become of each request.
pub(super) type Outcomes = Vec<Result<Vec<CustomerEarn>, RecordError>>;

/// Why a batch is not committed.
pub(super) enum NotRecorded {
    /// Nothing has to be written.
    Nothing(Outcomes),
    Store(StoreError),
}

impl From<StoreError> for NotRecorded {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A batch that waits for COMMIT.
pub(super) struct Recorded<'a> {
    pub(super) outcomes: Outcomes,
    /// The rows of the requests that were carried out, with their answers.
    pub(super) ledger: Vec<LedgerRow<'a>>,
}

pub(super) const fn key_of(request: &EarnRequest) -> BadgeKey {
    BadgeKey {
        org: request.context.org,
        badge: request.badge,
    }
}

/// Carries out what can be of `requests`, which are one batch.
pub(super) fn earn<'a>(
    connection: &mut Connection,
    requests: &'a [EarnRequest],
) -> Result<Recorded<'a>, Abort<NotRecorded>> {
    let any = requests.first().context("an empty batch")?;
    let mut batch = Batch {
        requests,
        any,
        errors: vec![None; requests.len()],
    };
    connection.share_badges(&[key_of(any)])?;
    let versions = connection.versions(&[key_of(any)])?;
    if versions.first().map(|it| it.1) != Some(any.version) {
        let all = (0..requests.len()).map(|position| (position, RecordError::BadgeChanged));
        batch.refuse(connection, all.collect())?;
        return Err(Abort::Refused(NotRecorded::Nothing(
            batch.ended(Vec::new()),
        )));
    }
    batch.record(connection)
}

/// What [`earn`] would make of `request`, by one state of the database.
pub(super) fn preview(
    connection: &mut Connection,
    request: &EarnRequest,
) -> Result<Vec<CustomerEarn>, Failure> {
    let mut deal = Deal::begin(connection, slice::from_ref(request))?;
    deal.preview(connection)?;
    Ok(deal.outcomes(0)?)
}

/// A batch, and what has become of its requests so far.
struct Batch<'a> {
    requests: &'a [EarnRequest],
    /// One of them, for what is one and the same for all.
    any: &'a EarnRequest,
    errors: Vec<Option<RecordError>>,
}

impl<'a> Batch<'a> {
    fn record(mut self, connection: &mut Connection) -> Result<Recorded<'a>, Abort<NotRecorded>> {
        let mut deal = Deal::begin(connection, self.requests)?;
        deal.count(connection, self.any.context.now)?;
        // As if the badge had no limits.
        let presumed = deal.presumed()?;
        self.refuse(connection, self.refused_early(&presumed))?;
        let mut keys = self.reserve_keys(connection)?;
        let mut ledger = self.write_ledger(connection, &presumed, &mut keys)?;
        deal.retain(|request| self.errors[request].is_none());
        deal.settle(connection, &ledger::numbers(&ledger, self.requests.len()))?;

        let mut outcomes = presumed;
        let mut corrected = vec![false; outcomes.len()];
        for row in &ledger {
            let settled = deal.outcomes(row.request)?;
            let refusal = refusal(&self.requests[row.request], &settled);
            self.errors[row.request] = refusal.map(RecordError::Refused);
            corrected[row.request] = outcomes[row.request] != settled;
            outcomes[row.request] = settled;
        }
        ledger::take_back(connection, &mut ledger, &mut keys, |request| {
            self.errors[request].is_some()
        })?;
        self.correct(connection, &mut ledger, &outcomes, &corrected)?;
        let refused = self.refused(&outcomes);
        if !refused.is_empty() {
            earn_sql::refuse(connection, self.any, &refused)?;
        }
        let is_nothing = ledger.is_empty() && refused.is_empty();
        let outcomes = self.ended(outcomes);
        if is_nothing {
            return Err(Abort::Refused(NotRecorded::Nothing(outcomes)));
        }
        Ok(Recorded { outcomes, ledger })
    }

    /// The requests that nothing speaks against so far, with their positions.
    fn good(&self) -> impl Iterator<Item = (usize, &'a EarnRequest)> {
        let all = self.requests.iter().enumerate();
        all.filter(|(position, _)| self.errors[*position].is_none())
    }

    /// Refuses requests of which nothing is written, so that they only look at what comes
    /// before.
    fn refuse(
        &mut self,
        connection: &mut Connection,
        refused: Vec<(usize, RecordError)>,
    ) -> Result<(), Failure> {
        let names: Vec<_> = refused
            .iter()
            .map(|(position, _)| self.requests[*position].identity())
            .collect();
        let used = ledger::used(connection, &names)?;
        for ((position, error), used) in refused.into_iter().zip(used) {
            self.errors[position] = Some(if used.key {
                RecordError::IdempotencyKeyUsed
            } else if used.name {
                RecordError::RequestIdUsed
            } else {
                error
            });
        }
        Ok(())
    }

    /// The requests that are refused whatever room the badge has.
    fn refused_early(&self, presumed: &[Vec<CustomerEarn>]) -> Vec<(usize, RecordError)> {
        let may_be_later = may_be_later(self.any);
        let both = self.requests.iter().zip(presumed).enumerate();
        both.filter_map(|(position, (request, outcomes))| {
            let rejection = refusal(request, outcomes)?;
            let is_sure = rejection.code == Code::NotEnrolled || !may_be_later;
            is_sure.then_some((position, RecordError::Refused(rejection)))
        })
        .collect()
    }

    /// Reserves the keys of good requests. Gives those that were new.
    fn reserve_keys(&mut self, connection: &mut Connection) -> Result<Vec<KeyRow<'a>>, Failure> {
        let mut keys: Vec<_> = self
            .good()
            .filter_map(|(position, request)| KeyRow::of(position, request.identity()))
            .collect();
        for position in ledger::reserve_keys(connection, &mut keys)? {
            self.errors[position] = Some(RecordError::IdempotencyKeyUsed);
        }
        Ok(keys)
    }

    /// Writes the rows of good requests with their `presumed` outcomes. Gives those whose request
    /// ids were new, and releases the `keys` of the others.
    fn write_ledger(
        &mut self,
        connection: &mut Connection,
        presumed: &[Vec<CustomerEarn>],
        keys: &mut Vec<KeyRow<'a>>,
    ) -> Result<Vec<LedgerRow<'a>>, Failure> {
        let rows = self.good().map(|(position, request)| {
            Ok(LedgerRow {
                request: position,
                name: LedgerName::new(request.identity()).context("a request without an id")?,
                recorded_on: request.context.now,
                recorded_by: request.context.actor,
                triggered_by: request.triggered_by.as_ref(),
                answer: encode(request, &presumed[position])?,
                number: 0,
            })
        });
        let mut rows = rows.collect::<anyhow::Result<Vec<_>>>()?;
        for position in ledger::record(connection, &mut rows, keys)? {
            self.errors[position] = Some(RecordError::RequestIdUsed);
        }
        Ok(rows)
    }

    /// Rewrites the answers of those whose outcomes are not what was presumed.
    fn correct(
        &self,
        connection: &mut Connection,
        ledger: &mut [LedgerRow<'_>],
        outcomes: &[Vec<CustomerEarn>],
        corrected: &[bool],
    ) -> Result<(), Failure> {
        let mut rows = Vec::new();
        for row in ledger.iter_mut().filter(|row| corrected[row.request]) {
            row.answer = encode(&self.requests[row.request], &outcomes[row.request])?;
            rows.push(&*row);
        }
        if !rows.is_empty() {
            connection.correct(&rows)?;
        }
        Ok(())
    }

    /// Whose refusals are to be remembered.
    fn refused<'o>(&self, outcomes: &'o [Vec<CustomerEarn>]) -> Vec<(CustomerId, &'o Rejection)> {
        let both = self.errors.iter().zip(outcomes);
        both.filter(|(error, _)| matches!(error, None | Some(RecordError::Refused(_))))
            .flat_map(|(_, outcomes)| outcomes)
            .filter_map(|it| match &it.outcome {
                EarnOutcome::Refused(rejection) => Some((it.customer, rejection)),
                EarnOutcome::Earned(..) | EarnOutcome::WouldEarn(_) => None,
            })
            .collect()
    }

    /// What has become of each request, given the outcomes of those that were carried out.
    fn ended(self, outcomes: Vec<Vec<CustomerEarn>>) -> Outcomes {
        let mut outcomes = outcomes.into_iter();
        let errors = self.errors.into_iter();
        errors
            .map(|error| {
                let outcomes = outcomes.next().unwrap_or_default();
                error.map_or(Ok(outcomes), Err)
            })
            .collect()
    }
}

/// Whether it may be recorded later than `request` says, so that less counts under a rolling limit
/// of the customer's.
fn may_be_later(request: &EarnRequest) -> bool {
    let rolls = |scope| {
        let mut limits = request.limits.iter();
        limits.any(|limit| limit.scope == scope && matches!(limit.span, Span::Rolling { .. }))
    };
    rolls(Scope::Badge) && rolls(Scope::Customer)
}

/// The refusal of the whole request, if it is one for a single customer, who is refused.
fn refusal(request: &EarnRequest, outcomes: &[CustomerEarn]) -> Option<Rejection> {
    match outcomes.first().map(|it| &it.outcome) {
        Some(EarnOutcome::Refused(rejection)) if request.operation == Operation::Earn => {
            Some(rejection.clone())
        }
        _ => None,
    }
}

fn encode(request: &EarnRequest, outcomes: &[CustomerEarn]) -> anyhow::Result<Vec<u8>> {
    answers::encode(&request.answer(outcomes.to_vec()))
}
