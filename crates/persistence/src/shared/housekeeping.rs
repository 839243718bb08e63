//! Tidying up.

use accolade_application::ports::{Housekeeping, StoreError, Swept};
use accolade_domain::instant::Instant;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Connection, DB, fold_counts};
use crate::retry::nobody_knows;
use crate::statement::Statement;
use crate::store::Store;

/// How many keys one transaction forgets: others that write need not wait for long.
const AT_ONCE: usize = 5_000;

/// A key that is renewed meanwhile stays: the outer condition is looked at again.
const FORGET: &str = "DELETE FROM idempotency WHERE expires_on <= ? AND (client_number, key) IN \
     (SELECT client_number, key FROM idempotency WHERE expires_on <= ? LIMIT 5000)";

impl Housekeeping for Store<Connection> {
    fn sweep(&self, now: Instant) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        loop {
            let forgotten = self.writer.write::<usize, StoreError>(
                |connection| {
                    let now = now.unix_micros();
                    Ok(Statement::<DB>::new(FORGET)
                        .bind::<BigInt, _>(now)
                        .bind::<BigInt, _>(now)
                        .execute(connection)?)
                },
                nobody_knows,
            )?;
            swept.idempotency_keys += forgotten as u64;
            if forgotten < AT_ONCE {
                break;
            }
        }
        swept.count_rows = self
            .writer
            .write::<u64, StoreError>(|connection| Ok(fold_counts(connection)?), nobody_knows)?;
        Ok(swept)
    }
}
