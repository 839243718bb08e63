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
        let newest = match newest.get(&standing.org) {
            Some(newest) => *newest,
            None => {
                let found = stores.events.newest(standing.org)?;
                newest.insert(standing.org, found);
                found
            }
        };
        let behind = newest.get().saturating_sub(standing.position.get());
        figures.lags.push(behind.try_into().unwrap_or_default());
    }
    Ok(figures)
}
