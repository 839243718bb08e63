//! The statements of an enrolment, for PostgreSQL.
//!
//! Sets travel as arrays. What belongs to a request rather than to a customer is sent once a
//! request and looked up by the request's position in the batch.

use accolade_application::ports::EnrolmentRequest;
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::owner::Owner;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, SmallInt, Text};

use super::{Connection, DB, column, copy};
use crate::mapping::{EnrolmentRow, enrolment, stored, triggered_by};
use crate::recording::sql::{BadgeKey, EnrolmentSql, Existing, NewEnrolment, Revocation};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

/// Only one array is unnested: each costs a set of its own, an element of it next to nothing.
static INSERT: Sql<{ here!() }> = Sql::new(
    "INSERT INTO enrolments \
     (org_id, customer_id, badge_id, ordinal, id, event_on, expires_on, request_no) \
     SELECT :org, :customers[w.place], :badges[w.request], :ordinals[w.place], w.id, \
     :events[w.request], :expiries[w.request], :numbers[w.request] \
     FROM (SELECT :requests[w.place] AS request, w.id, w.place \
     FROM unnest(:ids) WITH ORDINALITY AS w (id, place)) AS w \
     ON CONFLICT DO NOTHING RETURNING ordinal",
);

/// `OFFSET 0` keeps the planner from turning the look-ups by key into a walk through all rows of the org.
static EXISTING: Sql<{ here!() }> = Sql::new(
    "SELECT w.place, e.ordinal, e.id, e.event_on, e.expires_on, e.revoked_on \
     FROM unnest(:customers, :badges) WITH ORDINALITY AS w (customer_id, badge_id, place), \
     LATERAL (SELECT * FROM enrolments e \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id \
     AND e.badge_id = w.badge_id OFFSET 0) AS e",
);

/// Rows do not move while they are revoked: the badge is locked against everybody.
static REVOKE: Sql<{ here!() }> = Sql::new(
    "UPDATE enrolments e SET revoked_on = :revoked_on, revoked_by = :revoked_by, \
     revoke_reason = :reason \
     FROM unnest(:customers, :ordinals) AS w (customer_id, ordinal), \
     LATERAL (SELECT f.ctid AS place FROM enrolments f \
     WHERE f.org_id = :org AND f.customer_id = w.customer_id \
     AND f.badge_id = :badge AND f.ordinal = w.ordinal OFFSET 0) AS f \
     WHERE e.org_id = :org AND e.ctid = f.place",
);

/// `OFFSET 0` keeps the planner from walking through all rows of the org.
static TRIGGERED_BY: Sql<{ here!() }> = Sql::new(
    "SELECT l.owner_type, l.reference_id \
     FROM unnest(:customers, :ordinals) WITH ORDINALITY AS w (customer_id, ordinal, place) \
     LEFT JOIN LATERAL (SELECT e.request_no FROM enrolments e \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id \
     AND e.badge_id = :badge AND e.ordinal = w.ordinal OFFSET 0) AS e ON true \
     LEFT JOIN LATERAL (SELECT l.owner_type, l.reference_id FROM request_ledger l \
     WHERE l.org_id = :org AND l.number = e.request_no OFFSET 0) AS l ON true \
     ORDER BY w.place",
);

/// The position of a request as an index of an array, which begins at 1.
fn subscript(new: &NewEnrolment) -> i32 {
    i32::try_from(new.request + 1).unwrap_or(i32::MAX)
}

impl EnrolmentSql for Connection {
    fn insert_enrolments(
        &mut self,
        requests: &[EnrolmentRequest],
        numbers: &[i64],
        new: &[NewEnrolment],
    ) -> Result<usize, WorkError> {
        let Some(any) = requests.first() else {
            return Ok(0);
        };
        let events = column(requests, |it| it.hold.event_on().unix_micros());
        let expiries = column(requests, |it| it.hold.expires_on().unix_micros());
        let inserted: Vec<i32> = Statement::<DB, Integer>::named(&INSERT)
            .set::<BigInt, _>("org", any.context.org.get())
            .set::<Array<Binary>, _>("badges", column(requests, |it| *it.badge.0.as_bytes()))
            .set::<Array<BigInt>, _>("events", events)
            .set::<Array<BigInt>, _>("expiries", expiries)
            .set::<Array<BigInt>, _>("numbers", numbers)
            .set::<Array<Integer>, _>("requests", column(new, subscript))
            .set::<Array<BigInt>, _>("customers", column(new, |it| it.customer.get()))
            .set::<Array<Integer>, _>("ordinals", column(new, |it| it.ordinal))
            .set::<Array<Binary>, _>("ids", column(new, |it| *it.id.as_bytes()))
            .load(self)?;
        Ok(inserted.len())
    }

    fn insert_many_enrolments(
        &mut self,
        requests: &[EnrolmentRequest],
        numbers: &[i64],
        new: &[NewEnrolment],
    ) -> Result<usize, WorkError> {
        let all = copy::copy(self, requests, numbers, new)?;
        Ok(if all { new.len() } else { 0 })
    }

    fn existing(
        &mut self,
        org: OrgId,
        customers: &[(CustomerId, BadgeId)],
    ) -> Result<Vec<Existing>, WorkError> {
        type Row = (BigInt, Integer, (Binary, BigInt, BigInt, Nullable<BigInt>));
        let rows: Vec<(i64, i32, EnrolmentRow)> = Statement::<DB, Row>::named(&EXISTING)
            .set::<Array<BigInt>, _>("customers", column(customers, |it| it.0.get()))
            .set::<Array<Binary>, _>("badges", column(customers, |it| *it.1.0.as_bytes()))
            .set::<BigInt, _>("org", org.get())
            .load(self)?;
        let existing = rows.into_iter().map(|(place, ordinal, row)| {
            Ok(Existing {
                place: stored::<_, usize>(place - 1)?,
                ordinal,
                enrolment: enrolment(row)?,
            })
        });
        Ok(existing.collect::<anyhow::Result<_>>()?)
    }

    fn revoke_enrolments(
        &mut self,
        badge: BadgeKey,
        revocation: Revocation<'_>,
        which: &[(CustomerId, i32)],
    ) -> Result<(), WorkError> {
        Statement::<DB>::named(&REVOKE)
            .set::<BigInt, _>("revoked_on", revocation.on.unix_micros())
            .set::<BigInt, _>("revoked_by", revocation.by.number())
            .set::<Nullable<Text>, _>("reason", revocation.reason())
            .set::<Array<BigInt>, _>("customers", column(which, |it| it.0.get()))
            .set::<Array<Integer>, _>("ordinals", column(which, |it| it.1))
            .set::<BigInt, _>("org", badge.org.get())
            .set::<Binary, _>("badge", badge.badge.0.as_bytes().as_slice())
            .execute(self)?;
        Ok(())
    }

    fn triggered_by(
        &mut self,
        badge: BadgeKey,
        which: &[(CustomerId, i32)],
    ) -> Result<Vec<Option<Owner>>, WorkError> {
        type Row = (Nullable<SmallInt>, Nullable<Text>);
        let owners: Vec<(Option<i16>, Option<String>)> = Statement::<DB, Row>::named(&TRIGGERED_BY)
            .set::<Array<BigInt>, _>("customers", column(which, |it| it.0.get()))
            .set::<Array<Integer>, _>("ordinals", column(which, |it| it.1))
            .set::<BigInt, _>("org", badge.org.get())
            .set::<Binary, _>("badge", badge.badge.0.as_bytes().as_slice())
            .load(self)?;
        let owners = owners.into_iter();
        let owners = owners.map(|(owner, reference)| triggered_by(owner, reference));
        Ok(owners.collect::<anyhow::Result<_>>()?)
    }
}
