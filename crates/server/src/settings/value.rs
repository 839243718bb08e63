//! What a configuration holds: the values of `config`, which lays the layers over each other.
//!
//! The origin of a value is what errors and `config show` call the file or variable it comes
//! from. A table is a section; everything else is the value of a key.

use std::collections::BTreeMap;

use config::{Config, ConfigError, Map, Source, Value, ValueKind};

use crate::settings::environment::sets_a_key;

/// What a file holds.
pub(super) fn from_toml(value: toml::Value, source: &String) -> Value {
    let kind = match value {
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key, from_toml(value, source)))
            .collect::<Map<_, _>>()
            .into(),
        toml::Value::Array(values) => values
            .into_iter()
            .map(|value| from_toml(value, source))
            .collect::<Vec<_>>()
            .into(),
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(value) => value.into(),
        // `config` has no dates and TOML has no nil. As a text, a date would pass where a text
        // belongs.
        toml::Value::Datetime(_) => ValueKind::Nil,
    };
    Value::new(Some(source), kind)
}

/// What a variable holds for the key at `path`.
pub(super) fn from_variable(path: &[&str], text: &str, source: &String) -> Value {
    match path {
        [] => Value::new(Some(source), text),
        [key, rest @ ..] => {
            let value = from_variable(rest, text, source);
            Value::new(Some(source), Map::from([((*key).to_owned(), value)]))
        }
    }
}

/// The values of `above` laid over those of `below`, key by key.
///
/// # Errors
/// None that a configuration can cause.
pub(super) fn overlay(below: Value, above: Value) -> Result<Value, ConfigError> {
    let laid = Config::builder()
        .add_source(Layer(below))
        .add_source(Layer(above))
        .build()?;
    laid.get_table(ROOT).map(Value::from)
}

/// Holds all values of a layer. `config` takes the outermost keys of a source for paths: the
/// key `"http.port"` of a file, with its quotes, would set the port. Further in, a key is its
/// name.
const ROOT: &str = "settings";

/// Values as `config` takes them.
#[derive(Debug, Clone)]
struct Layer(Value);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(Map::from([(ROOT.to_owned(), self.0.clone())]))
    }
}

/// What a section holds, in the order of its keys; `None` if it is the value of a key.
pub(super) fn entries(value: &Value) -> Option<BTreeMap<&str, &Value>> {
    match &value.kind {
        ValueKind::Table(values) => Some(values.iter().map(|(key, it)| (&**key, it)).collect()),
        _ => None,
    }
}

/// The file or variable that gives a key like `http.port` its value.
pub(super) fn source_of<'a>(values: &'a Value, key: &str) -> Option<&'a str> {
    let found = key
        .split('.')
        .try_fold(values, |value, part| match &value.kind {
            ValueKind::Table(values) => values.get(part),
            _ => None,
        })?;
    match found.kind {
        ValueKind::Table(_) => None,
        _ => found.origin(),
    }
}

/// Whether the value is the text of a variable, which may stand for a number or a truth value.
pub(super) fn is_variable(value: &Value) -> bool {
    // A file's name has a dot; no key, and so no variable of a key, has one.
    value
        .origin()
        .is_some_and(|origin| sets_a_key(origin) && !origin.contains('.'))
}
