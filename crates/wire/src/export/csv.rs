//! Rows of CSV from the JSON of the same rows, so that both formats say the same.
//!
//! A cell has a text as it is, a number or a truth value as JSON writes it, nothing for null, and the
//! JSON of what has parts. Nothing is added to keep a spreadsheet from taking a text for a formula.

use std::borrow::Cow;
use std::fmt;

use csv::{Writer, WriterBuilder};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Lines of comma-separated values, each with the same columns.
pub(super) struct CsvLines {
    columns: &'static [&'static str],
    writer: Writer<Vec<u8>>,
}

impl CsvLines {
    /// None so far, of these columns.
    pub(super) fn new(columns: &'static [&'static str]) -> Self {
        Self {
            columns,
            writer: WriterBuilder::new().from_writer(Vec::new()),
        }
    }

    /// Adds the line that names the columns.
    ///
    /// # Errors
    /// None that is known: it is written to memory.
    pub(super) fn add_header(&mut self) -> csv::Result<()> {
        self.writer.write_record(self.columns)
    }

    /// Adds the line of the object that `json` is. Its members come in the order of the columns; one
    /// that it lacks is an empty cell.
    ///
    /// # Errors
    /// It is no object, or has a member that is no column.
    pub(super) fn add(&mut self, json: &[u8]) -> anyhow::Result<()> {
        let Members(members) = serde_json::from_slice(json)?;
        let mut members = members.into_iter().peekable();
        for column in self.columns {
            match members.next_if(|(name, _)| name == column) {
                Some((_, value)) => self.writer.write_field(&*cell(value)?)?,
                None => self.writer.write_field("")?,
            }
        }
        if let Some((name, _)) = members.next() {
            anyhow::bail!("no column is called {name}, or it comes elsewhere");
        }
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    /// The bytes of all that was added.
    ///
    /// # Errors
    /// None that is known: it is written to memory.
    pub(super) fn into_bytes(self) -> anyhow::Result<Vec<u8>> {
        Ok(self.writer.into_inner()?)
    }
}

/// What a cell says of `value`.
fn cell(value: &RawValue) -> serde_json::Result<Cow<'_, str>> {
    match value.get() {
        "null" => Ok(Cow::Borrowed("")),
        text if text.starts_with('"') => serde_json::from_str(text),
        plain => Ok(Cow::Borrowed(plain)),
    }
}

/// The members of an object, in their order.
struct Members<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: &str) -> anyhow::Result<String> {
        let mut lines = CsvLines::new(&["id", "text", "parts"]);
        lines.add_header()?;
        lines.add(json.as_bytes())?;
        Ok(String::from_utf8(lines.into_bytes()?)?)
    }

    #[test]
    fn texts_are_as_they_are_parts_are_json_and_null_is_nothing() {
        let line = |json| written(json).unwrap().replace("id,text,parts\n", "");
        assert_eq!(
            line(r#"{"id":1.500000000,"text":"a \u00e4 \"b\", c","parts":[{"x":"y"},null]}"#),
            "1.500000000,\"a ä \"\"b\"\", c\",\"[{\"\"x\"\":\"\"y\"\"},null]\"\n"
        );
        assert_eq!(line(r#"{"id":true,"text":null,"parts":null}"#), "true,,\n");
        assert_eq!(line(r#"{"text":"=1+1"}"#), ",=1+1,\n");
        assert_eq!(line(r#"{"text":"a\nb"}"#), ",\"a\nb\",\n");
    }

    #[test]
    fn a_member_without_a_column_is_an_error_and_not_left_out() {
        assert!(written(r#"{"id":1,"more":2}"#).is_err());
        assert!(written(r#"{"text":"x","id":1}"#).is_err());
        assert!(written("[]").is_err());
    }
}
