//! Identifiers: what customers are called besides their number, and the form in which the directory
//! of an org keeps and compares them.
//!
//! Identifiers are personal data: nothing here prints them.

mod mobile;
mod region;

use serde::{Deserialize, Serialize};

use crate::text::normalized;

pub use region::{Region, UnknownRegion};

/// A kind of identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IdentifierKind {
    /// An e-mail address; compared without regard to case.
    Email = 1,
    /// A telephone number; compared as E.164, whichever way it is written.
    Mobile = 2,
    /// The id of another system.
    ExternalId = 3,
    /// The number of a card.
    CardNumber = 4,
}

/// An identifier in the form in which it is kept and compared.
#[derive(Clone, PartialEq, Eq)]
pub struct Comparable {
    /// That form. Normalised once more it is the same.
    pub text: String,
    /// Whether it should be a telephone number and is none, so that its digits are compared.
    pub is_no_number: bool,
}

impl IdentifierKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Email,
        Self::Mobile,
        Self::ExternalId,
        Self::CardNumber,
    ];

    /// The spelling on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Mobile => "mobile",
            Self::ExternalId => "externalId",
            Self::CardNumber => "cardNumber",
        }
    }

    /// The number under which it is stored; never reused, never changed.
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The kind stored under `number`.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.number() == number)
    }

    /// The form in which `text` is kept and compared in an org of `region`.
    ///
    /// ```
    /// use accolade_domain::identifier::IdentifierKind;
    ///
    /// let india = "IN".parse().ok();
    /// let number = |text| IdentifierKind::Mobile.comparable(text, india).text;
    /// assert_eq!(number("098765 43210"), "+919876543210");
    /// assert_eq!(number("0091-98765-43210"), "+919876543210");
    /// assert_eq!(IdentifierKind::Email.comparable("Anna@X.org", None).text, "anna@x.org");
    /// ```
    pub fn comparable(self, text: &str, region: Option<Region>) -> Comparable {
        let text = normalized(text);
        match self {
            Self::Email => Comparable {
                text: folded(&text),
                is_no_number: false,
            },
            Self::Mobile => match mobile::e164(&text, region) {
                Some(text) => Comparable {
                    text,
                    is_no_number: false,
                },
                None => Comparable {
                    text: mobile::digits(&text),
                    is_no_number: true,
                },
            },
            Self::ExternalId | Self::CardNumber => Comparable {
                text: text.into_owned(),
                is_no_number: false,
            },
        }
    }
}

/// `text` without the difference between large and small letters. Letter by letter, because a sigma
/// at the end of a word is one as anywhere else.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .collect();
    normalized(&lower).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn email(text: &str) -> String {
        IdentifierKind::Email.comparable(text, None).text
    }

    #[test]
    fn an_e_mail_address_is_the_same_in_either_case() {
        for (one, other) in [
            (" Anna@Example.ORG ", "anna@example.org"),
            ("JOSE\u{301}@x", "josé@x"),
            ("ΑΣ@x", "ας@x"),
        ] {
            assert_eq!(email(one), email(other), "{one}");
        }
        // A dotless i is another letter, and another address.
        assert_ne!(email("anna@lı.org"), email("anna@li.org"));
    }

    #[test]
    fn ids_and_cards_differ_by_case() {
        for kind in [IdentifierKind::ExternalId, IdentifierKind::CardNumber] {
            let text = |text| kind.comparable(text, None).text;
            assert_eq!(text(" Ab e\u{301}"), "Ab é");
            assert_ne!(text("A"), text("a"));
        }
    }

    #[test]
    fn a_kind_is_found_by_its_number() {
        for kind in IdentifierKind::ALL {
            assert_eq!(IdentifierKind::from_number(kind.number()), Some(*kind));
        }
        assert_eq!(IdentifierKind::from_number(0), None);
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(
            text in prop_oneof!["\\PC{0,16}", "[+0]{0,3}[-0-9 ()a-z]{0,16}", "\\+[0-9]{1,15}"],
            region in prop_oneof![Just(None), Just("IN".parse().ok()), Just("US".parse().ok()), Just("IT".parse().ok()), Just("AR".parse().ok())],
        ) {
            for kind in IdentifierKind::ALL {
                let once = kind.comparable(&text, region);
                let twice = kind.comparable(&once.text, region);
                prop_assert!(once == twice, "{kind:?} {text:?} {:?} {:?}", once.text, twice.text);
            }
        }
    }
}
