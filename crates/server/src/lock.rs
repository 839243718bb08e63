//! One server on one file of SQLite.
//!
//! Two would each take the other's writes for strangers' and the file for their own: a second
//! `serve` is refused. There are two locks, which end with the process, however that ends: on a file beside
//! the database, which is there before the database is, and stays; and on the database itself, which holds
//! if somebody has removed the other file. Of the command line tools those ask for them that read or
//! write all of the database while nobody else may: `restore` and `transfer`.
//!
//! Neither is one of SQLite's own locks, which are between statements and belong to whoever reads or
//! writes. Those this process would lose with the first descriptor of the database that it closes: the
//! lock of the database is closed when SQLite has closed it, or never.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use accolade_persistence::{make_directory_of, open_for_owner};
use anyhow::{Context as _, Result, anyhow};

/// The locks of a database file, held as long as this value lives.
#[derive(Debug)]
pub(crate) struct FileLock {
    _beside: File,
    database: Option<File>,
}

impl FileLock {
    /// Takes the locks of the database at `path`, as far as it is there.
    ///
    /// # Errors
    /// Another server has one, or a file cannot be opened.
    pub(crate) fn take(path: &Path) -> Result<Self> {
        let beside = lock_path(path).context("the directory of the file cannot be made")?;
        // Whoever could open it could keep the server from starting.
        let beside = open_for_owner(&beside).context(
            "the lock beside the file cannot be written: let the user that the server runs as write it \
             and the directory",
        )?;
        lock(&beside)?;
        let database = match File::open(path) {
            Ok(database) => Some(database),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).context("the file cannot be opened"),
        };
        if let Some(database) = &database {
            lock(database)?;
        }
        Ok(Self {
            _beside: beside,
            database,
        })
    }

    /// The same for who serves the database from now on: it is made if it is not there, and the locks are
    /// held until the process ends.
    ///
    /// # Errors
    /// Those of [`take`](Self::take).
    pub(crate) fn take_for_good(path: &Path) -> Result<()> {
        let mut locks = Self::take(path)?;
        if locks.database.is_none() {
            let database = open_for_owner(path).context("the file cannot be made")?;
            lock(&database)?;
            locks.database = Some(database);
        }
        // A request may still be at work when everything else has ended.
        std::mem::forget(locks);
        Ok(())
    }
}

fn lock(file: &File) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(anyhow!(
            "another server runs on the file, or a command restores or transfers it: only one may; \
             PostgreSQL takes several"
        )),
        Err(TryLockError::Error(error)) => Err(error).context("the file cannot be locked"),
    }
}

/// The lock beside the database, whatever link or detour leads there; its directory is made.
fn lock_path(path: &Path) -> std::io::Result<PathBuf> {
    let resolved = if let Ok(resolved) = path.canonicalize() {
        resolved
    } else {
        make_directory_of(path)?;
        // A bare name has an empty parent.
        let directory = Path::new(".").join(path.parent().unwrap_or(Path::new("")));
        directory
            .canonicalize()?
            .join(path.file_name().unwrap_or_default())
    };
    let mut lock = OsString::from(resolved);
    lock.push(".lock");
    Ok(lock.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_server_on_a_file_is_refused_until_the_first_has_gone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("accolade.db");
        std::fs::write(&path, "").unwrap();
        let link = directory.path().join("link.db");
        std::os::unix::fs::symlink(&path, &link).unwrap();

        let first = FileLock::take(&path).unwrap();
        for path in [&path, &link, &directory.path().join("./accolade.db")] {
            let error = FileLock::take(path).unwrap_err().to_string();
            assert!(
                error.starts_with("another server runs on the file"),
                "{error}"
            );
        }
        FileLock::take(&directory.path().join("other.db")).unwrap();
        drop(first);
        FileLock::take(&link).unwrap();
    }

    #[test]
    fn who_removes_the_file_beside_the_database_lets_nobody_in() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("accolade.db");
        std::fs::write(&path, "").unwrap();
        let first = FileLock::take(&path).unwrap();
        std::fs::remove_file(directory.path().join("accolade.db.lock")).unwrap();
        let error = FileLock::take(&path).unwrap_err().to_string();
        assert!(error.starts_with("another server runs"), "{error}");
        drop(first);
        FileLock::take(&path).unwrap();
    }

    #[test]
    fn who_serves_has_the_locks_to_the_end_also_of_a_file_that_was_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("accolade.db");
        drop(FileLock::take(&path).unwrap());
        assert!(!path.exists());
        FileLock::take_for_good(&path).unwrap();
        std::fs::remove_file(directory.path().join("accolade.db.lock")).unwrap();
        FileLock::take(&path).unwrap_err();
        FileLock::take_for_good(&path).unwrap_err();
    }

    #[test]
    fn a_directory_that_is_missing_is_made_and_one_that_cannot_be_is_said() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("var/data/accolade.db");
        let _lock = FileLock::take(&path).unwrap();
        std::fs::write(&path, "").unwrap();
        FileLock::take(&path).unwrap_err();

        let below_a_file = path.join("accolade.db");
        assert_eq!(
            FileLock::take(&below_a_file).unwrap_err().to_string(),
            "the directory of the file cannot be made"
        );
    }
}
