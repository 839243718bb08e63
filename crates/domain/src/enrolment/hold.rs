//! The time in which an enrolment holds.

use crate::instant::Instant;
use crate::rejection::{Code, Rejection};

/// The time in which an enrolment holds: its event date belongs to it, its expiry does not. It is
/// never empty.
///
/// ```
/// use accolade_domain::enrolment::Hold;
/// use accolade_domain::instant::Instant;
///
/// let at = |s| Instant::from_unix_seconds(s).unwrap();
/// let first = Hold::new(at(10), at(20)).unwrap();
/// assert!(first.overlaps(Hold::new(at(19), at(30)).unwrap()));
/// assert!(!first.overlaps(Hold::new(at(20), at(30)).unwrap()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Hold {
    event_on: Instant,
    expires_on: Instant,
}

impl Hold {
    /// From `event_on` until `expires_on`.
    ///
    /// # Errors
    /// 1903 unless it expires after it begins.
    pub fn new(event_on: Instant, expires_on: Instant) -> Result<Self, Rejection> {
        if event_on < expires_on {
            Ok(Self {
                event_on,
                expires_on,
            })
        } else {
            Err(Rejection::new(Code::ExpiresBeforeStart).at_field("issueEventDate"))
        }
    }

    /// When the customer was enrolled (wire: `issueEventDate`).
    pub const fn event_on(self) -> Instant {
        self.event_on
    }

    /// When the enrolment expires (wire: `expiresOn`).
    pub const fn expires_on(self) -> Instant {
        self.expires_on
    }

    /// Whether this hold and `other` have a moment in common; holds that only touch have none.
    pub fn overlaps(self, other: Self) -> bool {
        self.event_on < other.expires_on && other.event_on < self.expires_on
    }
}
