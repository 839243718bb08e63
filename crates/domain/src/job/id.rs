//! The id of a job.

use std::fmt;

/// The id of a job: 1 to 64 letters, digits, `.`, `_` and `-`, unique in its org. It is a part of addresses, so
/// it is none of `.` and `..`, which browsers take out of them, and not `new`, which is another page.
///
/// ```
/// use accolade_domain::job::JobId;
///
/// assert_eq!(JobId::try_from("spring-2026")?.as_str(), "spring-2026");
/// assert!(JobId::try_from("spring 2026").is_err());
/// # Ok::<(), accolade_domain::job::MalformedJobId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct JobId(String);

/// What would not be found at its address.
const RESERVED: &[&str] = &[".", "..", "new"];

/// The text is not the id of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be 1 to 64 letters, digits, dots, underscores and hyphens, and none of `.`, `..` and `new`"
)]
pub struct MalformedJobId;

impl JobId {
    /// The most characters it may have.
    pub const MAX: usize = 64;

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for JobId {
    type Error = MalformedJobId;

    fn try_from(text: String) -> Result<Self, MalformedJobId> {
        let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_reserved = RESERVED.contains(&text.as_str());
        if (1..=Self::MAX).contains(&text.len()) && text.bytes().all(may_stand) && !is_reserved {
            Ok(Self(text))
        } else {
            Err(MalformedJobId)
        }
    }
}

impl TryFrom<&str> for JobId {
    type Error = MalformedJobId;

    fn try_from(text: &str) -> Result<Self, MalformedJobId> {
        text.to_owned().try_into()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
