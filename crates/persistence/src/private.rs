//! Files that hold customers' data: their owner reads and writes them, and nobody else, whatever the
//! process leaves others of a new file (its umask).

use std::fs::{DirBuilder, File, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// What the owner may do with a file, and nobody else with anything of it.
const OWNER_ALONE: u32 = 0o600;

/// Makes the directory in which `path` is to be, and those above it, for their owner alone. One that
/// is there is left as it is.
///
/// # Errors
/// It cannot be made.
pub fn make_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory),
        _ => Ok(()),
    }
}

/// Opens the file at `path` for writing, made for its owner alone if it is missing.
///
/// # Errors
/// It cannot be written.
pub fn open_for_owner(path: &Path) -> io::Result<File> {
    File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(OWNER_ALONE)
        .open(path)
}

/// Makes an empty file at `path`, for its owner alone. One that is there is not opened: to close a
/// file of SQLite gives up the locks that this process has on it.
#[cfg(feature = "sqlite")]
pub(crate) fn make_for_owner(path: &Path) -> io::Result<()> {
    let made = File::options()
        .write(true)
        .create_new(true)
        .mode(OWNER_ALONE)
        .open(path);
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Takes the file at `path`, if there is one, from everybody but its owner; tells whether others had
/// it until now.
#[cfg(feature = "sqlite")]
pub(crate) fn take_from_others(path: &Path) -> io::Result<bool> {
    match path.metadata() {
        Ok(file) if is_open_to_others(&file) => {
            let mode = file.permissions().mode() & OWNER_ALONE;
            std::fs::set_permissions(path, Permissions::from_mode(mode)).map(|()| true)
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(false),
    }
}

#[cfg(feature = "sqlite")]
fn is_open_to_others(file: &Metadata) -> bool {
    file.is_file() && file.permissions().mode() & 0o077 != 0
}
