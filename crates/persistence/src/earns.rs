//! Earned badges on their way into the database, and what is counted before.

use accolade_domain::ids::{BadgeId, CustomerId, ObjectId, OrgId};

use crate::enrolment::BadgeKey;
use crate::mapping::stored;

/// What a batch records: one row for each customer.
pub(crate) struct NewEarns {
    pub(crate) key: BadgeKey,
    pub(crate) event_on: i64,
    pub(crate) earned_on: i64,
    pub(crate) expires_on: i64,
    /// By customer.
    pub(crate) rows: Vec<NewEarn>,
}

/// One customer's earn.
pub(crate) struct NewEarn {
    pub(crate) customer: CustomerId,
    /// Which of the customer's earns of the badge it will be, from 1.
    pub(crate) ordinal: i32,
    /// The ordinal of the enrolment that it rests on.
    pub(crate) enrolment: Option<i32>,
    /// The request's number in the ledger.
    pub(crate) request_no: i64,
    pub(crate) id: ObjectId,
}

/// What an import records.
pub(crate) struct NewImports {
    pub(crate) org: OrgId,
    pub(crate) earned_on: i64,
    /// The request's number in the ledger.
    pub(crate) request_no: i64,
    pub(crate) rows: Vec<NewImport>,
}

/// One earned badge from elsewhere.
#[derive(Clone, Copy)]
pub(crate) struct NewImport {
    pub(crate) customer: CustomerId,
    pub(crate) badge: BadgeId,
    pub(crate) ordinal: i32,
    pub(crate) id: ObjectId,
    pub(crate) event_on: i64,
    pub(crate) expires_on: i64,
}

/// How many imports a badge got with one event date.
pub(crate) struct ImportCount {
    pub(crate) badge: BadgeId,
    pub(crate) event_on: i64,
    pub(crate) earns: i64,
}

/// The rows of counts, one for each customer and limit in this order, by customer: its last
/// number, and its counts.
pub(crate) fn by_customer(
    rows: &[(i32, i64)],
    limits: usize,
) -> anyhow::Result<Vec<(i32, Vec<u64>)>> {
    let of_one = |rows: &[(i32, i64)]| {
        let last = rows.first().map_or(0, |row| row.0);
        let counts = rows.iter().map(|row| stored(row.1));
        Ok((last, counts.collect::<anyhow::Result<_>>()?))
    };
    rows.chunks(limits.max(1)).map(of_one).collect()
}
