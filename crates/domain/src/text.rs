//! Texts of callers, and the one rule for them.
//!
//! A text is cut of blanks around it and kept in Unicode's normal form C, so that what looks the
//! same is the same; it may not consist of blanks alone. Lengths count characters (Unicode scalar
//! values) of what is kept. PostgreSQL cannot store a NUL, so none gets in.
//!
//! What is read back from a database was a text when it was written, perhaps under the rule of an
//! earlier release, and stays as it is: `from_stored` and Serde change nothing.

use std::borrow::Cow;
use std::fmt;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// Why a text is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or nothing but blanks.
    #[error("must not be blank")]
    Blank,
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

/// `text` as it is compared where letters of either case are the same, also with a part of it: so the two forms of a
/// small sigma, which depend on what stands behind it, are one.
///
/// ```
/// use accolade_domain::text::folded;
///
/// assert_eq!(folded("ΟΔΟΣ"), "οδοσ");
/// assert!(folded("Οδος").contains(&folded("ΟΔΟΣ")));
/// ```
pub fn folded(text: &str) -> String {
    text.to_lowercase().replace('ς', "σ")
}

/// The form in which `text` is kept and compared: without blanks around it, in normal form C. A
/// part of `text` itself where that is the form already, as it always is with ASCII.
///
/// ```
/// use accolade_domain::text::normalized;
///
/// assert_eq!(normalized(" Gold\n"), "Gold");
/// assert_eq!(normalized("e\u{301}"), "é");
/// ```
pub fn normalized(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// The same of a text that is the caller's own no more.
fn into_normalized(text: String) -> String {
    match normalized(&text) {
        Cow::Borrowed(kept) if kept.len() == text.len() => text,
        kept => kept.into_owned(),
    }
}

/// Checks `text` for NUL and for at most `max` characters.
fn check(text: &str, max: usize) -> Result<(), TextError> {
    if text.contains('\0') {
        return Err(TextError::Nul);
    }
    // Bytes bound characters from above, so most texts need no count.
    if text.len() > max && text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    Ok(())
}

/// Declares a type of text. One of at least 0 characters may be empty, which says that there is
/// none; blanks alone are refused there, too.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $min:expr, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX: usize = $max;

            /// The text as it was stored, unchanged.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                let may_be_empty = $min == 0 && text.is_empty();
                let text = into_normalized(text);
                if text.is_empty() && !may_be_empty {
                    return Err(TextError::Blank);
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
    /// Why something was revoked or changed, in the words of who did it: 1 to 255 characters.
    Reason, 1, 255
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
    use proptest::prelude::*;

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
        assert_eq!(BadgeName::try_from(""), Err(TextError::Blank));
        assert!(Description::try_from("").is_ok());
    }

    #[test]
    fn blanks_alone_are_no_text_anywhere() {
        for blank in [" ", "\t\n", "\u{a0}\u{3000}"] {
            assert_eq!(BadgeName::try_from(blank), Err(TextError::Blank));
            assert_eq!(Description::try_from(blank), Err(TextError::Blank));
        }
    }

    #[test]
    fn what_looks_the_same_is_the_same() {
        let name = |text: &str| BadgeName::try_from(text).unwrap();
        assert_eq!(name(" Cafe\u{301} \u{2003}"), name("Café"));
        assert_eq!(name("in  side").as_str(), "in  side");
        // Decomposed, it has twice as many characters as are kept of it.
        assert!(BadgeName::try_from("e\u{301}".repeat(255)).is_ok());
    }

    #[test]
    fn what_was_stored_stays_as_it_is() {
        let stored = BadgeName::from_stored(" e\u{301} ".to_owned());
        assert_eq!(stored.as_str(), " e\u{301} ");
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(text in "[ \\t\u{a0}]{0,2}\\PC{0,12}[ \u{3000}]{0,2}") {
            let once = normalized(&text).into_owned();
            prop_assert_eq!(&normalized(&once), &once);
        }
    }
}
