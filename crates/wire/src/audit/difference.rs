//! Where two JSON values differ: field by field, by their paths.
//!
//! Objects are compared field by field and lists of objects element by element; what is left are
//! single values, and lists of them, which are one value. Numbers stay the text that they are.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::audit::answer::ChangeBody;

/// A JSON value, taken apart as far as changes are told of its parts.
enum Parts<'a> {
    /// Null, and an empty list or object, which has no parts to tell of.
    Nothing,
    Single,
    Elements(Vec<&'a RawValue>),
    Fields(Vec<(String, &'a RawValue)>),
}

/// The fields of an object in their order.
struct Ordered<'a>(Vec<(String, &'a RawValue)>);

/// Adds to `found` every difference between `before` and `after`, which are at `path`.
///
/// # Errors
/// One of them is no JSON.
pub(crate) fn differences(
    path: &str,
    before: Option<&RawValue>,
    after: Option<&RawValue>,
    found: &mut Vec<ChangeBody>,
) -> serde_json::Result<()> {
    match (parts(before)?, parts(after)?) {
        (Parts::Nothing, Parts::Nothing) => {}
        (Parts::Fields(had), Parts::Fields(has)) => fields(path, &had, &has, found)?,
        (Parts::Fields(had), Parts::Nothing) => fields(path, &had, &[], found)?,
        (Parts::Nothing, Parts::Fields(has)) => fields(path, &[], &has, found)?,
        (Parts::Elements(had), Parts::Elements(has)) => elements(path, &had, &has, found)?,
        (Parts::Elements(had), Parts::Nothing) => elements(path, &had, &[], found)?,
        (Parts::Nothing, Parts::Elements(has)) => elements(path, &[], &has, found)?,
        _ if before.map(RawValue::get) == after.map(RawValue::get) => {}
        _ => found.push(ChangeBody {
            field: path.to_owned(),
            before: before.map(ToOwned::to_owned),
            after: after.map(ToOwned::to_owned),
        }),
    }
    Ok(())
}

fn fields(
    path: &str,
    had: &[(String, &RawValue)],
    has: &[(String, &RawValue)],
    found: &mut Vec<ChangeBody>,
) -> serde_json::Result<()> {
    let value = |of: &[(String, _)], name: &str| of.iter().find(|it| it.0 == name).map(|it| it.1);
    let is_new = |name: &&String| value(had, name).is_none();
    let new = has.iter().map(|(name, _)| name).filter(is_new);
    for name in had.iter().map(|(name, _)| name).chain(new) {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        differences(&path, value(had, name), value(has, name), found)?;
    }
    Ok(())
}

fn elements(
    path: &str,
    had: &[&RawValue],
    has: &[&RawValue],
    found: &mut Vec<ChangeBody>,
) -> serde_json::Result<()> {
    for place in 0..had.len().max(has.len()) {
        let (before, after) = (had.get(place).copied(), has.get(place).copied());
        differences(&format!("{path}[{place}]"), before, after, found)?;
    }
    Ok(())
}

fn parts(value: Option<&RawValue>) -> serde_json::Result<Parts<'_>> {
    let text = value.map_or("null", RawValue::get);
    Ok(match text.as_bytes().first() {
        Some(b'{') => match serde_json::from_str::<Ordered<'_>>(text) {
            Ok(Ordered(fields)) if fields.is_empty() => Parts::Nothing,
            Ok(Ordered(fields)) => Parts::Fields(fields),
            // A benefit of an earlier release, with a name that is half of a surrogate pair.
            Err(error) if error.is_syntax() => Parts::Single,
            Err(error) => return Err(error),
        },
        Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(text)? {
            elements if elements.is_empty() => Parts::Nothing,
            elements if elements.iter().all(|it| it.get().starts_with('{')) => {
                Parts::Elements(elements)
            }
            _ => Parts::Single,
        },
        _ if text == "null" => Parts::Nothing,
        _ => Parts::Single,
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for Ordered<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Ordered<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Ordered(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each difference as `path: before -> after`.
    fn told(before: &str, after: &str) -> Vec<String> {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let (before, after) = (raw(before), raw(after));
        let mut found = Vec::new();
        differences("", Some(&before), Some(&after), &mut found).unwrap();
        let text =
            |value: &Option<Box<RawValue>>| value.as_ref().map_or("null", |it| it.get()).to_owned();
        (found.iter())
            .map(|it| format!("{}: {} -> {}", it.field, text(&it.before), text(&it.after)))
            .collect()
    }

    #[test]
    fn an_object_whose_names_are_no_unicode_is_one_value() {
        assert_eq!(
            told(r#"{"a":{"\udc00":1}}"#, r#"{"a":{"\udc00":2}}"#),
            [r#"a: {"\udc00":1} -> {"\udc00":2}"#]
        );
    }

    #[test]
    fn a_value_is_told_by_its_path_and_as_it_is_written() {
        assert_eq!(
            told(
                r#"{"a":{"b":1.000000000,"c":"x"},"d":[{"e":1},{"e":2}]}"#,
                r#"{"a":{"b":1.500000000,"c":"x"},"d":[{"e":1},{"e":3}]}"#
            ),
            ["a.b: 1.000000000 -> 1.500000000", "d[1].e: 2 -> 3"]
        );
        assert_eq!(
            told(r#"{"a":[{"b":[1]}]}"#, r#"{"a":[{"b":[1]}]}"#),
            [""; 0]
        );
    }

    #[test]
    fn what_comes_or_goes_is_told_field_by_field() {
        let new = r#"{"a":[{"b":1,"c":{"d":2}}],"e":null,"f":[],"g":{}}"#;
        assert_eq!(
            told("null", new),
            ["a[0].b: null -> 1", "a[0].c.d: null -> 2"]
        );
        assert_eq!(
            told(new, r#"{"a":[]}"#),
            ["a[0].b: 1 -> null", "a[0].c.d: 2 -> null"]
        );
    }

    #[test]
    fn a_list_of_single_values_is_one_value() {
        assert_eq!(
            told(r#"{"a":["x"]}"#, r#"{"a":["x","y"]}"#),
            [r#"a: ["x"] -> ["x","y"]"#]
        );
        assert_eq!(
            told(r#"{"a":{"b":1}}"#, r#"{"a":2}"#),
            [r#"a: {"b":1} -> 2"#]
        );
    }
}
