//! How long single enrolments take while ten thousand events a second are delivered to a webhook in
//! batches of a hundred, against the same without.

use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Bench, latency, single};
use crate::http::Connection;
use crate::load::{Until, percentile};
use crate::receiver::Receiver;
use crate::report::{Baseline, Row, Target};
use crate::stand::{CUSTOMERS, Stand};
use crate::stats::Sample;

/// How many events a second are to be delivered.
const EVENTS: f64 = 10_000.0;

/// The most that the webhook may be sent: so that what is measured is that rate, and not how soon a
/// pile of events is gone.
const REQUESTS: u32 = 110;

/// How many events a request has.
const BATCH: u32 = 100;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Row>> {
    let receiver = Receiver::start()?;
    let binary = bench.binary.with(&[
        ("ACCOLADE__WEBHOOKS__ALLOW_HTTP", "true"),
        ("ACCOLADE__WEBHOOKS__ALLOW_NETWORKS", "127.0.0.0/8"),
    ]);
    let stand = Stand::set_up(bench.ground, &binary).await?;
    let webhook = Webhook::create(&stand, &receiver).await?;
    let badge = stand.badge().await?;
    stand.enrol_singly(&badge, single::WARM_UP).await?;
    let until = Until::After(bench.plan.duration);
    let top = stand.enrol_singly(&badge, until).await?.rate();

    let (mut beside, mut alone, mut rate, mut asked) =
        <(Sample, Sample, Sample, Sample)>::default();
    for _ in 0..bench.plan.repetitions {
        webhook.ask(&stand, "pause").await?;
        pile_up(&stand, bench.plan.duration.as_secs_f64()).await?;
        let taken = latency::open_loop(bench, &stand, &badge, top / 2.0).await?;
        alone.add(percentile(&taken, 99.0));

        let before = receiver.events();
        webhook.ask(&stand, "enable").await?;
        receiver.wait_beyond(before).await?;
        let (before, begun) = (receiver.events(), Instant::now());
        let taken = latency::open_loop(bench, &stand, &badge, top / 2.0).await?;
        beside.add(percentile(&taken, 99.0));
        rate.add(a_second(receiver.events() - before, begun));
        asked.add(EVENTS);
    }
    Ok(vec![
        Row {
            name: "single enrolments beside a webhook, p99".to_owned(),
            database: bench.database(),
            unit: "ms",
            ours: beside,
            baseline: Some(Baseline {
                name: "the same without".to_owned(),
                sample: alone,
            }),
            target: Target::AtMost(2.0),
        },
        Row {
            name: format!("the webhook beside them, {BATCH} events a request"),
            database: bench.database(),
            unit: "events/s",
            ours: rate,
            baseline: Some(Baseline {
                name: "what is to be delivered".to_owned(),
                sample: asked,
            }),
            target: Target::AtLeast(1.0),
        },
    ])
}

#[allow(clippy::cast_precision_loss)]
fn a_second(events: u64, begun: Instant) -> f64 {
    events as f64 / begun.elapsed().as_secs_f64()
}

/// Records more events than the webhook may get in so many seconds, in bulk, while it is paused.
async fn pile_up(stand: &Stand, seconds: f64) -> Result<()> {
    let badge = stand.badge().await?;
    let most = seconds * f64::from(REQUESTS * BATCH);
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    #[allow(clippy::cast_sign_loss)]
    let requests = (most / CUSTOMERS as f64) as u64 + 2;
    let until = Until::Requests(requests);
    stand.enrol(&badge, stand.customers(), until).await?;
    Ok(())
}

/// A webhook of the org.
struct Webhook(String);

impl Webhook {
    async fn create(stand: &Stand, receiver: &Receiver) -> Result<Self> {
        let mut connection = Connection::open(&stand.target().await?).await?;
        let body = json!({
            "url": receiver.url(), "batch": BATCH, "ratePerSecond": REQUESTS,
        });
        let created = connection.post("webhooks", &body).await?;
        let id = created["id"].as_str().context("a webhook without an id")?;
        Ok(Self(id.to_owned()))
    }

    async fn ask(&self, stand: &Stand, what: &str) -> Result<Value> {
        let mut connection = Connection::open(&stand.target().await?).await?;
        let path = format!("webhooks/{}/{what}", self.0);
        connection.post(&path, &json!({})).await
    }
}
