//! Whether libpq can read a URL, asked of libpq itself.

use anyhow::bail;
use diesel::{Connection as _, ConnectionError};

use super::Connection;

/// Where no server can listen: it is no directory.
const NOWHERE: &str = "%2Fdev%2Fnull";

/// What libpq reads as numbers, and only when it has a server.
const NUMBERS: [&str; 7] = [
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "port",
];

/// Whether libpq can read `url`. It has libpq connect to as many servers as the URL names, but in a
/// place where there can be none: what it says of the URL it says before.
///
/// # Errors
/// One line, without anything of the URL.
pub(crate) fn check(url: &str) -> anyhow::Result<()> {
    for (name, value) in parameters(url) {
        let is_list_of_numbers = || {
            value
                .split(',')
                .all(|it| it.is_empty() || it.parse::<u32>().is_ok())
        };
        if NUMBERS.contains(&name) && !is_list_of_numbers() {
            bail!("has a parameter of the connection that must be a whole number and is none");
        }
    }
    let hosts = vec![NOWHERE; count_of_hosts(url)].join(",");
    let separator = if url.contains('?') { '&' } else { '?' };
    let elsewhere = format!("{url}{separator}host={hosts}&hostaddr=");
    match Connection::establish(&elsewhere) {
        Err(ConnectionError::BadConnection(said)) if said.starts_with("connection to server") => {
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(_) => bail!(
            "is no URL that PostgreSQL's client library can read: see its host, its port and the \
             names and values of the parameters behind `?`"
        ),
    }
}

/// The names and values behind the question mark, as they are written.
fn parameters(url: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter_map(|parameter| parameter.split_once('='))
}

/// How many hosts libpq tries one after another: they are named before the query or in it.
pub(super) fn count_of_hosts(url: &str) -> usize {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let in_authority = authority.rsplit('@').next().unwrap_or_default();
    let lists = parameters(url)
        .filter(|(name, _)| matches!(*name, "host" | "hostaddr"))
        .map(|(_, hosts)| hosts.replace("%2C", ",").replace("%2c", ","));
    let count = |list: &str| list.matches(',').count() + 1;
    lists
        .map(|list| count(&list))
        .fold(count(in_authority), usize::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libpq_can_read_is_right_whoever_listens_there() {
        for url in [
            "postgres://u:p%40%25@db.example:6432/name?sslmode=require&connect_timeout=2",
            "postgresql:///db?host=/run/postgresql",
            "postgres:///db?host=a,b&port=5432,5433&target_session_attrs=read-write",
            "postgres://u:p@[::1]:5432/db?application_name=x",
            "postgres://u:p@a:1,b:2,c:3/db?target_session_attrs=any",
            "postgres://",
        ] {
            check(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        }
    }

    #[test]
    fn what_libpq_cannot_read_is_wrong_and_not_repeated() {
        for url in [
            "postgres://u:100%hidden@h/db",
            "postgres://u@h/db?hidden=1",
            "postgres://u@h/db?sslmode=hidden",
            "postgres://u@h/db?connect_timeout=hidden",
            "postgres://u@h/db?keepalives_idle=hidden",
            "postgres://u@h:hidden/db",
            "postgres://u@h:99999/db",
            "postgres://u@[hidden/db",
            "postgres://a,b/db?port=1,2,3",
            "postgres://h/db?target_session_attrs=hidden",
        ] {
            let error = check(url).err().unwrap_or_else(|| panic!("{url}"));
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }
}
