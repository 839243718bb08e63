//! Fixed headers of the requests to a webhook, by which receivers know who sends.

use std::fmt;

/// What is wrong with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The name has a character that names of headers have not, or is too long.
    #[error("must be a name of a header: 1 to 128 letters, digits and !#$%&'*+-.^_`|~")]
    Name,
    /// The server sets this header itself.
    #[error("is set by the server itself")]
    Reserved,
    /// The value is too long, or has a character that cannot be sent.
    #[error("must be 0 to 4096 printable ASCII characters")]
    Value,
}

/// What names of headers begin with that the signature has.
const SIGNATURE_PREFIX: &str = "webhook-";

/// Headers that say how a request is sent, not who sends it.
const RESERVED: [&str; 14] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The name of a header, in lower case: its case says nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct HeaderName(String);

impl HeaderName {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for HeaderName {
    type Error = HeaderError;

    fn try_from(text: &str) -> Result<Self, HeaderError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if !(1..=128).contains(&text.len()) || !text.bytes().all(allowed) {
            return Err(HeaderError::Name);
        }
        let name = text.to_ascii_lowercase();
        if name.starts_with(SIGNATURE_PREFIX) || RESERVED.contains(&name.as_str()) {
            return Err(HeaderError::Reserved);
        }
        Ok(Self(name))
    }
}

/// The value of a header: often a secret, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct HeaderValue(String);

impl HeaderValue {
    /// What stands in the place of a value that may not be shown.
    pub const fn hidden() -> Self {
        Self(String::new())
    }

    /// The text, to be sent to the receiver and shown to nobody.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for HeaderValue {
    type Error = HeaderError;

    /// Blanks around it would not arrive, and are cut off.
    fn try_from(text: &str) -> Result<Self, HeaderError> {
        let text = text.trim_matches([' ', '\t']);
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if text.len() <= 4096 && printable {
            Ok(Self(text.to_owned()))
        } else {
            Err(HeaderError::Value)
        }
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderValue(…)")
    }
}

/// The fixed headers of a webhook, by name.
pub type Headers = std::collections::BTreeMap<HeaderName, HeaderValue>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_token_and_not_one_that_the_server_sets() {
        let name = |text: &str| HeaderName::try_from(text);
        assert_eq!(name("X-Api-Key").unwrap().as_str(), "x-api-key");
        assert!(name("Authorization").is_ok());
        for text in ["", "a b", "a:b", "ä", "a\r\nb", &"a".repeat(129)] {
            assert_eq!(name(text), Err(HeaderError::Name), "{text:?}");
        }
        for text in ["Webhook-Id", "webhook-anything", "Host", "Content-Length"] {
            assert_eq!(name(text), Err(HeaderError::Reserved), "{text:?}");
        }
    }

    #[test]
    fn a_value_ends_no_line_and_is_not_printed() {
        let value = |text: &str| HeaderValue::try_from(text);
        let kept = value(" Bearer x y\t").unwrap();
        assert_eq!(kept.reveal(), "Bearer x y");
        assert_eq!(format!("{kept:?}"), "HeaderValue(…)");
        for text in ["a\r\nb: c", "a\nb", "ä", "\0", &"a".repeat(4097)] {
            assert_eq!(value(text), Err(HeaderError::Value), "{text:?}");
        }
    }
}
