//! The statements of an enrolment, for SQLite.
//!
//! What is as long as a request travels in one value: customers as a JSON array, their ids as
//! one blob of twelve bytes each. What is once a request is a statement a request: a
//! statement costs no round trip here.

use accolade_application::ports::EnrolmentRequest;
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::owner::Owner;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt, Text};

use super::{Connection, DB, json};
use crate::mapping::{EnrolmentRow, enrolment, stored, triggered_by};
use crate::recording::sql::{BadgeKey, EnrolmentSql, Existing, NewEnrolment, Revocation};
use crate::retry::WorkError;
use crate::statement::{Sql, Statement, here};

static INSERT_FIRST: Sql = Sql::new(
    "INSERT INTO enrolments \
     (org_id, customer_id, badge_id, ordinal, id, event_on, expires_on, request_no) \
     SELECT :org, w.value, :badge, 1, substr(:ids, 12 * w.key + 1, 12), :event_on, :expires_on, \
     :request_no FROM json_each(:customers) AS w WHERE true \
     ON CONFLICT DO NOTHING",
);

/// One customer, as most requests have: nothing to read from JSON, and no journal of the statement,
/// which SQLite keeps where one may fail after its first row.
static INSERT_ONE: Sql<{ here!() }> = Sql::new(
    "INSERT INTO enrolments \
     (org_id, customer_id, badge_id, ordinal, id, event_on, expires_on, request_no) \
     VALUES (:org, :customer, :badge, :ordinal, :id, :event_on, :expires_on, :request_no) \
     ON CONFLICT DO NOTHING",
);

/// Nobody else writes meanwhile, so the next ordinal is free.
static INSERT_NEXT: Sql = Sql::new(
    "INSERT INTO enrolments \
     (org_id, customer_id, badge_id, ordinal, id, event_on, expires_on, request_no) \
     SELECT :org, w.value, :badge, \
     (SELECT COALESCE(MAX(e.ordinal), 0) + 1 FROM enrolments e WHERE e.org_id = :org \
     AND e.customer_id = w.value AND e.badge_id = :badge), \
     substr(:ids, 12 * w.key + 1, 12), :event_on, :expires_on, :request_no \
     FROM json_each(:customers) AS w WHERE true \
     ON CONFLICT DO NOTHING",
);

/// `CROSS JOIN` keeps the order of the look-ups: each customer by the key.
static EXISTING: Sql<{ here!() }> = Sql::new(
    "SELECT w.key, e.ordinal, e.id, e.event_on, e.expires_on, e.revoked_on \
     FROM json_each(:customers) AS w CROSS JOIN enrolments AS e \
     ON e.org_id = :org AND e.customer_id = w.value AND e.badge_id = :badge",
);

static TRIGGERED_BY: Sql<{ here!() }> = Sql::new(
    "SELECT l.owner_type, l.reference_id FROM json_each(:which) AS w \
     LEFT JOIN enrolments e ON e.org_id = :org AND e.customer_id = w.value ->> 0 \
     AND e.badge_id = :badge AND e.ordinal = w.value ->> 1 \
     LEFT JOIN request_ledger l ON l.org_id = :org AND l.number = e.request_no \
     ORDER BY w.key",
);

/// `IN` looks each one up by the key. A join might read all of an org's for each.
static REVOKE: Sql<{ here!() }> = Sql::new(
    "UPDATE enrolments SET revoked_on = :revoked_on, revoked_by = :revoked_by, \
     revoke_reason = :reason \
     WHERE (org_id, customer_id, badge_id, ordinal) IN \
     (SELECT :org, value ->> 0, :badge, value ->> 1 FROM json_each(:which))",
);

/// The positions of `rows` by what they have in common, which most of them have with the one
/// before.
fn grouped<T, G: PartialEq>(rows: &[T], group: impl Fn(&T) -> G) -> Vec<(G, Vec<usize>)> {
    let mut groups: Vec<(G, Vec<usize>)> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let group = group(row);
        match groups.iter_mut().rev().find(|it| it.0 == group) {
            Some((_, places)) => places.push(place),
            None => groups.push((group, vec![place])),
        }
    }
    groups
}

fn bytes(badge: &BadgeId) -> &[u8] {
    badge.0.as_bytes()
}

fn insert_one(
    connection: &mut Connection,
    request: &EnrolmentRequest,
    number: i64,
    new: &NewEnrolment,
) -> QueryResult<usize> {
    Statement::<DB>::named(&INSERT_ONE)
        .set::<BigInt, _>("org", request.context.org.get())
        .set::<BigInt, _>("customer", new.customer.get())
        .set::<Binary, _>("badge", bytes(&request.badge))
        .set::<Integer, _>("ordinal", new.ordinal)
        .set::<Binary, _>("id", new.id.as_bytes().as_slice())
        .set::<BigInt, _>("event_on", request.hold.event_on().unix_micros())
        .set::<BigInt, _>("expires_on", request.hold.expires_on().unix_micros())
        .set::<BigInt, _>("request_no", number)
        .execute(connection)
}

impl EnrolmentSql for Connection {
    /// The rows are counted as SQLite does itself: it is exact here, and to have 10 000 of them
    /// returned would cost a tenth.
    fn insert_enrolments(
        &mut self,
        requests: &[EnrolmentRequest],
        numbers: &[i64],
        new: &[NewEnrolment],
    ) -> Result<usize, WorkError> {
        let are_first = new.iter().all(|it| it.ordinal == 1);
        let sql = if are_first {
            &INSERT_FIRST
        } else {
            &INSERT_NEXT
        };
        let mut inserted = 0;
        for (position, places) in grouped(new, |it| it.request) {
            let (request, number) = (&requests[position], numbers[position]);
            if let [place] = places.as_slice() {
                inserted += insert_one(self, request, number, &new[*place])?;
                continue;
            }
            let rows = places.iter().map(|place| &new[*place]);
            let ids: Vec<u8> = rows.clone().flat_map(|it| *it.id.as_bytes()).collect();
            let customers: Vec<_> = rows.map(|it| it.customer.get()).collect();
            inserted += Statement::<DB>::named(sql)
                .set::<BigInt, _>("org", request.context.org.get())
                .set::<Binary, _>("badge", bytes(&request.badge))
                .set::<Binary, _>("ids", ids)
                .set::<BigInt, _>("event_on", request.hold.event_on().unix_micros())
                .set::<BigInt, _>("expires_on", request.hold.expires_on().unix_micros())
                .set::<BigInt, _>("request_no", number)
                .set::<Text, _>("customers", json(&customers)?)
                .execute(self)?;
        }
        Ok(inserted)
    }

    fn existing(
        &mut self,
        org: OrgId,
        customers: &[(CustomerId, BadgeId)],
    ) -> Result<Vec<Existing>, WorkError> {
        type Row = (BigInt, Integer, (Binary, BigInt, BigInt, Nullable<BigInt>));
        let mut existing = Vec::new();
        for (badge, places) in grouped(customers, |it| it.1) {
            let numbers: Vec<_> = places.iter().map(|it| customers[*it].0.get()).collect();
            let rows: Vec<(i64, i32, EnrolmentRow)> = Statement::<DB, Row>::named(&EXISTING)
                .set::<Text, _>("customers", json(&numbers)?)
                .set::<BigInt, _>("org", org.get())
                .set::<Binary, _>("badge", bytes(&badge))
                .load(self)?;
            for (key, ordinal, row) in rows {
                existing.push(Existing {
                    place: places[stored::<_, usize>(key)?],
                    ordinal,
                    enrolment: enrolment(row)?,
                });
            }
        }
        Ok(existing)
    }

    fn revoke_enrolments(
        &mut self,
        badge: BadgeKey,
        revocation: Revocation<'_>,
        which: &[(CustomerId, i32)],
    ) -> Result<(), WorkError> {
        let which: Vec<_> = which
            .iter()
            .map(|(customer, ordinal)| (customer.get(), *ordinal))
            .collect();
        Statement::<DB>::named(&REVOKE)
            .set::<BigInt, _>("revoked_on", revocation.on.unix_micros())
            .set::<BigInt, _>("revoked_by", revocation.by.number())
            .set::<Nullable<Text>, _>("reason", revocation.reason())
            .set::<BigInt, _>("org", badge.org.get())
            .set::<Binary, _>("badge", bytes(&badge.badge))
            .set::<Text, _>("which", json(&which)?)
            .execute(self)?;
        Ok(())
    }

    fn triggered_by(
        &mut self,
        badge: BadgeKey,
        which: &[(CustomerId, i32)],
    ) -> Result<Vec<Option<Owner>>, WorkError> {
        type Row = (Nullable<SmallInt>, Nullable<Text>);
        let which: Vec<_> = which
            .iter()
            .map(|(customer, ordinal)| (customer.get(), *ordinal))
            .collect();
        let owners: Vec<(Option<i16>, Option<String>)> = Statement::<DB, Row>::named(&TRIGGERED_BY)
            .set::<Text, _>("which", json(&which)?)
            .set::<BigInt, _>("org", badge.org.get())
            .set::<Binary, _>("badge", bytes(&badge.badge))
            .load(self)?;
        let owners = owners.into_iter();
        let owners = owners.map(|(owner, reference)| triggered_by(owner, reference));
        Ok(owners.collect::<anyhow::Result<_>>()?)
    }
}
