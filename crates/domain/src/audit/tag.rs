//! The id that a request has in answers and in the log.

use std::sync::Arc;

use uuid::Uuid;

/// The id of a request in its answer and in the log (wire: `X-Request-Id`): 1 to 128 letters,
/// digits, `.`, `_` and `-`. It is not the [`RequestId`](crate::text::RequestId), which callers give
/// to what must happen once.
///
/// ```
/// use accolade_domain::audit::RequestTag;
///
/// assert_eq!(RequestTag::try_from("Abc-1._2").unwrap().as_str(), "Abc-1._2");
/// assert!(RequestTag::try_from("a b").is_err() && RequestTag::try_from("").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestTag(Arc<str>);

/// The text is empty, too long, or has another character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 letters, digits, dots, underscores and hyphens")]
pub struct NotATag;

impl RequestTag {
    /// The most characters that it has.
    pub const MAX: usize = 128;

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Uuid> for RequestTag {
    fn from(id: Uuid) -> Self {
        Self(id.to_string().into())
    }
}

impl TryFrom<&str> for RequestTag {
    type Error = NotATag;

    fn try_from(text: &str) -> Result<Self, NotATag> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if (1..=Self::MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(NotATag)
        }
    }
}
