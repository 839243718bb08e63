//! The keys that there are, and the type of each: those of `config/default.toml`.
//!
//! The typed reading of `config` is lax: it takes `true` for 1 and 8080.7 for 8081. A
//! configuration that [`Schema::check`] lets pass leaves it nothing to convert.

use std::collections::BTreeSet;

use config::{Config, Map, Value, ValueKind};

use crate::settings::SettingsError;
use crate::settings::layer::Layer;

/// The keys that have no default, with a value of their type.
const WITHOUT_DEFAULT: &str = "auth.token_key = ''\nmetrics.port = 0\nmetrics.host = ''";

/// Every key, with some value of its type.
#[derive(Debug)]
pub(super) struct Schema(Value);

impl Schema {
    /// The keys of the defaults and those that have none.
    ///
    /// # Errors
    /// A file inside the binary is not right.
    pub(super) fn of(defaults: &Layer) -> Result<Self, SettingsError> {
        let config = Config::builder()
            .add_source(defaults.clone())
            .add_source(Layer::built_in("keys without default", WITHOUT_DEFAULT)?)
            .build()
            .map_err(|error| SettingsError::new(&defaults.name, error))?;
        Ok(Self(config.cache))
    }

    /// A value of the kind that the key has, like `http.port`; `None` if there is no such key.
    pub(super) fn kind(&self, key: &str) -> Option<&ValueKind> {
        find(&self.0, key).map(|value| &value.kind)
    }

    /// Checks that every key is one that there is, and its value of the right type.
    ///
    /// # Errors
    /// Says what is wrong with the first key that is not right.
    pub(super) fn check(&self, values: &Value) -> Result<(), String> {
        check(values, &self.0, "")
    }
}

/// The value of a key like `http.port`.
pub(super) fn find<'v>(values: &'v Value, key: &str) -> Option<&'v Value> {
    key.split('.')
        .try_fold(values, |value, part| match &value.kind {
            ValueKind::Table(table) => table.get(part),
            _ => None,
        })
}

fn check(value: &Value, known: &Value, path: &str) -> Result<(), String> {
    match (&value.kind, &known.kind) {
        (ValueKind::Table(values), ValueKind::Table(known)) => {
            for (key, value) in values {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let known = known.get(key).ok_or_else(|| no_key(&path, known))?;
                check(value, known, &path)?;
            }
            Ok(())
        }
        (_, ValueKind::Table(_)) => Err(format!("{path} is a section, not a key")),
        (ValueKind::Table(_), _) => Err(format!("{path} is a key, not a section")),
        (kind, known) if std::mem::discriminant(kind) != std::mem::discriminant(known) => Err(
            format!("{path} must be {}, not {}", name(known), name(kind)),
        ),
        _ => Ok(()),
    }
}

fn no_key(path: &str, known: &Map<String, Value>) -> String {
    let known: BTreeSet<_> = known.keys().map(String::as_str).collect();
    let known: Vec<_> = known.into_iter().collect();
    let place = match path.rsplit_once('.') {
        Some((section, _)) => format!("the keys of {section} are"),
        None => "the sections are".to_owned(),
    };
    format!("there is no key {path}; {place} {}", known.join(", "))
}

/// The kind by its name in TOML, with its article.
fn name(kind: &ValueKind) -> &'static str {
    match kind {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "a boolean",
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => {
            "an integer"
        }
        ValueKind::Float(_) => "a float",
        ValueKind::String(_) => "a string",
        ValueKind::Table(_) => "a table",
        ValueKind::Array(_) => "an array",
    }
}
