//! Many enrolments at once: `COPY` straight into the table, about twice as fast as `INSERT`.
//!
//! COPY cannot pass over what is there already: a taken ordinal undoes all of it, and leaves
//! dead rows behind. So a few customers, evenly spread, are looked up first, which finds a
//! request that is repeated and a campaign that largely repeats another. Whoever is missed so,
//! or takes an ordinal in the meantime, makes COPY fail; a savepoint keeps the rest of the
//! transaction.
//!
//! The rows are in COPY's binary form, in the order in which they are inserted. What belongs
//! to a request comes last, made once.

use std::io::{self, Write};

use accolade_application::ports::EnrolmentRequest;
use diesel::connection::SimpleConnection as _;
use diesel::pg::CopyFormat;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer};

use super::{Connection, DB, column};
use crate::recording::sql::NewEnrolment;
use crate::schema::enrolments;
use crate::statement::{Sql, Statement, here};

/// How many are looked up first. Where one in eight has been enrolled, nine of ten such
/// batches are found.
const SAMPLE: usize = 16;

/// `OFFSET 0` keeps the planner from turning the look-ups by key into a walk through all rows of the org.
static ANY_TAKEN: Sql<{ here!() }> = Sql::new(
    "SELECT EXISTS (SELECT 1 \
     FROM unnest(:customers, :badges, :ordinals) AS w (customer_id, badge_id, ordinal), \
     LATERAL (SELECT 1 FROM enrolments e \
     WHERE e.org_id = :org AND e.customer_id = w.customer_id \
     AND e.badge_id = w.badge_id AND e.ordinal = w.ordinal OFFSET 0) AS e)",
);

const SAVEPOINT: &str = "SAVEPOINT copying";
const BACK: &str = "ROLLBACK TO SAVEPOINT copying";

/// How many bytes are sent at a time: large enough to be few, small enough that the server
/// begins while the rest is being written.
const CHUNK: usize = 64 * 1024;

/// The signature of the binary form, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
const FIELDS: [u8; 2] = 8_i16.to_be_bytes();

/// Inserts all of `new` and gives true, or nothing and gives false, if an ordinal is taken.
pub(super) fn copy(
    connection: &mut Connection,
    requests: &[EnrolmentRequest],
    numbers: &[i64],
    new: &[NewEnrolment],
) -> QueryResult<bool> {
    if is_any_taken(connection, requests, new)? {
        return Ok(false);
    }
    connection.batch_execute(SAVEPOINT)?;
    let tails: Vec<_> = requests.iter().zip(numbers).map(tail).collect();
    let columns = (
        enrolments::customer_id,
        enrolments::ordinal,
        enrolments::id,
        enrolments::org_id,
        enrolments::badge_id,
        enrolments::event_on,
        enrolments::expires_on,
        enrolments::request_no,
    );
    let copied = diesel::copy_from(enrolments::table)
        .from_raw_data(columns, |out| {
            write(out, &tails, new).map_err(|error| unsent(&error))
        })
        .with_format(CopyFormat::Binary)
        .execute(connection);
    match copied {
        Ok(_) => Ok(true),
        Err(error) => {
            // Diesel does not look at the connection after a COPY that failed, only after this.
            let back = connection.batch_execute(BACK);
            match error {
                Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => back.map(|()| false),
                error => Err(error),
            }
        }
    }
}

/// Whether an ordinal of a few of them is taken.
fn is_any_taken(
    connection: &mut Connection,
    requests: &[EnrolmentRequest],
    new: &[NewEnrolment],
) -> QueryResult<bool> {
    let Some(any) = requests.first() else {
        return Ok(false);
    };
    let step = new.len().div_ceil(SAMPLE).max(1);
    let some: Vec<_> = new.iter().step_by(step).collect();
    let badges = column(&some, |it| *requests[it.request].badge.0.as_bytes());
    Statement::<DB, Bool>::named(&ANY_TAKEN)
        .set::<Array<BigInt>, _>("customers", column(&some, |it| it.customer.get()))
        .set::<Array<Binary>, _>("badges", badges)
        .set::<Array<Integer>, _>("ordinals", column(&some, |it| it.ordinal))
        .set::<BigInt, _>("org", any.context.org.get())
        .get_result(connection)
}

fn write(out: &mut dyn Write, tails: &[Vec<u8>], new: &[NewEnrolment]) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(CHUNK + 1024);
    buffer.extend_from_slice(HEADER);
    for it in new {
        buffer.extend_from_slice(&FIELDS);
        field(&mut buffer, &it.customer.get().to_be_bytes());
        field(&mut buffer, &it.ordinal.to_be_bytes());
        field(&mut buffer, it.id.as_bytes());
        buffer.extend_from_slice(&tails[it.request]);
        if buffer.len() >= CHUNK {
            out.write_all(&buffer)?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&TRAILER);
    out.write_all(&buffer)
}

/// The fields of a row that are the same for all of a request.
fn tail((request, number): (&EnrolmentRequest, &i64)) -> Vec<u8> {
    let mut tail = Vec::new();
    field(&mut tail, &request.context.org.get().to_be_bytes());
    field(&mut tail, request.badge.0.as_bytes());
    let hold = request.hold;
    field(&mut tail, &hold.event_on().unix_micros().to_be_bytes());
    field(&mut tail, &hold.expires_on().unix_micros().to_be_bytes());
    field(&mut tail, &number.to_be_bytes());
    tail
}

/// A value of `N` bytes, which come after their number.
fn field<const N: usize>(buffer: &mut Vec<u8>, value: &[u8; N]) {
    const { assert!(N < 256, "one byte tells how long it is") };
    let [.., length] = N.to_be_bytes();
    buffer.extend_from_slice(&[0, 0, 0, length]);
    buffer.extend_from_slice(value);
}

/// Rows are only ever sent, so what fails is the connection.
fn unsent(error: &io::Error) -> Error {
    let text = Box::new(error.to_string());
    Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, text)
}
