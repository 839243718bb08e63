//! What a plan must know of a webhook's settings.

use std::sync::Arc;

use accolade_domain::webhook::{DeliveryOrder, WebhookSettings};

use crate::plan::Partition;

/// So many failures in a row put a receiver in doubt, however few requests it gets at once.
const ENOUGH_FAILURES: u32 = 10;

/// How many events are read ahead at least.
const LEAST_READ_AHEAD: usize = 2_000;

/// What a plan must know of a webhook's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Which events wait for which.
    pub order: DeliveryOrder,
    /// The most events in one request.
    pub batch: usize,
    /// The most requests under way at once.
    pub most_under_way: usize,
    /// The most requests in one second.
    pub per_second: Option<usize>,
}

impl Rules {
    /// What `settings` say.
    pub fn of(settings: &WebhookSettings) -> Self {
        Self {
            order: settings.order,
            batch: number(settings.batch.get()),
            most_under_way: number(settings.max_in_flight.get()),
            per_second: settings.rate_per_second.map(|rate| number(rate.get())),
        }
    }

    /// Those of whom one waits for the other, of an event that is about `whom`.
    pub(super) fn partition(&self, whom: Partition) -> Option<Partition> {
        match self.order {
            DeliveryOrder::Customer => Some(whom),
            DeliveryOrder::None => None,
            DeliveryOrder::Strict => Some(Arc::from("")),
        }
    }

    /// How many events are read ahead of what is done with: enough for all requests that may be under
    /// way, and as many again.
    pub(super) const fn read_ahead(&self) -> usize {
        let twice = self.batch * self.most_under_way * 2;
        if twice > LEAST_READ_AHEAD {
            twice
        } else {
            LEAST_READ_AHEAD
        }
    }

    /// How many failures in a row put the receiver in doubt.
    pub(super) fn enough_failures(&self) -> u32 {
        let most = u32::try_from(self.most_under_way).unwrap_or(u32::MAX);
        most.max(ENOUGH_FAILURES)
    }
}

fn number(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
