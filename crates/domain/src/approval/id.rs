//! The id of a change.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The id of a change: a UUID, which clients of the request workflow know as their `requestId`.
///
/// ```
/// use accolade_domain::approval::ChangeId;
///
/// let id: ChangeId = "EF1BC378-A4D4-41EE-B2A9-462516199FC5".parse()?;
/// assert_eq!(id.to_string(), "ef1bc378-a4d4-41ee-b2a9-462516199fc5");
/// assert!("ef1bc378a4d441eeb2a9462516199fc5".parse::<ChangeId>().is_err());
/// # Ok::<(), accolade_domain::approval::MalformedChangeId>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChangeId(pub Uuid);

/// The text is not the id of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a UUID with its hyphens")]
pub struct MalformedChangeId;

impl FromStr for ChangeId {
    type Err = MalformedChangeId;

    fn from_str(text: &str) -> Result<Self, MalformedChangeId> {
        // A UUID has other spellings, with braces or without hyphens, which nothing here gives.
        let has_length = text.len() == uuid::fmt::Hyphenated::LENGTH;
        let id = has_length.then(|| text.parse().ok()).flatten();
        id.map(Self).ok_or(MalformedChangeId)
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_hyphenated(), f)
    }
}
