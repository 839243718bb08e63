//! The configuration as text: what holds and where it comes from, secrets masked.

use std::fmt::Write as _;

use toml::{Table, Value};

use crate::settings::Loaded;
use crate::settings::database_url::MASK;

/// The configuration as TOML, each value with its source.
pub(crate) fn show(loaded: &Loaded) -> String {
    let mut text = format!(
        "# The configuration of the profile {}, and where each value comes from.\n",
        loaded.profile
    );
    for (section, keys) in &loaded.values {
        if let Value::Table(keys) = keys
            && !keys.is_empty()
        {
            show_section(&mut text, loaded, section, keys);
        }
    }
    text
}

fn show_section(text: &mut String, loaded: &Loaded, section: &str, keys: &Table) {
    let lines: Vec<_> = keys
        .iter()
        .map(|(key, value)| {
            let line = format!("{key} = {}", shown(loaded, section, key, value));
            (line, loaded.source(&[section.to_owned(), key.clone()]))
        })
        .collect();
    let width = lines
        .iter()
        .map(|(line, _)| line.chars().count())
        .max()
        .unwrap_or_default();
    // Writing to a string does not fail.
    let _ = writeln!(text, "\n[{section}]");
    for (line, source) in lines {
        let _ = match source {
            Some(source) => writeln!(text, "{line:width$}  # {source}"),
            None => writeln!(text, "{line}"),
        };
    }
}

/// The value, unless it is secret.
fn shown(loaded: &Loaded, section: &str, key: &str, value: &Value) -> Value {
    match (section, key) {
        ("auth", "token_key") => Value::String(MASK.to_owned()),
        ("database", "url") => Value::String(loaded.settings.database.url.to_string()),
        _ => value.clone(),
    }
}
