//! Earned badges on their way into the database.

use accolade_domain::ids::{BadgeId, CustomerId, ObjectId, OrgId};

use crate::enrolment::BadgeKey;

/// What a request records: one row for each customer.
pub(crate) struct NewEarns {
    pub(crate) key: BadgeKey,
    pub(crate) event_on: i64,
    pub(crate) earned_on: i64,
    pub(crate) expires_on: i64,
    /// The request's number in the ledger.
    pub(crate) request_no: i64,
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
