//! The envelope around every answer of the API: `data`, `errors`, `warnings`, in this order.

use std::fmt::Write as _;

use accolade_domain::rejection::Rejection;
use serde::Serialize;
use utoipa::ToSchema;

/// One error or warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notice<'a> {
    /// The code, from the table of codes.
    #[schema(example = 400)]
    code: u32,
    /// What it means here and what to do.
    message: &'a str,
    /// The path of the field at fault, as in `customers[3]`; null where no field is.
    #[schema(required)]
    reference: Option<&'a str>,
}

/// The envelope of a request that failed as a whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Failure)]
pub struct FailureEnvelope<'a> {
    /// Always null.
    #[schema(required, value_type = Option<Object>)]
    data: (),
    /// At least one; the first decides the HTTP status.
    errors: Vec<Notice<'a>>,
    /// Always null.
    #[schema(required, value_type = Option<Vec<Notice>>)]
    warnings: (),
}

/// How an answer says that there are no errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// `[]`, as most answers do.
    Empty,
    /// `null`, as those of *claim* and *unclaim* do.
    Null,
}

impl Errors {
    const fn written(self) -> Option<[(); 0]> {
        match self {
            Self::Empty => Some([]),
            Self::Null => None,
        }
    }
}

impl<'a> From<&'a Rejection> for Notice<'a> {
    fn from(rejection: &'a Rejection) -> Self {
        Self {
            code: rejection.code.number(),
            message: &rejection.message,
            reference: rejection.field.as_deref(),
        }
    }
}

/// The envelope of a request, or of a part of it, that was carried out.
#[derive(Debug, Serialize)]
pub struct SuccessEnvelope<'a, T> {
    data: T,
    errors: Option<[(); 0]>,
    warnings: Vec<Notice<'a>>,
}

impl<'a, T> SuccessEnvelope<'a, T> {
    /// The envelope of `data`.
    pub fn new(data: T, errors: Errors, warnings: Vec<Notice<'a>>) -> Self {
        Self {
            data,
            errors: errors.written(),
            warnings,
        }
    }
}

impl<'a> FailureEnvelope<'a> {
    /// The envelope that says `errors`.
    pub fn new(errors: &'a [Rejection]) -> Self {
        Self {
            data: (),
            errors: errors.iter().map(Notice::from).collect(),
            warnings: (),
        }
    }
}

impl<'a> Notice<'a> {
    /// The same about the field at `path`.
    pub fn at(self, path: &'a str) -> Self {
        Self {
            reference: Some(path),
            ..self
        }
    }
}

/// The bytes of the answer to a request that failed as a whole.
///
/// # Errors
/// None that is known: everything in it is numbers and text.
pub fn failure(errors: &[Rejection]) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&FailureEnvelope::new(errors))
}

/// `rejections` as the `errors` or `warnings` of an envelope, in ASCII: as a header has them.
///
/// # Errors
/// None that is known.
pub fn ascii_notices(rejections: &[Rejection]) -> serde_json::Result<String> {
    let notices: Vec<_> = rejections.iter().map(Notice::from).collect();
    let json = serde_json::to_string(&notices)?;
    let mut ascii = String::with_capacity(json.len());
    for unit in json.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ b' '..=b'~') => ascii.push(byte.into()),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    Ok(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use accolade_domain::rejection::Code;

    fn text(bytes: serde_json::Result<Vec<u8>>) -> String {
        String::from_utf8(bytes.unwrap()).unwrap()
    }

    #[test]
    fn notices_of_a_header_are_ascii_and_say_the_same() {
        let warning = Rejection::new(Code::UnknownField)
            .with_message("\u{7f} ä 𝄞 \"")
            .at_field("größe");
        let notices = ascii_notices(&[warning]).unwrap();
        assert_eq!(
            notices,
            r#"[{"code":1990,"message":"\u007f \u00e4 \ud834\udd1e \"","reference":"gr\u00f6\u00dfe"}]"#
        );
        let read: serde_json::Value = serde_json::from_str(&notices).unwrap();
        assert_eq!(read[0]["message"], "\u{7f} ä 𝄞 \"");
    }

    #[test]
    fn a_failure_has_neither_data_nor_warnings() {
        let rejection = Rejection::new(Code::RequestIdUsed);
        assert_eq!(
            text(failure(&[rejection])),
            r#"{"data":null,"errors":[{"code":809,"message":"Request with the same requestId is not allowed","reference":null}],"warnings":null}"#
        );
    }
}
