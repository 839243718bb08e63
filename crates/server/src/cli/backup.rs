//! `backup`: a copy of the database, while a server may use it.

use anyhow::Result;

use crate::cli::watched::Watched;
use crate::cli::{Copy, print};
use crate::settings::{Environment, load};

/// Makes the copy and says what it has.
///
/// # Errors
/// There is something of that name, it cannot be written, or the database is PostgreSQL's.
pub(super) fn backup(command: &Copy) -> Result<()> {
    let settings = load(&Environment::of_process()?)?.settings;
    let watched = Watched::default();
    let backup = crate::store::backup(&settings.database, &command.file, &watched)?;
    watched.end();
    print(format!(
        "{} has {} rows in {} bytes, checked",
        command.file.display(),
        backup.rows,
        backup.bytes
    ))
}
