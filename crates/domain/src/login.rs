//! Logins: what people are called who work with the service.

use std::fmt;

use crate::text::normalized;

/// What a person is called who signs in: 1 to 128 characters without blanks or control characters, in
/// one case. It is unique in the installation.
///
/// ```
/// use accolade_domain::login::Login;
///
/// assert_eq!(Login::try_from(" Asha.Rao ")?, Login::try_from("asha.rao")?);
/// assert!(Login::try_from("asha rao").is_err());
/// # Ok::<(), accolade_domain::login::MalformedLogin>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct Login(String);

/// The text is no login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 characters without blanks")]
pub struct MalformedLogin;

impl Login {
    /// The most characters it may have.
    pub const MAX: usize = 128;

    /// The login that was stored as `text`.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text itself, in the case in which it is compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Login {
    type Error = MalformedLogin;

    fn try_from(text: &str) -> Result<Self, MalformedLogin> {
        let folded = normalized(&text.to_lowercase()).into_owned();
        let may_stand = |c: char| !c.is_whitespace() && !c.is_control();
        if (1..=Self::MAX).contains(&folded.chars().count()) && folded.chars().all(may_stand) {
            Ok(Self(folded))
        } else {
            Err(MalformedLogin)
        }
    }
}

impl TryFrom<String> for Login {
    type Error = MalformedLogin;

    fn try_from(text: String) -> Result<Self, MalformedLogin> {
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

    #[test]
    fn a_login_is_one_whatever_its_case_and_form() {
        let login = |text: &str| Login::try_from(text).unwrap();
        assert_eq!(login("ÉLODIE"), login("e\u{301}lodie"));
        assert_eq!(login("Asha").as_str(), "asha");
    }

    #[test]
    fn nothing_blanks_and_too_much_are_no_login() {
        for text in ["", "  ", "a b", "a\tb", "a\0", &"x".repeat(Login::MAX + 1)] {
            assert_eq!(Login::try_from(text), Err(MalformedLogin), "{text:?}");
        }
        assert!(Login::try_from("x".repeat(Login::MAX)).is_ok());
    }
}
