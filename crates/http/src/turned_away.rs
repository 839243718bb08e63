//! Why connections end before anything is asked on them, as it is counted.

/// The bound that a connection is beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond {
    /// The one of all.
    All,
    /// The one of its address.
    Address,
}

impl Beyond {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::All, Self::Address];

    /// How it is called in metrics.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Address => "address",
        }
    }
}

/// Why a connection came to nothing before anybody was asked anything on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandshakeFailure {
    /// It took too long.
    Slow,
    /// The two did not agree, or the other side left.
    Broken,
}

impl HandshakeFailure {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Slow, Self::Broken];

    /// How it is called in metrics.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Broken => "broken",
        }
    }
}
