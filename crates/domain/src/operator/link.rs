//! Who an operator is elsewhere: to a provider that signs people in.

use std::fmt;

use crate::text::UrlText;

/// What a provider calls somebody, for ever and nobody else: 1 to 255 printable characters of ASCII. Case
/// tells two apart.
///
/// ```
/// use accolade_domain::operator::Subject;
///
/// assert!(Subject::try_from("auth0|5f7c").is_ok());
/// assert!(Subject::try_from("").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(String);

/// The text cannot be a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 255 printable characters of ASCII")]
pub struct UnfitSubject;

impl Subject {
    /// The most characters that it has.
    pub const MAX: usize = 255;

    /// The subject as it was stored, unchanged.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Subject {
    type Error = UnfitSubject;

    fn try_from(text: &str) -> Result<Self, UnfitSubject> {
        let is_fit = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if (1..=Self::MAX).contains(&text.len()) && text.bytes().all(is_fit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnfitSubject)
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// That an operator is whom a provider calls so. A subject means nothing without its issuer: another
/// provider may call somebody else the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorLink {
    /// The provider, as it calls itself.
    pub issuer: UrlText,
    /// What it calls her.
    pub subject: Subject,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_ascii_as_it_stands_of_at_most_255_characters() {
        let longest = "x".repeat(255);
        for text in ["1", "auth0|5f7c", "A b", &longest] {
            assert_eq!(Subject::try_from(text).unwrap().as_str(), text);
        }
        assert_ne!(Subject::try_from("a"), Subject::try_from("A"));
        let too_long = "x".repeat(256);
        for text in ["", "a\n", "a\0", "é", &too_long] {
            assert_eq!(Subject::try_from(text), Err(UnfitSubject), "{text:?}");
        }
    }
}
