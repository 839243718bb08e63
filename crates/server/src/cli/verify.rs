//! `verify`: whether what the database keeps in two places agrees.

use anyhow::{Result, bail};

use crate::cli::output::{print_table, printable};
use crate::cli::print;
use crate::cli::watched::Watched;
use crate::settings::{Environment, load};

/// How many lines one check prints.
const LINES: u64 = 20;

/// Reads all of it, prints what disagrees, and a line for each check.
///
/// # Errors
/// Something disagrees, or the database does not answer.
pub(super) fn verify() -> Result<()> {
    let settings = load(&Environment::of_process()?)?.settings;
    let watched = Watched::default();
    let mut lines = Lines::default();
    let mut printed = Ok(());
    let checked = crate::store::verify(&settings, &watched, &mut |found| {
        if lines.has_room(found.check) && printed.is_ok() {
            let line = format!("{}: {}", found.check, printable(&found.what));
            printed = watched.suspend(|| print(line));
        }
    })?;
    watched.end();
    printed?;
    let rows: Vec<_> = checked
        .iter()
        .map(|it| [it.check.to_owned(), it.disagreements.to_string()])
        .collect();
    print_table(["CHECK", "DISAGREEMENTS"], &rows)?;
    match checked.iter().map(|it| it.disagreements).sum::<u64>() {
        0 => print("all agrees"),
        1 => bail!("the database disagrees with itself in one place"),
        all => bail!("the database disagrees with itself in {all} places"),
    }
}

/// How many lines were printed of the check that is being printed.
#[derive(Default)]
struct Lines {
    check: &'static str,
    printed: u64,
}

impl Lines {
    fn has_room(&mut self, check: &'static str) -> bool {
        if self.check != check {
            *self = Self { check, printed: 0 };
        }
        self.printed += 1;
        self.printed <= LINES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_prints_so_many_lines_and_no_more() {
        let mut lines = Lines::default();
        let printed =
            |lines: &mut Lines, check| (0..LINES + 5).filter(|_| lines.has_room(check)).count();
        assert_eq!(printed(&mut lines, "a"), 20);
        assert_eq!(printed(&mut lines, "b"), 20);
    }
}
