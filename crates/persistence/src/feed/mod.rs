//! The feed of events: a row for each transaction of which something came.
//!
//! A [`FeedRow`] is written by the transaction of what it tells, as its last statement. It names the
//! request's row in the ledger, whose answer has what became of ten thousand customers, and says
//! itself ([`data`]) what the answer lacks; where there is no row in the ledger, it says everything.
//! Requests that share a transaction share a row, which has a part for each ([`parts`]). Whoever reads
//! has it expanded to events ([`expand`]).
//!
//! On SQLite the one writer gives the positions at once. On PostgreSQL a row gets its positions after
//! COMMIT, by whoever sequences what was committed ([`sql::FeedSql::sequence`]).

pub(crate) mod data;
pub(crate) mod expand;
pub(crate) mod expiries;
pub(crate) mod expiry_sql;
pub(crate) mod forgotten;
pub(crate) mod parts;
pub(crate) mod settled;
pub(crate) mod sql;

mod stored_facts;
mod stored_limits;

use accolade_domain::event::EventKind;
use accolade_domain::instant::Instant;

use crate::feed::data::Data;
use crate::feed::expiries::Expiry;
use crate::feed::expiry_sql::DueSet;

/// What the feed is told of a request, or of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedRow {
    /// When it was recorded.
    pub(crate) recorded_on: Instant,
    /// The number of the request in the ledger, if events are read from its answer.
    pub(crate) ledger_no: Option<i64>,
    /// The kind of its first event.
    pub(crate) kind: EventKind,
    /// How many events it is: at least one.
    pub(crate) events: i32,
    /// What the answer lacks, encoded; `None` if it lacks nothing.
    pub(crate) data: Option<Vec<u8>>,
    /// When what requests of the ledger recorded expires.
    pub(crate) due: Vec<DueSet>,
}

impl FeedRow {
    /// A row that tells `events`, whose first is of this kind; `None` if there are none.
    pub(crate) fn new(
        recorded_on: Instant,
        kind: EventKind,
        events: usize,
        data: &Data,
    ) -> anyhow::Result<Option<Self>> {
        if events == 0 {
            return Ok(None);
        }
        Ok(Some(Self {
            recorded_on,
            ledger_no: None,
            kind,
            events: i32::try_from(events)?,
            data: data.encode()?,
            due: Vec::new(),
        }))
    }

    /// The same, whose events are read from the answer that the ledger has under this number, and of which
    /// this expires.
    pub(crate) fn of_ledger(self, number: i64, expiries: &[Expiry]) -> Self {
        let due = expiries.iter().map(|it| it.of_request(number));
        Self {
            ledger_no: Some(number),
            due: due.collect(),
            ..self
        }
    }
}
