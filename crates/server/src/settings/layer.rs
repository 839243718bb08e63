//! One layer of the configuration: a file or a variable, read, with every value knowing
//! which.

use std::error::Error;
use std::path::Path;

use config::{ConfigError, FileFormat, Format as _, Map, Source, Value, ValueKind};

use crate::settings::SettingsError;
use crate::settings::environment::{PREFIX, SEPARATOR};
use crate::settings::schema::Schema;

/// What one source says.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// What errors and `config show` call it; the origin of its values.
    pub(super) name: String,
    /// Whether it sets the one key that its name says.
    pub(super) is_variable: bool,
    values: Map<String, Value>,
}

impl Layer {
    /// The layer of a file that is inside the binary.
    ///
    /// # Errors
    /// It is no TOML.
    pub(super) fn built_in(file: &str, text: &str) -> Result<Self, SettingsError> {
        Self::toml(format!("{file} (built in)"), text)
    }

    /// The layer of the file at `path`, `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read, or is no TOML.
    pub(super) fn file(path: &Path) -> Result<Option<Self>, SettingsError> {
        // `config::File` would take a file that cannot be read for one that is missing, and
        // bytes that are not UTF-8 for other characters.
        match std::fs::read_to_string(path) {
            Ok(text) => Self::toml(path.display().to_string(), &text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SettingsError::new(path.display(), error)),
        }
    }

    fn toml(name: String, text: &str) -> Result<Self, SettingsError> {
        match FileFormat::Toml.parse(Some(&name), text) {
            Ok(values) => Ok(Self {
                name,
                is_variable: false,
                values,
            }),
            Err(error) => Err(SettingsError::new(name, not_toml(text, &*error))),
        }
    }

    /// The layer of one variable, whose text is read as the type that `schema` gives its key.
    ///
    /// # Errors
    /// The text has another type.
    pub(super) fn variable(name: &str, text: &str, schema: &Schema) -> Result<Self, SettingsError> {
        let name = name.to_owned();
        let values = config::Environment::with_prefix(PREFIX)
            .separator(SEPARATOR)
            .source(Some(Map::from_iter([(name.clone(), text.to_owned())])))
            .collect()
            .map_err(|error| SettingsError::new(&name, error))?
            .into_keys()
            .map(|key| {
                let kind = typed(text, schema.kind(&key))?;
                Ok((key, Value::new(Some(&name), kind)))
            })
            .collect::<Result<_, _>>()
            .map_err(|problem: String| SettingsError::new(&name, problem))?;
        Ok(Self {
            name,
            is_variable: true,
            values,
        })
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.values.clone())
    }
}

/// The text of a variable as the kind of value that its key has.
fn typed(text: &str, kind: Option<&ValueKind>) -> Result<ValueKind, String> {
    match kind {
        Some(ValueKind::I64(_)) => text
            .trim()
            .parse::<i64>()
            .map(ValueKind::from)
            .map_err(|_| format!("must be a whole number, not {text:?}")),
        Some(ValueKind::Boolean(_)) => text
            .trim()
            .parse::<bool>()
            .map(ValueKind::from)
            .map_err(|_| format!("must be true or false, not {text:?}")),
        _ => Ok(text.into()),
    }
}

/// Where the text is wrong and how, without the text, which may hold a secret: `toml` shows
/// the line.
fn not_toml(text: &str, error: &(dyn Error + 'static)) -> String {
    let Some(error) = error.downcast_ref::<toml::de::Error>() else {
        // Of a number that is too large.
        return error.to_string();
    };
    let before = error.span().and_then(|span| text.get(..span.start));
    let place = before.map_or_else(String::new, |before| {
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("line {line}, column {column}: ")
    });
    format!("{place}{}", error.message())
}
