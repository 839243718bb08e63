//! Texts with a length, none of them with a NUL.
//!
//! Lengths count characters (Unicode scalar values). PostgreSQL cannot store
//! a NUL, so none gets in.

use std::fmt;

/// Why a text is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Shorter than one character.
    #[error("must not be empty")]
    Empty,
    /// Longer than `max` characters.
    #[error("must not be longer than {max} characters")]
    TooLong {
        /// The most characters that are accepted.
        max: usize,
    },
    /// Contains U+0000.
    #[error("must not contain the NUL character (U+0000)")]
    Nul,
}

/// Checks `text` for NUL and for at most `max` characters.
///
/// # Errors
/// [`TextError::Nul`] or [`TextError::TooLong`].
pub fn check(text: &str, max: usize) -> Result<(), TextError> {
    if text.contains('\0') {
        return Err(TextError::Nul);
    }
    // Bytes bound characters from above, so most texts need no count.
    if text.len() > max && text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    Ok(())
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $min:expr, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(try_from = "String", into = "String")
        )]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX: usize = $max;

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                if $min > 0 && text.is_empty() {
                    return Err(TextError::Empty);
                }
                check(&text, $max)?;
                Ok(Self(text))
            }
        }

        impl TryFrom<&str> for $name {
            type Error = TextError;

            fn try_from(text: &str) -> Result<Self, TextError> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

text! {
    /// The name of a badge meta: 1 to 255 characters, unique in its org.
    BadgeName, 1, 255
}
text! {
    /// What a badge meta says of itself: up to 4 000 characters.
    Description, 0, 4000
}
text! {
    /// The caller's id of a request: 1 to 255 characters.
    RequestId, 1, 255
}
text! {
    /// The owner's own id of what claims a badge: 1 to 255 characters.
    ReferenceId, 1, 255
}
text! {
    /// A short free text, as in tags and images: up to 255 characters.
    ShortText, 0, 255
}
text! {
    /// The name of an org, a client, a group or a custom field: 1 to 255 characters.
    Name, 1, 255
}
text! {
    /// An absolute http(s) address of up to 2 048 characters; the edge checks its shape.
    UrlText, 1, 2048
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_not_bytes() {
        assert!(BadgeName::try_from("ä".repeat(255)).is_ok());
        assert_eq!(
            BadgeName::try_from("ä".repeat(256)),
            Err(TextError::TooLong { max: 255 })
        );
    }

    #[test]
    fn a_nul_is_refused_wherever_it_stands() {
        assert_eq!(RequestId::try_from("a\0b"), Err(TextError::Nul));
    }

    #[test]
    fn a_name_is_not_empty_but_a_description_may_be() {
        assert_eq!(BadgeName::try_from(""), Err(TextError::Empty));
        assert!(Description::try_from("").is_ok());
    }
}
