//! One layer of the configuration: a file or a variable, read and checked against the keys
//! that there are.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::settings::SettingsError;
use crate::settings::environment::key_path;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A file inside the binary.
    BuiltIn(&'static str),
    /// A file.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(name) => write!(f, "{name} (built in)"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// What one source says.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) source: Source,
    pub(super) values: Table,
}

impl Layer {
    /// The layer of a file that is inside the binary.
    ///
    /// # Errors
    /// It is no TOML.
    pub(super) fn built_in(name: &'static str, text: &str) -> Result<Self, SettingsError> {
        Self::toml(Source::BuiltIn(name), text)
    }

    /// The layer of the file at `path`, `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read, or is no TOML.
    pub(super) fn file(path: &Path) -> Result<Option<Self>, SettingsError> {
        let source = Source::File(path.to_owned());
        match std::fs::read_to_string(path) {
            Ok(text) => Self::toml(source, &text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SettingsError::new(source, error)),
        }
    }

    fn toml(source: Source, text: &str) -> Result<Self, SettingsError> {
        match text.parse() {
            Ok(values) => Ok(Self { source, values }),
            Err(error) => Err(not_toml(&source, text, &error)),
        }
    }

    /// The layer of one variable, whose text is read as the type that `schema` gives its key.
    ///
    /// # Errors
    /// The text has another type.
    pub(super) fn variable(name: &str, text: &str, schema: &Table) -> Result<Self, SettingsError> {
        let source = Source::Variable(name.to_owned());
        let path = key_path(name);
        let value = match find(schema, &path) {
            Some(Value::Integer(_)) => text.trim().parse().map(Value::Integer).map_err(|_| {
                SettingsError::new(&source, format!("must be a whole number, not {text:?}"))
            })?,
            Some(Value::Boolean(_)) => text.trim().parse().map(Value::Boolean).map_err(|_| {
                SettingsError::new(&source, format!("must be true or false, not {text:?}"))
            })?,
            _ => Value::String(text.to_owned()),
        };
        let nested = path.into_iter().rev().fold(value, |value, key| {
            Value::Table(Table::from_iter([(key, value)]))
        });
        match nested {
            Value::Table(values) => Ok(Self { source, values }),
            _ => Err(SettingsError::new(source, "names no key")),
        }
    }

    /// Checks that every key is one of `schema`'s and has its type.
    ///
    /// # Errors
    /// The first that is not.
    pub(super) fn check(&self, schema: &Table) -> Result<(), SettingsError> {
        check(&self.values, schema, "").map_err(|problem| SettingsError::new(&self.source, problem))
    }

    /// The value that it gives the key.
    pub(super) fn find(&self, path: &[String]) -> Option<&Value> {
        find(&self.values, path)
    }
}

/// Where the text is wrong and how, without the text, which may hold a secret.
fn not_toml(source: &Source, text: &str, error: &toml::de::Error) -> SettingsError {
    let before = error.span().and_then(|span| text.get(..span.start));
    let place = before.map_or_else(String::new, |before| {
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("line {line}, column {column}: ")
    });
    SettingsError::new(source, format!("{place}{}", error.message()))
}

/// The value at `path`.
pub(super) fn find<'t>(table: &'t Table, path: &[String]) -> Option<&'t Value> {
    let (first, rest) = path.split_first()?;
    let value = table.get(first)?;
    match (rest, value) {
        ([], value) => Some(value),
        (rest, Value::Table(table)) => find(table, rest),
        _ => None,
    }
}

fn check(values: &Table, schema: &Table, above: &str) -> Result<(), String> {
    for (key, value) in values {
        let path = format!("{above}{key}");
        match (schema.get(key), value) {
            (None, _) => {
                let known: Vec<_> = schema.keys().map(String::as_str).collect();
                let place = match above.strip_suffix('.') {
                    Some(section) => format!("the keys of {section} are"),
                    None => "the sections are".to_owned(),
                };
                return Err(format!(
                    "there is no key {path}; {place} {}",
                    known.join(", ")
                ));
            }
            (Some(Value::Table(schema)), Value::Table(values)) => {
                check(values, schema, &format!("{path}."))?;
            }
            (Some(Value::Table(_)), _) => return Err(format!("{path} is a section, not a key")),
            (Some(_), Value::Table(_)) => return Err(format!("{path} is a key, not a section")),
            (Some(known), value) if !known.same_type(value) => {
                return Err(format!(
                    "{path} must be {}, not {}",
                    with_article(known.type_str()),
                    with_article(value.type_str())
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'i']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// Lays `over` on `values`.
pub(super) fn merge(values: &mut Table, over: &Table) {
    for (key, value) in over {
        match (values.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(over)) => merge(below, over),
            _ => {
                values.insert(key.clone(), value.clone());
            }
        }
    }
}
