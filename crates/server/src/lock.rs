//! One server on one file of SQLite.
//!
//! Two would each take the other's writes for strangers' and the file for their own: a second
//! `serve` is refused. The lock is on a file beside the database and ends with the
//! process, however that ends; the file stays. Of the command line tools those ask for it that read or
//! write all of the database while nobody else may: `restore` and `transfer`.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use accolade_persistence::{make_directory_of, open_for_owner};
use anyhow::{Context as _, Result, anyhow};

/// The lock of a database file, held as long as this value lives.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of the database at `path`.
    ///
    /// # Errors
    /// Another server has it, or the file cannot be made.
    pub(crate) fn take(path: &Path) -> Result<Self> {
        let lock = lock_path(path).context("the directory of the file cannot be made")?;
        // Whoever could open it could keep the server from starting.
        let file = open_for_owner(&lock).context("the lock beside the file cannot be written")?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(anyhow!(
                "another server runs on the file, or a command restores or transfers it: only one may; \
                 PostgreSQL takes several"
            )),
            Err(TryLockError::Error(error)) => {
                Err(error).context("the lock beside the file cannot be taken")
            }
        }
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
