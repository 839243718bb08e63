//! A feed, a store of webhooks, and their deliveries.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use accolade_application::ports::{
    AttemptQuery, AttemptResult, Clock, Deliverable, ListedAttempt, StoreError, StoredWebhook,
    WebhookStore,
};
use accolade_domain::event::Position;
use accolade_domain::ids::{ObjectId, WebhookId};
use accolade_domain::instant::Instant;
use accolade_domain::webhook::address::ReceiverPolicy;
use accolade_domain::webhook::{
    Headers, Health, SigningSecret, SigningSecrets, Webhook, WebhookDraft, WebhookSettings,
    WebhookState,
};
use accolade_memory::MemoryStore;
use accolade_webhooks::{Deliveries, Lookup, Options, Resolve, Sender, Unwatched};
use rustls::RootCertStore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::feed::{TestFeed, org};
use crate::receiver::eventually;

/// The time of day, moved by what a test lets pass.
#[derive(Default)]
pub(crate) struct MovedClock(Mutex<time::Duration>);

impl MovedClock {
    pub(crate) fn pass(&self, duration: time::Duration) {
        let mut moved = self.0.lock().unwrap();
        *moved += duration;
    }
}

impl Clock for MovedClock {
    #[expect(clippy::disallowed_methods, reason = "it is a clock")]
    fn now(&self) -> Instant {
        let now = time::OffsetDateTime::from(SystemTime::now());
        Instant::try_from(now).unwrap() + *self.0.lock().unwrap()
    }
}

/// Names, each with what it answers one time after the other; the last answer stays.
#[derive(Default)]
pub(crate) struct TestNames {
    names: Mutex<BTreeMap<String, VecDeque<Vec<IpAddr>>>>,
    asked: Mutex<usize>,
    busy: Mutex<usize>,
}

impl TestNames {
    pub(crate) fn answers(&self, name: &str, answers: &[&[&str]]) {
        let answers = answers.iter().map(|some| {
            let some = some.iter();
            some.map(|it| it.parse().unwrap()).collect()
        });
        let mut names = self.names.lock().unwrap();
        names.insert(name.to_owned(), answers.collect());
    }

    /// So many of the next look-ups find no place.
    pub(crate) fn are_busy(&self, times: usize) {
        *self.busy.lock().unwrap() = times;
    }

    pub(crate) fn times_asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

impl Resolve for TestNames {
    fn resolve(&self, name: String) -> Lookup {
        *self.asked.lock().unwrap() += 1;
        let mut busy = self.busy.lock().unwrap();
        if *busy > 0 {
            *busy -= 1;
            return Box::pin(async { Err(std::io::ErrorKind::WouldBlock.into()) });
        }
        let mut names = self.names.lock().unwrap();
        let answers = names.get_mut(&name);
        let answer = answers.and_then(|it| {
            if it.len() > 1 {
                it.pop_front()
            } else {
                it.front().cloned()
            }
        });
        Box::pin(async move { answer.ok_or_else(|| std::io::Error::other("no such name")) })
    }
}

/// A feed, a store of webhooks, and their deliveries.
pub(crate) struct World {
    pub(crate) feed: Arc<TestFeed>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<MovedClock>,
    pub(crate) names: Arc<TestNames>,
    pub(crate) sender: Sender,
    deliveries: Deliveries,
}

/// What is allowed where the tests do not say otherwise: this machine, over http.
pub(crate) fn policy() -> ReceiverPolicy {
    ReceiverPolicy {
        allowed_networks: vec!["127.0.0.1/32".parse().unwrap()],
        allow_http: true,
    }
}

pub(crate) fn settings(url: &str) -> WebhookSettings {
    WebhookDraft::default().settings(url.try_into().unwrap())
}

pub(crate) fn webhook(number: u8, settings: WebhookSettings) -> Webhook {
    let now = Instant::from_unix_seconds(1_777_636_800).unwrap();
    Webhook {
        id: WebhookId::from(ObjectId::from_bytes([number; 12])),
        org: org(),
        settings,
        headers: Headers::new(),
        secrets: SigningSecrets::new(SigningSecret::Hmac([7; 32])),
        state: WebhookState::Active,
        health: Health::default(),
        created_on: now,
        created_by: 1.try_into().unwrap(),
        updated_on: now,
        updated_by: 1.try_into().unwrap(),
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(policy(), RootCertStore::empty(), Duration::from_secs(15))
    }

    pub(crate) fn with(policy: ReceiverPolicy, roots: RootCertStore, patience: Duration) -> Self {
        let clock = Arc::new(MovedClock::default());
        let names = Arc::new(TestNames::default());
        let resolver = Arc::clone(&names) as Arc<dyn Resolve>;
        let of_day = Arc::clone(&clock) as Arc<dyn Clock>;
        let sender = Sender::new(resolver, policy, roots, Arc::clone(&of_day)).unwrap();
        let sender = sender.with_patience(patience);
        let (feed, store) = (
            Arc::new(TestFeed::default()),
            Arc::new(MemoryStore::default()),
        );
        let options = Options {
            retention: Duration::from_hours(3_650 * 24),
            connections: 4,
        };
        let deliveries = Deliveries::new(
            Arc::clone(&feed) as _,
            Arc::clone(&store) as _,
            Arc::clone(&store) as _,
            of_day,
            sender.clone(),
            Arc::new(Unwatched),
            options,
        );
        Self {
            feed,
            store,
            clock,
            names,
            sender,
            deliveries,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Creates a webhook that begins with the first event, and delivers to it.
    pub(crate) fn deliver(&self, webhook: &Webhook) -> Delivering {
        self.store
            .create_webhook(webhook, Position::START, None, &[])
            .unwrap();
        self.go_on(webhook)
    }

    /// Delivers to a webhook from where it is.
    pub(crate) fn go_on(&self, webhook: &Webhook) -> Delivering {
        let stop = CancellationToken::new();
        let deliverable = Deliverable {
            org: webhook.org,
            webhook: webhook.id,
            version: 0,
        };
        let stopped = stop.clone().cancelled_owned();
        let deliveries = self.deliveries.clone();
        let task = tokio::spawn(async move { deliveries.deliver(deliverable, stopped).await });
        Delivering { stop, task }
    }

    pub(crate) fn stored(&self, webhook: &Webhook) -> StoredWebhook {
        self.store
            .webhook(webhook.org, webhook.id)
            .unwrap()
            .unwrap()
    }

    /// Waits until all up to this position is done with.
    pub(crate) async fn done_to(&self, webhook: &Webhook, position: i64) {
        eventually(|| self.stored(webhook).position.get() >= position).await;
    }

    /// The attempts that are listed, the oldest first.
    pub(crate) fn attempts(&self, webhook: &Webhook) -> Vec<ListedAttempt> {
        let query = AttemptQuery {
            org: webhook.org,
            webhook: webhook.id,
            status: None,
            after: None,
            kept_since: Instant::MIN,
            limit: 1_000,
        };
        let mut attempts = self.store.attempts(&query).unwrap().attempts;
        attempts.reverse();
        attempts
    }

    /// What came of the first attempt, once there is one.
    pub(crate) async fn first_attempt(&self, webhook: &Webhook) -> AttemptResult {
        eventually(|| !self.attempts(webhook).is_empty()).await;
        self.attempts(webhook).remove(0).result
    }
}

/// Deliveries that are under way.
pub(crate) struct Delivering {
    stop: CancellationToken,
    task: JoinHandle<Result<(), StoreError>>,
}

impl Delivering {
    /// Ends them as a server does that is told to.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// Ends them as a power cut does.
    pub(crate) async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// Waits until they end by themselves.
    pub(crate) async fn end(self) {
        self.task.await.unwrap().unwrap();
    }

    /// Waits until they end with an error.
    pub(crate) async fn fail(self) -> StoreError {
        self.task.await.unwrap().unwrap_err()
    }
}
