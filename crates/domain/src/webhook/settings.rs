//! What a webhook wants to get, and how.

use std::collections::BTreeSet;

use crate::event::{Event, EventKind};
use crate::ids::BadgeId;
use crate::text::{Description, UrlText};

/// The form in which events are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DeliveryFormat {
    /// An event of the feed as it is, as `CloudEvents` has it.
    #[default]
    CloudEvents,
    /// What consumers of the API family's own events read.
    Gateway,
}

impl DeliveryFormat {
    /// Every format.
    pub const ALL: &[Self] = &[Self::CloudEvents, Self::Gateway];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CloudEvents => "CLOUDEVENTS",
            Self::Gateway => "GATEWAY",
        }
    }

    /// Whether there is a form for events of `kind`: others are not sent.
    pub const fn has(self, kind: EventKind) -> bool {
        match self {
            Self::CloudEvents => true,
            Self::Gateway => matches!(kind, EventKind::EarnCreated),
        }
    }
}

/// How requests are signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SignatureKind {
    /// HMAC-SHA256 with a key that sender and receiver share.
    #[default]
    Hmac,
    /// Ed25519: the receiver needs the public key only.
    Ed25519,
}

impl SignatureKind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Hmac, Self::Ed25519];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hmac => "HMAC",
            Self::Ed25519 => "ED25519",
        }
    }
}

/// Which events wait for which.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DeliveryOrder {
    /// The events of one customer come in their order; others do not wait for them.
    #[default]
    Customer,
    /// No event waits for another one.
    None,
    /// All events come in the order of the feed.
    Strict,
}

impl DeliveryOrder {
    /// Every order.
    pub const ALL: &[Self] = &[Self::Customer, Self::None, Self::Strict];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::None => "NONE",
            Self::Strict => "STRICT",
        }
    }
}

/// A number outside the range of its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {least} to {most}")]
pub struct OutsideRange {
    /// The least that it may be.
    pub least: u32,
    /// The most that it may be.
    pub most: u32,
}

macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident, $least:literal, $most:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(transparent)
        )]
        pub struct $name(u32);

        impl $name {
            /// The least that it may be.
            pub const LEAST: u32 = $least;
            /// The most that it may be.
            pub const MOST: u32 = $most;

            /// The number itself.
            pub const fn get(self) -> u32 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = OutsideRange;

            fn try_from(number: i64) -> Result<Self, OutsideRange> {
                u32::try_from(number)
                    .ok()
                    .filter(|number| (Self::LEAST..=Self::MOST).contains(number))
                    .map(Self)
                    .ok_or(OutsideRange {
                        least: Self::LEAST,
                        most: Self::MOST,
                    })
            }
        }
    };
}

bounded! {
    /// The most events in one request; at more than one, requests have lists of events.
    Batch, 1, 100
}
bounded! {
    /// The most requests that are on their way at once.
    MaxInFlight, 1, 100
}
bounded! {
    /// The most requests that are begun in one second.
    RatePerSecond, 1, 100_000
}

impl Default for Batch {
    fn default() -> Self {
        Self(1)
    }
}

impl Default for MaxInFlight {
    fn default() -> Self {
        Self(10)
    }
}

/// What a webhook wants to get, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WebhookSettings {
    /// Where events are sent.
    pub url: UrlText,
    /// The kinds of events that it wants; empty means any at all.
    #[cfg_attr(feature = "serde", serde(with = "kinds"))]
    pub kinds: BTreeSet<EventKind>,
    /// The badges whose events it wants; empty means everything.
    pub badges: BTreeSet<BadgeId>,
    /// The form of what is sent.
    pub format: DeliveryFormat,
    /// How requests are signed.
    pub signature: SignatureKind,
    /// Which events wait for which.
    pub order: DeliveryOrder,
    /// The most events in one request.
    pub batch: Batch,
    /// The most requests on their way at once.
    pub max_in_flight: MaxInFlight,
    /// The most requests in one second; `None`: as many as there are.
    pub rate_per_second: Option<RatePerSecond>,
    /// What it is for, for people.
    pub description: Option<Description>,
}

impl WebhookSettings {
    /// Whether `event` is to be sent.
    pub fn wants(&self, event: &Event) -> bool {
        let kind = event.kind();
        self.format.has(kind)
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
            && (self.badges.is_empty()
                || event
                    .badge()
                    .is_some_and(|badge| self.badges.contains(&badge)))
    }
}

/// What is said of the settings of a webhook: what is absent keeps its value, or has its default in
/// a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct WebhookDraft {
    /// Where events are sent.
    pub url: Option<UrlText>,
    /// The kinds of events.
    pub kinds: Option<BTreeSet<EventKind>>,
    /// The badges.
    pub badges: Option<BTreeSet<BadgeId>>,
    /// The form of what is sent.
    pub format: Option<DeliveryFormat>,
    /// How requests are signed.
    pub signature: Option<SignatureKind>,
    /// Which events wait for which.
    pub order: Option<DeliveryOrder>,
    /// The most events in one request.
    pub batch: Option<Batch>,
    /// The most requests on their way at once.
    pub max_in_flight: Option<MaxInFlight>,
    /// The most requests in one second; `Some(None)` takes the bound away.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", deserialize_with = "said")
    )]
    pub rate_per_second: Option<Option<RatePerSecond>>,
    /// What it is for; `Some(None)` takes it away.
    #[cfg_attr(
        feature = "serde",
        serde(skip_serializing_if = "Option::is_none", deserialize_with = "said")
    )]
    pub description: Option<Option<Description>>,
}

/// What is said at all, be it that there is nothing: what is not said is left out.
#[cfg(feature = "serde")]
fn said<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl WebhookDraft {
    /// The settings of a new webhook at `url`.
    pub fn settings(self, url: UrlText) -> WebhookSettings {
        let defaults = WebhookSettings {
            url,
            kinds: BTreeSet::new(),
            badges: BTreeSet::new(),
            format: DeliveryFormat::default(),
            signature: SignatureKind::default(),
            order: DeliveryOrder::default(),
            batch: Batch::default(),
            max_in_flight: MaxInFlight::default(),
            rate_per_second: None,
            description: None,
        };
        self.changed(&defaults)
    }

    /// `before` with what the draft says.
    pub fn changed(self, before: &WebhookSettings) -> WebhookSettings {
        let before = before.clone();
        WebhookSettings {
            url: self.url.unwrap_or(before.url),
            kinds: self.kinds.unwrap_or(before.kinds),
            badges: self.badges.unwrap_or(before.badges),
            format: self.format.unwrap_or(before.format),
            signature: self.signature.unwrap_or(before.signature),
            order: self.order.unwrap_or(before.order),
            batch: self.batch.unwrap_or(before.batch),
            max_in_flight: self.max_in_flight.unwrap_or(before.max_in_flight),
            rate_per_second: self.rate_per_second.unwrap_or(before.rate_per_second),
            description: self.description.unwrap_or(before.description),
        }
    }
}

/// Kinds of events by the numbers under which they are stored. One that this release does not know
/// is left out: a later one wrote it. If none is left that is an error, because no kind at all would
/// mean every kind.
#[cfg(feature = "serde")]
mod kinds {
    use std::collections::BTreeSet;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::event::EventKind;

    pub(super) fn serialize<S: Serializer>(
        kinds: &BTreeSet<EventKind>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(kinds.iter().map(|kind| kind.number()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<EventKind>, D::Error> {
        let numbers = Vec::<i16>::deserialize(deserializer)?;
        let kinds: BTreeSet<_> = (numbers.iter().copied())
            .filter_map(EventKind::from_number)
            .collect();
        if kinds.is_empty() && !numbers.is_empty() {
            let known = "at least one kind of event that this release knows";
            return Err(D::Error::invalid_length(0, &known));
        }
        Ok(kinds)
    }
}
