//! `transfer`: everything into another database.

use accolade_persistence::{Compared, Side};
use anyhow::{Context as _, Result, bail};

use crate::cli::output::print_table;
use crate::cli::watched::Watched;
use crate::cli::{TransferDatabase, print};

/// Of a digest so many bytes are shown.
const SHOWN: usize = 6;

/// Moves everything, and prints what both databases have of each table.
///
/// # Errors
/// Why it did not end, or that both differ.
pub(super) fn transfer(command: &TransferDatabase) -> Result<()> {
    let (from, to) = (
        command.from.parse().context("--from")?,
        command.to.parse().context("--to")?,
    );
    let watched = Watched::default();
    let compared = crate::store::transfer(&from, &to, &watched)?;
    watched.end();
    let rows: Vec<_> = compared.iter().map(row).collect();
    print_table(["TABLE", "ROWS", "SOURCE", "TARGET", ""], &rows)?;
    let differ: Vec<_> = compared.iter().filter(|it| !it.is_equal()).collect();
    if let [first, ..] = differ.as_slice() {
        bail!(
            "{} of the tables differ, {} for one: was the source or the target used meanwhile? Empty the \
             target and begin again",
            differ.len(),
            first.table
        );
    }
    let rows: u64 = compared.iter().map(|it| it.target.rows).sum();
    print(format!("{rows} rows are the same in both"))
}

fn row(compared: &Compared) -> [String; 5] {
    let Compared {
        table,
        source,
        target,
    } = compared;
    let rows = if source.rows == target.rows {
        source.rows.to_string()
    } else {
        format!("{} / {}", source.rows, target.rows)
    };
    let verdict = if compared.is_equal() { "" } else { "differs" };
    [
        (*table).to_owned(),
        rows,
        digest(source),
        digest(target),
        verdict.to_owned(),
    ]
}

fn digest(side: &Side) -> String {
    let bytes: Vec<_> = side.digest.iter().take(SHOWN).copied().collect();
    hex::encode(bytes)
}
