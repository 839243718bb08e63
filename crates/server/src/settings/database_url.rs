//! `database.url`: which database, with its password kept out of every text.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};
use url::{Position, Url};

/// Stands for a secret.
pub(super) const MASK: &str = "***";

/// Which database. Its `Display` and `Debug` have no password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum DatabaseUrl {
    /// The file of SQLite.
    Sqlite(PathBuf),
    /// A server of PostgreSQL.
    Postgres(PostgresUrl),
}

/// The URL of a PostgreSQL, as libpq reads it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PostgresUrl {
    /// With the first of its hosts.
    url: Url,
    /// The further hosts, of which libpq takes one that answers, each behind a comma.
    more_hosts: String,
}

impl PostgresUrl {
    fn parse(text: &str) -> Option<Self> {
        let (text, more_hosts) = split_hosts(text)?;
        for host in more_hosts.split(',').skip(1) {
            Url::parse(&format!("postgres://{host}")).ok()?.host()?;
        }
        let url = Url::parse(&text).ok()?;
        Some(Self { url, more_hosts })
    }

    /// The URL with its password, for libpq only.
    pub(crate) fn reveal(&self) -> String {
        self.with_all_hosts(&self.url)
    }

    fn with_all_hosts(&self, url: &Url) -> String {
        let (before, after) = (&url[..Position::AfterPort], &url[Position::AfterPort..]);
        format!("{before}{}{after}", self.more_hosts)
    }

    fn masked(&self) -> String {
        let mut url = self.url.clone();
        if url.password().is_some() {
            // Fails only for a URL without a host, which has no password.
            let _ = url.set_password(Some(MASK));
        }
        if let Some(query) = self.url.query() {
            let masked: Vec<_> = query.split('&').map(masked_parameter).collect();
            url.set_query(Some(&masked.join("&")));
        }
        self.with_all_hosts(&url)
    }
}

/// `text`, a URL, without its hosts behind the first, and those.
fn split_hosts(text: &str) -> Option<(String, String)> {
    let authority = text.find("://")? + "://".len();
    let rest = &text[authority..];
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let hosts = rest[..end].rfind('@').map_or(0, |at| at + 1);
    let Some(comma) = rest[hosts..end].find(',').map(|at| hosts + at) else {
        return Some((text.to_owned(), String::new()));
    };
    let without = format!("{}{}", &text[..authority + comma], &rest[end..]);
    Some((without, rest[comma..end].to_owned()))
}

/// `parameter`, of a query, without what it may give away.
fn masked_parameter(parameter: &str) -> String {
    let name = parameter.split('=').next().unwrap_or_default();
    // libpq decodes names too: `pass%77ord` is a password.
    let decoded: String = url::form_urlencoded::parse(name.as_bytes())
        .map(|(name, _)| name.to_lowercase())
        .collect();
    if ["pass", "secret", "key", "token"]
        .iter()
        .any(|secret| decoded.contains(secret))
    {
        format!("{name}={MASK}")
    } else {
        parameter.to_owned()
    }
}

/// Why a text is no URL of a database. It does not repeat the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MalformedDatabaseUrl {
    /// Neither of the two.
    #[error(
        "must begin with sqlite:// or postgres://, like sqlite://var/accolade.db or \
         postgres://user:password@host:5432/name"
    )]
    Scheme,
    /// SQLite without a file.
    #[error(
        "must name a file after sqlite://, like sqlite://var/accolade.db or \
         sqlite:///var/lib/accolade.db, without `?` or `#`"
    )]
    File,
    /// Not readable as a URL.
    #[error(
        "must be a URL like postgres://user:password@host:5432/name, with special characters \
         of the password percent-encoded"
    )]
    Postgres,
}

impl FromStr for DatabaseUrl {
    type Err = MalformedDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, MalformedDatabaseUrl> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            let memory = path.starts_with(':') || path.starts_with("file:");
            if path.is_empty() || path.ends_with('/') || memory || path.contains(['?', '#', '\0']) {
                return Err(MalformedDatabaseUrl::File);
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(MalformedDatabaseUrl::Scheme);
        }
        let postgres = PostgresUrl::parse(text).ok_or(MalformedDatabaseUrl::Postgres)?;
        let url = &postgres.url;
        // What a password with a bare `/`, `?` or `#` is taken for, and would be shown as.
        let misread = url.fragment().is_some()
            || url.path().contains('@')
            || url.path().matches('/').count() > 1
            || url.query().is_some_and(|query| {
                query.contains('@') || !query.split('&').all(|parameter| parameter.contains('='))
            });
        if misread {
            return Err(MalformedDatabaseUrl::Postgres);
        }
        Ok(Self::Postgres(postgres))
    }
}

impl DatabaseUrl {
    /// The file, if it is SQLite's.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&url.masked()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<DatabaseUrl>().unwrap().to_string()
    }

    #[test]
    fn a_file_is_relative_or_absolute() {
        let file = |text: &str| {
            text.parse::<DatabaseUrl>()
                .map(|url| url.file().unwrap().display().to_string())
        };
        assert_eq!(
            file("sqlite://var/accolade.db"),
            Ok("var/accolade.db".to_owned())
        );
        assert_eq!(
            file("sqlite:///var/lib/a b.db"),
            Ok("/var/lib/a b.db".to_owned())
        );
        for wrong in [
            "sqlite://",
            "sqlite://var/",
            "sqlite://:memory:",
            "sqlite://a?b",
        ] {
            assert_eq!(file(wrong), Err(MalformedDatabaseUrl::File), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        assert_eq!(
            shown("postgres://u:p%40ss@h:5432/db"),
            "postgres://u:***@h:5432/db"
        );
        assert_eq!(
            shown("postgresql://u:pa@ss@h/db"),
            "postgresql://u:***@h/db"
        );
        assert_eq!(
            shown("postgres://h/db?user=u&password=a%40b&sslmode=require"),
            "postgres://h/db?user=u&password=***&sslmode=require"
        );
        assert_eq!(
            shown("postgres://h/db?pass%77ord=x&SSLPassword=y"),
            "postgres://h/db?pass%77ord=***&SSLPassword=***"
        );
        let url: DatabaseUrl = "postgres://u:hidden@h/db".parse().unwrap();
        assert_eq!(format!("{url:?}"), "postgres://u:***@h/db");
    }

    #[test]
    fn a_password_that_is_not_encoded_is_refused_rather_than_misread() {
        for text in [
            "postgres://u:hid/den@h/db",
            "postgres://u:12/den@h/db",
            "postgres://u:hid?den@h/db",
            "postgres://u:12?den@h/db",
            "postgres://u:12?d=en@h/db",
            "postgres://u:hid#den@h/db",
            "postgres://u:12#den@h/db",
            "postgres://u:hidden@h:port/db",
            "postgres://u:hidden@h,h:port/db",
            "postgres://u:hidden@h,/db",
            "postgres://u:1,2/den@h/db",
        ] {
            assert_eq!(
                text.parse::<DatabaseUrl>(),
                Err(MalformedDatabaseUrl::Postgres),
                "{text}"
            );
        }
    }

    #[test]
    fn another_kind_of_database_is_refused_with_the_two_that_there_are() {
        for text in [
            "mysql://u:hidden@h/db",
            "",
            "var/accolade.db",
            "sqlite:a.db",
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(error.contains("sqlite://") && error.contains("postgres://"));
            assert!(!error.contains("hidden"));
        }
    }

    #[test]
    fn a_socket_and_several_hosts_are_given_as_parameters() {
        let text = "postgres:///db?host=/run/postgresql";
        assert_eq!(shown(text), text);
        let text = "postgres:///db?host=a,b&port=5432,5433&target_session_attrs=read-write";
        assert_eq!(shown(text), text);
    }

    #[test]
    fn several_hosts_reach_libpq_whole() {
        for hosts in ["a:5432,b:5433", "a,b", "[::1]:1,127.0.0.1,c:3"] {
            let text = format!("postgres://u:p%40@{hosts}/db?target_session_attrs=read-write");
            let DatabaseUrl::Postgres(url) = text.parse().unwrap() else {
                panic!("{text}")
            };
            assert_eq!(url.reveal(), text);
            assert_eq!(shown(&text), text.replace("p%40", "***"));
        }
    }
}
