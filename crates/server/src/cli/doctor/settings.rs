//! What the settings say, and what they leave open.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use accolade_application::ports::Clock as _;

use crate::cli::doctor::Finding;
use crate::settings::{DatabaseUrl, Loaded, SigningKey, Synchronous, is_loopback};
use crate::sources::SystemClock;

/// The keys of which the values are secrets.
const SECRETS: [&str; 5] = [
    "auth.token_key",
    "auth.token_keys",
    "console.oidc.client_secret",
    "secrets.key",
    "database.url",
];

/// A certificate that ends within this time should have been renewed.
const LAST_DAYS: Duration = Duration::from_hours(14 * 24);

/// Looks at the settings alone.
pub(super) fn look_at(loaded: &Loaded) -> Vec<Finding> {
    let mut found = vec![fit(loaded)];
    found.extend(listening(loaded));
    found.extend(certificate(loaded));
    found.extend(keys(loaded));
    found.extend(files_of_secrets(loaded));
    found.extend(trying(loaded));
    found
}

fn fit(loaded: &Loaded) -> Finding {
    match loaded.fit_to_serve() {
        Ok(()) => Finding::good(
            "settings",
            format!("the profile {}: a server can start", loaded.profile),
        ),
        Err(error) => Finding::wrong("settings", error.to_string()),
    }
}

/// Who can reach what.
fn listening(loaded: &Loaded) -> Vec<Finding> {
    let settings = &loaded.settings;
    if is_loopback(&settings.http.host) {
        return vec![Finding::good("http.host", "this machine alone reaches it")];
    }
    let mut found = vec![if settings.http.tls.is_set() {
        Finding::good("http.host", "other machines reach it, by TLS")
    } else {
        Finding::risk(
            "http.host",
            "other machines reach it, by plain HTTP: let only the proxy that ends TLS do so, or set \
             http.tls",
        )
    }];
    if settings.metrics_port().is_none() {
        found.push(Finding::risk(
            "metrics.port",
            "/metrics is where the API and its page are: set metrics.port, and metrics.host, to where only \
             Prometheus gets, or have the proxy hide it",
        ));
    }
    found
}

/// How long the certificate is good for; what keeps it from being presented is in [`fit`].
fn certificate(loaded: &Loaded) -> Vec<Finding> {
    let tls = &loaded.settings.http.tls;
    let Ok(Some(certificate)) = tls.read() else {
        return Vec::new();
    };
    let until = certificate.ends();
    let now = SystemClock.now();
    let about = "http.tls.certificate";
    let mut found = vec![if until < now {
        Finding::wrong(about, format!("it has ended, on {until}: renew it"))
    } else if until.earlier_by(LAST_DAYS) < now {
        let says = format!("it ends on {until}: renew it, and send the server SIGHUP");
        Finding::risk(about, says)
    } else {
        Finding::good(about, format!("it is good until {until}"))
    }];
    if tls.key.as_deref().is_some_and(is_open_to_others) {
        let says = "others than its owner can read the file: `chmod 600` it";
        found.push(Finding::risk("http.tls.key", says));
    }
    found
}

/// The keys that sign and encrypt.
fn keys(loaded: &Loaded) -> Vec<Finding> {
    let settings = &loaded.settings;
    let mut found = Vec::new();
    if settings.auth.token_key.is_none() {
        found.push(Finding::risk(
            "auth.token_key",
            "not set: access tokens end with each restart; `openssl rand -hex 32` makes one",
        ));
    }
    let mut keys = settings
        .auth
        .token_key
        .iter()
        .chain(&settings.auth.token_keys);
    if keys.any(SigningKey::is_repetition) {
        found.push(Finding::risk(
            "auth.token_key",
            "a key is a shorter text several times over, and so easily guessed: `openssl rand \
             -hex 32` makes one that is not",
        ));
    }
    if !settings.auth.token_keys.is_empty() {
        found.push(Finding::risk(
            "auth.token_keys",
            "tokens of further keys are taken: leave them out once the key is changed",
        ));
    }
    found
}

/// Files with secrets that others than their owner can read.
fn files_of_secrets(loaded: &Loaded) -> Vec<Finding> {
    let is_secret = |key: &&str| match *key {
        "database.url" => matches!(loaded.settings.database.url, DatabaseUrl::Postgres(_)),
        _ => true,
    };
    SECRETS
        .into_iter()
        .filter(is_secret)
        .filter(|key| {
            let source = loaded.source(key);
            source.is_some_and(|source| is_open_to_others(Path::new(source)))
        })
        .map(|key| {
            let says = "others than its owner can read the file that it stands in: `chmod 600` it";
            Finding::risk(key, says)
        })
        .collect()
}

/// Whether others than its owner can use the file.
fn is_open_to_others(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o077 != 0)
}

/// What is for trying, and dangerous where it is meant.
fn trying(loaded: &Loaded) -> Vec<Finding> {
    let settings = &loaded.settings;
    let is_sqlite = matches!(settings.database.url, DatabaseUrl::Sqlite(_));
    let mut found = Vec::new();
    if settings.demo.enabled {
        found.push(Finding::risk(
            "demo.enabled",
            "everybody knows the secret of the demo's client",
        ));
    }
    if is_sqlite && settings.database.synchronous == Synchronous::Normal {
        found.push(Finding::risk(
            "database.synchronous",
            "a power cut may lose the last requests that were answered",
        ));
    }
    if settings.webhooks.allow_http {
        found.push(Finding::risk(
            "webhooks.allow_http",
            "events go to receivers in plain text",
        ));
    }
    if !settings.webhooks.allow_networks.is_empty() {
        found.push(Finding::risk(
            "webhooks.allow_networks",
            "who may create webhooks can have requests sent into these networks",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::tests::bad;
    use crate::settings::{Environment, Settings, load};

    type Change = fn(&mut Settings);

    fn found(change: impl FnOnce(&mut Settings)) -> Vec<String> {
        let mut loaded = load(&Environment::default()).unwrap();
        change(&mut loaded.settings);
        bad(&look_at(&loaded))
    }

    #[test]
    fn what_is_risky_is_found_one_by_one() {
        let with_a_key = |settings: &mut Settings| {
            settings.auth.token_key = Some(SigningKey::from_bytes([7; 32]));
        };
        assert_eq!(found(|_| ()).len(), 1);
        let cases: [(Change, &str); 10] = [
            (
                |it| it.auth.token_key = None,
                "RISK auth.token_key: not set",
            ),
            (|_| (), "RISK auth.token_key: a key is a shorter text"),
            (
                |it| it.auth.token_keys = it.auth.token_key.clone().into_iter().collect(),
                "RISK auth.token_keys: ",
            ),
            (|it| it.http.host = "0.0.0.0".to_owned(), "RISK http.host: "),
            (
                |it| {
                    it.http.host = "0.0.0.0".to_owned();
                    it.metrics.port = None;
                },
                "RISK metrics.port: ",
            ),
            (|it| it.demo.enabled = true, "RISK demo.enabled: "),
            (
                |it| it.database.synchronous = Synchronous::Normal,
                "RISK database.synchronous: ",
            ),
            (
                |it| it.webhooks.allow_http = true,
                "RISK webhooks.allow_http: ",
            ),
            (
                |it| it.webhooks.allow_networks = vec!["10.0.0.0/8".parse().unwrap()],
                "RISK webhooks.allow_networks: ",
            ),
            (
                |it| {
                    it.metrics.port = Some(it.http.port);
                    it.metrics.host = Some("127.0.0.2".to_owned());
                },
                "WRONG settings: ",
            ),
        ];
        for (change, about) in cases {
            let found = found(|it| {
                with_a_key(it);
                change(it);
            });
            assert!(
                found.iter().any(|line| line.starts_with(about)),
                "{about}: {found:?}"
            );
        }
    }

    #[test]
    fn metrics_with_a_port_of_their_own_and_a_random_key_are_no_risk() {
        let found = found(|it| {
            let bytes = std::array::from_fn(|at| u8::try_from(at).unwrap());
            it.auth.token_key = Some(SigningKey::from_bytes(bytes));
            it.http.host = "0.0.0.0".to_owned();
            it.metrics.port = Some(9090);
        });
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
