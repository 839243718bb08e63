//! Makes events of what expires, at a rate that leaves the database to requests.

use std::time::Duration;

use accolade_application::ports::{LeaseName, StoreError};
use tokio::time::Instant;

use crate::context::{Context, Line};
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
        let until = now.earlier_by(self.context.options.expiry_grace);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::testing::{World, options, pass};

    #[tokio::test(start_paused = true)]
    async fn no_more_expire_a_second_than_the_rate_says_on_any_number_of_servers() {
        let world = World::new();
        world.fake.state().due = 1_000_000;
        let servers = [1, 2, 3].map(|number| world.serve::<Expiries>(number));
        for second in 1..=30 {
            pass(Duration::from_secs(1)).await;
            let expired = world.fake.state().expired;
            assert!(expired <= second * 1_000 + 400, "{expired} in {second} s");
            assert!(expired >= second * 950, "{expired} in {second} s");
        }
        let counted = servers
            .iter()
            .map(|it| it.metric("accolade_events_expired_total"));
        #[expect(clippy::cast_precision_loss, reason = "few")]
        let expired = world.fake.state().expired as f64;
        assert!((counted.sum::<f64>() - expired).abs() < 0.1);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_rest_no_more_is_made_at_once_than_in_two_steps() {
        let world = World::new();
        let _server = world.serve::<Expiries>(1);
        pass(Duration::from_mins(10)).await;
        world.fake.state().due = 1_000_000;
        pass(Duration::from_millis(1_100)).await;
        let expired = world.fake.state().expired;
        assert!(expired <= 1_400, "{expired}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_step_made_too_much_of_the_next_ones_make_less() {
        let world = World::new();
        world.fake.state().due = 1_000_000;
        world.fake.state().too_many = 5_000;
        let _server = world.serve::<Expiries>(1);
        pass(Duration::from_mins(1)).await;
        let expired = world.fake.state().expired;
        assert!((50_000..=66_000).contains(&expired), "{expired}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_below_one_a_step_holds_too() {
        let world = World::new();
        world.fake.state().due = 1_000;
        let options = Options {
            expiry_rate: 1,
            ..options()
        };
        let _server = world.serve_with::<Expiries>(1, options);
        pass(Duration::from_mins(1)).await;
        let expired = world.fake.state().expired;
        assert!((50..=62).contains(&expired), "{expired}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_due_expires_within_the_grace_and_a_second() {
        let world = World::new();
        let _server = world.serve::<Expiries>(1);
        pass(Duration::from_mins(5)).await;
        let (until, _) = world.fake.state().expire.unwrap();
        let behind = world.now().since(until);
        let grace = time::Duration::MINUTE;
        assert!((grace..=grace + PERIOD).contains(&behind), "{behind}");
    }

    #[tokio::test(start_paused = true)]
    async fn another_server_goes_on_at_once_where_one_stops_and_soon_where_one_is_killed() {
        let world = World::new();
        world.fake.state().due = u64::MAX;
        let first = world.serve::<Expiries>(1);
        pass(Duration::ZERO).await;
        let second = world.serve::<Expiries>(2);
        pass(Duration::from_mins(1)).await;
        first.stop().await;
        let stopped = world.fake.state().expired;
        pass(PERIOD).await;
        assert!(world.fake.state().expired > stopped);
        assert!(second.metric("accolade_lease_takeovers_total").abs() < 0.1);

        let third = world.serve::<Expiries>(3);
        pass(Duration::from_secs(5)).await;
        second.kill().await;
        let killed = world.fake.state().expired;
        pass(Duration::from_secs(5)).await;
        assert_eq!(world.fake.state().expired, killed);
        pass(Duration::from_secs(7)).await;
        assert!(world.fake.state().expired > killed);
        assert!((third.metric("accolade_lease_takeovers_total") - 1.0).abs() < 0.1);
    }
}
