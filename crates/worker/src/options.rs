//! How the worker behaves.

use std::time::Duration;

/// How the worker behaves. All of it comes from the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How long events are kept.
    pub retention: Duration,
    /// How long after its moment an expiry becomes an event, so that what was recorded late is there.
    pub expiry_grace: Duration,
    /// How many expiries become events each second, of all servers together.
    pub expiry_rate: u32,
    /// How many jobs this server works on at once, each on a connection of its own.
    pub job_concurrency: usize,
    /// How long the files and results of jobs are kept.
    pub job_retention: Duration,
    /// Whether no other server can work on the database: then nobody asks for leases.
    pub is_alone: bool,
    /// How long the end of the process waits for what still runs.
    pub patience: Duration,
}
