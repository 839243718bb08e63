//! Whether a receiver works at all, as far as the last deliveries tell.

use accolade_domain::instant::Instant;
use time::Duration;

/// How long after one probe that failed the next one goes; doubled with each.
const FIRST_PAUSE: Duration = Duration::seconds(5);
/// The longest that it gets.
const LONGEST_PAUSE: Duration = Duration::minutes(5);

/// Deliveries that failed without one that succeeded between them. When there are many of them, the
/// receiver is in doubt: it gets retries as they are due, and of what was never tried only a
/// probe now and then, so that what it missed does not become a row for each event, and that it is
/// noticed when it is there again.
#[derive(Debug)]
pub(super) struct Doubt {
    /// So many failures in a row put the receiver in doubt.
    enough: u32,
    failures: u32,
    probes: u32,
    probe_on: Option<Instant>,
}

impl Doubt {
    pub(super) const fn new(enough: u32) -> Self {
        Self {
            enough,
            failures: 0,
            probes: 0,
            probe_on: None,
        }
    }

    /// As after enough failures.
    pub(super) const fn begun(self) -> Self {
        Self {
            failures: self.enough,
            ..self
        }
    }

    /// Whether nothing succeeds.
    pub(super) const fn is_there(&self) -> bool {
        self.failures >= self.enough
    }

    /// From when on a probe may go, if the receiver is in doubt.
    pub(super) const fn probe_on(&self) -> Option<Instant> {
        self.probe_on
    }

    /// Puts the next probe off, as one goes at `now`.
    pub(super) fn probe(&mut self, now: Instant) {
        let doubled = FIRST_PAUSE * (1_u32 << self.probes.min(6));
        self.probe_on = Some(now + doubled.min(LONGEST_PAUSE));
        self.probes = self.probes.saturating_add(1);
    }

    /// Counts a failure.
    pub(super) fn add(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// Something succeeded.
    pub(super) fn end(&mut self) {
        self.failures = 0;
        self.probes = 0;
        self.probe_on = None;
    }
}
