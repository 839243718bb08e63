//! The one server that all tests of a run share.
//!
//! Tests run in many processes at once, or in one after another, and nobody tells the first
//! from the last. So the cluster lives in a directory that all of them can name, whoever
//! comes first starts it, and locks on files say whether somebody still uses it: they end
//! with their process even if it is killed.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};

use crate::database::Server;
use crate::home::{Home, lock_file, uninterrupted};
use crate::{Options, URL_VARIABLE, psql};

/// How long the server stays when the last user has gone: the next test binary of a run
/// is often not there yet.
const LINGER: Duration = Duration::from_secs(10);

/// The server of this run, for as long as this process lives.
pub(crate) fn server() -> Result<&'static Server> {
    // Held by a static, the lock on the cluster ends with the process.
    static SHARED: OnceLock<Result<(Server, Option<File>), String>> = OnceLock::new();
    SHARED
        .get_or_init(|| find_or_start().map_err(|error| format!("{error:#}")))
        .as_ref()
        .map(|(server, _)| server)
        .map_err(|message| anyhow!("{message}"))
}

fn find_or_start() -> Result<(Server, Option<File>)> {
    if let Ok(url) = std::env::var(URL_VARIABLE)
        && !url.is_empty()
    {
        if let Err(error) = psql::run(&url, "SELECT 1")? {
            bail!("the server that {URL_VARIABLE} names does not answer: {error}");
        }
        return Ok((Server::external(url), None));
    }
    let (url, in_use) = join(&directory()?, LINGER)?;
    Ok((Server::throw_away(url, false), Some(in_use)))
}

/// Joins the cluster in `directory` or starts it. It runs while any lock like the returned
/// one is held, and `linger` longer.
fn join(directory: &Path, linger: Duration) -> Result<(String, File)> {
    let home = Home::prepare(directory)?;
    let in_use = home.use_it()?;
    let starting = lock_file(&directory.join("starting"))?;
    uninterrupted(|| starting.lock())?;
    if let Some(url) = home.running()? {
        return Ok((url, in_use));
    }
    let (url, mut supervisor) = home.start(&Options::throw_away(), linger)?;
    // It outlives us as a rule; should it end before, nobody wants to know how.
    std::thread::spawn(move || supervisor.wait());
    Ok((url, in_use))
}

/// One directory for each user and checkout.
fn directory() -> Result<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_MANIFEST_DIR"), include_str!("supervisor.sh")).hash(&mut hasher);
    let name = format!("accolade-pg-{user}-{:08x}", hasher.finish() >> 32);
    let directory = std::env::temp_dir().join(name);
    match std::fs::create_dir(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            bail!("{} cannot be made: {error}", directory.display())
        }
        _ => {}
    }
    // The name is no secret, so somebody else may have made it to have us write there.
    let found = std::fs::symlink_metadata(&directory)?;
    if !found.is_dir() || found.uid() != user {
        bail!(
            "{} is not a directory of this user: remove it",
            directory.display()
        );
    }
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_cluster_is_shared_while_it_is_used_and_stopped_afterwards() {
        let directory = tempfile::tempdir().unwrap();
        let (first_url, first) = join(directory.path(), Duration::ZERO).unwrap();
        let (second_url, second) = join(directory.path(), Duration::ZERO).unwrap();
        assert_eq!(first_url, second_url);

        drop(first);
        assert_eq!(psql::expect(&second_url, "SELECT 1").unwrap(), "1");

        drop(second);
        let deadline = Instant::now() + Duration::from_mins(1);
        while psql::run(&second_url, "SELECT 1").unwrap().is_ok() {
            assert!(Instant::now() < deadline, "the server still runs");
        }
    }

    #[test]
    fn a_stopped_cluster_is_started_again_by_the_next_user() {
        let directory = tempfile::tempdir().unwrap();
        for _ in 0..3 {
            let (url, _in_use) = join(directory.path(), Duration::ZERO).unwrap();
            assert_eq!(psql::expect(&url, "SELECT 1").unwrap(), "1");
        }
    }

    #[test]
    fn users_that_arrive_together_start_one_cluster() {
        let directory = tempfile::tempdir().unwrap();
        let urls: Vec<String> = std::thread::scope(|scope| {
            let joining: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| join(directory.path(), Duration::from_secs(1)).unwrap().0))
                .collect();
            joining.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(urls.iter().all(|url| *url == urls[0]), "{urls:?}");
    }
}
