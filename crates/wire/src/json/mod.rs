//! Reading JSON bodies: every problem at once, each with its path.
//!
//! [`read`] takes a body apart field by field, lazily: a value is looked into only when
//! something asks for it, so the width of what nobody reads costs nothing, and a path becomes text
//! only where there is a problem. Serde's derived readers, and those that are made to report every
//! problem, do not fit: they stop at the first one, or read from a tree in which repeated fields and
//! the spelling of numbers are lost.
//!
//! ```text
//! json::read(body, |fields| {
//!     let name = fields.field("name").required().text::<BadgeName>();
//!     let owner = fields.field("ownerType").required_as(Code::OwnerTypeMissing)
//!         .word(OwnerType::ALL, OwnerType::name);
//!     let starts_on = fields.instant_pair("startOn", Presence::Required);
//!     Some(Command { name: name?, owner: owner?, starts_on: starts_on? })
//! })
//! ```
//!
//! All fields are asked for before the first `?`, so that none hides another's problem.

mod body;
mod field;
mod fields;
mod problems;

use accolade_domain::rejection::{Code, Rejection};
use serde_json::error::Category;
use serde_json::value::RawValue;

pub(crate) use body::body;
pub use field::{Field, not_a_word, sentence, word};
use fields::Entries;
pub use fields::{Fields, Presence, disagreement};
pub use problems::Problems;

pub use accolade_application::error::MOST_REPORTED;

/// How deep a body may be nested, also where nobody reads it.
const MOST_NESTED: usize = 128;

/// What a body is for, where one description is that of two operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Something new.
    Create,
    /// A change of what there is.
    Update,
}

/// Why fields that only answers have are ignored.
pub(crate) const SET_BY_SERVER: &str = "Ignored: it is set by the server.";

/// What a body asks for, and what is odd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T> {
    /// What it asks for.
    pub value: T,
    /// Warnings that the answer carries.
    pub warnings: Vec<Rejection>,
}

impl<T> Parsed<T> {
    /// The same of what `map` makes of what it asks for.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Parsed<U> {
        Parsed {
            value: map(self.value),
            warnings: self.warnings,
        }
    }
}

/// An element that is read by itself, or all that is wrong with it.
pub type Element<T> = Result<Parsed<T>, Vec<Rejection>>;

/// Reads `body`, a JSON object, with `read`, and warns of fields that it has not asked for.
///
/// # Errors
/// Every problem, up to [`MOST_REPORTED`]; at least one.
pub fn read<'a, T>(
    body: &'a [u8],
    read: impl FnOnce(&mut Fields<'a, '_>) -> Option<T>,
) -> Result<Parsed<T>, Vec<Rejection>> {
    let (Parsed { value, warnings }, problems) = read_partly(body, read)?;
    match value {
        Some(value) if problems.is_empty() => Ok(Parsed { value, warnings }),
        _ if problems.is_empty() => Err(vec![Rejection::unreadable("The body cannot be read.")]),
        _ => Err(problems),
    }
}

/// As [`read`], where more is to be found wrong with what could be read: gives it together
/// with the problems that there are so far.
///
/// # Errors
/// It is no JSON object.
pub fn read_partly<'a, T>(
    body: &'a [u8],
    read: impl FnOnce(&mut Fields<'a, '_>) -> T,
) -> Result<(Parsed<T>, Vec<Rejection>), Vec<Rejection>> {
    let problems = Problems::default();
    let fields = object(body, &problems).map_err(|problem| vec![problem])?;
    let value = fields.map(|mut fields| {
        let value = read(&mut fields);
        fields.finish();
        value
    });
    let (errors, warnings) = problems.into_parts();
    match value {
        Some(value) => Ok((Parsed { value, warnings }, errors)),
        None => Err(errors),
    }
}

/// Reads `body`, a JSON array of at most `max` elements, each an object and read with `read` by
/// itself: what is wrong with one is its own, with paths from its root.
///
/// # Errors
/// It is no JSON array; `too_many` if it has more elements.
pub fn read_each<'a, T>(
    body: &'a [u8],
    max: usize,
    too_many: Code,
    read: impl Fn(&mut Fields<'a, '_>) -> Option<T>,
) -> Result<Vec<Element<T>>, Vec<Rejection>> {
    let root = text(body).and_then(check_syntax);
    let root = root.map_err(|problem| vec![problem])?;
    let problems = Problems::default();
    let elements = Field::root(root, &problems).list(max, too_many);
    let Some(elements) = elements else {
        return Err(problems.into_parts().0);
    };
    let element = |element: Field<'a, '_>| {
        let problems = Problems::default();
        let value = Field::lone_element(element.raw(), &problems)
            .object()
            .and_then(|mut fields| {
                let value = read(&mut fields);
                fields.finish();
                value
            });
        match (value, problems.into_parts()) {
            (Some(value), (errors, warnings)) if errors.is_empty() => {
                Ok(Parsed { value, warnings })
            }
            (_, (errors, _)) => Err(errors),
        }
    };
    Ok(elements.into_iter().map(element).collect())
}

/// Reads `line`, a JSON object in a line of a file, with `read`: a field is known under the name that
/// `known` gives for its own, if it gives one. Warns of nothing.
///
/// # Errors
/// Every problem, up to [`MOST_REPORTED`]; at least one.
pub(crate) fn read_line<'a, T>(
    line: &'a str,
    known: impl Fn(&str) -> Option<&'static str>,
    read: impl FnOnce(&mut Fields<'a, '_>) -> Option<T>,
) -> Result<T, Vec<Rejection>> {
    let problems = Problems::default();
    let fields = if let Ok(entries) = serde_json::from_str::<Entries<'_>>(line) {
        check_depth(line).map_err(|problem| vec![problem])?;
        Fields::from_entries(entries.renamed(known), String::new(), &problems)
    } else {
        let root = serde_json::from_str(line).map_err(|error| {
            let message = format!("Is not valid JSON: mend it at column {}.", error.column());
            vec![Rejection::unreadable(message)]
        })?;
        Field::root(root, &problems).object()
    };
    let value = fields.and_then(|mut fields| read(&mut fields));
    match (value, problems.into_parts().0) {
        (Some(value), errors) if errors.is_empty() => Ok(value),
        (_, errors) if errors.is_empty() => Err(vec![Rejection::unreadable("Cannot be read.")]),
        (_, errors) => Err(errors),
    }
}

/// The object that `text` is, if it is one.
pub(crate) fn object_in(text: &str) -> Option<&RawValue> {
    let value: &RawValue = serde_json::from_str(text).ok()?;
    value.get().starts_with('{').then_some(value)
}

/// The fields of `body`, which are read in one pass if nothing is wrong with its syntax; what is
/// wrong a second pass says.
fn object<'a, 'p>(
    body: &'a [u8],
    problems: &'p Problems,
) -> Result<Option<Fields<'a, 'p>>, Rejection> {
    let text = text(body)?;
    if let Ok(entries) = serde_json::from_str(text) {
        check_depth(text)?;
        return Ok(Fields::from_entries(entries, String::new(), problems));
    }
    Ok(Field::root(check_syntax(text)?, problems).object())
}

/// The text that `body` is, without the byte order mark that some programs put before it.
fn text(body: &[u8]) -> Result<&str, Rejection> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        Rejection::unreadable(format!("The body is not UTF-8 text: see byte {at}."))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(Rejection::unreadable(
            "The body is empty. Send a JSON object.",
        ));
    }
    Ok(text)
}

/// The whole of `text`, if it is one JSON value. Skips nested values without recursion.
fn check_syntax(text: &str) -> Result<&RawValue, Rejection> {
    let root = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    check_depth(text)?;
    Ok(root)
}

/// What is wrong with the syntax of a body, and where.
fn malformed(error: &serde_json::Error) -> Rejection {
    let place = format!("line {} column {}", error.line(), error.column());
    Rejection::unreadable(match error.classify() {
        Category::Eof => format!(
            "The body is not valid JSON: it ends before its value does, at {place}. Send all of it."
        ),
        _ => format!("The body is not valid JSON: mend it at {place}."),
    })
}

fn check_depth(text: &str) -> Result<(), Rejection> {
    // Few bodies have so many brackets that one could be nested too deeply.
    let brackets = text.bytes().filter(|byte| matches!(byte, b'[' | b'{'));
    if brackets.count() > MOST_NESTED && depth(text) > MOST_NESTED {
        return Err(Rejection::unreadable(format!(
            "The body is nested more than {MOST_NESTED} levels deep. Nothing that is read here is."
        )));
    }
    Ok(())
}

/// How deep arrays and objects are nested in `json`, which is valid.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = json.bytes();
    let mut in_string = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            // What it escapes may be a quotation mark.
            b'\\' if in_string => drop(bytes.next()),
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &[u8]) -> String {
        let mut problems = read(body, |_| Some(())).unwrap_err();
        assert_eq!(problems.len(), 1);
        problems.remove(0).message
    }

    #[test]
    fn malformed_json_is_refused_with_its_line_and_column() {
        assert_eq!(
            refused(b"{\n\"a\": 2024-04-23\n}"),
            "The body is not valid JSON: mend it at line 2 column 10."
        );
        assert_eq!(
            refused(b"{\"a\":1} x"),
            "The body is not valid JSON: mend it at line 1 column 9."
        );
        assert_eq!(refused(b" \n"), "The body is empty. Send a JSON object.");
        assert_eq!(refused(b"[1]"), "Must be an object, not an array.");
        assert_eq!(refused(b"null"), "Is required.");
    }

    #[test]
    fn a_byte_order_mark_before_json_is_skipped_and_another_is_not() {
        let name = |body: &str| {
            let read = read(body.as_bytes(), |fields| {
                fields.field("a").required().text::<String>()
            });
            read.map(|parsed| parsed.value)
        };
        assert_eq!(name("\u{feff}{\"a\":\"b\"}"), Ok("b".to_owned()));
        assert!(refused("\u{feff}\u{feff}{}".as_bytes()).contains("line 1 column 1"));
        assert!(refused("\u{feff}".as_bytes()).contains("empty"));
        let elements = read_each("\u{feff}[{}]".as_bytes(), 1, Code::TooManyCustomers, |_| {
            Some(())
        });
        assert_eq!(elements.map(|elements| elements.len()), Ok(1));
    }

    #[test]
    fn bytes_that_are_no_utf8_are_refused_with_their_place() {
        assert_eq!(
            refused(b"{\"a\":\"\xff\"}"),
            "The body is not UTF-8 text: see byte 6."
        );
    }

    #[test]
    fn a_hundred_thousand_brackets_are_read_without_recursion() {
        let open = "[".repeat(100_000);
        assert!(
            refused(open.as_bytes())
                .contains("ends before its value does, at line 1 column 100000")
        );
        let nested = format!("{{\"x\":{open}{}}}", "]".repeat(100_000));
        assert!(refused(nested.as_bytes()).contains("nested more than 128 levels deep"));
    }

    #[test]
    fn brackets_within_texts_are_no_nesting() {
        let body = |depth: usize, text: &str| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!(r#"{{"x":{open}"{text}"{close}}}"#)
        };
        for (depth, text, deepest) in [
            (3, "[[{", 4),
            (3, r#"\"[["#, 4),
            (3, r"\\", 4),
            (127, "", 128),
        ] {
            assert_eq!(super::depth(&body(depth, text)), deepest, "{text}");
        }
        assert!(read(body(127, "").as_bytes(), |_| Some(())).is_ok());
        assert!(read(body(128, "").as_bytes(), |_| Some(())).is_err());
    }
}
