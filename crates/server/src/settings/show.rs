//! The configuration as text: what holds and where it comes from, secrets masked.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use config::{Value, ValueKind};

use crate::settings::Loaded;
use crate::settings::database_url::MASK;

/// The configuration as TOML, each value with its source.
pub(crate) fn show(loaded: &Loaded) -> String {
    let mut text = format!(
        "# The configuration of the profile {}, and where each value comes from.\n",
        loaded.profile
    );
    for (section, value) in sorted(&loaded.values) {
        let keys = sorted(value);
        if !keys.is_empty() {
            show_section(&mut text, loaded, section, &keys);
        }
    }
    text
}

/// What the section, or the whole configuration, holds.
fn sorted(section: &Value) -> BTreeMap<&str, &Value> {
    match &section.kind {
        ValueKind::Table(table) => table.iter().map(|(key, value)| (&**key, value)).collect(),
        _ => BTreeMap::new(),
    }
}

fn show_section(text: &mut String, loaded: &Loaded, section: &str, keys: &BTreeMap<&str, &Value>) {
    let lines: Vec<_> = keys
        .iter()
        .map(|(key, value)| {
            let line = format!("{key} = {}", shown(loaded, section, key, value));
            (line, value.origin())
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
fn shown(loaded: &Loaded, section: &str, key: &str, value: &Value) -> toml::Value {
    match (section, key, &value.kind) {
        ("auth", "token_key", _) => MASK.into(),
        ("database", "url", _) => loaded.settings.database.url.to_string().into(),
        (_, _, ValueKind::Boolean(value)) => (*value).into(),
        (_, _, ValueKind::I64(value)) => (*value).into(),
        (_, _, other) => other.to_string().into(),
    }
}
