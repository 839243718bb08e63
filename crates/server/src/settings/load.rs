//! Putting the configuration together.

use std::path::{Path, PathBuf};

use config::{Map, Value};
use serde::Deserialize as _;

use crate::settings::environment::{CONFIG_DIR, Environment, PREFIX, PROFILE, SEPARATOR};
use crate::settings::secret_files;
use crate::settings::typed::Typed;
use crate::settings::value::{from_toml, from_variable, overlay, source_of};
use crate::settings::{Settings, SettingsError};

/// The files inside the binary.
const DEFAULT: (&str, &str) = (
    "default.toml",
    include_str!("../../../../config/default.toml"),
);
const PROFILES: [(&str, &str, &str); 3] = [
    (
        "development",
        "development.toml",
        include_str!("../../../../config/development.toml"),
    ),
    (
        "production",
        "production.toml",
        include_str!("../../../../config/production.toml"),
    ),
    (
        "test",
        "test.toml",
        include_str!("../../../../config/test.toml"),
    ),
];

/// The configuration that holds, and how it came about.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The configuration.
    pub(crate) settings: Settings,
    /// The name of the profile.
    pub(crate) profile: String,
    /// All layers laid over each other.
    pub(super) values: Value,
}

impl Loaded {
    /// The file or variable that gives the key, like `http.port`, its value; `None` if it has
    /// none.
    pub(crate) fn source(&self, key: &str) -> Option<&str> {
        source_of(&self.values, key)
    }
}

/// What one file or variable says.
struct Layer {
    /// What errors and `config show` call it.
    source: String,
    /// Whether it sets the one key that its name says.
    is_variable: bool,
    values: Value,
}

/// Puts the configuration together: the defaults, the profile's file, `local.toml`, the
/// environment. A file of the directory stands for the one in the binary of the same name;
/// only the defaults in the binary always count, so that a key can be missing in an older
/// directory.
///
/// # Errors
/// The first file or variable that says something wrong.
pub(crate) fn load(environment: &Environment) -> Result<Loaded, SettingsError> {
    let directory = directory(environment)?;
    let profile = profile(environment)?;

    let mut layers = Vec::new();
    layers.extend(file(&directory.join(DEFAULT.0))?);
    layers.extend(profile_file(&directory, &profile)?);
    layers.extend(file(&directory.join("local.toml"))?);
    layers.extend(environment.keys.iter().map(variable));
    refuse_secrets_set_twice(environment)?;

    // Each layer is judged when it comes on top: everything below was right, so what is wrong
    // is its own, also if a later one would hide it.
    let nothing = Value::from(Map::<String, Value>::new());
    let (mut values, mut settings) = lay(nothing, built_in(DEFAULT.0, DEFAULT.1)?)?;
    for layer in layers {
        (values, settings) = lay(values, layer)?;
    }
    for name in &environment.others {
        refuse_misspelt(name, &values)?;
    }
    let loaded = Loaded {
        settings,
        profile,
        values,
    };
    loaded.fit_to_binary(cfg!(feature = "postgres"))?;
    loaded.fit_to_traces(cfg!(feature = "otlp"))?;
    loaded.fit_to_provider(cfg!(feature = "oidc"))?;
    loaded.fit_to_libraries()?;
    Ok(loaded)
}

/// Lays `layer` over what is below.
fn lay(below: Value, layer: Layer) -> Result<(Value, Settings), SettingsError> {
    let values = secret_files::read(layer.values)
        .map_err(|problem| SettingsError::new(&layer.source, problem))?;
    let values =
        overlay(below, values).map_err(|error| SettingsError::new(&layer.source, error))?;
    match Settings::deserialize(Typed(&values)) {
        Ok(settings) => Ok((values, settings)),
        Err(misfit) => {
            let problem = if layer.is_variable {
                misfit.of_variable()
            } else {
                misfit.to_string()
            };
            Err(SettingsError::new(layer.source, problem))
        }
    }
}

/// Refuses a secret that one variable gives and the file that another one names: whoever set both
/// believes that either counts.
fn refuse_secrets_set_twice(environment: &Environment) -> Result<(), SettingsError> {
    let names = || environment.keys.iter().map(|(name, _)| name);
    for name in names() {
        if let Some(file) = names().find(|other| secret_files::are_of_one(name, other)) {
            return Err(SettingsError::new(
                file,
                format!("{name} is set as well: leave one out"),
            ));
        }
    }
    Ok(())
}

/// Refuses a variable that would set a key if its underscores were right: whoever set it
/// believes that it counts.
fn refuse_misspelt(name: &str, values: &Value) -> Result<(), SettingsError> {
    let mut words = name.split('_').filter(|word| !word.is_empty()).skip(1);
    let section = words.next().unwrap_or_default();
    let key = words.collect::<Vec<_>>().join("_");
    let mut right = vec![format!("{PREFIX}{SEPARATOR}{section}{SEPARATOR}{key}")];
    // Of a section within the section.
    right.extend(key.split_once('_').map(|(inner, key)| {
        format!("{PREFIX}{SEPARATOR}{section}{SEPARATOR}{inner}{SEPARATOR}{key}")
    }));
    for right in right {
        let path: Vec<_> = right.split(SEPARATOR).skip(1).collect();
        let is_of_file = secret_files::is_one(&path.join(".").to_lowercase());
        if is_of_file || is_key(name, &right, values)? {
            let problem =
                format!("is not read: the variable for that key is {right}, with two underscores");
            return Err(SettingsError::new(name, problem));
        }
    }
    Ok(())
}

/// Whether a variable `right` would set a key.
fn is_key(name: &str, right: &str, values: &Value) -> Result<bool, SettingsError> {
    let it = variable(&(right.to_owned(), String::new())).values;
    let with_it = overlay(values.clone(), it).map_err(|error| SettingsError::new(name, error))?;
    let read = Settings::deserialize(Typed(&with_it));
    Ok(!read.is_err_and(|misfit| misfit.is_no_key()))
}

/// The layer of a file that is inside the binary.
fn built_in(name: &str, text: &str) -> Result<Layer, SettingsError> {
    toml(format!("{name} (built in)"), text)
}

/// The layer of the file at `path`, `None` if there is none.
fn file(path: &Path) -> Result<Option<Layer>, SettingsError> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml(path.display().to_string(), &text).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SettingsError::new(path.display(), error)),
    }
}

fn toml(source: String, text: &str) -> Result<Layer, SettingsError> {
    match text.parse::<toml::Table>() {
        Ok(table) => Ok(Layer {
            values: from_toml(table.into(), &source),
            is_variable: false,
            source,
        }),
        Err(error) => Err(SettingsError::new(source, not_toml(text, &error))),
    }
}

/// Where the text is wrong, without the text, which may hold a secret: `toml` shows the line.
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let place = before.map_or_else(String::new, |before| {
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("line {line}, column {column}: ")
    });
    // The one that is not about syntax.
    let problem = if error.message().starts_with("invalid type: integer") {
        "the number is too large"
    } else {
        "this is not TOML: a text stands in quotes, and a key there only once"
    };
    format!("{place}{problem}")
}

/// The layer of a variable, such as `ACCOLADE__HTTP__PORT`, with its text.
fn variable((name, text): &(String, String)) -> Layer {
    let path = name.to_lowercase();
    let path: Vec<&str> = path.split(SEPARATOR).skip(1).collect();
    Layer {
        values: from_variable(&path, text, name),
        is_variable: true,
        source: name.clone(),
    }
}

fn directory(environment: &Environment) -> Result<PathBuf, SettingsError> {
    match &environment.config_dir {
        None => Ok(PathBuf::from("config")),
        Some(directory) if directory.is_dir() => Ok(directory.clone()),
        Some(_) => Err(SettingsError::new(CONFIG_DIR, "there is no such directory")),
    }
}

fn profile(environment: &Environment) -> Result<String, SettingsError> {
    let profile = environment.profile.as_deref().unwrap_or("production");
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if profile.is_empty() || !profile.chars().all(plain) {
        return Err(SettingsError::new(
            PROFILE,
            "must be the name of a profile, like production",
        ));
    }
    if profile == "default" || profile == "local" {
        return Err(SettingsError::new(
            PROFILE,
            "default.toml and local.toml are read in every profile, they are none themselves",
        ));
    }
    Ok(profile.to_owned())
}

fn profile_file(directory: &Path, profile: &str) -> Result<Option<Layer>, SettingsError> {
    let path = directory.join(format!("{profile}.toml"));
    if let Some(layer) = file(&path)? {
        return Ok(Some(layer));
    }
    match PROFILES.iter().find(|(name, ..)| *name == profile) {
        Some((_, name, text)) => built_in(name, text).map(Some),
        None => Err(SettingsError::new(
            PROFILE,
            format!(
                "there is no such profile: it would be a file of that name, with .toml, in \
                 {CONFIG_DIR} (./config when unset)"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::{DatabaseUrl, LogFormat, SigningKey, show};

    /// A directory of configuration files.
    struct Files(tempfile::TempDir);

    impl Files {
        fn with(files: &[(&str, &str)]) -> Self {
            let directory = tempfile::tempdir().unwrap();
            for (name, text) in files {
                std::fs::write(directory.path().join(name), text).unwrap();
            }
            Self(directory)
        }

        fn load(&self, variables: &[(&str, &str)]) -> Result<Loaded, String> {
            let directory = self.0.path().to_str().unwrap();
            let variables = variables
                .iter()
                .copied()
                .chain([("ACCOLADE_CONFIG_DIR", directory)])
                .map(|(name, value)| (name.into(), value.into()));
            load(&Environment::from_variables(variables).unwrap())
                .map_err(|error| error.to_string().replace(directory, "DIR"))
        }
    }

    fn serving(variables: &[(&str, &str)]) -> Result<(), String> {
        with(variables)?
            .fit_to_serve()
            .map_err(|error| error.to_string())
    }

    fn with(variables: &[(&str, &str)]) -> Result<Loaded, String> {
        Files::with(&[]).load(variables)
    }

    fn error(variables: &[(&str, &str)]) -> String {
        with(variables).unwrap_err()
    }

    #[test]
    fn the_binary_runs_on_the_defaults_inside_it() {
        let loaded = with(&[]).unwrap();
        let settings = &loaded.settings;
        assert_eq!(loaded.profile, "production");
        assert_eq!(settings.http.host, "127.0.0.1");
        assert_eq!(settings.http.port, 8080);
        assert_eq!(settings.http.body_limit, 8 << 20);
        assert_eq!(settings.http.body_budget, 256 << 20);
        assert_eq!(settings.http.request_timeout, Duration::from_secs(30));
        assert_eq!(settings.http.queue, 1024);
        assert_eq!(settings.http.connections, 10_000);
        assert_eq!(settings.http.connections_per_address, 1_000);
        assert_eq!(settings.http.trusted_proxies, []);
        assert!(settings.docs.enabled);
        assert_eq!(
            settings.database.url,
            "sqlite://var/accolade.db".parse::<DatabaseUrl>().unwrap()
        );
        assert_eq!(settings.auth.token_ttl, Duration::from_mins(5));
        assert_eq!(settings.auth.token_key, None);
        assert_eq!(settings.limits.customers_per_request, 10_000);
        assert_eq!(settings.idempotency.retention, Duration::from_hours(72));
        assert_eq!(settings.events.retention, Duration::from_hours(90 * 24));
        assert_eq!(settings.events.expiry_grace, Duration::from_mins(1));
        assert_eq!(settings.events.expiry_rate, 1_000);
        assert!(!settings.webhooks.allow_http);
        assert_eq!(settings.webhooks.allow_networks, []);
        assert_eq!(settings.secrets.key, None);
        assert_eq!(settings.log.format, LogFormat::Json);
        assert!(!settings.demo.enabled);
    }

    #[test]
    fn the_development_profile_has_the_demo_on_loopback() {
        let loaded = with(&[("ACCOLADE_PROFILE", "development")]).unwrap();
        assert!(loaded.settings.demo.enabled);
        assert_eq!(loaded.settings.http.host, "127.0.0.1");
        assert_eq!(loaded.settings.log.format, LogFormat::Pretty);
    }

    #[test]
    fn later_layers_win_key_by_key() {
        let files = Files::with(&[
            (
                "default.toml",
                "http.port = 1\nhttp.queue = 1\nhttp.workers = 1\nauth.failures_per_key = 1",
            ),
            (
                "test.toml",
                "http.port = 2\nhttp.queue = 2\nhttp.workers = 2",
            ),
            ("local.toml", "[http]\nport = 3\nqueue = 3"),
        ]);
        let loaded = files
            .load(&[("ACCOLADE_PROFILE", "test"), ("ACCOLADE__HTTP__PORT", "4")])
            .unwrap();
        assert_eq!(loaded.settings.http.port, 4);
        assert_eq!(loaded.settings.http.queue, 3);
        assert_eq!(loaded.settings.http.workers, 2);
        assert_eq!(loaded.settings.auth.failures_per_key, 1);
        assert_eq!(loaded.settings.auth.failures_per_address, 100);
    }

    #[test]
    fn a_variable_is_read_as_the_type_of_its_key() {
        let digits = "00000000000000000000003456789012";
        let loaded = with(&[
            ("ACCOLADE__DATABASE__MIGRATE", "false"),
            ("ACCOLADE__HTTP__REQUEST_TIMEOUT", "2m"),
            ("ACCOLADE__METRICS__PORT", "9090"),
            ("ACCOLADE__AUTH__TOKEN_KEY", digits),
            (
                "ACCOLADE__HTTP__CORS_ORIGINS",
                "https://a.example, http://b.example:81",
            ),
            ("ACCOLADE__WEBHOOKS__ALLOW_NETWORKS", "10.0.0.0/8, fd00::/8"),
            (
                "ACCOLADE__SECRETS__KEY",
                "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
            ),
        ])
        .unwrap();
        assert_eq!(
            loaded.settings.http.cors_origins,
            ["https://a.example", "http://b.example:81"]
        );
        let shown = show(&loaded);
        assert!(shown.contains("[\"https://a.example\", \"http://b.example:81\"]"));
        assert!(
            shown.contains("allow_networks = [\"10.0.0.0/8\", \"fd00::/8\"]"),
            "{shown}"
        );
        assert!(!shown.contains("BwcH"), "{shown}");
        assert!(!format!("{:?}", loaded.settings).contains("BwcH"));
        let key = loaded.settings.secrets.key.as_ref().unwrap();
        assert_eq!(key.bytes(), [7; 32]);
        assert!(!loaded.settings.database.migrate);
        assert_eq!(loaded.settings.http.request_timeout, Duration::from_mins(2));
        assert_eq!(loaded.settings.metrics.port, Some(9090));
        let key = loaded.settings.auth.token_key.unwrap();
        assert_eq!(key.as_bytes(), digits.as_bytes());
    }

    #[test]
    fn a_list_in_a_file_is_an_array() {
        let list = |value: &str| {
            let text = format!("http.cors_origins = {value}");
            let loaded = Files::with(&[("local.toml", &text)]).load(&[]);
            loaded.map(|loaded| loaded.settings.http.cors_origins)
        };
        assert_eq!(list("[]"), Ok(Vec::new()));
        assert_eq!(
            list(r#"["https://a.example"]"#).unwrap(),
            ["https://a.example"]
        );
        for (wrong, problem) in [
            (r#""https://a.example""#, "must be an array, not a string"),
            ("[1]", "must be a string, not an integer"),
            (r#"["hidden/path"]"#, "must list origins"),
        ] {
            let error = list(wrong).unwrap_err();
            assert!(
                error.contains("http.cors_origins") && error.contains(problem),
                "{error}"
            );
            assert!(!error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn a_wrong_variable_is_named_with_what_would_be_right() {
        for (name, value, line) in [
            (
                "ACCOLADE__HTTP__PROT",
                "1",
                "there is no key http.prot; the keys of http are body_budget, body_limit, connections, connections_per_address, cors_origins, host, port, queue, request_timeout, tls, trusted_proxies, workers, write_timeout",
            ),
            (
                "ACCOLADE__HTPP__PORT",
                "1",
                "there is no key htpp; the sections are auth, console, database, demo, docs, events, http, idempotency, jobs, limits, log, metrics, secrets, telemetry, webhooks",
            ),
            ("ACCOLADE__HTTP", "1", "http is a section, not a key"),
            (
                "ACCOLADE__HTTP__PORT__X",
                "1",
                "http.port is a key, not a section",
            ),
            ("ACCOLADE__HTTP__PORT", "abc", "must be a whole number"),
            ("ACCOLADE__HTTP__PORT", "70000", "must be from 0 to 65535"),
            (
                "ACCOLADE__DATABASE__POOL_SIZE",
                "0",
                "must be from 1 to 10000",
            ),
            (
                "ACCOLADE__DATABASE__MIGRATE",
                "yes",
                "must be true or false",
            ),
            (
                "ACCOLADE__DATABASE__SYNCHRONOUS",
                "off",
                "must be full or normal",
            ),
            (
                "ACCOLADE__HTTP__BODY_LIMIT",
                "big",
                "must be a number of bytes or a size like \"8MiB\"",
            ),
            (
                "ACCOLADE__AUTH__TOKEN_KEY",
                "short",
                "must have 32 characters or more, not 5; `openssl rand -hex 32` makes one",
            ),
            (
                "ACCOLADE__SECRETS__KEY",
                "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw==",
                "must be 32 bytes in Base64; `openssl rand -base64 32` makes one",
            ),
            (
                "ACCOLADE__EVENTS__RETENTION",
                "999ms",
                "must be a time of a second or more, like \"90s\", \"24h\" or \"2160h\"",
            ),
            (
                "ACCOLADE__EVENTS__EXPIRY_RATE",
                "0",
                "must be from 1 to 1000000",
            ),
        ] {
            assert_eq!(error(&[(name, value)]), format!("{name}: {line}"));
        }
    }

    #[test]
    fn a_variable_with_too_few_underscores_is_refused_with_the_right_one() {
        for (name, right) in [
            ("ACCOLADE_HTTP_PORT", "ACCOLADE__HTTP__PORT"),
            ("ACCOLADE_HTTP__PORT", "ACCOLADE__HTTP__PORT"),
            (
                "ACCOLADE_DATABASE_POOL_SIZE",
                "ACCOLADE__DATABASE__POOL_SIZE",
            ),
            ("ACCOLADE_METRICS_PORT", "ACCOLADE__METRICS__PORT"),
            ("ACCOLADE_HTTP_TLS_KEY", "ACCOLADE__HTTP__TLS__KEY"),
        ] {
            assert_eq!(
                error(&[(name, "9000")]),
                format!(
                    "{name}: is not read: the variable for that key is {right}, with two \
                     underscores"
                )
            );
        }
        for others in [
            "ACCOLADE_PORT",
            "ACCOLADE_HTTP",
            "ACCOLADE_HTTP_PROXY",
            "ACCOLADE",
        ] {
            with(&[(others, "x")]).unwrap();
        }
        for of_a_service in ["ACCOLADE_METRICS_PORT", "ACCOLADE_HTTP_PORT"] {
            with(&[(of_a_service, "tcp://10.96.0.7:9090")]).unwrap();
        }
    }

    #[test]
    fn a_wrong_file_is_named_with_the_key_or_the_place() {
        for (text, line) in [
            (
                "http.prot = 1",
                "there is no key http.prot; the keys of http are body_budget, body_limit, connections, connections_per_address, cors_origins, host, port, queue, request_timeout, tls, trusted_proxies, workers, write_timeout",
            ),
            (
                "[http]\nport = \"8080\"",
                "http.port must be an integer, not a string",
            ),
            (
                "http.port = 8080.5",
                "http.port must be an integer, not a float",
            ),
            (
                "http.port = true",
                "http.port must be an integer, not a boolean",
            ),
            (
                "demo.enabled = 1",
                "demo.enabled must be a boolean, not an integer",
            ),
            ("http = 1", "http is a section, not a key"),
            ("http.port = {}", "http.port is a key, not a section"),
            (
                "auth.token_key = 99999999999999999999",
                "line 1, column 18: the number is too large",
            ),
            ("http.port = -1", "http.port must be from 0 to 65535"),
            (
                "auth.token_key = \"abcabcabcabcabcabcabcabcabcabcabcabc\"",
                "auth.token_key is easily guessed; `openssl rand -hex 32` makes one that is not",
            ),
            (
                "auth.token_ttl = \"25h\"",
                "auth.token_ttl must be a time from \"1ms\" to \"24h\", like \"300s\", \"5m\" or \"1h\"",
            ),
            (
                "http.request_timeout = \"30\"",
                "http.request_timeout must be a time with a unit of hours or less, like \"30s\", \"5m\" or \"72h\"",
            ),
            (
                "auth.token_key = 5",
                "auth.token_key must be a string, not an integer",
            ),
        ] {
            let files = Files::with(&[("local.toml", text)]);
            assert_eq!(
                files.load(&[]).unwrap_err(),
                format!("DIR/local.toml: {line}")
            );
        }
    }

    #[test]
    fn what_is_wrong_in_a_file_is_named_even_where_a_variable_hides_it() {
        for (text, line) in [
            ("http = 1", "http is a section, not a key"),
            ("http.port = 70000", "http.port must be from 0 to 65535"),
        ] {
            let files = Files::with(&[("local.toml", text)]);
            assert_eq!(
                files.load(&[("ACCOLADE__HTTP__PORT", "8080")]).unwrap_err(),
                format!("DIR/local.toml: {line}")
            );
        }
    }

    #[test]
    fn a_file_that_is_no_toml_is_one_line_with_the_place_and_without_the_text() {
        let files = Files::with(&[("production.toml", "[auth]\ntoken_key = \"hidden\n")]);
        let error = files.load(&[]).unwrap_err();
        assert!(
            error.starts_with("DIR/production.toml: line 2, column "),
            "{error}"
        );
        assert!(
            !error.contains("hidden") && !error.contains('\n'),
            "{error}"
        );
    }

    #[test]
    fn a_profile_or_directory_that_is_not_there_is_an_error() {
        assert_eq!(
            error(&[("ACCOLADE_PROFILE", "devlopment")]),
            "ACCOLADE_PROFILE: there is no such profile: it would be a file of that name, with \
             .toml, in ACCOLADE_CONFIG_DIR (./config when unset)"
        );
        assert!(error(&[("ACCOLADE_PROFILE", "../x")]).starts_with("ACCOLADE_PROFILE: must be"));
        let variables = [("ACCOLADE_CONFIG_DIR".into(), "/nowhere/to/be/found".into())];
        let missing = Environment::from_variables(variables).unwrap();
        assert_eq!(
            load(&missing).unwrap_err().to_string(),
            "ACCOLADE_CONFIG_DIR: there is no such directory"
        );
    }

    #[test]
    fn the_demo_is_refused_where_others_can_reach_it() {
        let on = ("ACCOLADE__DEMO__ENABLED", "true");
        assert_eq!(
            serving(&[on, ("ACCOLADE__HTTP__HOST", "0.0.0.0")]),
            Err(
                "ACCOLADE__DEMO__ENABLED: demo.enabled needs http.host to be a loopback address \
                 like 127.0.0.1, because everybody knows the demo's secret"
                    .to_owned()
            )
        );
        for host in ["127.0.0.1", "[::1]", "localhost"] {
            assert_eq!(serving(&[on, ("ACCOLADE__HTTP__HOST", host)]), Ok(()));
        }
    }

    #[test]
    fn to_serve_on_postgresql_takes_a_token_key_unless_the_demo_is_on() {
        let url = ("ACCOLADE__DATABASE__URL", "postgres://u:hidden@h/db");
        let line = serving(&[url]).unwrap_err();
        assert!(
            line.starts_with("auth.token_key: is required with PostgreSQL"),
            "{line}"
        );
        assert_eq!(serving(&[url, ("ACCOLADE_PROFILE", "development")]), Ok(()));
        let key = "0123456789abcdef0123456789abcdef";
        assert_eq!(serving(&[url, ("ACCOLADE__AUTH__TOKEN_KEY", key)]), Ok(()));
        assert_eq!(serving(&[]), Ok(()));
    }

    #[test]
    fn a_secret_may_stand_in_a_file_of_its_own() {
        let key = "0123456789abcdef0123456789abcdef";
        let files = Files::with(&[
            ("token", &*format!("{key}\n")),
            ("tokens", &*format!("\u{feff}{key}\r\n\n  {key}x\n")),
            ("url", "postgres://u:hidden@h/db\n"),
            ("key", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"),
        ]);
        let directory = files.0.path().to_str().unwrap();
        let path = |name: &str| format!("{directory}/{name}");
        let local = format!("auth.token_keys_file = {:?}", path("tokens"));
        std::fs::write(files.0.path().join("local.toml"), local).unwrap();
        let loaded = files
            .load(&[
                ("ACCOLADE__AUTH__TOKEN_KEY_FILE", &*path("token")),
                ("ACCOLADE__DATABASE__URL_FILE", &*path("url")),
                ("ACCOLADE__SECRETS__KEY_FILE", &*path("key")),
            ])
            .unwrap();
        let settings = &loaded.settings;
        assert_eq!(
            settings.auth.token_key.as_ref().unwrap().as_bytes(),
            key.as_bytes()
        );
        let keys: Vec<_> = settings
            .auth
            .token_keys
            .iter()
            .map(SigningKey::as_bytes)
            .collect();
        assert_eq!(keys, [key.as_bytes(), format!("{key}x").as_bytes()]);
        assert_eq!(settings.database.url.to_string(), "postgres://u:***@h/db");
        assert_eq!(settings.secrets.key.as_ref().unwrap().bytes(), [7; 32]);
        assert_eq!(loaded.source("auth.token_key"), Some(&*path("token")));
        let shown = show(&loaded);
        for hidden in [key, "hidden", "BwcH"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }

    #[test]
    fn a_file_of_a_secret_that_is_not_there_or_there_beside_it_is_said_without_its_name() {
        let files = Files::with(&[("empty", " \n"), ("short", "hidden")]);
        let path = |name: &str| files.0.path().join(name).to_str().unwrap().to_owned();
        let name = "ACCOLADE__AUTH__TOKEN_KEY_FILE";
        for (file, line) in [
            (
                "/nowhere/secret",
                "auth.token_key_file names a file that cannot be read: entity not found",
            ),
            (
                &*path("empty"),
                "auth.token_key_file names a file that is empty",
            ),
            (
                &*path("short"),
                "must have 32 characters or more, not 6; `openssl rand -hex 32` makes one",
            ),
        ] {
            assert_eq!(
                files.load(&[(name, file)]).unwrap_err(),
                format!("{name}: {line}")
            );
        }
        let both = [("ACCOLADE__AUTH__TOKEN_KEY", "x"), (name, "y")];
        assert_eq!(
            error(&both),
            format!("{name}: ACCOLADE__AUTH__TOKEN_KEY is set as well: leave one out")
        );
        let both = "auth.token_key = \"x\"\nauth.token_key_file = \"y\"";
        assert_eq!(
            Files::with(&[("local.toml", both)]).load(&[]).unwrap_err(),
            "DIR/local.toml: auth.token_key and auth.token_key_file are both set: leave one out"
        );
        assert_eq!(
            Files::with(&[("local.toml", "secrets.key_file = 7")])
                .load(&[])
                .unwrap_err(),
            "DIR/local.toml: secrets.key_file must be the path of a file"
        );
        assert_eq!(
            error(&[("ACCOLADE_SECRETS_KEY_FILE", "x")]),
            "ACCOLADE_SECRETS_KEY_FILE: is not read: the variable for that key is \
             ACCOLADE__SECRETS__KEY_FILE, with two underscores"
        );
    }

    #[test]
    fn a_binary_without_postgresql_says_which_command_builds_one_with_it() {
        let url = ("ACCOLADE__DATABASE__URL", "postgres://u:hidden@h/db");
        let refused = with(&[url]).unwrap().fit_to_binary(false);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "ACCOLADE__DATABASE__URL: this accolade-server was built for SQLite alone: \
             `make build` builds one that speaks to PostgreSQL too"
        );
        assert_eq!(with(&[]).unwrap().fit_to_binary(false), Ok(()));
        assert_eq!(with(&[url]).unwrap().fit_to_binary(true), Ok(()));
    }

    #[test]
    fn a_binary_without_traces_says_which_command_builds_one_with_them() {
        let endpoint = (
            "ACCOLADE__TELEMETRY__OTLP_ENDPOINT",
            "https://collector.example.org",
        );
        let local = with(&[endpoint]);
        // What the build that is tested cannot do, it refuses by itself.
        let refused = match local {
            Ok(loaded) => {
                let endpoint = loaded.settings.telemetry.otlp_endpoint.as_ref().unwrap();
                assert_eq!(endpoint.path(), "/v1/traces");
                assert_eq!(loaded.fit_to_traces(true), Ok(()));
                loaded.fit_to_traces(false).unwrap_err().to_string()
            }
            Err(refused) => refused,
        };
        assert_eq!(
            refused,
            "ACCOLADE__TELEMETRY__OTLP_ENDPOINT: this accolade-server was built without traces: \
             `make build` builds one that sends them"
        );
    }

    #[test]
    fn a_binary_without_oidc_says_which_command_builds_one_with_it() {
        let loaded = with(&PROVIDER).unwrap();
        assert_eq!(loaded.fit_to_provider(true), Ok(()));
        assert_eq!(with(&[]).unwrap().fit_to_provider(false), Ok(()));
        assert_eq!(
            loaded.fit_to_provider(false).unwrap_err().to_string(),
            "ACCOLADE__CONSOLE__OIDC__ISSUER: this accolade-server was built without OIDC: \
             `make build` builds one that has operators signed in by a provider"
        );
    }

    #[test]
    fn a_share_is_a_number_from_none_to_all() {
        let ratio = ("ACCOLADE__TELEMETRY__OTLP_RATIO", "0.25");
        let loaded = with(&[ratio]).unwrap();
        assert!((loaded.settings.telemetry.otlp_ratio - 0.25).abs() < f64::EPSILON);
        assert!(show(&loaded).contains("otlp_ratio = 0.25"));
        let files = Files::with(&[("local.toml", "[telemetry]\notlp_ratio = 1")]);
        assert!(files.load(&[]).is_ok());
        for (wrong, problem) in [
            ("1.5", "must be from 0 to 1"),
            ("-0.1", "must be from 0 to 1"),
            ("NaN", "must be from 0 to 1"),
            ("all", "must be a number"),
        ] {
            let name = "ACCOLADE__TELEMETRY__OTLP_RATIO";
            assert_eq!(error(&[(name, wrong)]), format!("{name}: {problem}"));
        }
    }

    #[test]
    fn metrics_have_a_port_of_their_own_in_production_unless_it_is_that_of_the_api() {
        let port = |variables: &[(&str, &str)]| {
            let loaded = with(variables).unwrap();
            assert_eq!(loaded.fit_to_serve(), Ok(()));
            loaded.settings.metrics_port()
        };
        assert_eq!(port(&[]), Some(9090));
        assert_eq!(port(&[("ACCOLADE_PROFILE", "development")]), None);
        let own = ("ACCOLADE__METRICS__PORT", "9091");
        assert_eq!(port(&[own]), Some(9091));
        let shared = ("ACCOLADE__METRICS__PORT", "8080");
        assert_eq!(port(&[shared]), None);
        let free = [
            ("ACCOLADE__METRICS__PORT", "0"),
            ("ACCOLADE__HTTP__PORT", "0"),
        ];
        assert_eq!(port(&free), Some(0));
        let elsewhere = ("ACCOLADE__METRICS__HOST", "127.0.0.2");
        assert_eq!(port(&[own, elsewhere]), Some(9091));
        let refused = serving(&[shared, elsewhere]).unwrap_err();
        assert!(
            refused.starts_with("ACCOLADE__METRICS__HOST: metrics.host is for a port of its own"),
            "{refused}"
        );
    }

    /// A provider with all that it needs.
    const PROVIDER: [(&str, &str); 4] = [
        ("ACCOLADE__CONSOLE__URL", "https://badges.example.org"),
        (
            "ACCOLADE__CONSOLE__OIDC__ISSUER",
            "https://id.example.org/staff",
        ),
        ("ACCOLADE__CONSOLE__OIDC__CLIENT_ID", "accolade"),
        ("ACCOLADE__CONSOLE__OIDC__CLIENT_SECRET", "hidden"),
    ];

    #[test]
    fn a_provider_has_an_issuer_a_client_and_where_it_sends_browsers_back_to() {
        let provider = |variables: &[(&str, &str)]| {
            let loaded = with(variables).unwrap();
            loaded.fit_to_serve().unwrap();
            let console = loaded.settings.console;
            console.oidc.provider(console.url.as_ref()).unwrap()
        };
        assert!(provider(&[]).is_none());
        assert!(provider(&PROVIDER[..1]).is_none());
        let found = provider(&PROVIDER).unwrap();
        assert_eq!(found.issuer.as_str(), "https://id.example.org/staff");
        assert_eq!(found.client_id, "accolade");
        assert_eq!(found.client_secret.as_deref(), Some("hidden"));
        assert_eq!(found.name, "your company account");
        assert_eq!(found.scopes, ["openid"]);
        assert_eq!(
            found.back.as_str(),
            "https://badges.example.org/console/sign-in/oidc/callback"
        );
        for (left_out, key) in [(0, "console.url"), (2, "console.oidc.client_id")] {
            let mut some = PROVIDER.to_vec();
            some.remove(left_out);
            let refused = serving(&some).unwrap_err();
            let begins = format!("{key}: console.oidc.issuer needs {key}");
            assert!(refused.starts_with(&begins), "{refused}");
        }
        let mut open = PROVIDER.to_vec();
        open.remove(3);
        assert_eq!(provider(&open).unwrap().client_secret, None);
    }

    #[test]
    fn what_the_provider_and_browsers_are_sent_to_is_encrypted_or_on_this_machine() {
        let issuer = |value: &str| with(&[(PROVIDER[1].0, value)]).map(drop);
        let url = |value: &str| with(&[(PROVIDER[0].0, value)]).map(drop);
        for right in [
            "https://id.example.org/",
            "http://localhost:8000",
            "http://[::1]/a",
        ] {
            assert_eq!(issuer(right), Ok(()), "{right}");
        }
        for right in ["https://badges.example.org", "http://127.0.0.1:8080"] {
            assert_eq!(url(right), Ok(()), "{right}");
        }
        for wrong in [
            "http://id.example.org",
            "https://user@id.example.org",
            "https://id.example.org?a=b",
            "https://id.example.org#a",
            "id.example.org",
            "",
        ] {
            let refused = issuer(wrong).unwrap_err();
            let begins =
                "ACCOLADE__CONSOLE__OIDC__ISSUER: must be the URL that the provider calls itself";
            assert!(refused.starts_with(begins), "{wrong}: {refused}");
        }
        for wrong in [
            "http://badges.example.org",
            "https://badges.example.org/",
            "https://badges.example.org/console",
            "https://badges.example.org:443",
            "",
        ] {
            let refused = url(wrong).unwrap_err();
            let begins = "ACCOLADE__CONSOLE__URL: must be how browsers reach this server";
            assert!(refused.starts_with(begins), "{wrong}: {refused}");
        }
        let empty = ("ACCOLADE__CONSOLE__OIDC__CLIENT_SECRET", "");
        assert!(error(&[empty]).contains("must not be empty"));
        let name = ("ACCOLADE__CONSOLE__OIDC__NAME", " ");
        assert!(error(&[name]).contains("must have 1 to 60 characters"));
        let scopes = ("ACCOLADE__CONSOLE__OIDC__SCOPES", "openid, two words");
        assert!(error(&[scopes]).contains("must list scopes"));
    }

    #[test]
    fn the_secret_of_the_provider_may_stand_in_a_file_and_is_not_shown() {
        let files = Files::with(&[("secret", "hidden\n")]);
        let path = files.0.path().join("secret");
        let name = "ACCOLADE__CONSOLE__OIDC__CLIENT_SECRET_FILE";
        let mut variables = PROVIDER[..3].to_vec();
        variables.push((name, path.to_str().unwrap()));
        variables.push(("ACCOLADE__CONSOLE__OIDC__SCOPES", "openid,email"));
        let loaded = files.load(&variables).unwrap();
        let shown = show(&loaded);
        assert!(!shown.contains("hidden"), "{shown}");
        assert!(!format!("{:?}", loaded.settings).contains("hidden"));
        assert!(shown.contains("client_secret = \"***\""), "{shown}");
        assert!(
            shown.contains("scopes = [\"openid\", \"email\"]"),
            "{shown}"
        );
        let console = loaded.settings.console;
        let provider = console.oidc.provider(console.url.as_ref()).unwrap();
        assert_eq!(provider.unwrap().client_secret.as_deref(), Some("hidden"));
        assert_eq!(
            error(&[("ACCOLADE_CONSOLE_OIDC_CLIENT_SECRET_FILE", "x")]),
            format!(
                "ACCOLADE_CONSOLE_OIDC_CLIENT_SECRET_FILE: is not read: the variable for that key is {name}, \
                 with two underscores"
            )
        );
    }

    #[test]
    fn a_body_that_may_be_sent_has_room_among_all() {
        let [limit, budget] = ["ACCOLADE__HTTP__BODY_LIMIT", "ACCOLADE__HTTP__BODY_BUDGET"];
        assert_eq!(serving(&[(limit, "16MiB"), (budget, "16MiB")]), Ok(()));
        assert_eq!(
            serving(&[(limit, "16MiB"), (budget, "15MiB")]),
            Err(format!(
                "{budget}: http.body_budget must have room for a body of http.body_limit"
            ))
        );
    }

    #[test]
    fn what_is_shown_has_the_sources_and_no_secrets() {
        let loaded = with(&[
            (
                "ACCOLADE__DATABASE__URL",
                "postgres://u:hidden@h/db?sslpassword=hidden",
            ),
            (
                "ACCOLADE__AUTH__TOKEN_KEY",
                "hidden-key-of-more-than-32-characters",
            ),
            ("ACCOLADE__HTTP__PORT", "9000"),
            ("ACCOLADE__HTTP__TLS__CERTIFICATE", "/etc/tls.pem"),
        ])
        .unwrap();
        let text = show(&loaded);
        assert!(!text.contains("hidden"), "{text}");
        assert!(!format!("{:?}", loaded.settings).contains("hidden"));
        let line = |key: &str| {
            let line = text.lines().find(|line| line.starts_with(key)).unwrap();
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(line("port"), "port = 9000 # ACCOLADE__HTTP__PORT");
        assert_eq!(
            line("token_key"),
            "token_key = \"***\" # ACCOLADE__AUTH__TOKEN_KEY"
        );
        assert_eq!(
            line("url"),
            "url = \"postgres://u:***@h/db?sslpassword=***\" # ACCOLADE__DATABASE__URL"
        );
        assert_eq!(
            line("certificate"),
            "certificate = \"/etc/tls.pem\" # ACCOLADE__HTTP__TLS__CERTIFICATE"
        );
        assert!(text.contains("\n[http.tls]\n"), "{text}");
        assert_eq!(line("workers"), "workers = 0 # default.toml (built in)");
        text.parse::<toml::Table>().unwrap();
    }

    #[test]
    fn every_key_of_the_built_in_files_is_explained_in_the_default_one() {
        for profile in ["development", "production", "test"] {
            with(&[("ACCOLADE_PROFILE", profile)]).unwrap();
        }
        for key in [
            "token_key",
            "key =",
            "port = 9090",
            "host =",
            "issuer =",
            "client_secret =",
        ] {
            assert!(DEFAULT.1.contains(&format!("# {key}")), "{key}");
        }
    }
}
