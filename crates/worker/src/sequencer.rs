//! Gives positions to what was recorded.

use std::time::Duration;

use accolade_application::ports::StoreError;

use crate::context::{Context, Line};
use crate::task::Task;

/// How long what was recorded waits for its position at most, if nobody reads before.
const PERIOD: Duration = Duration::from_millis(200);

/// Gives positions to what was recorded. All servers do it: the store has them take turns.
pub(crate) struct Sequencer {
    context: Context,
}

impl Task for Sequencer {
    const NAME: &'static str = "sequencer";

    fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
        }
    }

    async fn step(&mut self) -> Result<Duration, StoreError> {
        let sequence = self.context.call(Line::Prompt, |it| it.events.sequence());
        self.context.metrics.sequenced(sequence.await?);
        Ok(PERIOD)
    }
}
