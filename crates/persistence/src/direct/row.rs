//! A row of any table, of either database.

use anyhow::{Context as _, bail};

/// A value of a row. Flags are 0 and 1, as SQLite has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The values of a row, in the order of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    fn value(&self, place: usize) -> anyhow::Result<&Value> {
        self.0.get(place).context("a row has too few values")
    }

    /// The number at this place.
    pub(crate) fn number(&self, place: usize) -> anyhow::Result<i64> {
        match self.value(place)? {
            Value::Number(number) => Ok(*number),
            other => bail!("a number is stored as {other:?}"),
        }
    }

    /// The number at this place, if there is one.
    pub(crate) fn optional_number(&self, place: usize) -> anyhow::Result<Option<i64>> {
        match self.value(place)? {
            Value::Null => Ok(None),
            _ => self.number(place).map(Some),
        }
    }

    /// The text at this place.
    pub(crate) fn text(&self, place: usize) -> anyhow::Result<&str> {
        match self.value(place)? {
            Value::Text(text) => Ok(text),
            other => bail!("a text is stored as {other:?}"),
        }
    }

    /// The bytes at this place, if there are some.
    pub(crate) fn optional_bytes(&self, place: usize) -> anyhow::Result<Option<&[u8]>> {
        match self.value(place)? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            other => bail!("bytes are stored as {other:?}"),
        }
    }

    /// The bytes at this place.
    pub(crate) fn bytes(&self, place: usize) -> anyhow::Result<&[u8]> {
        self.optional_bytes(place)?.context("bytes are missing")
    }

    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        let sizes = self.0.iter().map(|value| match value {
            Value::Null | Value::Number(_) => 0,
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
        });
        sizes.sum::<usize>() + self.0.len() * size_of::<Value>()
    }
}
