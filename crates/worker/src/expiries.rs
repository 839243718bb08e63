//! Makes events of what expires, at a rate that leaves the database to requests.

use std::time::Duration;

use accolade_application::ports::{LeaseName, StoreError};
use tokio::time::Instant;

use crate::context::{Context, Line, before};
use crate::leases::HeldLeases;
use crate::task::Task;

/// How long it rests while nothing is due, or another server does it.
const PERIOD: Duration = Duration::from_secs(1);

/// How long it rests while more is due: a second's events are made in steps, between which others
/// have their turn.
const STEP: Duration = Duration::from_millis(200);

/// Makes events of what expires. One server does it at a time, so that the rate holds for all of
/// them; that nothing becomes two events is the store's promise, whoever does it.
pub(crate) struct Expiries {
    context: Context,
    leases: HeldLeases,
    budget: Budget,
}

impl Task for Expiries {
    const NAME: &'static str = "expiries";

    fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
            leases: HeldLeases::new(context),
            budget: Budget::new(context.options.expiry_rate),
        }
    }

    async fn step(&mut self) -> Result<Duration, StoreError> {
        self.leases.renew().await?;
        if self.leases.end(LeaseName::Expiries).is_none()
            && self
                .leases
                .take(vec![LeaseName::Expiries], 1)
                .await?
                .is_empty()
        {
            return Ok(PERIOD);
        }
        let most = self.budget.events();
        if most == 0 {
            return Ok(STEP);
        }
        let now = self.context.clock.now();
        let until = before(now, self.context.options.expiry_grace);
        let expire = self
            .context
            .call(Line::Patient, move |it| it.events.expire(until, now, most));
        let expired = expire.await?;
        self.budget.spend(expired.events);
        self.context.metrics.expired(expired.events);
        Ok(if expired.has_more { STEP } else { PERIOD })
    }

    async fn end(self) {
        self.leases.release_all().await;
    }
}

/// How many events may be made now. It grows with time, up to what two steps may make; a step that
/// made more than it was to leaves a debt.
struct Budget {
    per_second: f64,
    most: f64,
    events: f64,
    filled: Instant,
}

impl Budget {
    fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        let step = per_second * STEP.as_secs_f64();
        Self {
            per_second,
            most: (2.0 * step).max(1.0),
            events: step.max(1.0),
            filled: Instant::now(),
        }
    }

    /// How many there may be.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole ones, and none while there is a debt"
    )]
    fn events(&mut self) -> u64 {
        let now = Instant::now();
        let grown = self.events + self.per_second * (now - self.filled).as_secs_f64();
        self.events = grown.min(self.most);
        self.filled = now;
        self.events.max(0.0) as u64
    }

    /// Takes away those that were made.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 a step")]
    fn spend(&mut self, events: u64) {
        self.events -= events as f64;
    }
}
