//! Webhooks: their definitions, how far they have come, and what they were sent.
//!
//! Whoever changes a webhook, and whoever saves what its deliveries have come to, holds the lock of
//! the webhook; so numbers that grow (its version, that of its newest attempt) are read and raised
//! there, and no table has a sequence.

use std::collections::{BTreeSet, HashMap};

use accolade_application::ports::{
    AttemptCursor, AttemptPage, AttemptQuery, Deliverable, Delivery, IdempotencyRecord,
    ListedAttempt, MOST_WAITING, MOST_WEBHOOKS, Progress, Resend, ResendWhat, Retry,
    SaveWebhookError, Saved, StoreError, StoredWebhook, Waiting, WebhookStanding, WebhookStore,
};
use accolade_domain::actor::Actor;
use accolade_domain::audit::{Attribution, Entry, telling};
use accolade_domain::event::{EventKind, Position};
use accolade_domain::ids::{ObjectId, OrgId, WebhookId};
use accolade_domain::instant::Instant;
use accolade_domain::webhook::{DisabledReason, Webhook, WebhookState};
use diesel::dsl::{exists, max, min, not, select};
use diesel::prelude::*;

use super::idempotency::reserve_record;
use super::{Connection, webhook_sql};
use crate::audit::AuditSql as _;
use crate::feed::FeedRow;
use crate::feed::data::Data;
use crate::feed::forgotten::forgotten_at;
use crate::feed::sql::FeedSql as _;
use crate::mapping::{object_id, stored};
use crate::recording::sql::{BadgeKey, BadgeSql as _};
use crate::retry::{Ending, Rollback, WorkError, nobody_knows};
use crate::schema::{webhook_attempts, webhook_retries, webhooks};
use crate::store::Store;
use crate::webhook_rows::{
    AttemptRow, Definition, IS_ACTIVE, RetryRow, WebhookRow, done_up_to, position, state,
    state_numbers,
};

/// How many requests one page of attempts with a certain status looks at.
const MOST_LOOKED_AT: i64 = 10_000;

/// How many rows one transaction sweeps: others that write need not wait for long.
const SWEPT_AT_ONCE: u32 = 5_000;

/// The condition that a row is of one webhook.
macro_rules! of_webhook {
    ($table:ident, $org:expr, $webhook:expr) => {
        $table::org_id
            .eq($org.get())
            .and($table::webhook_id.eq($webhook.0.as_bytes().as_slice()))
    };
}

/// The condition that a retry is of an event that is to be sent for the first time still, and so
/// keeps the webhook from being done with it.
macro_rules! is_not_done {
    () => {
        not(webhook_retries::given_up).and(not(webhook_retries::resent))
    };
}

/// The columns of a [`RetryRow`].
const RETRY: (
    webhook_retries::position,
    webhook_retries::partition_key,
    webhook_retries::attempts,
    webhook_retries::first_on,
    webhook_retries::due_on,
    webhook_retries::given_up,
    webhook_retries::resent,
) = (
    webhook_retries::position,
    webhook_retries::partition_key,
    webhook_retries::attempts,
    webhook_retries::first_on,
    webhook_retries::due_on,
    webhook_retries::given_up,
    webhook_retries::resent,
);

/// The columns of an [`AttemptRow`].
const ATTEMPT: (
    webhook_attempts::number,
    webhook_attempts::attempted_on,
    webhook_attempts::status,
    webhook_attempts::http_status,
    webhook_attempts::duration,
    webhook_attempts::error,
    webhook_attempts::answer,
    webhook_attempts::events,
) = (
    webhook_attempts::number,
    webhook_attempts::attempted_on,
    webhook_attempts::status,
    webhook_attempts::http_status,
    webhook_attempts::duration,
    webhook_attempts::error,
    webhook_attempts::answer,
    webhook_attempts::events,
);

/// Org, id, state, why it is disabled, and cursor.
type StandingRow = (i64, Vec<u8>, i16, Option<i16>, i64);

/// What of a row is read before it is changed.
struct Present {
    version: i64,
    state: WebhookState,
    cursor: i64,
    last_attempt: i64,
}

/// Takes the lock of a webhook, which is a badge's lock, whose id nothing else has; and reads what is
/// there.
fn lock(
    connection: &mut Connection,
    org: OrgId,
    webhook: WebhookId,
) -> Result<Option<Present>, WorkError> {
    let badge = webhook.0.into();
    connection.lock_badge(BadgeKey { org, badge })?;
    let row: Option<(i64, i16, Option<i16>, i64, i64)> = webhooks::table
        .find((org.get(), webhook.0.as_bytes().as_slice()))
        .select((
            webhooks::version,
            webhooks::state,
            webhooks::disabled_reason,
            webhooks::cursor,
            webhooks::last_attempt,
        ))
        .get_result(connection)
        .optional()?;
    let Some((version, number, reason, cursor, last_attempt)) = row else {
        return Ok(None);
    };
    Ok(Some(Present {
        version,
        state: state(number, reason)?,
        cursor,
        last_attempt,
    }))
}

/// Takes the lock under which an org's webhooks become more, which is that of a badge that cannot be.
fn lock_creation(connection: &mut Connection, org: OrgId) -> QueryResult<()> {
    let badge = ObjectId::from_bytes([0; 12]).into();
    connection.lock_badge(BadgeKey { org, badge })
}

/// Reserves the key of `record`, if there is one.
fn reserve(
    connection: &mut Connection,
    record: Option<&IdempotencyRecord>,
) -> Result<(), Rollback<SaveWebhookError>> {
    if reserve_record(connection, record)? {
        Ok(())
    } else {
        Err(Rollback::Refused(SaveWebhookError::IdempotencyKeyUsed))
    }
}

/// How a transaction ended that was to leave the webhook in the state of `after` at `version`; `None`:
/// to delete it.
fn ending(
    connection: &mut Connection,
    after: &Webhook,
    version: Option<i64>,
) -> QueryResult<Ending> {
    let badge = after.id.0.into();
    let org = after.org;
    connection.lock_badge(BadgeKey { org, badge })?;
    let there: Option<(i64, i64, i64)> = webhooks::table
        .find((org.get(), after.id.0.as_bytes().as_slice()))
        .select((
            webhooks::version,
            webhooks::updated_on,
            webhooks::updated_by,
        ))
        .get_result(connection)
        .optional()?;
    let wanted = version.map(|it| {
        (
            it,
            after.updated_on.unix_micros(),
            after.updated_by.number(),
        )
    });
    Ok(if there == wanted {
        Ending::Committed
    } else {
        Ending::Undone
    })
}

/// The first position of each webhook of `org` that is not done with.
fn oldest_retries(
    connection: &mut Connection,
    org: Option<OrgId>,
) -> QueryResult<HashMap<(i64, Vec<u8>), i64>> {
    let mut found = webhook_retries::table
        .filter(is_not_done!())
        .group_by((webhook_retries::org_id, webhook_retries::webhook_id))
        .select((
            webhook_retries::org_id,
            webhook_retries::webhook_id,
            min(webhook_retries::position),
        ))
        .into_boxed();
    if let Some(org) = org {
        found = found.filter(webhook_retries::org_id.eq(org.get()));
    }
    let rows: Vec<(i64, Vec<u8>, Option<i64>)> = found.load(connection)?;
    let oldest = rows.into_iter();
    Ok(oldest
        .filter_map(|(org, webhook, oldest)| Some(((org, webhook), oldest?)))
        .collect())
}

impl Store<Connection> {
    fn stored_webhook(
        &self,
        row: &WebhookRow,
        oldest: Option<i64>,
    ) -> Result<StoredWebhook, WorkError> {
        Ok(StoredWebhook {
            webhook: row.webhook(&self.sealing)?,
            version: row.version,
            position: done_up_to(row.cursor()?, oldest)?,
        })
    }

    /// Sweeps the oldest attempts of one webhook; how many.
    fn sweep_attempts_of(
        &self,
        org: i64,
        webhook: &[u8],
        kept_since: Instant,
    ) -> Result<u64, StoreError> {
        let work = |connection: &mut Connection| {
            let is_there: bool =
                select(exists(webhooks::table.find((org, webhook)))).get_result(connection)?;
            let before = if is_there { kept_since } else { Instant::MAX };
            let micros = before.unix_micros();
            let swept =
                webhook_sql::sweep_attempts(connection, org, webhook, micros, SWEPT_AT_ONCE)?;
            Ok(swept as u64)
        };
        self.writer.write(work, nobody_knows)
    }
}

impl WebhookStore for Store<Connection> {
    fn create_webhook(
        &self,
        webhook: &Webhook,
        cursor: Position,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveWebhookError> {
        let row = Definition::new(webhook, 1, &self.sealing).map_err(unexpected)?;
        let work = |connection: &mut Connection| {
            // First: whoever asks how this ended waits for it.
            lock(connection, webhook.org, webhook.id)?;
            reserve(connection, idempotency)?;
            lock_creation(connection, webhook.org)?;
            let there: i64 = webhooks::table
                .filter(webhooks::org_id.eq(webhook.org.get()))
                .count()
                .get_result(connection)?;
            if usize::try_from(there).map_err(anyhow::Error::from)? >= MOST_WEBHOOKS {
                return Err(Rollback::Refused(SaveWebhookError::TooMany));
            }
            diesel::insert_into(webhooks::table)
                .values((
                    webhooks::org_id.eq(webhook.org.get()),
                    webhooks::id.eq(webhook.id.0.as_bytes().as_slice()),
                    &row,
                    webhooks::cursor.eq(cursor.get()),
                    webhooks::last_attempt.eq(0),
                    webhooks::created_on.eq(webhook.created_on.unix_micros()),
                    webhooks::created_by.eq(webhook.created_by.number()),
                ))
                .execute(connection)?;
            Ok(connection.tell(webhook.org, entries)?)
        };
        self.writer.write(work, |connection, (): &()| {
            ending(connection, webhook, Some(1))
        })
    }

    fn save_webhook(
        &self,
        before: &StoredWebhook,
        after: &Webhook,
        waiting: Waiting,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveWebhookError> {
        let version = before.version + 1;
        let row = Definition::new(after, version, &self.sealing).map_err(unexpected)?;
        let work = |connection: &mut Connection| {
            let there = lock(connection, after.org, after.id)?;
            reserve(connection, idempotency)?;
            if there.is_none_or(|it| it.version != before.version) {
                return Err(Rollback::Refused(SaveWebhookError::Changed));
            }
            diesel::update(
                webhooks::table.find((after.org.get(), after.id.0.as_bytes().as_slice())),
            )
            .set(&row)
            .execute(connection)?;
            if waiting == Waiting::NoMore {
                diesel::update(webhook_retries::table)
                    .filter(of_webhook!(webhook_retries, after.org, after.id))
                    .filter(not(webhook_retries::given_up))
                    .filter(webhook_retries::due_on.is_not_null())
                    .set((
                        webhook_retries::attempts.eq(0),
                        webhook_retries::first_on.eq(None::<i64>),
                        webhook_retries::due_on.eq(Some(after.updated_on.unix_micros())),
                    ))
                    .execute(connection)?;
            }
            Ok(connection.tell(after.org, entries)?)
        };
        self.writer.write(work, |connection, (): &()| {
            ending(connection, after, Some(version))
        })
    }

    fn delete_webhook(
        &self,
        before: &StoredWebhook,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveWebhookError> {
        let Webhook { org, id, .. } = before.webhook;
        let work = |connection: &mut Connection| {
            let there = lock(connection, org, id)?;
            reserve(connection, idempotency)?;
            if there.is_none_or(|it| it.version != before.version) {
                return Err(Rollback::Refused(SaveWebhookError::Changed));
            }
            diesel::delete(webhook_retries::table)
                .filter(of_webhook!(webhook_retries, org, id))
                .execute(connection)?;
            diesel::delete(webhooks::table.find((org.get(), id.0.as_bytes().as_slice())))
                .execute(connection)?;
            Ok(connection.tell(org, entries)?)
        };
        self.writer.write(work, |connection, (): &()| {
            ending(connection, &before.webhook, None)
        })
    }

    fn webhook(&self, org: OrgId, webhook: WebhookId) -> Result<Option<StoredWebhook>, StoreError> {
        self.reader.read(|connection| {
            let row: Option<WebhookRow> = webhooks::table
                .find((org.get(), webhook.0.as_bytes().as_slice()))
                .get_result(connection)
                .optional()?;
            let Some(row) = row else {
                return Ok(None);
            };
            let oldest: Option<i64> = webhook_retries::table
                .filter(of_webhook!(webhook_retries, org, webhook))
                .filter(is_not_done!())
                .select(min(webhook_retries::position))
                .get_result(connection)?;
            self.stored_webhook(&row, oldest).map(Some)
        })
    }

    fn webhooks(&self, org: OrgId) -> Result<Vec<StoredWebhook>, StoreError> {
        self.reader.read(|connection| {
            let rows: Vec<WebhookRow> = webhooks::table
                .filter(webhooks::org_id.eq(org.get()))
                .order((webhooks::created_on, webhooks::id))
                .load(connection)?;
            let oldest = oldest_retries(connection, Some(org))?;
            rows.iter()
                .map(|row| {
                    let oldest = oldest.get(&(row.org, row.id.clone()));
                    self.stored_webhook(row, oldest.copied())
                })
                .collect()
        })
    }

    fn resend(
        &self,
        resend: &Resend,
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<u64, SaveWebhookError> {
        let (org, webhook, now) = (resend.org, resend.webhook, resend.now.unix_micros());
        let work = |connection: &mut Connection| {
            let there = lock(connection, org, webhook)?;
            reserve(connection, idempotency)?;
            let Some(there) = there else {
                return Err(Rollback::Refused(SaveWebhookError::Changed));
            };
            let due = make_due(connection, resend, now)?;
            let positions = if resend.only_failed {
                Vec::new()
            } else {
                done_positions(&resend.what, there.cursor)
            };
            if due.given_up + positions.len() > 0
                && waiting_with(connection, resend, &positions)? > MOST_WAITING
            {
                return Err(Rollback::Refused(SaveWebhookError::TooManyWaiting));
            }
            let mut sent = due.waiting + due.given_up;
            if !positions.is_empty() {
                let webhook = webhook.0.as_bytes().as_slice();
                sent += webhook_sql::resend(connection, org.get(), webhook, &positions, now)?;
            }
            if sent > 0 {
                diesel::update(webhooks::table.find((org.get(), webhook.0.as_bytes().as_slice())))
                    .set(webhooks::version.eq(there.version + 1))
                    .execute(connection)?;
            }
            Ok(sent as u64)
        };
        self.writer.write(work, nobody_knows)
    }

    fn attempts(&self, query: &AttemptQuery) -> Result<AttemptPage, StoreError> {
        self.reader.read(|connection| {
            let newest: Option<i64> = webhook_attempts::table
                .filter(of_webhook!(webhook_attempts, query.org, query.webhook))
                .select(max(webhook_attempts::number))
                .get_result(connection)?;
            let Some(newest) = newest else {
                return Ok(AttemptPage {
                    attempts: Vec::new(),
                    next: None,
                });
            };
            let upper = query
                .after
                .map_or(newest, |after| after.request.min(newest));
            let lower = upper.saturating_sub(MOST_LOOKED_AT);
            let mut found = webhook_attempts::table
                .filter(of_webhook!(webhook_attempts, query.org, query.webhook))
                .filter(webhook_attempts::number.gt(lower))
                .filter(webhook_attempts::number.le(upper))
                .filter(webhook_attempts::attempted_on.ge(query.kept_since.unix_micros()))
                .order(webhook_attempts::number.desc())
                .limit(
                    i64::try_from(query.limit)
                        .unwrap_or(i64::MAX)
                        .saturating_add(2),
                )
                .select(ATTEMPT)
                .into_boxed();
            if let Some(status) = query.status {
                found = found.filter(webhook_attempts::status.eq(status.number()));
            }
            let rows: Vec<AttemptRow> = found.load(connection)?;
            let older = webhook_attempts::table
                .filter(of_webhook!(webhook_attempts, query.org, query.webhook))
                .filter(webhook_attempts::number.le(lower))
                .filter(webhook_attempts::attempted_on.ge(query.kept_since.unix_micros()));
            let has_older: bool = select(exists(older)).get_result(connection)?;
            let looked_up_to = has_older.then_some(AttemptCursor {
                request: lower + 1,
                event: 0,
            });
            Ok(page(query, rows, looked_up_to)?)
        })
    }

    fn deliverable(&self, now: Instant) -> Result<Vec<Deliverable>, StoreError> {
        self.reader.query(|connection| {
            let rows: Vec<(i64, Vec<u8>, i64)> = webhooks::table
                .filter(webhooks::state.eq(IS_ACTIVE))
                .filter(
                    webhooks::hold_until
                        .is_null()
                        .or(webhooks::hold_until.le(now.unix_micros())),
                )
                .order((webhooks::org_id, webhooks::id))
                .select((webhooks::org_id, webhooks::id, webhooks::version))
                .load(connection)?;
            let deliverable = rows.into_iter().map(|(org, id, version)| {
                Ok(Deliverable {
                    org: stored(org)?,
                    webhook: WebhookId(object_id(&id)?),
                    version,
                })
            });
            Ok(deliverable.collect::<anyhow::Result<_>>()?)
        })
    }

    fn open(&self, org: OrgId, webhook: WebhookId) -> Result<Option<Delivery>, StoreError> {
        self.reader.read(|connection| {
            let row: Option<WebhookRow> = webhooks::table
                .find((org.get(), webhook.0.as_bytes().as_slice()))
                .filter(webhooks::state.eq(IS_ACTIVE))
                .get_result(connection)
                .optional()?;
            let Some(row) = row else {
                return Ok(None);
            };
            let retries: Vec<RetryRow> = webhook_retries::table
                .filter(of_webhook!(webhook_retries, org, webhook))
                .filter(not(webhook_retries::given_up))
                .order(webhook_retries::position)
                .select(RETRY)
                .load(connection)?;
            Ok(Some(Delivery {
                webhook: row.webhook(&self.sealing)?,
                version: row.version,
                cursor: row.cursor()?,
                retries: (retries.into_iter().map(RetryRow::retry))
                    .collect::<anyhow::Result<_>>()?,
            }))
        })
    }

    fn save(&self, progress: &Progress) -> Result<Option<Saved>, StoreError> {
        let (org, id) = (progress.org, progress.webhook);
        let bytes = id.0.as_bytes().as_slice();
        let done: Vec<_> = progress.done.iter().map(|it| it.get()).collect();
        let work = |connection: &mut Connection| {
            let Some(there) = lock(connection, org, id)? else {
                return Ok(None);
            };
            let is_current = there.version == progress.version;
            let first = there.last_attempt + 1;
            let attempts = (first..).zip(&progress.attempts);
            let attempts = attempts
                .map(|(number, attempt)| AttemptRow::new(number, attempt))
                .collect::<anyhow::Result<Vec<_>>>()?;
            if !attempts.is_empty() {
                webhook_sql::insert_attempts(connection, org.get(), bytes, &attempts)?;
            }
            if !done.is_empty() {
                webhook_sql::delete_retries(connection, org.get(), bytes, &done)?;
            }
            if is_current && !progress.put.is_empty() {
                webhook_sql::put_retries(connection, org.get(), bytes, &progress.put, true)?;
            } else if !progress.put.is_empty() {
                let put = without_forgotten(connection, org, &progress.put)?;
                webhook_sql::put_retries(connection, org.get(), bytes, &put, false)?;
            }
            let is_heard = is_current && there.state.is_active();
            let disabled = progress.disable.filter(|_| is_heard);
            let saved = Saved {
                version: there.version + i64::from(disabled.is_some()),
                state: disabled.map_or(there.state, WebhookState::Disabled),
            };
            let newest = attempts.last().map_or(there.last_attempt, |it| it.number);
            let row = webhooks::table.find((org.get(), bytes));
            let moved = (
                webhooks::cursor.eq(there.cursor.max(progress.cursor.get())),
                webhooks::last_attempt.eq(newest),
            );
            if is_heard {
                let (state, reason) = state_numbers(saved.state);
                let health = progress.health;
                diesel::update(row)
                    .set((
                        moved,
                        webhooks::version.eq(saved.version),
                        webhooks::state.eq(state),
                        webhooks::disabled_reason.eq(reason),
                        webhooks::failing_since.eq(health.failing_since.map(Instant::unix_micros)),
                        webhooks::hold_until.eq(health.hold_until.map(Instant::unix_micros)),
                    ))
                    .execute(connection)?;
            } else {
                diesel::update(row).set(moved).execute(connection)?;
            }
            if let Some(reason) = disabled {
                diesel::update(row)
                    .set((
                        webhooks::updated_on.eq(progress.now.unix_micros()),
                        webhooks::updated_by.eq(Actor::SYSTEM.number()),
                    ))
                    .execute(connection)?;
                let by = Attribution::system(progress.now);
                let told = telling::webhook_moved((org, id), there.state, saved.state, &by);
                connection.tell(org, &[told])?;
                // The last statement before COMMIT.
                let told = disabled_event(progress, reason)?;
                connection.append(org, told.as_slice())?;
            }
            Ok(Some(saved))
        };
        self.writer.write(work, nobody_knows)
    }

    fn standings(&self) -> Result<Vec<WebhookStanding>, StoreError> {
        self.reader.read(|connection| {
            let rows: Vec<StandingRow> = webhooks::table
                .order((webhooks::org_id, webhooks::id))
                .select((
                    webhooks::org_id,
                    webhooks::id,
                    webhooks::state,
                    webhooks::disabled_reason,
                    webhooks::cursor,
                ))
                .load(connection)?;
            let oldest = oldest_retries(connection, None)?;
            let standings = rows.into_iter().map(|(org, id, number, reason, cursor)| {
                let webhook = WebhookId(object_id(&id)?);
                let oldest = oldest.get(&(org, id)).copied();
                Ok(WebhookStanding {
                    org: stored(org)?,
                    webhook,
                    state: state(number, reason)?,
                    position: done_up_to(position(cursor)?, oldest)?,
                })
            });
            Ok(standings.collect::<anyhow::Result<_>>()?)
        })
    }

    fn sweep_attempts(&self, kept_since: Instant) -> Result<u64, StoreError> {
        let work = |connection: &mut Connection| {
            let before = kept_since.unix_micros();
            let forgotten = webhook_sql::sweep_retries(connection, before, SWEPT_AT_ONCE)?;
            Ok(forgotten as u64)
        };
        let mut swept: u64 = self.writer.write::<_, StoreError>(work, nobody_knows)?;
        let mut last = (0, Vec::new());
        loop {
            if swept >= u64::from(SWEPT_AT_ONCE) {
                return Ok(swept);
            }
            let next: Option<(i64, Vec<u8>)> = self.reader.query(|connection| {
                let (org, webhook) = (last.0, last.1.as_slice());
                let behind = webhook_attempts::org_id.gt(org).or(webhook_attempts::org_id
                    .eq(org)
                    .and(webhook_attempts::webhook_id.gt(webhook)));
                Ok(webhook_attempts::table
                    .filter(webhook_attempts::org_id.ge(org))
                    .filter(behind)
                    .order((webhook_attempts::org_id, webhook_attempts::webhook_id))
                    .select((webhook_attempts::org_id, webhook_attempts::webhook_id))
                    .limit(1)
                    .get_result(connection)
                    .optional()?)
            })?;
            let Some((org, webhook)) = next else {
                return Ok(swept);
            };
            swept += self.sweep_attempts_of(org, &webhook, kept_since)?;
            last = (org, webhook);
        }
    }
}

/// The same retries, those of events that say nothing any more in no partition: whoever puts them has
/// perhaps read the events before their customer was forgotten.
fn without_forgotten(
    connection: &mut Connection,
    org: OrgId,
    put: &[Retry],
) -> Result<Vec<Retry>, WorkError> {
    let has_partition = |retry: &&Retry| retry.partition.is_some();
    let positions: BTreeSet<_> = (put.iter().filter(has_partition))
        .map(|retry| retry.position.get())
        .collect();
    let positions: Vec<_> = positions.into_iter().collect();
    let forgotten = forgotten_at(connection, org, &positions)?;
    let left = put.iter().cloned().map(|mut retry| {
        let is_forgotten = forgotten.contains(&retry.position.get());
        retry.partition.take_if(|it| is_forgotten && !it.is_empty());
        retry
    });
    Ok(left.collect())
}

/// What the feed is told of a webhook that is disabled.
fn disabled_event(progress: &Progress, reason: DisabledReason) -> anyhow::Result<Option<FeedRow>> {
    let data = Data::WebhookDisabled(progress.webhook, reason.message().to_owned());
    FeedRow::new(progress.now, EventKind::WebhookDisabled, 1, &data)
}

fn unexpected(error: anyhow::Error) -> SaveWebhookError {
    StoreError::Unexpected(error).into()
}

/// Those positions that `what` means, and that are done with or waiting if the webhook has read all up
/// to `cursor`.
fn done_positions(what: &ResendWhat, cursor: i64) -> Vec<i64> {
    match what {
        ResendWhat::Positions(positions) => {
            let positions = positions.iter().map(|it| it.get());
            let positions: BTreeSet<_> = positions.filter(|it| (1..=cursor).contains(it)).collect();
            positions.into_iter().collect()
        }
        ResendWhat::Range(after, until) => (after.get() + 1..=until.get().min(cursor)).collect(),
    }
}

/// How many events wait to be sent once those at `positions` do, which are all that `resend` means.
fn waiting_with(
    connection: &mut Connection,
    resend: &Resend,
    positions: &[i64],
) -> anyhow::Result<usize> {
    let waiting = webhook_retries::table
        .filter(of_webhook!(webhook_retries, resend.org, resend.webhook))
        .filter(not(webhook_retries::given_up))
        .count()
        .into_boxed();
    let others = match (&resend.what, positions) {
        (_, []) => waiting,
        (ResendWhat::Positions(_), _) => {
            waiting.filter(webhook_retries::position.ne_all(positions))
        }
        // They follow on each other.
        (ResendWhat::Range(..), [first, ..]) => {
            let last = positions.last().unwrap_or(first);
            waiting.filter(not(webhook_retries::position.between(first, last)))
        }
    };
    let others: i64 = others.get_result(connection)?;
    Ok(usize::try_from(others)? + positions.len())
}

/// How many retries are due at once.
struct Due {
    waiting: usize,
    given_up: usize,
}

/// Makes due what of `resend` waits for its retry or was given up; how many.
fn make_due(connection: &mut Connection, resend: &Resend, now: i64) -> Result<Due, WorkError> {
    /// The statement for those retries that are meant.
    macro_rules! meant {
        ($statement:expr) => {{
            let statement = $statement
                .filter(of_webhook!(webhook_retries, resend.org, resend.webhook))
                .into_boxed();
            match &resend.what {
                ResendWhat::Positions(positions) => {
                    let positions: Vec<_> = positions.iter().map(|it| it.get()).collect();
                    statement.filter(webhook_retries::position.eq_any(positions))
                }
                ResendWhat::Range(after, until) => statement
                    .filter(webhook_retries::position.gt(after.get()))
                    .filter(webhook_retries::position.le(until.get())),
            }
        }};
    }
    let waiting = diesel::update(webhook_retries::table)
        .set(webhook_retries::due_on.eq(Some(now)))
        .filter(not(webhook_retries::given_up))
        .filter(webhook_retries::due_on.is_not_null());
    let waiting = meant!(waiting).execute(connection)?;
    let given_up = diesel::update(webhook_retries::table)
        .set((
            webhook_retries::attempts.eq(0),
            webhook_retries::first_on.eq(None::<i64>),
            webhook_retries::due_on.eq(Some(now)),
            webhook_retries::given_up.eq(false),
            webhook_retries::resent.eq(true),
        ))
        .filter(webhook_retries::given_up);
    let given_up = meant!(given_up).execute(connection)?;
    Ok(Due { waiting, given_up })
}

/// The page of `query` that `rows` make, the newest first, of which there may be too many.
/// `looked_up_to` is where to go on if they are all.
fn page(
    query: &AttemptQuery,
    rows: Vec<AttemptRow>,
    looked_up_to: Option<AttemptCursor>,
) -> anyhow::Result<AttemptPage> {
    let mut attempts = Vec::new();
    for row in rows {
        let request = row.number;
        let attempt = row.attempt()?;
        for (event, it) in attempt.events.into_iter().enumerate().rev() {
            let event = u32::try_from(event)?;
            let cursor = AttemptCursor { request, event };
            if query.after.is_some_and(|after| cursor >= after) {
                continue;
            }
            if attempts.len() == query.limit {
                let next = attempts.last().map(|it: &ListedAttempt| it.cursor);
                return Ok(AttemptPage { attempts, next });
            }
            attempts.push(ListedAttempt {
                cursor,
                event: it,
                result: attempt.result.clone(),
            });
        }
    }
    Ok(AttemptPage {
        attempts,
        next: looked_up_to,
    })
}
