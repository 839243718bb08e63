//! The statements of an enrolment, for PostgreSQL.
//!
//! Sets travel as arrays. What belongs to a request rather than to a customer is sent once a
//! request and looked up by the request's position in the batch.

use accolade_application::ports::{BadgeVersion, EnrolmentRequest};
use accolade_domain::ids::CustomerId;
use accolade_domain::instant::Instant;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable};

use super::{Connection, DB, copy, lock};
use crate::enrolment::{BadgeKey, Count, EnrolmentSql, Held, Wanted};
use crate::mapping::{EnrolmentRow, badge_id, enrolment, stored};
use crate::retry::Failure;
use crate::statement::Statement;

/// `unnest` gives the numbers in the order of the array, so they are locked in that order.
const SHARE: &str = "SELECT pg_advisory_xact_lock_shared(n) FROM unnest(?) AS n";

const LOCK: &str = "SELECT pg_advisory_xact_lock(?)";

const VERSIONS: &str = "SELECT m.org_id, m.id, m.version \
     FROM unnest(?, ?) AS k (org_id, id) \
     JOIN badge_metas m ON m.org_id = k.org_id AND m.id = k.id";

const INSERT: &str = "INSERT INTO enrolments \
     (org_id, customer_id, badge_id, ordinal, id, event_on, expires_on, request_no) \
     SELECT r.org_ids[w.request], w.customer_id, r.badge_ids[w.request], w.ordinal, w.id, \
     r.events[w.request], r.expiries[w.request], r.numbers[w.request] \
     FROM (SELECT ? AS org_ids, ? AS badge_ids, ? AS events, ? AS expiries, ? AS numbers) AS r, \
     unnest(?, ?, ?, ?) AS w (request, customer_id, ordinal, id) \
     ON CONFLICT DO NOTHING";

/// `OFFSET 0` keeps the planner from turning the look-ups by key into a scan of the table.
pub(super) const HELD: &str = "SELECT w.place, e.ordinal, e.id, e.event_on, e.expires_on, e.revoked_on \
     FROM (SELECT ? AS org_ids, ? AS badge_ids) AS r, \
     unnest(?, ?) WITH ORDINALITY AS w (request, customer_id, place), \
     LATERAL (SELECT * FROM enrolments e \
     WHERE e.org_id = r.org_ids[w.request] AND e.customer_id = w.customer_id \
     AND e.badge_id = r.badge_ids[w.request] OFFSET 0) AS e";

/// Rows do not move while they are revoked: the badge is locked against everybody.
const REVOKE: &str = "UPDATE enrolments e SET revoked_on = r.revoked_on \
     FROM (SELECT ? AS revoked_on, ? AS org_id, ? AS badge_id) AS r, \
     unnest(?, ?) AS w (customer_id, ordinal), \
     LATERAL (SELECT f.ctid AS place FROM enrolments f \
     WHERE f.org_id = r.org_id AND f.customer_id = w.customer_id \
     AND f.badge_id = r.badge_id AND f.ordinal = w.ordinal OFFSET 0) AS f \
     WHERE e.ctid = f.place";

const COUNT: &str = "INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
     SELECT * FROM unnest(?, ?, ?, ?)";

/// The position of a request as an index of an array, which begins at 1.
fn subscript(wanted: &Wanted) -> i32 {
    i32::try_from(wanted.request + 1).unwrap_or(i32::MAX)
}

/// One column of `rows`.
pub(super) fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

impl EnrolmentSql for Connection {
    fn share_badges(&mut self, badges: &[BadgeKey]) -> QueryResult<()> {
        Statement::<DB>::new(SHARE)
            .bind::<Array<BigInt>, _>(column(badges, |it| lock::number(*it)))
            .execute(self)?;
        Ok(())
    }

    fn lock_badge(&mut self, badge: BadgeKey) -> QueryResult<()> {
        Statement::<DB>::new(LOCK)
            .bind::<BigInt, _>(lock::number(badge))
            .execute(self)?;
        Ok(())
    }

    fn versions(&mut self, badges: &[BadgeKey]) -> Result<Vec<(BadgeKey, BadgeVersion)>, Failure> {
        let rows: Vec<(i64, Vec<u8>, i64)> =
            Statement::<DB, (BigInt, Binary, BigInt)>::new(VERSIONS)
                .bind::<Array<BigInt>, _>(column(badges, |it| it.org.get()))
                .bind::<Array<Binary>, _>(column(badges, |it| *it.badge.0.as_bytes()))
                .load(self)?;
        let versions = rows.into_iter().map(|(org, id, version)| {
            let key = BadgeKey {
                org: stored(org)?,
                badge: badge_id(&id)?,
            };
            Ok((key, BadgeVersion(version)))
        });
        Ok(versions.collect::<anyhow::Result<_>>()?)
    }

    fn insert(
        &mut self,
        requests: &[EnrolmentRequest],
        numbers: &[i64],
        wanted: &[Wanted],
    ) -> Result<usize, Failure> {
        let inserted = Statement::<DB>::new(INSERT)
            .bind::<Array<BigInt>, _>(column(requests, |it| it.context.org.get()))
            .bind::<Array<Binary>, _>(column(requests, |it| *it.badge.0.as_bytes()))
            .bind::<Array<BigInt>, _>(column(requests, |it| it.hold.event_on().unix_micros()))
            .bind::<Array<BigInt>, _>(column(requests, |it| it.hold.expires_on().unix_micros()))
            .bind::<Array<BigInt>, _>(numbers)
            .bind::<Array<Integer>, _>(column(wanted, subscript))
            .bind::<Array<BigInt>, _>(column(wanted, |it| it.customer.get()))
            .bind::<Array<Integer>, _>(column(wanted, |it| it.ordinal))
            .bind::<Array<Binary>, _>(column(wanted, |it| *it.id.as_bytes()))
            .execute(self)?;
        Ok(inserted)
    }

    fn insert_many(
        &mut self,
        requests: &[EnrolmentRequest],
        numbers: &[i64],
        wanted: &[Wanted],
    ) -> Result<usize, Failure> {
        let all = copy::copy(self, requests, numbers, wanted)?;
        Ok(if all { wanted.len() } else { 0 })
    }

    fn held(&mut self, badges: &[BadgeKey], wanted: &[Wanted]) -> Result<Vec<Held>, Failure> {
        type Row = (BigInt, Integer, (Binary, BigInt, BigInt, Nullable<BigInt>));
        let rows: Vec<(i64, i32, EnrolmentRow)> = Statement::<DB, Row>::new(HELD)
            .bind::<Array<BigInt>, _>(column(badges, |it| it.org.get()))
            .bind::<Array<Binary>, _>(column(badges, |it| *it.badge.0.as_bytes()))
            .bind::<Array<Integer>, _>(column(wanted, subscript))
            .bind::<Array<BigInt>, _>(column(wanted, |it| it.customer.get()))
            .load(self)?;
        let held = rows.into_iter().map(|(place, ordinal, row)| {
            Ok(Held {
                wanted: stored::<_, usize>(place - 1)?,
                ordinal,
                enrolment: enrolment(row)?,
            })
        });
        Ok(held.collect::<anyhow::Result<_>>()?)
    }

    fn revoke(
        &mut self,
        badge: BadgeKey,
        revoked_on: Instant,
        which: &[(CustomerId, i32)],
    ) -> Result<(), Failure> {
        Statement::<DB>::new(REVOKE)
            .bind::<BigInt, _>(revoked_on.unix_micros())
            .bind::<BigInt, _>(badge.org.get())
            .bind::<Binary, _>(badge.badge.0.as_bytes().as_slice())
            .bind::<Array<BigInt>, _>(column(which, |it| it.0.get()))
            .bind::<Array<Integer>, _>(column(which, |it| it.1))
            .execute(self)?;
        Ok(())
    }

    fn count(&mut self, counts: &[Count]) -> QueryResult<()> {
        Statement::<DB>::new(COUNT)
            .bind::<Array<BigInt>, _>(column(counts, |it| it.badge.org.get()))
            .bind::<Array<Binary>, _>(column(counts, |it| *it.badge.badge.0.as_bytes()))
            .bind::<Array<BigInt>, _>(column(counts, |it| it.issued))
            .bind::<Array<BigInt>, _>(column(counts, |it| it.earned))
            .execute(self)?;
        Ok(())
    }
}
