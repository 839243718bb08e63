//! One server on one file of SQLite.
//!
//! Two would each take the other's writes for strangers' and the file for their own: a second
//! `serve` is refused. The lock is on a file beside the database and ends with the
//! process, however that ends; the file stays. Command line tools do not ask for it.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};

/// The lock of a database file, held as long as this value lives.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of the database at `path`.
    ///
    /// # Errors
    /// Another server has it, or the file cannot be made.
    pub(super) fn take(path: &Path) -> Result<Self> {
        let lock = lock_path(path)
            .with_context(|| format!("the directory of {} cannot be made", path.display()))?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock)
            .with_context(|| format!("{} cannot be written", lock.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(anyhow!(
                "another server runs on {}: only one may; PostgreSQL takes several",
                path.display()
            )),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", lock.display()))
            }
        }
    }
}

/// The lock beside the database, whatever link or detour leads there; its directory is made.
fn lock_path(path: &Path) -> std::io::Result<PathBuf> {
    let resolved = if let Ok(resolved) = path.canonicalize() {
        resolved
    } else {
        // A bare name has an empty parent.
        let directory = Path::new(".").join(path.parent().unwrap_or(Path::new("")));
        std::fs::create_dir_all(&directory)?;
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
            assert!(error.starts_with("another server runs on "), "{error}");
        }
        FileLock::take(&directory.path().join("other.db")).unwrap();
        drop(first);
        FileLock::take(&link).unwrap();
    }

    #[test]
    fn a_directory_that_is_missing_is_made_and_one_that_cannot_be_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("var/data/accolade.db");
        let _lock = FileLock::take(&path).unwrap();
        std::fs::write(&path, "").unwrap();
        FileLock::take(&path).unwrap_err();

        let below_a_file = path.join("accolade.db");
        assert_eq!(
            FileLock::take(&below_a_file).unwrap_err().to_string(),
            format!("the directory of {} cannot be made", below_a_file.display())
        );
    }
}
