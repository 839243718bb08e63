//! `restore`: a copy in the place of an empty database.

use anyhow::Result;

use crate::cli::watched::Watched;
use crate::cli::{RestoreCopy, print};
use crate::settings::{Environment, load};

/// Restores the copy and says what the database has.
///
/// # Errors
/// The database is not empty or in use, or PostgreSQL's; the copy is damaged or of a newer release.
pub(super) fn restore(command: &RestoreCopy) -> Result<()> {
    let settings = load(&Environment::of_process()?)?.settings;
    let watched = Watched::default();
    let restored = crate::store::restore(&settings.database, &command.file, &watched)?;
    watched.end();
    let said = format!(
        "the database has {} rows in {} bytes, checked",
        restored.rows, restored.bytes
    );
    if restored.missing_migrations.is_empty() {
        return print(said);
    }
    print(format!(
        "{said}; it is of an earlier release and lacks {}, which run at the next start or by \
         `accolade-server migrate`",
        restored.missing_migrations.join(", ")
    ))
}
