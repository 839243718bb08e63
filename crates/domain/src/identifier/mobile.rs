//! Telephone numbers, as E.164 where they are some: `+`, the code of the country, the number.
//!
//! What a number is the library knows, a port of the one that telephones have. A number that is
//! written internationally counts if numbers of its country can have its length: which ranges a
//! country has in use changes faster than the library. One without a country code counts only if
//! the org's region has it in use, because any digits could be one.

use rlibphonenumber::{
    CountryCodeSource, NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat,
};

use super::Region;

/// `text` as E.164: itself or its digits, if they are a number when they are dialled in `region`.
pub(super) fn e164(text: &str, region: Option<Region>) -> Option<String> {
    read(text, region).or_else(|| read(&digits(text), region))
}

/// What is compared of a `text` that is no number: its digits, and all of it if it has none.
pub(super) fn digits(text: &str) -> String {
    let digits = PHONE_NUMBER_UTIL.normalize_digits_only(text);
    if digits.is_empty() {
        text.to_owned()
    } else {
        digits
    }
}

fn read(text: &str, region: Option<Region>) -> Option<String> {
    let number = PHONE_NUMBER_UTIL
        .parse_and_keep_raw_input(text, region.map(|region| region.0))
        .ok()?;
    // Whoever is behind an extension shares the number with others.
    if number.extension.is_some() {
        return None;
    }
    let text = PHONE_NUMBER_UTIL
        .format(&number, PhoneNumberFormat::E164)
        .into_owned();
    let is_in_use = PHONE_NUMBER_UTIL.is_valid_number(&number);
    (is_in_use || is_international(&number) && is_stable(&number, &text)).then_some(text)
}

/// Whether `number` was written with the code of its country, and has a length that is possible there.
fn is_international(number: &PhoneNumber) -> bool {
    let source = number.country_code_source();
    let has_code = matches!(
        source,
        CountryCodeSource::FromNumberWithPlusSign | CountryCodeSource::FromNumberWithIdd
    );
    let length = PHONE_NUMBER_UTIL.is_possible_number_with_reason(number);
    has_code && length == Ok(NumberLengthType::IsPossible)
}

/// Whether `text`, the E.164 form of `number`, is read as the same number again: of numbers that are
/// not in use the library may take a leading digit for a prefix.
fn is_stable(number: &PhoneNumber, text: &str) -> bool {
    PHONE_NUMBER_UTIL.parse(text, None).is_ok_and(|again| {
        again.country_code == number.country_code
            && again.national_number == number.national_number
            && again.italian_leading_zero == number.italian_leading_zero
            && again.number_of_leading_zeros == number.number_of_leading_zeros
    })
}

#[cfg(test)]
mod tests {
    use crate::identifier::IdentifierKind;

    fn comparable(text: &str, region: &str) -> (String, bool) {
        let found = IdentifierKind::Mobile.comparable(text, region.parse().ok());
        (found.text, found.is_no_number)
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for (region, written, number) in [
            ("IN", "+91 98765 43210", "+919876543210"),
            ("IN", "098765-43210", "+919876543210"),
            ("IN", "9876543210", "+919876543210"),
            ("IN", "919876543210", "+919876543210"),
            ("IN", "00919876543210", "+919876543210"),
            ("IN", "९८७६५४३२१०", "+919876543210"),
            ("US", "011 91 98765 43210", "+919876543210"),
            ("US", "(650) 253-0000", "+16502530000"),
            ("GB", "+44 (0) 7911 123456", "+447911123456"),
            ("IT", "06 1234 5678", "+390612345678"),
            ("", "+91 98765 43210", "+919876543210"),
            ("", "tel:+91-98765-43210", "+919876543210"),
        ] {
            let expected = (number.to_owned(), false);
            assert_eq!(comparable(written, region), expected, "{region} {written}");
        }
    }

    #[test]
    fn a_range_that_came_into_use_yesterday_is_one_if_it_is_written_internationally() {
        assert_eq!(
            comparable("+91 1000000000", ""),
            ("+911000000000".to_owned(), false)
        );
    }

    #[test]
    fn what_is_no_number_anywhere_is_compared_by_its_digits() {
        for (region, written, digits) in [
            ("", "98765 43210", "9876543210"),
            ("", "00919876543210", "00919876543210"),
            ("IN", "12-345", "12345"),
            ("IN", "+000", "000"),
            ("IN", "+91 98765", "9198765"),
            ("IN", "91 0000 000 001", "910000000001"),
            ("US", "253-0000", "2530000"),
            ("IN", "9876543210 ext. 5", "98765432105"),
            ("IN", "ask me", "ask me"),
        ] {
            let expected = (digits.to_owned(), true);
            assert_eq!(comparable(written, region), expected, "{region} {written}");
        }
    }
}
