//! Where a reader of the feed begins.

use accolade_domain::event::Position;
use accolade_domain::instant::Instant;

/// Where in the feed to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the oldest event that is kept.
    Oldest,
    /// With what is recorded from now on.
    Latest,
    /// Behind this position.
    After(Position),
    /// With what was recorded at this moment; nothing recorded then or later is left out.
    From(Instant),
}
