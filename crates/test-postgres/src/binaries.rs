//! Where the programs of PostgreSQL are on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};

/// The oldest major version that Accolade supports.
const OLDEST: u32 = 15;

/// Finds the directory that holds `initdb`, `postgres` and `psql`: the newest version of
/// Debian's layout, else the one that `pg_config` names, else one on the `PATH`.
pub(crate) fn server() -> Result<PathBuf> {
    debian()
        .into_iter()
        .chain(pg_config())
        .chain(on_path())
        .find(|directory| is_usable(directory))
        .with_context(|| {
            format!(
                "no server binaries of PostgreSQL {OLDEST} or later were found: install Debian's \
                 `postgresql` package (`make setup` does) or set {} to the URL of a server in which \
                 databases may be created",
                crate::URL_VARIABLE
            )
        })
}

/// Finds one of the programs that come with the server of [`Cluster`](crate::Cluster), such
/// as `pgbench`.
///
/// # Errors
/// No server binaries are installed, or they lack that program; the message says what to do.
pub fn program(name: &str) -> Result<PathBuf> {
    let program = server()?.join(name);
    ensure!(
        program.is_file(),
        "{} was not found: install Debian's `postgresql` package",
        program.display()
    );
    Ok(program)
}

/// Finds `psql`, which comes with the server and may also be installed alone.
pub(crate) fn psql() -> Result<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let alone = || path_directories().find(|it| it.join("psql").is_file());
            Some(server().ok().or_else(alone)?.join("psql"))
        })
        .as_deref()
        .context("`psql` was not found: install Debian's `postgresql-client` package")
}

/// Finds pgbouncer, which Debian installs where only administrators look.
pub(crate) fn pgbouncer() -> Result<PathBuf> {
    path_directories()
        .chain([PathBuf::from("/usr/sbin")])
        .map(|directory| directory.join("pgbouncer"))
        .find(|program| program.is_file())
        .context(
            "pgbouncer was not found: install Debian's `pgbouncer` package (`make setup` does)",
        )
}

/// The version of pgbouncer.
pub(crate) fn pgbouncer_version() -> Result<(u32, u32)> {
    let output = Command::new(pgbouncer()?).arg("--version").output()?;
    parse_pgbouncer_version(&String::from_utf8(output.stdout)?)
        .context("pgbouncer does not tell its version")
}

/// Reads the version from a line such as `PgBouncer 1.18.0`.
fn parse_pgbouncer_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.lines().next()?.strip_prefix("PgBouncer ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn debian() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir("/usr/lib/postgresql") else {
        return Vec::new();
    };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, path)| path).collect()
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(path.trim()))
}

fn on_path() -> Option<PathBuf> {
    path_directories().find(|directory| directory.join("postgres").is_file())
}

fn path_directories() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

fn is_usable(directory: &Path) -> bool {
    let complete = ["initdb", "postgres", "psql"]
        .iter()
        .all(|program| directory.join(program).is_file());
    complete && version(directory).is_some_and(|version| version >= OLDEST)
}

fn version(directory: &Path) -> Option<u32> {
    let output = Command::new(directory.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    parse_version(&String::from_utf8(output.stdout).ok()?)
}

/// Reads the major version from a line such as `postgres (PostgreSQL) 15.14 (Debian …)`.
fn parse_version(line: &str) -> Option<u32> {
    let number = line.split_once("(PostgreSQL) ")?.1;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{parse_pgbouncer_version, parse_version};

    #[test]
    fn the_major_version_is_read_from_what_postgres_prints() {
        let debian = "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_version("something else"), None);
    }

    #[test]
    fn the_version_of_pgbouncer_is_read_from_what_it_prints() {
        let debian = "PgBouncer 1.18.0\nlibevent 2.1.12-stable\n";
        assert_eq!(parse_pgbouncer_version(debian), Some((1, 18)));
        assert_eq!(parse_pgbouncer_version("something else"), None);
    }
}
