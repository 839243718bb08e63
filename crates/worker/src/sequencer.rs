//! Gives positions to what was recorded.

use std::time::Duration;

use accolade_application::ports::StoreError;

use crate::context::{Context, Line};
use crate::task::Task;

/// How often it looks while something is recorded.
const PERIOD: Duration = Duration::from_millis(200);

/// How often it looks otherwise: so long does what is recorded then wait for its position at most, if
/// nobody reads before.
const SELDOM: Duration = Duration::from_secs(1);

/// After how many looks in vain it looks seldom.
const IN_VAIN: u32 = 25;

/// Gives positions to what was recorded. All servers do it: the store has them take turns.
pub(crate) struct Sequencer {
    context: Context,
    in_vain: u32,
}

impl Task for Sequencer {
    const NAME: &'static str = "sequencer";

    fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
            in_vain: 0,
        }
    }

    async fn step(&mut self) -> Result<Duration, StoreError> {
        let sequence = self.context.call(Line::Prompt, |it| it.events.sequence());
        let events = sequence.await?;
        self.context.metrics.sequenced(events);
        self.in_vain = match events {
            0 => self.in_vain.saturating_add(1),
            _ => 0,
        };
        Ok(if self.in_vain < IN_VAIN {
            PERIOD
        } else {
            SELDOM
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, pass};

    #[tokio::test(start_paused = true)]
    async fn a_server_that_finds_nothing_for_long_looks_once_a_second_until_it_does() {
        let world = World::new();
        world.fake.state().nothing_recorded = true;
        let _server = world.serve::<Sequencer>(1);
        pass(Duration::from_secs(5)).await;
        let before = world.fake.state().sequences;
        pass(Duration::from_secs(10)).await;
        assert_eq!(world.fake.state().sequences - before, 10);
        world.fake.state().nothing_recorded = false;
        pass(SELDOM).await;
        let before = world.fake.state().sequences;
        pass(Duration::from_secs(1)).await;
        assert_eq!(world.fake.state().sequences - before, 5);
    }

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
