//! Looks at what operators watch and only the database knows.

use std::collections::BTreeMap;
use std::time::Duration;

use accolade_application::ports::StoreError;
use accolade_domain::webhook::WebhookState;

use crate::context::{Context, Line, Stores};
use crate::metrics::WebhookFigures;
use crate::task::Task;

/// How old a figure is at most.
const PERIOD: Duration = Duration::from_secs(10);

/// Looks how the feed and the webhooks stand. All servers do it, each for its own metrics.
pub(crate) struct Watch {
    context: Context,
}

impl Task for Watch {
    const NAME: &'static str = "watch";

    fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
        }
    }

    async fn step(&mut self) -> Result<Duration, StoreError> {
        let look = self
            .context
            .call(Line::Patient, |it| it.events.unsequenced());
        let unsequenced = look.await?;
        let now = self.context.clock.now();
        let lag = unsequenced.oldest_on.map(|oldest| now.since(oldest));
        // Negative where the clock of whoever recorded it is ahead.
        let lag = lag.and_then(|lag| lag.try_into().ok()).unwrap_or_default();
        self.context.metrics.feed_stands(unsequenced.requests, lag);
        let figures = self.context.call(Line::Patient, webhook_figures).await?;
        self.context.metrics.webhooks_stand(&figures);
        Ok(PERIOD)
    }
}

fn webhook_figures(stores: &Stores) -> Result<WebhookFigures, StoreError> {
    let mut figures = WebhookFigures::default();
    let mut newest = BTreeMap::new();
    for standing in stores.webhooks.standings()? {
        figures.states.push(standing.state);
        if standing.state != WebhookState::Active {
            continue;
        }
        let newest = if let Some(newest) = newest.get(&standing.org) {
            *newest
        } else {
            let found = stores.events.newest(standing.org)?;
            newest.insert(standing.org, found);
            found
        };
        let behind = newest.get().saturating_sub(standing.position.get());
        figures.lags.push(behind.try_into().unwrap_or_default());
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use accolade_application::ports::{Unsequenced, WebhookStanding};
    use accolade_domain::event::Position;
    use accolade_domain::webhook::DisabledReason;

    use super::*;
    use crate::testing::{World, pass, webhook};

    fn position(number: i64) -> Position {
        Position::try_from(number).unwrap()
    }

    fn standing(number: u8, state: WebhookState, at: i64) -> WebhookStanding {
        let (org, webhook) = webhook(number);
        WebhookStanding {
            org,
            webhook,
            state,
            position: position(at),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_its_position_is_counted_and_timed() {
        let world = World::new();
        world.fake.state().unsequenced = Unsequenced {
            requests: 7,
            oldest_on: Some(world.now() - time::Duration::seconds(3)),
        };
        let server = world.serve::<Watch>(1);
        pass(Duration::ZERO).await;
        assert!((server.metric("accolade_feed_unsequenced_requests") - 7.0).abs() < 0.1);
        assert!((server.metric("accolade_feed_lag_seconds") - 3.0).abs() < 0.1);
        world.fake.state().unsequenced = Unsequenced::default();
        pass(PERIOD).await;
        assert!(server.metric("accolade_feed_unsequenced_requests").abs() < 0.1);
        assert!(server.metric("accolade_feed_lag_seconds").abs() < 0.1);
    }

    #[tokio::test(start_paused = true)]
    async fn webhooks_are_counted_by_state_and_the_active_ones_by_what_is_behind_them() {
        let world = World::new();
        world.fake.state().newest = Some(position(100));
        world.fake.state().standings = vec![
            standing(1, WebhookState::Active, 90),
            standing(2, WebhookState::Active, 40),
            standing(3, WebhookState::Active, 100),
            standing(4, WebhookState::Paused, 0),
            standing(5, WebhookState::Disabled(DisabledReason::Gone), 0),
        ];
        let server = world.serve::<Watch>(1);
        pass(Duration::ZERO).await;
        for (metric, value) in [
            (r#"accolade_webhooks{state="active"}"#, 3.0),
            (r#"accolade_webhooks{state="paused"}"#, 1.0),
            (r#"accolade_webhooks{state="disabled"}"#, 1.0),
            ("accolade_webhook_lag_events ", 70.0),
            ("accolade_webhook_lag_events_max", 60.0),
        ] {
            let found = server.metric(metric);
            assert!((found - value).abs() < 0.1, "{metric} is {found}");
        }
        world.fake.state().standings.clear();
        pass(PERIOD).await;
        assert!(server.metric("accolade_webhook_lag_events ").abs() < 0.1);
    }
}
