//! Writes down which changes nobody decided in time.

use std::time::Duration;

use accolade_application::approvals::expire_changes;
use accolade_application::ports::StoreError;

use crate::context::{Context, Line};
use crate::task::Task;

/// How long one that is over waits for that to be told at most.
const PERIOD: Duration = Duration::from_secs(10);

/// How many are written down at once.
const AT_ONCE: u32 = 100;

/// Writes down which changes nobody decided in time. All servers do it: each those that the others have
/// not.
pub(crate) struct Changes {
    context: Context,
}

impl Task for Changes {
    const NAME: &'static str = "changes";

    fn new(context: &Context) -> Self {
        Self {
            context: context.clone(),
        }
    }

    async fn step(&mut self) -> Result<Duration, StoreError> {
        let now = self.context.clock.now();
        let expire = self.context.call(Line::Patient, move |it| {
            expire_changes(&*it.changes, now, AT_ONCE)
        });
        let found = expire.await?;
        Ok(if found < AT_ONCE as usize {
            PERIOD
        } else {
            Duration::ZERO
        })
    }
}
