//! `database.url`: which database, with its password kept out of every text.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::de::{Deserialize, Deserializer, Error};
use url::{Position, Url};

/// Stands for a secret.
pub(super) const MASK: &str = "***";

/// What would not be read again as it is, in the URL of a file.
const ENCODED_IN_FILES: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

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
    fn reveal(&self) -> String {
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
         sqlite:///var/lib/accolade.db, with `?` written %3F and `#` written %23"
    )]
    File,
    /// A percent sign that encodes nothing.
    #[error(
        "has a % that two hexadecimal digits other than 00 do not follow: a % that stands for \
         itself, as in a password, is written %25"
    )]
    Percent,
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
            return Ok(Self::Sqlite(file(path)?));
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(MalformedDatabaseUrl::Scheme);
        }
        if !is_percent_encoded(text) {
            return Err(MalformedDatabaseUrl::Percent);
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

/// The file that the rest of a `sqlite://` URL names.
fn file(encoded: &str) -> Result<PathBuf, MalformedDatabaseUrl> {
    if !is_percent_encoded(encoded) {
        return Err(MalformedDatabaseUrl::Percent);
    }
    let path = percent_decode_str(encoded)
        .decode_utf8()
        .map_err(|_| MalformedDatabaseUrl::File)?;
    let memory = path.starts_with(':') || path.starts_with("file:");
    let no_file = path.is_empty() || path.ends_with('/') || path.contains('\0');
    if memory || no_file || encoded.contains(['?', '#']) {
        return Err(MalformedDatabaseUrl::File);
    }
    Ok(PathBuf::from(&*path))
}

/// Whether every percent sign encodes a byte other than NUL: libpq refuses all others, and says the
/// text around them aloud.
fn is_percent_encoded(text: &str) -> bool {
    let encodes = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit) && it != b"00")
    };
    text.split('%').skip(1).all(encodes)
}

impl DatabaseUrl {
    /// Which of the two it is, for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// The same, with its password, for whom it is opened by.
    pub(crate) fn to_open(&self) -> accolade_persistence::DatabaseUrl {
        match self {
            Self::Sqlite(path) => accolade_persistence::DatabaseUrl::Sqlite(path.clone()),
            Self::Postgres(url) => accolade_persistence::DatabaseUrl::Postgres(url.reveal()),
        }
    }

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
            Self::Sqlite(path) => {
                let path = path.to_string_lossy();
                write!(
                    f,
                    "sqlite://{}",
                    utf8_percent_encode(&path, ENCODED_IN_FILES)
                )
            }
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
            "sqlite://var%2F",
            "sqlite://:memory:",
            "sqlite://%3Amemory:",
            "sqlite://file:a.db",
            "sqlite://a?b",
            "sqlite://a#b",
            "sqlite://a\0b",
            "sqlite://%FF",
        ] {
            assert_eq!(file(wrong), Err(MalformedDatabaseUrl::File), "{wrong}");
        }
    }

    #[test]
    fn the_name_of_a_file_is_percent_decoded_and_shown_as_it_can_be_written_again() {
        for (text, path, shown) in [
            ("sqlite://a%20b.db", "a b.db", "sqlite://a b.db"),
            ("sqlite://a%2Fb%2fc.db", "a/b/c.db", "sqlite://a/b/c.db"),
            (
                "sqlite:///100%25%3F%23.db",
                "/100%?#.db",
                "sqlite:///100%25%3F%23.db",
            ),
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.file(), Some(Path::new(path)), "{text}");
            assert_eq!(url.to_string(), shown);
            assert_eq!(shown.parse(), Ok(url), "{shown}");
        }
    }

    #[test]
    fn a_percent_sign_that_encodes_nothing_is_refused_before_libpq_repeats_it() {
        for text in [
            "postgres://u:100%hidden@h/db",
            "postgres://u:hidden%@h/db",
            "postgres://u:hidden%4@h/db",
            "postgres://u:hid%00den@h/db",
            "postgres://u@h/db?password=100%hidden",
            "sqlite://hidden%.db",
            "sqlite://hid%zzden.db",
            "sqlite://hid%00den.db",
            "sqlite://hidden%ä.db",
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err();
            assert_eq!(error, MalformedDatabaseUrl::Percent, "{text}");
            assert!(!error.to_string().contains("hid"), "{error}");
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
