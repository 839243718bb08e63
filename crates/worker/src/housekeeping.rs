//! What the server tidies up.

use std::sync::Arc;
use std::time::Duration;

use accolade_application::ports::{ATTEMPTS_KEPT, StoreError};

use crate::context::{Context, Line};
use crate::task::Task;

/// How long it rests.
const PERIOD: Duration = Duration::from_mins(1);

/// How long it is remembered who had a lease and let it run out.
const LEASES_KEPT: Duration = Duration::from_hours(1);

/// Tidies up. All servers do it: each removes what the others have not.
pub(crate) struct Housekeeping {
    context: Context,
}

impl Task for Housekeeping {
    const NAME: &'static str = "housekeeping";

    fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
        }
    }

    async fn step(&mut self) -> Result<Duration, StoreError> {
        // One that fails keeps none of the others from being tried.
        let swept = [
            self.sweep().await,
            self.sweep_events().await,
            self.sweep_attempts().await,
            self.sweep_jobs().await,
            self.sweep_leases().await,
            self.sweep_sessions().await,
            self.note_counts().await,
        ];
        swept.into_iter().collect::<Result<(), _>>()?;
        Ok(PERIOD)
    }
}

impl Housekeeping {
    async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        loop {
            // Others of this line have their turn between two of its calls.
            let sweep = self
                .context
                .call(Line::Patient, move |it| it.housekeeping.sweep(now));
            let swept = sweep.await?;
            tracing::debug!(
                idempotency_keys = swept.idempotency_keys,
                count_rows = swept.count_rows,
                "swept"
            );
            if !swept.has_more {
                return Ok(());
            }
        }
    }

    async fn sweep_events(&self) -> Result<(), StoreError> {
        let kept_since = self
            .context
            .clock
            .now()
            .earlier_by(self.context.options.retention);
        loop {
            // The same.
            let sweep = self
                .context
                .call(Line::Patient, move |it| it.events.sweep_events(kept_since));
            let rows = sweep.await?;
            if rows == 0 {
                return Ok(());
            }
            tracing::debug!(rows, "swept the feed");
        }
    }

    async fn sweep_attempts(&self) -> Result<(), StoreError> {
        let kept_since = self.context.clock.now() - ATTEMPTS_KEPT;
        loop {
            // The same.
            let sweep = self.context.call(Line::Patient, move |it| {
                it.webhooks.sweep_attempts(kept_since)
            });
            if sweep.await? == 0 {
                return Ok(());
            }
        }
    }

    async fn sweep_jobs(&self) -> Result<(), StoreError> {
        let kept_since = self
            .context
            .clock
            .now()
            .earlier_by(self.context.options.job_retention);
        loop {
            // The same.
            let carrier = Arc::clone(&self.context.carrier);
            let sweep = self
                .context
                .call(Line::Patient, move |_| carrier.sweep(kept_since));
            if sweep.await? == 0 {
                return Ok(());
            }
        }
    }

    async fn note_counts(&self) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        self.context
            .call(Line::Patient, move |it| it.housekeeping.note_counts(now))
            .await
    }

    async fn sweep_sessions(&self) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        loop {
            // The same.
            let sweep = self
                .context
                .call(Line::Patient, move |it| it.operators.sweep_sessions(now));
            if sweep.await? == 0 {
                return Ok(());
            }
        }
    }

    async fn sweep_leases(&self) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let sweep = self.context.call(Line::Prompt, move |it| {
            it.leases.sweep_leases(now, LEASES_KEPT)
        });
        sweep.await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use accolade_application::ports::{LeaseName, Leases as _, Term};

    use super::*;
    use crate::testing::{World, options, pass};

    #[tokio::test(start_paused = true)]
    async fn everything_is_tidied_up_once_a_minute() {
        let world = World::new();
        world.fake.state().attempts_left = 3;
        world.fake.state().events_left = 4;
        world.fake.state().sweeps_left = 2;
        let _server = world.serve::<Housekeeping>(1);
        pass(Duration::ZERO).await;
        assert_eq!(world.fake.state().attempts_left, 0);
        assert_eq!(world.fake.state().events_left, 0);
        // What a call left was tidied up by the next at once.
        assert_eq!(world.fake.state().sweeps, 3);
        pass(PERIOD * 10).await;
        let state = world.fake.state();
        assert_eq!(state.sweeps, 13);
        let kept = state
            .kept_since
            .map(|since| world.now().since(since.unwrap()));
        let retention = options().retention.try_into().unwrap();
        for (kept, expected) in kept.into_iter().zip([retention, ATTEMPTS_KEPT]) {
            let late = kept - expected;
            assert!(late < time::Duration::SECOND, "{late}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn leases_that_ran_out_are_forgotten_after_a_while() {
        let world = World::new();
        let term = Term {
            holder: uuid::Uuid::from_u128(7),
            now: world.now(),
            length: Duration::ZERO,
        };
        let names = [LeaseName::Expiries];
        world.fake.leases.take(&names, 1, &term).unwrap();
        let _server = world.serve::<Housekeeping>(1);
        pass(LEASES_KEPT.checked_sub(PERIOD).unwrap()).await;
        assert_eq!(world.fake.leases.renew(&names, &term).unwrap(), names);
        pass(PERIOD * 2).await;
        assert_eq!(world.fake.leases.renew(&names, &term).unwrap(), []);
    }
}
