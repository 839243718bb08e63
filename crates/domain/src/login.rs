//! What a person signs in with: the name by which an installation tells people apart.

use std::fmt;

use crate::text::normalized;

/// What a person signs in with: 1 to 128 characters, none of them blank or a control character, in
/// one case. So two logins that differ by nothing but their case are one.
///
/// ```
/// use accolade_domain::login::Login;
///
/// let login = Login::try_from(" Ada.Lovelace@Example.org").unwrap();
/// assert_eq!(login.as_str(), "ada.lovelace@example.org");
/// assert!(Login::try_from("ada lovelace").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct Login(String);

/// The text cannot be a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 128 printable characters without blanks")]
pub struct UnfitLogin;

impl Login {
    /// The most characters that it has.
    pub const MAX: usize = 128;

    /// The login as it was stored, unchanged.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text itself, in the one case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Login {
    type Error = UnfitLogin;

    fn try_from(text: &str) -> Result<Self, UnfitLogin> {
        // Beyond this nothing is worth being folded.
        if text.len() > 8 * Self::MAX {
            return Err(UnfitLogin);
        }
        // By way of upper case, so that letters that are one there are one here, as ß and ss are.
        let folded = normalized(text).to_uppercase().to_lowercase();
        let folded = normalized(&folded);
        let is_fit = |it: char| !it.is_whitespace() && !it.is_control();
        let length = folded.chars().count();
        if (1..=Self::MAX).contains(&length) && folded.chars().all(is_fit) {
            Ok(Self(folded.into_owned()))
        } else {
            Err(UnfitLogin)
        }
    }
}

impl TryFrom<String> for Login {
    type Error = UnfitLogin;

    fn try_from(text: String) -> Result<Self, UnfitLogin> {
        Self::try_from(text.as_str())
    }
}

impl From<Login> for String {
    fn from(login: Login) -> Self {
        login.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(text: &str) -> Result<Login, UnfitLogin> {
        Login::try_from(text)
    }

    #[test]
    fn logins_that_differ_by_case_alone_are_one() {
        for (one, other) in [
            ("ada", "ADA"),
            ("Straße", "STRASSE"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("e\u{301}va", "ÉVA"),
        ] {
            assert_eq!(login(one).unwrap(), login(other).unwrap(), "{one} {other}");
        }
        assert_ne!(login("ada"), login("eva"));
    }

    #[test]
    fn folding_a_login_again_changes_nothing() {
        for text in ["ada", "STRASSE", "ΣΊΣΥΦΟΣ", "İstanbul", "ǅ", "ŉ"] {
            let folded = login(text).unwrap();
            assert_eq!(login(folded.as_str()).unwrap(), folded, "{text}");
        }
    }

    #[test]
    fn a_login_has_no_blanks_inside_and_no_control_characters() {
        let longest = "x".repeat(128);
        for text in ["a", "ada@example.org", "ada:lovelace", &longest] {
            assert!(login(text).is_ok(), "{text:?}");
        }
        let too_long = "x".repeat(129);
        let far_too_long = "x".repeat(10_000);
        for text in ["", " ", "a b", "a\0", "a\u{7f}", &too_long, &far_too_long] {
            assert_eq!(login(text), Err(UnfitLogin), "{text:?}");
        }
    }
}
