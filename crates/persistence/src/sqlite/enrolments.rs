//! The statements of an enrolment, for SQLite.
//!
//! What is as long as a request travels in one value: customers as a JSON array, their ids as
//! one blob of twelve bytes each. What is once a request is a statement a request: a
//! statement costs no round trip here.

use accolade_application::ports::{BadgeVersion, EnrolmentRequest};
use accolade_domain::ids::CustomerId;
use accolade_domain::instant::Instant;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};

use super::{Connection, DB};
use crate::enrolment::{BadgeKey, Count, EnrolmentSql, Held, Wanted};
use crate::mapping::{EnrolmentRow, enrolment, stored};
use crate::retry::Failure;
use crate::schema::badge_metas;
use crate::statement::Statement;

const INSERT_FIRST: &str = "INSERT INTO enrolments \
     (org_id, customer_id, badge_id, ordinal, id, event_on, expires_on, request_no) \
     SELECT ?, w.value, ?, 1, substr(?, 12 * w.key + 1, 12), ?, ?, ? \
     FROM json_each(?) AS w WHERE true \
     ON CONFLICT DO NOTHING";

/// Nobody else writes meanwhile, so the next ordinal is free.
const INSERT_NEXT: &str = "INSERT INTO enrolments \
     (org_id, customer_id, badge_id, ordinal, id, event_on, expires_on, request_no) \
     SELECT k.org_id, w.value, k.badge_id, \
     (SELECT COALESCE(MAX(e.ordinal), 0) + 1 FROM enrolments e WHERE e.org_id = k.org_id \
     AND e.customer_id = w.value AND e.badge_id = k.badge_id), \
     substr(?, 12 * w.key + 1, 12), ?, ?, ? \
     FROM (SELECT ? AS org_id, ? AS badge_id) AS k, json_each(?) AS w WHERE true \
     ON CONFLICT DO NOTHING";

/// `CROSS JOIN` keeps the order of the look-ups: each customer by the key.
pub(super) const HELD: &str = "SELECT w.key, e.ordinal, e.id, e.event_on, e.expires_on, e.revoked_on \
     FROM json_each(?) AS w CROSS JOIN enrolments AS e \
     ON e.org_id = ? AND e.customer_id = w.value AND e.badge_id = ?";

/// `IN` looks each one up by the key. A join might read all of an org's for each.
const REVOKE: &str = "UPDATE enrolments SET revoked_on = ? \
     WHERE (org_id, customer_id, badge_id, ordinal) IN \
     (SELECT ?, value ->> 0, ?, value ->> 1 FROM json_each(?))";

const COUNT: &str = "INSERT INTO badge_counts (org_id, badge_id, issued, earned) \
     VALUES (?, ?, ?, ?) \
     ON CONFLICT (org_id, badge_id) DO UPDATE SET \
     issued = issued + excluded.issued, earned = earned + excluded.earned";

/// The part of `wanted` that belongs to one request, and where each stood.
struct Part {
    request: usize,
    places: Vec<usize>,
    customers: String,
}

/// `wanted` by request, each part in the same order.
fn parts(wanted: &[Wanted]) -> Result<Vec<Part>, Failure> {
    let requests = wanted.iter().map(|it| it.request + 1).max().unwrap_or(0);
    let mut places = vec![Vec::new(); requests];
    for (place, it) in wanted.iter().enumerate() {
        places[it.request].push(place);
    }
    let filled = places
        .into_iter()
        .enumerate()
        .filter(|(_, places)| !places.is_empty());
    let parts = filled.map(|(request, places)| {
        let customers: Vec<_> = places.iter().map(|it| wanted[*it].customer.get()).collect();
        Ok(Part {
            request,
            places,
            customers: serde_json::to_string(&customers)?,
        })
    });
    Ok(parts.collect::<anyhow::Result<_>>()?)
}

fn org_of(badge: BadgeKey) -> i64 {
    badge.org.get()
}

fn id_of(badge: &BadgeKey) -> &[u8] {
    badge.badge.0.as_bytes()
}

impl EnrolmentSql for Connection {
    /// The transaction has the database to itself.
    fn share_badges(&mut self, _: &[BadgeKey]) -> QueryResult<()> {
        Ok(())
    }

    /// The transaction has the database to itself.
    fn lock_badge(&mut self, _: BadgeKey) -> QueryResult<()> {
        Ok(())
    }

    fn versions(&mut self, badges: &[BadgeKey]) -> Result<Vec<(BadgeKey, BadgeVersion)>, Failure> {
        let mut versions = Vec::with_capacity(badges.len());
        for badge in badges {
            let version: Option<i64> = badge_metas::table
                .find((org_of(*badge), id_of(badge)))
                .select(badge_metas::version)
                .get_result(self)
                .optional()?;
            versions.extend(version.map(|version| (*badge, BadgeVersion(version))));
        }
        Ok(versions)
    }

    fn insert(
        &mut self,
        requests: &[EnrolmentRequest],
        numbers: &[i64],
        wanted: &[Wanted],
    ) -> Result<usize, Failure> {
        let is_first = wanted.iter().all(|it| it.ordinal == 1);
        let mut inserted = 0;
        for part in parts(wanted)? {
            let request = &requests[part.request];
            let badge = BadgeKey::of(request);
            let new_ids: Vec<u8> = part
                .places
                .iter()
                .flat_map(|place| *wanted[*place].id.as_bytes())
                .collect();
            let event_on = request.hold.event_on().unix_micros();
            let expires_on = request.hold.expires_on().unix_micros();
            let request_no = numbers[part.request];
            inserted += if is_first {
                Statement::<DB>::new(INSERT_FIRST)
                    .bind::<BigInt, _>(org_of(badge))
                    .bind::<Binary, _>(id_of(&badge))
                    .bind::<Binary, _>(new_ids)
                    .bind::<BigInt, _>(event_on)
                    .bind::<BigInt, _>(expires_on)
                    .bind::<BigInt, _>(request_no)
                    .bind::<Text, _>(part.customers)
                    .execute(self)?
            } else {
                Statement::<DB>::new(INSERT_NEXT)
                    .bind::<Binary, _>(new_ids)
                    .bind::<BigInt, _>(event_on)
                    .bind::<BigInt, _>(expires_on)
                    .bind::<BigInt, _>(request_no)
                    .bind::<BigInt, _>(org_of(badge))
                    .bind::<Binary, _>(id_of(&badge))
                    .bind::<Text, _>(part.customers)
                    .execute(self)?
            };
        }
        Ok(inserted)
    }

    fn held(&mut self, badges: &[BadgeKey], wanted: &[Wanted]) -> Result<Vec<Held>, Failure> {
        type Row = (BigInt, Integer, (Binary, BigInt, BigInt, Nullable<BigInt>));
        let mut held = Vec::new();
        for part in parts(wanted)? {
            let badge = badges[part.request];
            let rows: Vec<(i64, i32, EnrolmentRow)> = Statement::<DB, Row>::new(HELD)
                .bind::<Text, _>(part.customers)
                .bind::<BigInt, _>(org_of(badge))
                .bind::<Binary, _>(id_of(&badge))
                .load(self)?;
            for (key, ordinal, row) in rows {
                held.push(Held {
                    wanted: part.places[stored::<_, usize>(key)?],
                    ordinal,
                    enrolment: enrolment(row)?,
                });
            }
        }
        Ok(held)
    }

    fn revoke(
        &mut self,
        badge: BadgeKey,
        revoked_on: Instant,
        which: &[(CustomerId, i32)],
    ) -> Result<(), Failure> {
        let which: Vec<_> = which
            .iter()
            .map(|(customer, ordinal)| (customer.get(), *ordinal))
            .collect();
        let which = serde_json::to_string(&which).map_err(anyhow::Error::from)?;
        Statement::<DB>::new(REVOKE)
            .bind::<BigInt, _>(revoked_on.unix_micros())
            .bind::<BigInt, _>(org_of(badge))
            .bind::<Binary, _>(id_of(&badge))
            .bind::<Text, _>(which)
            .execute(self)?;
        Ok(())
    }

    fn count(&mut self, counts: &[Count]) -> QueryResult<()> {
        for count in counts {
            Statement::<DB>::new(COUNT)
                .bind::<BigInt, _>(org_of(count.badge))
                .bind::<Binary, _>(id_of(&count.badge))
                .bind::<BigInt, _>(count.issued)
                .bind::<BigInt, _>(count.earned)
                .execute(self)?;
        }
        Ok(())
    }
}
