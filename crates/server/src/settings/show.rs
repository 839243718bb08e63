//! The configuration as text: what holds and where it comes from, secrets masked.

use std::fmt::Write as _;

use config::{Value, ValueKind};
use ipnet::IpNet;

use crate::settings::Loaded;
use crate::settings::database_url::MASK;
use crate::settings::value::{entries, is_variable};

/// The configuration as TOML, each value with its source.
pub(crate) fn show(loaded: &Loaded) -> String {
    let mut text = format!(
        "# The configuration of the profile {}, and where each value comes from.\n",
        loaded.profile
    );
    for (section, values) in entries(&loaded.values).into_iter().flatten() {
        show_section(&mut text, loaded, section, values);
        for (inner, values) in entries(values).into_iter().flatten() {
            show_section(&mut text, loaded, &format!("{section}.{inner}"), values);
        }
    }
    text
}

fn show_section(text: &mut String, loaded: &Loaded, section: &str, values: &Value) {
    let lines: Vec<_> = entries(values)
        .into_iter()
        .flatten()
        .filter(|(_, value)| entries(value).is_none())
        .map(|(key, value)| {
            let line = format!("{key} = {}", shown(loaded, section, key, value));
            (line, value.origin().unwrap_or_default())
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
fn shown(loaded: &Loaded, section: &str, key: &str, value: &Value) -> toml::Value {
    let text = value.kind.to_string();
    match (section, key, &value.kind) {
        ("auth", "token_key" | "token_keys", _)
        | ("secrets", "key", _)
        | ("console.oidc", "client_secret", _) => MASK.into(),
        ("database", "url", _) => loaded.settings.database.url.to_string().into(),
        ("http", "cors_origins", _) => loaded.settings.http.cors_origins.clone().into(),
        ("console.oidc", "scopes", _) => loaded.settings.console.oidc.scopes.clone().into(),
        ("http", "trusted_proxies", _) => networks(&loaded.settings.http.trusted_proxies),
        ("webhooks", "allow_networks", _) => networks(&loaded.settings.webhooks.allow_networks),
        ("telemetry", "otlp_ratio", _) => loaded.settings.telemetry.otlp_ratio.into(),
        (_, _, ValueKind::String(_)) if !is_variable(value) => text.into(),
        // A variable's text stands for what it would be in a file.
        _ => text
            .trim()
            .parse::<i64>()
            .map(toml::Value::from)
            .or_else(|_| text.trim().parse::<bool>().map(toml::Value::from))
            .unwrap_or_else(|_| text.into()),
    }
}

fn networks(networks: &[IpNet]) -> toml::Value {
    let texts: Vec<_> = networks.iter().map(ToString::to_string).collect();
    texts.into()
}
