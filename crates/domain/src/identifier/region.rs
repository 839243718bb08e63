//! Regions: the country that telephone numbers without a country code belong to.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::PHONE_NUMBER_UTIL;

/// A country or territory that has telephone numbers, by its two letters of ISO 3166-1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region(pub(super) rlibphonenumber::Region);

/// There is no such region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a region is the two letters of a country, such as IN or US")]
pub struct UnknownRegion;

impl FromStr for Region {
    type Err = UnknownRegion;

    /// Reads letters of either case.
    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        rlibphonenumber::Region::from_code(text)
            .ok()
            .filter(|_| text.len() == 2)
            .filter(|region| {
                PHONE_NUMBER_UTIL
                    .get_country_code_for_region(*region)
                    .is_some()
            })
            .map(Self)
            .ok_or(UnknownRegion)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.as_region_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_two_letters_of_a_country_that_has_numbers() {
        assert_eq!("in".parse::<Region>().unwrap().to_string(), "IN");
        for wrong in ["", "I", "IND", "XX", "001", "91", "İN"] {
            assert_eq!(wrong.parse::<Region>(), Err(UnknownRegion), "{wrong}");
        }
    }
}
