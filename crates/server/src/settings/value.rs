//! What a configuration holds: values that know the file or variable they come from, laid over
//! each other.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A section, or the value of a key.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Keys, or sections, by name.
    Section(BTreeMap<String, Value>),
    /// The value of a key.
    Leaf(Leaf),
}

/// The value of a key.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    /// What the file says, or the text of the variable.
    pub(super) value: toml::Value,
    /// Whether the text may stand for a number or a truth value.
    pub(super) is_variable: bool,
    /// What errors and `config show` call the file or variable.
    pub(super) source: Arc<str>,
}

impl Value {
    /// What a file holds.
    pub(super) fn from_toml(value: toml::Value, source: &Arc<str>) -> Self {
        match value {
            toml::Value::Table(table) => Self::Section(
                table
                    .into_iter()
                    .map(|(key, value)| (key, Self::from_toml(value, source)))
                    .collect(),
            ),
            value => Self::Leaf(Leaf {
                value,
                is_variable: false,
                source: source.clone(),
            }),
        }
    }

    /// What a variable holds for the key at `path`.
    pub(super) fn from_variable(path: &[&str], text: &str, source: &Arc<str>) -> Self {
        match path {
            [] => Self::Leaf(Leaf {
                value: text.into(),
                is_variable: true,
                source: source.clone(),
            }),
            [key, rest @ ..] => {
                let value = Self::from_variable(rest, text, source);
                Self::Section(BTreeMap::from([((*key).to_owned(), value)]))
            }
        }
    }

    /// Lays `above` over it, key by key.
    pub(super) fn overlay(&mut self, above: Self) {
        match (self, above) {
            (Self::Section(below), Self::Section(above)) => {
                for (key, value) in above {
                    match below.get_mut(&key) {
                        Some(below) => below.overlay(value),
                        None => {
                            below.insert(key, value);
                        }
                    }
                }
            }
            (below, above) => *below = above,
        }
    }

    /// The value of a key like `http.port`.
    pub(super) fn find(&self, key: &str) -> Option<&Leaf> {
        let found = key.split('.').try_fold(self, |value, part| match value {
            Self::Section(values) => values.get(part),
            Self::Leaf(_) => None,
        })?;
        match found {
            Self::Leaf(leaf) => Some(leaf),
            Self::Section(_) => None,
        }
    }
}
