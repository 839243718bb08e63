//! Events from the feed, as they are sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use accolade_application::ports::StoreError;
use accolade_application::ports::{CustomerBadges, EventStore, FeedError, FeedQuery};
use accolade_domain::event::{EarnFact, Event, EventKind, Fact, Position};
use accolade_domain::ids::{CustomerId, EnrolmentId, OrgId};
use accolade_domain::instant::Instant;
use accolade_domain::webhook::{DeliveryFormat, Webhook, WebhookSettings};
use anyhow::{Context as _, anyhow};

use crate::body::Rendered;
use crate::plan::PlannedEvent;
use crate::recent::Recent;

/// The most events that are read at once to find some of them again.
const MOST_READ: i64 = 1_000;

/// How many events are looked at at least for those that the webhook wants, where the store cannot tell.
const SIFTED: usize = 500;

/// The feed of one org as one webhook reads it. Its calls block.
#[derive(Clone)]
pub(crate) struct Feed {
    events: Arc<dyn EventStore>,
    held: Arc<dyn CustomerBadges>,
    webhook: Arc<Webhook>,
    retention: Duration,
    recent: Arc<Mutex<Recent>>,
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Page {
    /// What the webhook wants of it.
    pub(crate) events: Vec<Rendered>,
    /// All up to here was looked at.
    pub(crate) next: Position,
    /// Whether there is more.
    pub(crate) has_more: bool,
}

impl Feed {
    pub(crate) fn new(
        events: Arc<dyn EventStore>,
        held: Arc<dyn CustomerBadges>,
        webhook: Arc<Webhook>,
        retention: Duration,
    ) -> Self {
        Self {
            events,
            held,
            webhook,
            retention,
            recent: Arc::default(),
        }
    }

    fn org(&self) -> OrgId {
        self.webhook.org
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settings(&self) -> &WebhookSettings {
        &self.webhook.settings
    }

    /// Events behind `after`. What is kept no more is passed over: nobody can send it.
    pub(crate) fn read(
        &self,
        after: Position,
        limit: usize,
        now: Instant,
    ) -> Result<Page, StoreError> {
        let settings = self.settings();
        let Some(kinds) = kinds(settings) else {
            // It wants nothing that there is, so there is nothing to be read.
            return Ok(Page {
                events: Vec::new(),
                next: self.events.newest(self.org())?.max(after),
                has_more: false,
            });
        };
        let mut badges = settings.badges.iter().copied();
        let badge = badges.next().filter(|_| badges.next().is_none());
        // Several badges are found here, among those of others: few are found in few.
        let is_sifted = badge.is_none() && !settings.badges.is_empty();
        let query = FeedQuery {
            kinds,
            badge,
            ..self.query(
                after,
                if is_sifted { limit.max(SIFTED) } else { limit },
                now,
            )
        };
        match self.events.read(&query) {
            Ok(page) => {
                let mut wanted = page.events.iter().filter(|it| settings.wants(it));
                let events: Vec<_> = wanted.by_ref().take(limit).collect();
                let rest = wanted.next().and(events.last());
                Ok(Page {
                    next: rest.map_or(page.next, |last| last.position),
                    has_more: rest.is_some() || page.has_more,
                    events: self.render(events)?,
                })
            }
            Err(FeedError::Gone(oldest)) => {
                tracing::warn!(
                    org = self.org().get(),
                    webhook = %self.webhook.id,
                    from = after.get(),
                    to = oldest.get(),
                    "events were not sent that are kept no more"
                );
                Ok(Page {
                    events: Vec::new(),
                    next: oldest,
                    has_more: true,
                })
            }
            Err(FeedError::Store(error)) => Err(error),
        }
    }

    /// These events again, by position; those are left out that are kept no more or that the webhook
    /// does not want.
    pub(crate) fn find(
        &self,
        wanted: &[PlannedEvent],
        now: Instant,
    ) -> Result<Vec<Rendered>, StoreError> {
        let mut found = self.find_recent(wanted, now);
        let mut missing: BTreeSet<_> = wanted.iter().map(|it| it.position).collect();
        for event in &found {
            missing.remove(&event.position);
        }
        let resent = wanted.iter().filter(|it| it.resent);
        let resent: BTreeSet<_> = resent.map(|it| it.position).collect();
        while let (Some(first), Some(last)) = (missing.first(), missing.last()) {
            let span = (last.get() - first.get() + 1).min(MOST_READ);
            let span = self.recent().read_from(*first, span);
            let before = Position::try_from(first.get() - 1).unwrap_or(Position::START);
            let query = self.query(before, usize::try_from(span).unwrap_or(1), now);
            let next = match self.events.read(&query) {
                Ok(page) => {
                    let events = page.events.iter();
                    found.extend(events.filter(|it| missing.contains(&it.position)).cloned());
                    self.recent().keep(page.events);
                    page.next
                }
                Err(FeedError::Gone(oldest)) => oldest,
                Err(FeedError::Store(error)) => return Err(error),
            };
            let rest = missing.split_off(&next.next());
            if missing.is_empty() {
                // It was there when it was read first: whoever looks later may find it.
                let error = anyhow!("an event is not in the feed");
                return Err(StoreError::Unexpected(error));
            }
            missing = rest;
        }
        found.sort_unstable_by_key(|it| it.position);
        let settings = self.settings();
        let wanted = found
            .iter()
            .filter(|it| !resent.contains(&it.position) || settings.wants(it))
            .collect();
        self.render(wanted)
    }

    /// Those of them that were read not long ago, and are kept still.
    fn find_recent(&self, wanted: &[PlannedEvent], now: Instant) -> Vec<Event> {
        let mut recent = self.recent();
        let events = wanted
            .iter()
            .filter_map(|it| recent.get(it.position).cloned());
        let kept_since = now.earlier_by(self.retention);
        events.filter(|it| it.recorded_on >= kept_since).collect()
    }

    fn query(&self, after: Position, limit: usize, now: Instant) -> FeedQuery {
        FeedQuery {
            org: self.org(),
            after,
            kept_since: now.earlier_by(self.retention),
            kinds: BTreeSet::new(),
            badge: None,
            customer: None,
            limit: limit.max(1),
        }
    }

    fn render(&self, events: Vec<&Event>) -> Result<Vec<Rendered>, StoreError> {
        let settings = self.settings();
        let issued = self.issued_on(&events)?;
        let rendered: Result<Vec<_>, _> = events
            .into_iter()
            .filter_map(|event| {
                let enrolment = enrolment(event).map(|(_, enrolment)| enrolment);
                let issued_on = enrolment.and_then(|it| issued.get(&it).copied());
                Rendered::new(event, settings, issued_on).transpose()
            })
            .collect();
        rendered
            .context("an event could not be written as JSON")
            .map_err(StoreError::Unexpected)
    }

    /// When the enrolments were recorded that these earns rest on, where the format says so.
    fn issued_on(&self, events: &[&Event]) -> Result<BTreeMap<EnrolmentId, Instant>, StoreError> {
        let enrolments: Vec<_> = match self.settings().format {
            DeliveryFormat::CloudEvents => Vec::new(),
            DeliveryFormat::Gateway => events.iter().filter_map(|it| enrolment(it)).collect(),
        };
        if enrolments.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.held.recorded_on(self.org(), &enrolments)
    }
}

/// The kinds of events that a webhook with these settings gets, as a query of the feed has them; `None`
/// if it gets none.
fn kinds(settings: &WebhookSettings) -> Option<BTreeSet<EventKind>> {
    let wanted = EventKind::ALL.iter().copied().filter(|kind| {
        settings.format.has(*kind) && (settings.kinds.is_empty() || settings.kinds.contains(kind))
    });
    let wanted: BTreeSet<_> = wanted.collect();
    if wanted.len() == EventKind::ALL.len() {
        return Some(BTreeSet::new());
    }
    (!wanted.is_empty()).then_some(wanted)
}

/// The enrolment that an earn rests on, and whose it is.
const fn enrolment(event: &Event) -> Option<(CustomerId, EnrolmentId)> {
    match &event.fact {
        Fact::EarnCreated(EarnFact {
            customer,
            enrolment: Some(enrolment),
            ..
        }) => Some((*customer, *enrolment)),
        _ => None,
    }
}
