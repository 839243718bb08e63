//! Measures how many events a second one webhook is sent, to a receiver on this machine that is as fast
//! as it can be: `cargo run --release -p accolade-webhooks --example deliver [EVENTS] [BATCH]`.
//!
//! The feed and the store of webhooks are in memory: what is measured is the plan, the signatures
//! and the way over HTTP.

#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant as Moment, SystemTime};

use accolade_application::ports::{
    Clock, Deliverable, EventStore, Expired, FeedError, FeedPage, FeedQuery, StoreError,
    Unsequenced, WebhookStore,
};
use accolade_domain::event::{EarnFact, Event, Fact, Position};
use accolade_domain::ids::{EarnedBadgeId, ObjectId, OrgId, WebhookId};
use accolade_domain::instant::Instant;
use accolade_domain::webhook::address::ReceiverPolicy;
use accolade_domain::webhook::{
    Batch, Headers, Health, SigningSecret, SigningSecrets, Webhook, WebhookDraft, WebhookState,
};
use accolade_memory::MemoryStore;
use accolade_webhooks::{Deliveries, Options, Sender, SystemResolver, Unwatched};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use tokio::net::TcpListener;

/// How many customers take turns in earning.
const CUSTOMERS: i64 = 10_000;

struct OfDay;

impl Clock for OfDay {
    #[expect(clippy::disallowed_methods, reason = "it is a clock")]
    fn now(&self) -> Instant {
        let now = time::OffsetDateTime::from(SystemTime::now());
        Instant::try_from(now).unwrap()
    }
}

/// A feed of so many earns, made when it is read.
struct Earns(i64);

fn org() -> OrgId {
    100_458.try_into().unwrap()
}

fn earn(position: i64) -> Event {
    let now = Instant::from_unix_seconds(1_777_636_800).unwrap();
    let bytes = position.to_be_bytes();
    let mut id = [0; 12];
    id[4..].copy_from_slice(&bytes);
    let fact = EarnFact {
        badge: ObjectId::from_bytes([7; 12]).into(),
        customer: (position % CUSTOMERS + 1).try_into().unwrap(),
        earned: EarnedBadgeId::from(ObjectId::from_bytes(id)),
        enrolment: None,
        event_on: now,
        expires_on: Instant::MAX,
        triggered_by: None,
        request_id: None,
        actor: None,
        reason: None,
        limits: Vec::new(),
    };
    Event {
        org: org(),
        position: Position::try_from(position).unwrap(),
        recorded_on: now,
        fact: Fact::EarnCreated(fact),
    }
}

impl EventStore for Earns {
    fn read(&self, query: &FeedQuery) -> Result<FeedPage, FeedError> {
        let from = query.after.get() + 1;
        let most = i64::try_from(query.limit).unwrap();
        let events: Vec<_> = (from..=self.0).take(query.limit).map(earn).collect();
        let last = (query.after.get() + most).min(self.0);
        Ok(FeedPage {
            events,
            next: Position::try_from(last).unwrap(),
            has_more: last < self.0,
        })
    }

    fn newest(&self, _: OrgId) -> Result<Position, StoreError> {
        Ok(Position::try_from(self.0).unwrap())
    }

    fn oldest(&self, _: OrgId, _: Instant) -> Result<Position, StoreError> {
        Ok(Position::START)
    }

    fn before(&self, _: OrgId, _: Instant) -> Result<Position, StoreError> {
        Ok(Position::START)
    }

    fn sequence(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn expire(&self, _: Instant, _: Instant, _: u64) -> Result<Expired, StoreError> {
        Ok(Expired::default())
    }

    fn unsequenced(&self) -> Result<Unsequenced, StoreError> {
        Ok(Unsequenced::default())
    }

    fn sweep_events(&self, _: Instant) -> Result<u64, StoreError> {
        Ok(0)
    }
}

async fn take(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    Ok(Response::new(Empty::new()))
}

/// Starts a receiver; where it is.
async fn start_receiver() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(take));
            tokio::spawn(connection);
        }
    });
    url
}

fn webhook(url: &str, batch: i64) -> Webhook {
    let mut settings = WebhookDraft::default().settings(url.try_into().unwrap());
    settings.batch = Batch::try_from(batch).unwrap();
    let now = Instant::from_unix_seconds(1_777_636_800).unwrap();
    Webhook {
        id: WebhookId::from(ObjectId::from_bytes([1; 12])),
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

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it is what was asked for")]
async fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|it| it.parse::<i64>().unwrap());
    let events = arguments.next().unwrap_or(200_000);
    let batch = arguments.next().unwrap_or(100);
    let policy = ReceiverPolicy {
        allowed_networks: vec!["127.0.0.1/32".parse().unwrap()],
        allow_http: true,
    };
    let clock = Arc::new(OfDay) as Arc<dyn Clock>;
    let resolver = Arc::new(SystemResolver::default());
    let sender = Sender::new(resolver, policy, RootCertStore::empty(), Arc::clone(&clock)).unwrap();
    let store = Arc::new(MemoryStore::default());
    let webhook = webhook(&start_receiver().await, batch);
    let (org, id) = (webhook.org, webhook.id);
    store
        .create_webhook(&webhook, Position::START, None, &[])
        .unwrap();
    let options = Options {
        retention: Duration::from_hours(24),
        connections: 1,
    };
    let feed = Arc::new(Earns(events));
    let watch = Arc::new(Unwatched);
    let deliveries = Deliveries::new(
        feed,
        Arc::clone(&store) as _,
        Arc::clone(&store) as _,
        clock,
        sender,
        watch,
        options,
    );
    let deliverable = Deliverable {
        org,
        webhook: id,
        version: 0,
    };
    let began = Moment::now();
    tokio::spawn(deliveries.deliver(deliverable, std::future::pending()));
    let end = Position::try_from(events).unwrap();
    while store.webhook(org, id).unwrap().unwrap().position < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    let count = u32::try_from(events).unwrap();
    println!(
        "{events} events in batches of {batch}: {:.0} a second",
        f64::from(count) / seconds
    );
}
