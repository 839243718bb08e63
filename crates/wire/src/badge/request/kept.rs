//! Texts that a badge keeps as they were sent: the addresses of its pictures, and its benefits.

use accolade_domain::text::UrlText;
use serde_json::value::RawValue;
use url::Url;

/// An absolute http or https address.
pub(super) struct WebAddress(pub(super) UrlText);

impl TryFrom<String> for WebAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let kept = UrlText::try_from(text).map_err(|error| error.to_string())?;
        let text = kept.as_str();
        // The parser mends more than an address that is to be kept as it is may need.
        let odd = |character: char| character.is_control() || character.is_whitespace();
        let absolute = Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && text.contains("://")
        });
        if !absolute || text.contains(odd) {
            return Err("must be an absolute http or https address".to_owned());
        }
        Ok(Self(kept))
    }
}

/// An escaped NUL character, which no database keeps.
pub(super) struct Nul;

/// `value` without the blanks between its parts; spellings of numbers and texts, and
/// the order of members, stay.
pub(super) fn compact(value: &RawValue) -> Result<String, Nul> {
    let text = value.get();
    let mut compact = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    while let Some(character) = rest.chars().next() {
        let (taken, left) = if in_string && character == '\\' {
            if rest.starts_with("\\u0000") {
                return Err(Nul);
            }
            // What is escaped is one byte: it has been checked with the whole body.
            rest.split_at(2)
        } else {
            rest.split_at(character.len_utf8())
        };
        if taken == "\"" {
            in_string = !in_string;
        }
        if in_string || !character.is_ascii_whitespace() {
            compact.push_str(taken);
        }
        rest = left;
    }
    Ok(compact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compacted(json: &str) -> Option<String> {
        compact(serde_json::from_str(json).unwrap()).ok()
    }

    #[test]
    fn a_benefit_loses_the_blanks_between_its_parts_and_nothing_else() {
        assert_eq!(
            compacted("{ \"a b\" :\n [ 1.00 , \"x \\\" y\" , -0, 1E2 ] }").as_deref(),
            Some(r#"{"a b":[1.00,"x \" y",-0,1E2]}"#)
        );
        assert_eq!(
            compacted(r#"{"a": "\\", "ä": "\u00e4 ü"}"#).as_deref(),
            Some(r#"{"a":"\\","ä":"\u00e4 ü"}"#)
        );
    }

    #[test]
    fn an_escaped_nul_is_found_and_an_escaped_backslash_is_none() {
        assert_eq!(compacted(r#"{"a":"x\u0000"}"#), None);
        assert!(compacted(r#"{"a":"\\u0000"}"#).is_some());
    }

    #[test]
    fn an_address_is_absolute_and_of_the_web() {
        let ok = |text: &str| WebAddress::try_from(text.to_owned()).is_ok();
        assert!(ok(
            "https://images.example.com/o/a%2Fb.jpg?alt=media&token=1"
        ));
        assert!(ok("HTTP://[::1]:8080/"));
        let kept = WebAddress::try_from(" https://a/\n".to_owned()).unwrap();
        assert_eq!(kept.0.as_str(), "https://a/");
        for text in [
            "string",
            "/a.jpg",
            "//host/a",
            "ftp://host/a",
            "http:host",
            "http://",
            "https:///",
            "javascript:alert(1)",
            "https://a b/",
            "https://a/\nb",
        ] {
            assert!(!ok(text), "{text:?}");
        }
    }
}
