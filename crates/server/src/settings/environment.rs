//! The environment variables that concern the configuration.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::settings::SettingsError;

/// Names the profile.
pub(super) const PROFILE: &str = "ACCOLADE_PROFILE";
/// Names the directory of the configuration files.
pub(super) const CONFIG_DIR: &str = "ACCOLADE_CONFIG_DIR";
/// Has the secret of the client for whom `job run` asks a server: no part of the configuration.
pub(crate) const CLIENT_SECRET: &str = "ACCOLADE_SECRET";
/// Begins the names of variables that set a key, before a separator.
pub(super) const PREFIX: &str = "ACCOLADE";
/// Stands in those names between the prefix, the section and the key: `ACCOLADE__HTTP__PORT`.
pub(super) const SEPARATOR: &str = "__";

/// What the environment says about the configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// The profile, if one is named.
    pub(super) profile: Option<String>,
    /// The directory of the configuration files, if one is named.
    pub(super) config_dir: Option<PathBuf>,
    /// Variables that set a key, by name, with their values.
    pub(super) keys: Vec<(String, String)>,
    /// The names of others that begin like them, for people may have set them.
    pub(super) others: Vec<String>,
}

impl Environment {
    /// The environment of this process.
    ///
    /// # Errors
    /// A variable that concerns the configuration is not UTF-8.
    pub(crate) fn of_process() -> Result<Self, SettingsError> {
        Self::from_variables(std::env::vars_os())
    }

    /// The environment with these variables; those of others are left alone.
    ///
    /// # Errors
    /// A variable that concerns the configuration is not UTF-8.
    pub(crate) fn from_variables(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let mut environment = Self::default();
        for (name, value) in variables {
            let Ok(name) = name.into_string() else {
                continue;
            };
            let text = |value: OsString| {
                value
                    .into_string()
                    .map_err(|_| SettingsError::new(&name, "must be UTF-8"))
            };
            if name == PROFILE {
                environment.profile = Some(text(value)?);
            } else if name == CONFIG_DIR {
                environment.config_dir = Some(PathBuf::from(value));
            } else if sets_a_key(&name) {
                let value = text(value)?;
                environment.keys.push((name, value));
            } else if name != CLIENT_SECRET
                && name
                    .strip_prefix(PREFIX)
                    .is_some_and(|it| it.starts_with('_'))
                && !is_service_link(&value)
            {
                environment.others.push(name);
            }
        }
        // The order of a process's environment means nothing; errors have one.
        environment.keys.sort();
        environment.others.sort();
        Ok(environment)
    }
}

/// Whether Kubernetes has set the variable: beside a service that is called `accolade-metrics` it
/// gives every container an `ACCOLADE_METRICS_PORT`, which nobody has misspelt.
fn is_service_link(value: &OsStr) -> bool {
    let value = value.as_encoded_bytes();
    value.starts_with(b"tcp://") || value.starts_with(b"udp://")
}

/// Whether a variable of this name sets a key.
pub(super) fn sets_a_key(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.starts_with(SEPARATOR))
}
