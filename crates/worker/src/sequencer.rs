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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, pass};

    #[tokio::test(start_paused = true)]
    async fn every_server_gives_positions_five_times_a_second() {
        let world = World::new();
        let server = world.serve::<Sequencer>(1);
        let _other = world.serve::<Sequencer>(2);
        pass(Duration::from_secs(10)).await;
        let sequences = world.fake.state().sequences;
        assert!((95..=102).contains(&sequences), "{sequences}");
        let counted = server.metric("accolade_events_sequenced_total");
        assert!((95.0..=102.0).contains(&counted), "{counted}");
    }
}
