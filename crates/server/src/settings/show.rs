//! The configuration as text: what holds and where it comes from, secrets masked.

use std::fmt::Write as _;

use crate::settings::Loaded;
use crate::settings::database_url::MASK;
use crate::settings::value::{Leaf, Value};

/// The configuration as TOML, each value with its source.
pub(crate) fn show(loaded: &Loaded) -> String {
    let mut text = format!(
        "# The configuration of the profile {}, and where each value comes from.\n",
        loaded.profile
    );
    for (section, values) in entries(&loaded.values) {
        show_section(&mut text, loaded, section, values);
    }
    text
}

/// What the section, or the whole configuration, holds.
fn entries(section: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let values = match section {
        Value::Section(values) => Some(values),
        Value::Leaf(_) => None,
    };
    values
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}

fn show_section(text: &mut String, loaded: &Loaded, section: &str, values: &Value) {
    let lines: Vec<_> = entries(values)
        .filter_map(|(key, value)| match value {
            Value::Section(_) => None,
            Value::Leaf(leaf) => {
                let line = format!("{key} = {}", shown(loaded, section, key, leaf));
                Some((line, &leaf.source))
            }
        })
        .collect();
    if lines.is_empty() {
        return;
    }
    let width = lines
        .iter()
        .map(|(line, _)| line.chars().count())
        .max()
        .unwrap_or_default();
    // Writing to a string does not fail.
    let _ = writeln!(text, "\n[{section}]");
    for (line, source) in lines {
        let _ = writeln!(text, "{line:width$}  # {source}");
    }
}

/// The value, unless it is secret.
fn shown(loaded: &Loaded, section: &str, key: &str, leaf: &Leaf) -> toml::Value {
    match (section, key, &leaf.value) {
        ("auth", "token_key", _) => MASK.into(),
        ("database", "url", _) => loaded.settings.database.url.to_string().into(),
        // A variable's text stands for what it would be in a file.
        (_, _, toml::Value::String(text)) if leaf.is_variable => text
            .trim()
            .parse::<i64>()
            .map(toml::Value::from)
            .or_else(|_| text.trim().parse::<bool>().map(toml::Value::from))
            .unwrap_or_else(|_| text.as_str().into()),
        (_, _, value) => value.clone(),
    }
}
