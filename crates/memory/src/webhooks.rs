//! Webhooks, and how far they have come.

use std::collections::{BTreeMap, BTreeSet};

use accolade_application::ports::{
    Attempt, AttemptCursor, AttemptPage, AttemptQuery, Deliverable, Delivery, IdempotencyRecord,
    ListedAttempt, MOST_WAITING, MOST_WEBHOOKS, Progress, Resend, ResendWhat, Retry,
    SaveWebhookError, Saved, StoreError, StoredWebhook, Waiting, WebhookStanding, WebhookStore,
    WebhookVersion,
};
use accolade_domain::actor::Actor;
use accolade_domain::audit::{Attribution, Entry, telling};
use accolade_domain::event::{Fact, Position};
use accolade_domain::ids::{CustomerId, OrgId, WebhookId};
use accolade_domain::instant::Instant;
use accolade_domain::webhook::{self, DisabledReason, Webhook};
use anyhow::anyhow;

use crate::MemoryStore;
use crate::store::State;

/// A webhook with all that is remembered of it.
#[derive(Clone)]
pub(crate) struct WebhookState {
    webhook: Webhook,
    version: WebhookVersion,
    cursor: Position,
    retries: BTreeMap<Position, Retry>,
    /// By their numbers, the oldest first.
    attempts: BTreeMap<i64, Attempt>,
    last_attempt: i64,
}

impl WebhookState {
    fn position(&self) -> Position {
        let mut retries = self.retries.values();
        match retries.find(|it| !it.given_up && !it.resent) {
            Some(oldest) => self.cursor.min(before(oldest.position)),
            None => self.cursor,
        }
    }

    fn stored(&self) -> StoredWebhook {
        StoredWebhook {
            webhook: self.webhook.clone(),
            version: self.version,
            position: self.position(),
        }
    }

    /// Those events that `what` means: those that have a retry, and, unless `only_failed`, those that
    /// are done with.
    fn meant(&self, what: &ResendWhat, only_failed: bool) -> BTreeSet<Position> {
        let rows = self.retries.keys().copied();
        let mut meant: BTreeSet<_> = match what {
            ResendWhat::Positions(positions) => rows.filter(|it| positions.contains(it)).collect(),
            ResendWhat::Range(after, until) => {
                rows.filter(|it| after < it && it <= until).collect()
            }
        };
        if only_failed {
            return meant;
        }
        match what {
            ResendWhat::Positions(positions) => {
                let done = positions.iter().copied();
                meant.extend(done.filter(|it| (Position::START.next()..=self.cursor).contains(it)));
            }
            ResendWhat::Range(after, until) => {
                let until = (*until).min(self.cursor);
                let done = std::iter::successors(Some(after.next()), |it| Some(it.next()));
                meant.extend(done.take_while(|it| *it <= until));
            }
        }
        meant
    }

    /// How many events wait to be sent once those that are `meant` do; none if none of them is new to
    /// that.
    fn waiting_with(&self, meant: &BTreeSet<Position>) -> usize {
        let waiting = self.retries.values().filter(|it| !it.given_up);
        let others = waiting.filter(|it| !meant.contains(&it.position)).count();
        let is_waiting =
            |it: &Position| (self.retries.get(it)).is_some_and(|retry| !retry.given_up);
        if meant.iter().all(is_waiting) {
            return 0;
        }
        others + meant.len()
    }

    /// Has one event sent again; whether there was anything to do.
    fn resend(&mut self, position: Position, now: Instant) -> bool {
        match self.retries.get_mut(&position) {
            Some(retry) if retry.given_up => {
                *retry = resent(position, retry.partition.clone(), now);
                true
            }
            Some(retry) if retry.due_on.is_some() => {
                retry.due_on = Some(now);
                true
            }
            Some(_) => false,
            None => {
                self.retries.insert(position, resent(position, None, now));
                true
            }
        }
    }
}

/// Whether `row` is due sooner than what is `put` in its place.
fn is_sooner(row: &Retry, put: &Retry) -> bool {
    let Some(due_on) = row.due_on else {
        return false;
    };
    put.given_up || put.due_on.is_none_or(|put| due_on < put)
}

fn before(position: Position) -> Position {
    Position::try_from(position.get() - 1).unwrap_or(Position::START)
}

fn resent(position: Position, partition: Option<String>, now: Instant) -> Retry {
    Retry {
        position,
        partition,
        attempts: 0,
        first_on: None,
        due_on: Some(now),
        given_up: false,
        resent: true,
    }
}

impl State {
    /// Takes customers who are forgotten from what is to be sent again, and has whoever delivers open the
    /// org's webhooks anew.
    pub(crate) fn forget_deliveries(&mut self, org: OrgId, customers: &BTreeSet<CustomerId>) {
        let keys: BTreeSet<_> = customers.iter().map(ToString::to_string).collect();
        let webhooks = self.webhooks.iter_mut().filter(|it| it.0.0 == org);
        for (_, webhook) in webhooks {
            webhook.version += 1;
            for retry in webhook.retries.values_mut() {
                retry.partition.take_if(|it| keys.contains(it));
            }
        }
    }
}

impl WebhookStore for MemoryStore {
    fn create_webhook(
        &self,
        webhook: &Webhook,
        cursor: Position,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveWebhookError> {
        let mut state = self.begin();
        state.check_webhook_key(idempotency)?;
        let others = state.webhooks.keys();
        if others.filter(|it| it.0 == webhook.org).count() >= MOST_WEBHOOKS {
            return Err(SaveWebhookError::TooMany);
        }
        if state.webhooks.contains_key(&(webhook.org, webhook.id)) {
            let error = anyhow!("there is a webhook with the id {}", webhook.id);
            return Err(StoreError::Unexpected(error).into());
        }
        let new = WebhookState {
            webhook: webhook.clone(),
            version: 1,
            cursor,
            retries: BTreeMap::new(),
            attempts: BTreeMap::new(),
            last_attempt: 0,
        };
        state.webhooks.insert((webhook.org, webhook.id), new);
        state.remember_webhook(idempotency);
        state.tell(entries.iter().cloned());
        Ok(())
    }

    fn save_webhook(
        &self,
        before: &StoredWebhook,
        after: &Webhook,
        waiting: Waiting,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveWebhookError> {
        let mut state = self.begin();
        state.check_webhook_key(idempotency)?;
        let there = state.at_version(before)?;
        there.webhook = after.clone();
        there.version += 1;
        if waiting == Waiting::NoMore {
            for retry in there.retries.values_mut() {
                if !retry.given_up && retry.due_on.is_some() {
                    retry.attempts = 0;
                    retry.first_on = None;
                    retry.due_on = Some(after.updated_on);
                }
            }
        }
        state.remember_webhook(idempotency);
        state.tell(entries.iter().cloned());
        Ok(())
    }

    fn delete_webhook(
        &self,
        before: &StoredWebhook,
        idempotency: Option<&IdempotencyRecord>,
        entries: &[Entry],
    ) -> Result<(), SaveWebhookError> {
        let mut state = self.begin();
        state.check_webhook_key(idempotency)?;
        state.at_version(before)?;
        let Webhook { org, id, .. } = before.webhook;
        state.webhooks.remove(&(org, id));
        state.remember_webhook(idempotency);
        state.tell(entries.iter().cloned());
        Ok(())
    }

    fn webhook(&self, org: OrgId, webhook: WebhookId) -> Result<Option<StoredWebhook>, StoreError> {
        let state = self.begin();
        Ok(state
            .webhooks
            .get(&(org, webhook))
            .map(WebhookState::stored))
    }

    fn webhooks(&self, org: OrgId) -> Result<Vec<StoredWebhook>, StoreError> {
        let state = self.begin();
        let webhooks = state.webhooks.values();
        let mut found: Vec<_> = webhooks
            .filter(|it| it.webhook.org == org)
            .map(WebhookState::stored)
            .collect();
        found.sort_by_key(|it| (it.webhook.created_on, it.webhook.id));
        Ok(found)
    }

    fn resend(
        &self,
        resend: &Resend,
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<u64, SaveWebhookError> {
        let mut state = self.begin();
        state.check_webhook_key(idempotency)?;
        let there = state.webhooks.get_mut(&(resend.org, resend.webhook));
        let there = there.ok_or(SaveWebhookError::Changed)?;
        let meant = there.meant(&resend.what, resend.only_failed);
        if there.waiting_with(&meant) > MOST_WAITING {
            return Err(SaveWebhookError::TooManyWaiting);
        }
        let mut sent = 0;
        for position in meant {
            sent += u64::from(there.resend(position, resend.now));
        }
        there.version += i64::from(sent > 0);
        state.remember_webhook(idempotency);
        Ok(sent)
    }

    fn attempts(&self, query: &AttemptQuery) -> Result<AttemptPage, StoreError> {
        let state = self.begin();
        let mut attempts = Vec::new();
        let there = state.webhooks.get(&(query.org, query.webhook));
        for (request, attempt) in there.into_iter().flat_map(|it| it.attempts.iter().rev()) {
            for (event, it) in (0_u32..)
                .zip(&attempt.events)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
            {
                attempts.push(ListedAttempt {
                    cursor: AttemptCursor {
                        request: *request,
                        event,
                    },
                    event: *it,
                    result: attempt.result.clone(),
                });
            }
        }
        attempts.retain(|it| {
            query.status.is_none_or(|status| it.result.status == status)
                && query.after.is_none_or(|after| it.cursor < after)
                && it.result.attempted_on >= query.kept_since
        });
        let has_more = attempts.len() > query.limit;
        attempts.truncate(query.limit);
        let last = attempts.last().map(|it| it.cursor);
        Ok(AttemptPage {
            attempts,
            next: last.filter(|_| has_more),
        })
    }

    fn deliverable(&self, now: Instant) -> Result<Vec<Deliverable>, StoreError> {
        let state = self.begin();
        let webhooks = state.webhooks.values();
        Ok(webhooks
            .filter(|it| it.webhook.state.is_active() && !it.webhook.health.is_held(now))
            .map(|it| Deliverable {
                org: it.webhook.org,
                webhook: it.webhook.id,
                version: it.version,
            })
            .collect())
    }

    fn open(&self, org: OrgId, webhook: WebhookId) -> Result<Option<Delivery>, StoreError> {
        let state = self.begin();
        let there = state.webhooks.get(&(org, webhook));
        let active = there.filter(|it| it.webhook.state.is_active());
        Ok(active.map(|it| Delivery {
            webhook: it.webhook.clone(),
            version: it.version,
            cursor: it.cursor,
            retries: (it.retries.values().filter(|it| !it.given_up))
                .cloned()
                .collect(),
        }))
    }

    fn save(&self, progress: &Progress) -> Result<Option<Saved>, StoreError> {
        let mut state = self.begin();
        let forgotten = state.forgotten_at(progress.org);
        let there = state.webhooks.get_mut(&(progress.org, progress.webhook));
        let Some(there) = there else {
            return Ok(None);
        };
        let mut told = None;
        for attempt in &progress.attempts {
            there.last_attempt += 1;
            there.attempts.insert(there.last_attempt, attempt.clone());
        }
        for position in &progress.done {
            there.retries.remove(position);
        }
        let is_current = there.version == progress.version;
        for retry in &progress.put {
            let row = there.retries.get(&retry.position);
            if is_current || row.is_none_or(|row| !is_sooner(row, retry)) {
                let mut retry = retry.clone();
                let is_forgotten = !is_current && forgotten.contains(&retry.position);
                (retry.partition).take_if(|it| is_forgotten && !it.is_empty());
                there.retries.insert(retry.position, retry);
            }
        }
        there.cursor = there.cursor.max(progress.cursor);
        if is_current && there.webhook.state.is_active() {
            there.webhook.health = progress.health;
            if let Some(reason) = progress.disable {
                let before = there.webhook.state;
                there.webhook.state = webhook::WebhookState::Disabled(reason);
                let entry = telling::webhook_moved(
                    (progress.org, progress.webhook),
                    before,
                    there.webhook.state,
                    &Attribution::system(progress.now),
                );
                told = Some((reason, entry));
                there.webhook.updated_on = progress.now;
                there.webhook.updated_by = Actor::SYSTEM;
                there.version += 1;
            }
        }
        let saved = Saved {
            version: there.version,
            state: there.webhook.state,
        };
        if let Some((reason, entry)) = told {
            state.tell([entry]);
            let fact = Fact::WebhookDisabled {
                webhook: progress.webhook,
                reason: DisabledReason::message(reason).to_owned(),
            };
            state.happened(progress.org, progress.now, fact);
        }
        Ok(Some(saved))
    }

    fn standings(&self) -> Result<Vec<WebhookStanding>, StoreError> {
        let state = self.begin();
        let webhooks = state.webhooks.values();
        Ok(webhooks
            .map(|it| WebhookStanding {
                org: it.webhook.org,
                webhook: it.webhook.id,
                state: it.webhook.state,
                position: it.position(),
            })
            .collect())
    }

    fn sweep_attempts(&self, kept_since: Instant) -> Result<u64, StoreError> {
        let mut state = self.begin();
        let mut swept = 0;
        for there in state.webhooks.values_mut() {
            let before = there.attempts.len() + there.retries.len();
            there
                .attempts
                .retain(|_, it| it.result.attempted_on >= kept_since);
            there.retries.retain(|_, it| {
                !it.given_up || it.first_on.is_none_or(|first| first >= kept_since)
            });
            let after = there.attempts.len() + there.retries.len();
            swept += (before - after) as u64;
        }
        Ok(swept)
    }
}

impl State {
    fn check_webhook_key(
        &self,
        idempotency: Option<&IdempotencyRecord>,
    ) -> Result<(), SaveWebhookError> {
        if idempotency.is_some_and(|record| self.is_key_used(&record.guard)) {
            return Err(SaveWebhookError::IdempotencyKeyUsed);
        }
        Ok(())
    }

    fn remember_webhook(&mut self, idempotency: Option<&IdempotencyRecord>) {
        if let Some(record) = idempotency {
            self.remember(record.clone());
        }
    }

    /// What is remembered of the webhook of `before`, if it still has that version.
    fn at_version(
        &mut self,
        before: &StoredWebhook,
    ) -> Result<&mut WebhookState, SaveWebhookError> {
        let Webhook { org, id, .. } = before.webhook;
        let there = self.webhooks.get_mut(&(org, id));
        there
            .filter(|it| it.version == before.version)
            .ok_or(SaveWebhookError::Changed)
    }
}
