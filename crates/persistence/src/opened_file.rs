//! The file of SQLite, known again after it was opened.
//!
//! SQLite goes on with a file that somebody has moved, removed or put another in the place of: its
//! connections stay open on the old one, and what is written there is found by nobody. So each
//! transaction first asks whether the path still leads to the file that was opened, which costs
//! about a microsecond. Another file is not adopted: what the server remembers belongs to the first.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// A file, by its path and its identity on the disk.
pub(crate) struct OpenedFile {
    path: PathBuf,
    identity: Identity,
}

/// The device and the number of the file on it, which nobody else gets while it is open.
type Identity = (u64, u64);

impl OpenedFile {
    /// The file that is now at `path`.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn at(path: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            identity: identity(path).context("the database's file is not there")?,
        })
    }

    /// Whether it is still there.
    ///
    /// # Errors
    /// One line: what happened to it, and what to do.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        match identity(&self.path) {
            Ok(found) if found == self.identity => Ok(()),
            Ok(_) => bail!(
                "the database's file is not the one that was opened: put that one back, or restart \
                 the server to use the other"
            ),
            Err(_) => bail!("the database's file is gone: put it back, or restart the server"),
        }
    }
}

fn identity(path: &Path) -> std::io::Result<Identity> {
    let about = std::fs::metadata(path)?;
    Ok((about.dev(), about.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_again_until_it_is_moved_or_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let [path, aside] = ["a.db", "b.db"].map(|name| directory.path().join(name));
        std::fs::write(&path, "first").unwrap();
        let file = OpenedFile::at(&path).unwrap();
        file.check().unwrap();

        std::fs::rename(&path, &aside).unwrap();
        let gone = file.check().unwrap_err().to_string();
        assert!(gone.contains("is gone"), "{gone}");

        std::fs::write(&path, "second").unwrap();
        let replaced = file.check().unwrap_err().to_string();
        assert!(
            replaced.contains("not the one that was opened"),
            "{replaced}"
        );

        std::fs::rename(&aside, &path).unwrap();
        file.check().unwrap();
    }
}
