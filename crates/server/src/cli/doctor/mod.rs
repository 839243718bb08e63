//! `doctor`: looks whether all is well around a server, and says what is not.
//!
//! It looks at the settings ([`settings`]), at the disk of this machine ([`disk`]) and at the database
//! ([`database`]), beside a running server or before the first start. It changes nothing, but for a
//! small file that it writes to see how fast the disk is.

mod database;
mod disk;
mod settings;

use anyhow::{Result, bail};

use crate::cli::output::print_table;
use crate::cli::{print, show_warnings};
use crate::settings::{Environment, load};

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// As it should be.
    Good,
    /// It works, and may be meant; who does not mean it should change it.
    Risk,
    /// It does not work, or will not.
    Wrong,
}

impl Verdict {
    const fn label(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Risk => "RISK",
            Self::Wrong => "WRONG",
        }
    }
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    verdict: Verdict,
    about: &'static str,
    says: String,
}

impl Finding {
    fn good(about: &'static str, says: impl Into<String>) -> Self {
        Self::new(Verdict::Good, about, says)
    }

    fn risk(about: &'static str, says: impl Into<String>) -> Self {
        Self::new(Verdict::Risk, about, says)
    }

    fn wrong(about: &'static str, says: impl Into<String>) -> Self {
        Self::new(Verdict::Wrong, about, says)
    }

    fn new(verdict: Verdict, about: &'static str, says: impl Into<String>) -> Self {
        Self {
            verdict,
            about,
            says: says.into(),
        }
    }
}

/// Prints what was found, a line for each thing.
///
/// # Errors
/// Something is wrong; the configuration cannot be read.
pub(super) fn doctor() -> Result<()> {
    show_warnings()?;
    let loaded = load(&Environment::of_process()?)?;
    let mut found = settings::look_at(&loaded);
    found.extend(disk::look_at(&loaded.settings.database));
    found.extend(database::look_at(&loaded.settings));
    let rows: Vec<_> = found
        .iter()
        .map(|it| {
            let verdict = it.verdict.label().to_owned();
            [verdict, it.about.to_owned(), it.says.clone()]
        })
        .collect();
    print_table(["", "ABOUT", "FOUND"], &rows)?;
    let count = |verdict| found.iter().filter(|it| it.verdict == verdict).count();
    match (count(Verdict::Wrong), count(Verdict::Risk)) {
        (0, 0) => print("\nAll is well."),
        (0, risks) => print(format!("\nNothing is wrong; risks: {risks}.")),
        (wrongs, _) => bail!("things that are wrong: {wrongs}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Finding;

    /// The findings that are not good, as one line each.
    pub(super) fn bad(found: &[Finding]) -> Vec<String> {
        let bad = found.iter().filter(|it| it.verdict.label() != "ok");
        bad.map(|it| format!("{} {}: {}", it.verdict.label(), it.about, it.says))
            .collect()
    }
}
