//! How a batch ended whose COMMIT was not answered.
//!
//! The ledger tells. A request without an id is not in the ledger: then a row tells that it has
//! changed ([`Trace`]).

use accolade_application::ports::RecordedRequest;
use accolade_domain::ids::CustomerId;
use accolade_domain::instant::Instant;
use diesel::QueryResult;

use crate::recording::Recorded;
use crate::recording::existing::existing;
use crate::recording::sql::{BadgeKey, RecordingSql};
use crate::retry::Ending;

/// A row that a request without an id has revoked, at `revoked_on`.
pub(crate) struct Trace {
    pub(crate) is_earn: bool,
    pub(crate) badge: BadgeKey,
    pub(crate) customer: CustomerId,
    pub(crate) ordinal: i32,
    pub(crate) revoked_on: Instant,
}

/// How the transaction ended that has recorded this and whose COMMIT was not answered.
pub(super) fn ending<C: RecordingSql, R: RecordedRequest>(
    connection: &mut C,
    recorded: &Recorded<'_, R>,
) -> QueryResult<Ending> {
    // Waits for the lost transaction, which holds one lock or the other of each badge.
    for badge in &recorded.badges {
        connection.lock_badge(*badge)?;
    }
    let badges: Vec<_> = recorded.badges.iter().copied().collect();
    connection.lock_earns(&badges)?;
    if recorded.rows.is_empty() {
        return match &recorded.trace {
            Some(trace) => trace.ending(connection),
            None => Ok(Ending::Undone),
        };
    }
    if recorded.badges.is_empty() {
        // No lock waits for the lost transaction, but whoever writes its rows does.
        let (numbers, _) = connection.write_rows(recorded.org, &recorded.rows, None)?;
        if numbers.iter().any(Option::is_some) {
            return Ok(Ending::Undone);
        }
    }
    for row in &recorded.rows {
        let there = connection.recorded_answer(recorded.org, row.name)?;
        // The transaction has all of its rows or none. Another request may have taken the id since.
        if there.as_ref() != Some(&row.answer) {
            return Ok(Ending::Undone);
        }
    }
    Ok(Ending::Committed)
}

impl Trace {
    fn ending<C: RecordingSql>(&self, connection: &mut C) -> QueryResult<Ending> {
        let revoked_on = if self.is_earn {
            connection.earn_revoked_on(self.badge, self.customer, self.ordinal)?
        } else {
            let pair = [(self.customer, self.badge.badge)];
            let Ok(all) = existing(connection, self.badge.org, &pair) else {
                return Ok(Ending::Unknown);
            };
            let revoked_on = all
                .with_ordinal(0, self.ordinal)
                .and_then(|it| it.revoked_on);
            revoked_on.map(Instant::unix_micros)
        };
        Ok(match revoked_on {
            Some(on) if on == self.revoked_on.unix_micros() => Ending::Committed,
            Some(_) => Ending::Unknown,
            None => Ending::Undone,
        })
    }
}
