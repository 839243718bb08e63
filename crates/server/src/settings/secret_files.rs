//! Secrets in files of their own: beside each key whose value is a secret there is one that names a file
//! with it, such as `auth.token_key_file`, as platforms for containers hand secrets over.
//!
//! A layer that names a file says what is in it, so that layers hide each other as ever.

use std::fs;
use std::path::Path;

use config::{Value, ValueKind};

/// Ends the name of a key that names a file.
const FILE: &str = "_file";

/// A key whose value is a secret.
struct Secret {
    /// The names of the sections that it is in, from the outermost, with dots between them.
    section: &'static str,
    key: &'static str,
    /// Whether each line of a file is one of several.
    is_list: bool,
}

const SECRETS: [Secret; 5] = [
    Secret::one("auth", "token_key"),
    Secret {
        is_list: true,
        ..Secret::one("auth", "token_keys")
    },
    Secret::one("console.oidc", "client_secret"),
    Secret::one("database", "url"),
    Secret::one("secrets", "key"),
];

impl Secret {
    const fn one(section: &'static str, key: &'static str) -> Self {
        Self {
            section,
            key,
            is_list: false,
        }
    }

    fn file_key(&self) -> String {
        format!("{}{FILE}", self.key)
    }

    /// What the file at `path` holds.
    ///
    /// # Errors
    /// It cannot be read, or has nothing in it. Neither says where it is, which may be a secret in the
    /// wrong place.
    fn read(&self, path: &str) -> Result<Value, String> {
        let about = |problem: &str| format!("{}.{} {problem}", self.section, self.file_key());
        let text = fs::read_to_string(Path::new(path)).map_err(|error| {
            about(&format!(
                "names a file that cannot be read: {}",
                error.kind()
            ))
        })?;
        // Editors end a file with a line's end, and some begin it with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_end();
        if text.is_empty() {
            return Err(about("names a file that is empty"));
        }
        let source = path.to_owned();
        let kind: ValueKind = if self.is_list {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let values = lines.map(|line| Value::new(Some(&source), line));
            values.collect::<Vec<_>>().into()
        } else {
            text.into()
        };
        Ok(Value::new(Some(&source), kind))
    }
}

/// `values`, of one layer, with what the files hold that it names.
///
/// # Errors
/// A file cannot be read, or a secret is there twice.
pub(super) fn read(mut values: Value) -> Result<Value, String> {
    for secret in &SECRETS {
        let mut names = secret.section.split('.');
        let section = names.try_fold(&mut values, |within, name| match &mut within.kind {
            ValueKind::Table(sections) => sections.get_mut(name),
            _ => None,
        });
        let Some(ValueKind::Table(keys)) = section.map(|it| &mut it.kind) else {
            continue;
        };
        let Some(path) = keys.remove(&secret.file_key()) else {
            continue;
        };
        let (section, key) = (secret.section, secret.key);
        if keys.contains_key(key) {
            return Err(format!(
                "{section}.{key} and {section}.{key}{FILE} are both set: leave one out"
            ));
        }
        let ValueKind::String(path) = path.kind else {
            return Err(format!("{section}.{key}{FILE} must be the path of a file"));
        };
        keys.insert(key.to_owned(), secret.read(&path)?);
    }
    Ok(values)
}

/// Whether a key, with its sections, names the file of a secret.
pub(super) fn is_one(key: &str) -> bool {
    SECRETS
        .iter()
        .any(|it| format!("{}.{}", it.section, it.file_key()) == key)
}

/// Whether these are the variables of a secret and of its file.
pub(super) fn are_of_one(variable: &str, other: &str) -> bool {
    let file = format!("{variable}{FILE}");
    file.eq_ignore_ascii_case(other)
}
