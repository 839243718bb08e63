//! Whether anything is sent to a webhook.

use std::fmt;

/// Whether anything is sent to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum WebhookState {
    /// Events are sent.
    Active,
    /// Somebody stopped it: nothing is sent until it is enabled.
    Paused,
    /// The server stopped it: nothing is sent until it is enabled.
    Disabled(DisabledReason),
}

/// Why the server disabled a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DisabledReason {
    /// No delivery succeeded for five days.
    NoSuccess = 1,
    /// The receiver answered 410: it is gone for good.
    Gone = 2,
}

impl DisabledReason {
    /// Every reason.
    pub const ALL: &[Self] = &[Self::NoSuccess, Self::Gone];

    /// The number under which it is stored; never reused, never changed.
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The reason stored under `number`.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.number() == number)
    }

    /// The reason in a sentence, as callers and the event tell it.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoSuccess => "No delivery succeeded for five days.",
            Self::Gone => "The receiver answered 410 Gone.",
        }
    }
}

impl fmt::Display for DisabledReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.message())
    }
}

impl WebhookState {
    /// The names of the states on the wire.
    pub const NAMES: [&str; 3] = ["ACTIVE", "PAUSED", "DISABLED"];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Paused => "PAUSED",
            Self::Disabled(_) => "DISABLED",
        }
    }

    /// Whether events are sent.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active)
    }

    /// Why the server disabled it, if it did.
    pub const fn disabled_reason(self) -> Option<DisabledReason> {
        match self {
            Self::Disabled(reason) => Some(reason),
            Self::Active | Self::Paused => None,
        }
    }
}
