//! What is proved, each in rounds that have a seed of their own.

use std::fmt;
use std::time::Duration;

use accolade_tests::Backend;

use crate::crowds::{self, Size};
use crate::figures::Figures;
use crate::stage::Grounds;
use crate::{crash, fuzz, model, unhealthy};

/// What is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Subject {
    /// Servers and PostgreSQL killed at random moments.
    Crash,
    /// Databases that are slow, cut off, away, busy or full.
    Unhealthy,
    /// Clients that do things at the same time, checked against the model in memory.
    Model,
    /// More who ask than fit, and others who cost something.
    Crowds,
    /// What callers send, changed at random, before every parser; no server and no database.
    Fuzz,
}

/// How long a round is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// For the tests that always run.
    Short,
    /// For runs of many minutes.
    Long,
}

impl Subject {
    /// All of them, in the order in which they run.
    pub const ALL: &[Self] = &[
        Self::Crash,
        Self::Unhealthy,
        Self::Model,
        Self::Crowds,
        Self::Fuzz,
    ];

    /// Which part of the time it has, compared with the others.
    pub const fn weight(self) -> u32 {
        match self {
            Self::Crash => 3,
            Self::Unhealthy | Self::Crowds => 2,
            Self::Model => 4,
            Self::Fuzz => 1,
        }
    }

    /// One round on that database; panics if a promise does not hold.
    pub fn round(self, backend: Backend, seed: u64, scale: Scale, grounds: &Grounds) -> Figures {
        let is_short = scale == Scale::Short;
        match self {
            Self::Crash => crash::round(backend, seed, if is_short { 2 } else { 6 }, grounds),
            Self::Unhealthy => {
                unhealthy::round(backend, seed, if is_short { 3 } else { 10 }, grounds)
            }
            Self::Crowds => {
                let size = if is_short {
                    Size {
                        time: Duration::from_secs(4),
                        idle: 200,
                        each: 3,
                        // Other tests run beside it.
                        recovers_to: 5,
                    }
                } else {
                    Size {
                        time: Duration::from_secs(30),
                        idle: 10_000,
                        each: 20,
                        recovers_to: 2,
                    }
                };
                crowds::round(backend, seed, size)
            }
            Self::Fuzz => fuzz::round(seed, if is_short { 300 } else { 20_000 }),
            Self::Model => model::round(backend, seed, if is_short { 60 } else { 500 }),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crash => "crash",
            Self::Unhealthy => "unhealthy",
            Self::Model => "model",
            Self::Crowds => "crowds",
            Self::Fuzz => "fuzz",
        })
    }
}
