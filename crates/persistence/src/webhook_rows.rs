//! Rows of webhooks to the domain's values and back.

use accolade_application::ports::{
    Attempt, AttemptResult, AttemptStatus, AttemptedEvent, Retry, WebhookVersion,
};
use accolade_domain::event::Position;
use accolade_domain::ids::{OrgId, WebhookId};
use accolade_domain::instant::Instant;
use accolade_domain::webhook::{
    DisabledReason, Headers, Health, SigningSecrets, Webhook, WebhookState,
};
use anyhow::Context as _;
use diesel::prelude::{AsChangeset, Insertable, Queryable};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::mapping::{instant, object_id, stored};
use crate::schema::webhooks;
use crate::sealing::Sealing;

const ACTIVE: i16 = 1;
const PAUSED: i16 = 2;
const DISABLED: i16 = 3;

/// The state that is stored as these numbers.
pub(crate) fn state(number: i16, reason: Option<i16>) -> anyhow::Result<WebhookState> {
    match (number, reason.map(DisabledReason::from_number)) {
        (ACTIVE, None) => Ok(WebhookState::Active),
        (PAUSED, None) => Ok(WebhookState::Paused),
        (DISABLED, Some(Some(reason))) => Ok(WebhookState::Disabled(reason)),
        _ => anyhow::bail!("a stored state of a webhook: {number}, {reason:?}"),
    }
}

/// The numbers as which `state` is stored.
pub(crate) const fn state_numbers(state: WebhookState) -> (i16, Option<i16>) {
    match state {
        WebhookState::Active => (ACTIVE, None),
        WebhookState::Paused => (PAUSED, None),
        WebhookState::Disabled(reason) => (DISABLED, Some(reason.number())),
    }
}

/// The number of the one state in which events are sent.
pub(crate) const IS_ACTIVE: i16 = ACTIVE;

/// What of a webhook nobody may read who only has the database.
#[derive(Serialize, Deserialize)]
struct Secrets {
    signing: SigningSecrets,
    headers: Headers,
}

/// Whose secrets they are, as it is authenticated.
fn whose(org: OrgId, id: WebhookId) -> Vec<u8> {
    [org.get().to_be_bytes().as_slice(), id.0.as_bytes()].concat()
}

/// What changes of a row when its webhook is changed.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = webhooks, treat_none_as_null = true)]
pub(crate) struct Definition {
    pub(crate) version: WebhookVersion,
    pub(crate) state: i16,
    pub(crate) disabled_reason: Option<i16>,
    pub(crate) settings: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) failing_since: Option<i64>,
    pub(crate) hold_until: Option<i64>,
    pub(crate) updated_on: i64,
    pub(crate) updated_by: i64,
}

impl Definition {
    /// That of `webhook` at `version`.
    pub(crate) fn new(
        webhook: &Webhook,
        version: WebhookVersion,
        sealing: &Sealing,
    ) -> anyhow::Result<Self> {
        let secrets = Secrets {
            signing: webhook.secrets.clone(),
            headers: webhook.headers.clone(),
        };
        let secrets = serde_json::to_vec(&secrets).context("the secrets of a webhook")?;
        let (state, disabled_reason) = state_numbers(webhook.state);
        Ok(Self {
            version,
            state,
            disabled_reason,
            settings: serde_json::to_string(&webhook.settings)?,
            sealed: sealing.seal(&secrets, &whose(webhook.org, webhook.id))?,
            failing_since: webhook.health.failing_since.map(Instant::unix_micros),
            hold_until: webhook.health.hold_until.map(Instant::unix_micros),
            updated_on: webhook.updated_on.unix_micros(),
            updated_by: webhook.updated_by.number(),
        })
    }
}

/// A row of `webhooks`, in the order of its columns.
#[derive(Queryable)]
pub(crate) struct WebhookRow {
    pub(crate) org: i64,
    pub(crate) id: Vec<u8>,
    pub(crate) version: WebhookVersion,
    state: i16,
    disabled_reason: Option<i16>,
    settings: String,
    sealed: Vec<u8>,
    cursor: i64,
    #[expect(
        dead_code,
        reason = "it is a column; whoever saves attempts reads it by itself"
    )]
    last_attempt: i64,
    failing_since: Option<i64>,
    hold_until: Option<i64>,
    created_on: i64,
    created_by: i64,
    updated_on: i64,
    updated_by: i64,
}

impl WebhookRow {
    /// How far it has read.
    pub(crate) fn cursor(&self) -> anyhow::Result<Position> {
        position(self.cursor)
    }

    /// The webhook.
    pub(crate) fn webhook(&self, sealing: &Sealing) -> anyhow::Result<Webhook> {
        let (org, id) = (stored(self.org)?, WebhookId(object_id(&self.id)?));
        let secrets = sealing.unseal(&self.sealed, &whose(org, id))?;
        let secrets: Secrets = serde_json::from_slice(&secrets).context("stored secrets")?;
        let settings = serde_json::from_str(&self.settings);
        Ok(Webhook {
            id,
            org,
            settings: settings.context("stored settings of a webhook")?,
            headers: secrets.headers,
            secrets: secrets.signing,
            state: state(self.state, self.disabled_reason)?,
            health: Health {
                failing_since: self.failing_since.map(instant).transpose()?,
                hold_until: self.hold_until.map(instant).transpose()?,
            },
            created_on: instant(self.created_on)?,
            created_by: stored(self.created_by)?,
            updated_on: instant(self.updated_on)?,
            updated_by: stored(self.updated_by)?,
        })
    }
}

/// A stored position.
pub(crate) fn position(number: i64) -> anyhow::Result<Position> {
    Position::try_from(number).context("a stored position")
}

/// All up to here is done with, if the oldest event that still must be sent is at `oldest`.
pub(crate) fn done_up_to(cursor: Position, oldest: Option<i64>) -> anyhow::Result<Position> {
    match oldest {
        Some(oldest) => Ok(cursor.min(position(oldest - 1)?)),
        None => Ok(cursor),
    }
}

/// A row of `webhook_retries` without its webhook, in the order of its columns.
#[derive(Queryable)]
pub(crate) struct RetryRow {
    position: i64,
    partition: Option<String>,
    attempts: i32,
    first_on: Option<i64>,
    due_on: Option<i64>,
    given_up: bool,
    resent: bool,
}

impl RetryRow {
    /// The retry.
    pub(crate) fn retry(self) -> anyhow::Result<Retry> {
        Ok(Retry {
            position: position(self.position)?,
            partition: self.partition,
            attempts: u32::try_from(self.attempts).context("a stored number of attempts")?,
            first_on: self.first_on.map(instant).transpose()?,
            due_on: self.due_on.map(instant).transpose()?,
            given_up: self.given_up,
            resent: self.resent,
        })
    }
}

/// A number of attempts as it is stored.
pub(crate) fn attempts(retry: &Retry) -> i32 {
    i32::try_from(retry.attempts).unwrap_or(i32::MAX)
}

/// A row of `webhook_attempts` without its webhook, in the order of its columns.
#[derive(Queryable)]
pub(crate) struct AttemptRow {
    pub(crate) number: i64,
    pub(crate) attempted_on: i64,
    pub(crate) status: i16,
    pub(crate) http_status: Option<i16>,
    pub(crate) duration: i64,
    pub(crate) error: Option<String>,
    pub(crate) answer: Option<Vec<u8>>,
    pub(crate) events: Vec<u8>,
}

impl AttemptRow {
    /// The row of `attempt`, which is the `number`-th of its webhook.
    pub(crate) fn new(number: i64, attempt: &Attempt) -> anyhow::Result<Self> {
        let events = attempt.events.iter();
        let events: Vec<_> = (events.map(|it| (it.position.get(), it.attempt))).collect();
        let result = &attempt.result;
        Ok(Self {
            number,
            attempted_on: result.attempted_on.unix_micros(),
            status: result.status.number(),
            http_status: result.http_status.map(i16::try_from).transpose()?,
            duration: i64::try_from(result.duration.whole_microseconds())?,
            error: result.error.clone(),
            answer: result.answer.clone().map(String::into_bytes),
            events: postcard::to_stdvec(&events)?,
        })
    }

    /// The attempt.
    pub(crate) fn attempt(self) -> anyhow::Result<Attempt> {
        let events: Vec<(i64, u32)> =
            postcard::from_bytes(&self.events).context("the events of a stored attempt")?;
        let events = events.into_iter().map(|(number, attempt)| {
            let position = position(number)?;
            Ok(AttemptedEvent { position, attempt })
        });
        let answer = self.answer.map(String::from_utf8).transpose();
        Ok(Attempt {
            events: events.collect::<anyhow::Result<_>>()?,
            result: AttemptResult {
                attempted_on: instant(self.attempted_on)?,
                status: AttemptStatus::from_number(self.status).context("a stored status")?,
                http_status: self.http_status.map(u16::try_from).transpose()?,
                duration: Duration::microseconds(self.duration),
                error: self.error,
                answer: answer.context("a stored answer of a receiver")?,
            },
        })
    }
}
