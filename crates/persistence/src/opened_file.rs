//! The file of SQLite, known again after it was opened.
//!
//! SQLite goes on with a file that somebody has moved, removed or put another in the place of: its
//! connections stay open on the old one, and what is written there is found by nobody. So each
//! transaction first asks whether the path still leads to the file that was opened, which costs
//! about a microsecond for each file. Another file is not adopted: what the server remembers belongs
//! to the first.
//!
//! The same goes for what SQLite keeps beside the file. Rows that go into a `-wal` which somebody has
//! removed are found by nobody else, a command for example, and are lost if the server is killed: each
//! transaction that writes asks for it, too. For these files to stay the same ones a connection stays open: the last to close removes them.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// A file, and what is beside it, by their paths and their identities on the disk.
pub(crate) struct OpenedFile {
    file: Known,
    beside: Vec<Known>,
    /// Keeps them there.
    _open: Box<dyn Send + Sync>,
}

struct Known {
    path: PathBuf,
    identity: Identity,
}

/// The device and the number of the file on it, which nobody else gets while it is open.
type Identity = (u64, u64);

impl OpenedFile {
    /// The files that are now at `path` and `beside` it, as long as this is `open`.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn at(
        path: &Path,
        beside: impl IntoIterator<Item = PathBuf>,
        open: impl Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let known = |path: PathBuf| {
            let identity = identity(&path)?;
            Ok(Known { path, identity })
        };
        let not_there = "the database's file is not there";
        Ok(Self {
            file: known(path.to_owned()).context(not_there)?,
            beside: (beside.into_iter().map(known))
                .collect::<std::io::Result<_>>()
                .context(not_there)?,
            _open: Box::new(open),
        })
    }

    /// Whether they are still there.
    ///
    /// # Errors
    /// One line: what happened to it, and what to do.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        match identity(&self.file.path) {
            Ok(found) if found == self.file.identity => {}
            Ok(_) => bail!(
                "the database's file is not the one that was opened: put that one back, or restart \
                 the server to use the other"
            ),
            Err(_) => bail!("the database's file is gone: put it back, or restart the server"),
        }
        for known in &self.beside {
            if !identity(&known.path).is_ok_and(|found| found == known.identity) {
                bail!(
                    "the -wal or the -shm beside the database's file was removed or replaced: \
                     restart the server, which brings all that it recorded into the file"
                );
            }
        }
        Ok(())
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
        let [path, aside, wal] =
            ["a.db", "b.db", "a.db-wal"].map(|name| directory.path().join(name));
        std::fs::write(&path, "first").unwrap();
        std::fs::write(&wal, "").unwrap();
        let file = OpenedFile::at(&path, [wal.clone()], ()).unwrap();
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

        std::fs::remove_file(&wal).unwrap();
        let without = file.check().unwrap_err().to_string();
        assert!(without.contains("-wal"), "{without}");
    }
}
