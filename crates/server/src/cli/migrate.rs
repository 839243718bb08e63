//! `migrate`: brings the database to this binary's schema.

use anyhow::Result;

use crate::cli::print;
use crate::settings::{Environment, load};

/// Runs the migrations that are missing and prints their names, and what they found.
///
/// # Errors
/// One fails, or the database does not answer.
pub(super) fn migrate() -> Result<()> {
    let settings = load(&Environment::of_process()?)?.settings;
    let run = crate::store::migrate(&settings)?;
    if run.names.is_empty() {
        return print("the database has every migration");
    }
    let names = run.names.iter().map(|name| format!("ran {name}"));
    let notes = run.notes.iter().map(|note| format!("note: {note}"));
    print(names.chain(notes).collect::<Vec<_>>().join("\n"))
}
