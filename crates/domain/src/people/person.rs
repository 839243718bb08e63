//! All that names one person.

use std::collections::BTreeSet;
use std::fmt;

use crate::identifier::{IdentifierKind, Region};
use crate::ids::CustomerId;

/// A person: every number that stands for her, and the identifiers by which the directory knows her.
/// Personal data: not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    numbers: BTreeSet<CustomerId>,
    identifiers: BTreeSet<(IdentifierKind, String)>,
    region: Option<Region>,
}

impl Person {
    /// Whom these numbers and these identifiers name, in the form in which they are kept in an org of
    /// `region`.
    pub const fn new(
        numbers: BTreeSet<CustomerId>,
        identifiers: BTreeSet<(IdentifierKind, String)>,
        region: Option<Region>,
    ) -> Self {
        Self {
            numbers,
            identifiers,
            region,
        }
    }

    /// Every number that stands for her.
    pub const fn numbers(&self) -> &BTreeSet<CustomerId> {
        &self.numbers
    }

    /// Whether this number stands for her.
    pub fn has_number(&self, customer: CustomerId) -> bool {
        self.numbers.contains(&customer)
    }

    /// Whether she has this identifier, in the form in which it is kept.
    pub fn has_identifier(&self, kind: IdentifierKind, kept: &str) -> bool {
        let mut own = self.identifiers.iter();
        own.any(|(of, text)| *of == kind && text == kept)
    }

    /// Whether `text`, as somebody sent it without saying of which kind it is, is one of her
    /// identifiers.
    ///
    /// ```
    /// use accolade_domain::identifier::IdentifierKind;
    /// use accolade_domain::people::Person;
    ///
    /// let number = 62090013.try_into().unwrap();
    /// let anna = (IdentifierKind::Email, "anna@x.org".to_owned());
    /// let person = Person::new([number].into(), [anna].into(), None);
    /// assert!(person.is_called(" Anna@X.org"));
    /// assert!(!person.is_called("anna"));
    /// ```
    pub fn is_called(&self, text: &str) -> bool {
        let mut own = self.identifiers.iter();
        own.any(|(kind, kept)| kind.comparable(text, self.region).text == *kept)
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({:?})", self.numbers)
    }
}
