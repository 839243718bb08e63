//! Reading what a badge shows and brings: images, tags, benefits, values of custom fields.

use accolade_domain::badge::{Benefit, Image, ImageTag, Tag};
use accolade_domain::catalogue::CustomValues;
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::{Name, UrlText};
use serde_json::value::RawValue;
use url::Url;

use crate::badge::request::elements;
use crate::json::{Field, body};
use crate::words::ImageTagName;

/// The most characters that a benefit may have, without blanks between its parts.
const MOST_BENEFIT_CHARACTERS: usize = 4_000;

/// The pictures in `field`.
pub(crate) fn images(field: Field<'_, '_>) -> Vec<Image> {
    elements(field, |element| element.object_as(ImageRequest::read))
}

/// The names and values in `field`.
pub(crate) fn tags(field: Field<'_, '_>) -> Vec<Tag> {
    elements(field, |element| element.object_as(TagRequest::read))
}

body! {
    /// A picture of the badge.
    pub(crate) struct ImageRequest {
        /// What the picture is called.
        #[schema(max_length = 255)]
        name: Option<String> => called = Some(fields.field(name).text()),
        /// Your handle of the stored file.
        #[schema(max_length = 255)]
        fileSvcHandle: Option<String> => file_svc_handle = Some(fields.field(name).text()),
        /// An absolute http or https address.
        #[schema(max_length = 2048)]
        url: Option<String> => url = Some(fields.field(name).text::<WebAddress>()),
        /// Which state of the badge it shows.
        tag: Option<ImageTagName> =>
            tag = Some(fields.field(name).word(ImageTag::ALL, ImageTag::name)),
    }
    read(fields, name) -> Image {
        Image { name: called, file_svc_handle, url: url.map(|url| url.0), tag }
    }
}

body! {
    /// A free name and value.
    pub(crate) struct TagRequest {
        /// The name.
        #[schema(min_length = 1, max_length = 255)]
        name: String => called = fields.field(name).required().text(),
        /// The value.
        #[schema(max_length = 255)]
        value: Option<String> => value = Some(fields.field(name).text()),
    }
    read(fields, name) -> Tag {
        Tag { name: called, value }
    }
}

/// The benefits in `field`, as they were sent.
pub(crate) fn benefits(field: Field<'_, '_>) -> Vec<Benefit> {
    elements(field, benefit)
}

fn benefit(element: Field<'_, '_>) -> Option<Benefit> {
    let raw = element.raw()?;
    let mut fields = element.object()?;
    let kind = fields.field("benefitType").required().text::<Name>();
    let json = match compact(raw) {
        Err(Nul) => Err("Must not contain the NUL character (U+0000).".to_owned()),
        Ok(json) if json.chars().count() > MOST_BENEFIT_CHARACTERS => Err(format!(
            "Must not be longer than {MOST_BENEFIT_CHARACTERS} characters."
        )),
        Ok(json) => Ok(json),
    };
    let json = json.map_err(|message| fields.refuse(Rejection::unreadable(message)));
    kind.and(json.ok()).map(Benefit::from_json)
}

/// The values of custom fields in `field`, by their names.
pub(crate) fn custom_values(field: Field<'_, '_>) -> CustomValues {
    let Some(fields) = field.object() else {
        return CustomValues::new();
    };
    let mut values = CustomValues::new();
    for (name, value) in fields.rest().filter(|(_, value)| value.is_present()) {
        match Name::try_from(name.into_owned()) {
            Ok(name) if values.contains_key(&name) => {
                let message = "The field is given more than once. Send it once.";
                value.refuse(Rejection::unreadable(message));
            }
            Ok(name) => values.extend(value.scalar().map(|value| (name, value))),
            // No custom field can have such a name.
            Err(_) => value.refuse(Rejection::new(Code::CustomFieldUnknown)),
        }
    }
    values
}

/// An absolute http or https address.
struct WebAddress(UrlText);

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

struct Nul;

/// `value` without the blanks between its parts; spellings of numbers and texts, and
/// the order of members, stay.
fn compact(value: &RawValue) -> Result<String, Nul> {
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
