//! A guard against getting slower: the ratios of a run beside those that were recorded. It
//! warns and never fails, because machines are shared and measurements have noise.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::{Row, Target};

/// By how much of itself a ratio may be worse without a word.
const TOLERANCE: f64 = 0.25;

/// Ratios of an earlier run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// Where they were measured.
    machine: String,
    /// By what identifies a row.
    ratios: BTreeMap<String, f64>,
}

impl Recorded {
    /// Those of a run.
    pub(crate) fn of(machine: &str, rows: &[Row]) -> Self {
        let ratios = rows
            .iter()
            .filter_map(|row| Some((row.key(), (row.ratio()? * 1000.0).round() / 1000.0)));
        Self {
            machine: machine.to_owned(),
            ratios: ratios.collect(),
        }
    }

    /// Reads them from `file`.
    ///
    /// # Errors
    /// There is no such file, or something else is in it.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let about = || format!("the recorded ratios in {}", file.display());
        let text = std::fs::read(file).with_context(about)?;
        serde_json::from_slice(&text).with_context(about)
    }

    /// Writes them to `file`.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// A line for each row whose ratio is worse by more than the tolerance.
    pub(crate) fn warnings(&self, rows: &[Row]) -> Vec<String> {
        rows.iter().filter_map(|row| self.warning(row)).collect()
    }

    fn warning(&self, row: &Row) -> Option<String> {
        let now = row.ratio()?;
        let then = *self.ratios.get(&row.key())?;
        let worse = match row.target {
            Target::AtMost(_) => now > then * (1.0 + TOLERANCE),
            Target::AtLeast(_) | Target::None => now < then * (1.0 - TOLERANCE),
        };
        worse.then(|| {
            format!(
                "warning: {}: the ratio is {now:.2} and was {then:.2}",
                row.key()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::examples;
    use crate::stats::Sample;

    fn recorded() -> Recorded {
        Recorded::of("some machine", &[examples::bulk(), examples::memory()])
    }

    #[test]
    fn ratios_are_recorded_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("quick.json");
        recorded().write(&file).unwrap();
        let read = Recorded::read(&file).unwrap();
        assert_eq!(read, recorded());
        let keys: Vec<_> = read.ratios.keys().collect();
        assert_eq!(keys, ["PostgreSQL: bulk enrolment"]);
    }

    #[test]
    fn a_ratio_that_is_a_quarter_lower_is_no_news_and_one_that_is_more_is() {
        let mut row = examples::bulk();
        row.ours = Sample::from_iter([61_000.0]);
        assert!(recorded().warnings(&[row.clone()]).is_empty());
        row.ours = Sample::from_iter([59_000.0]);
        assert_eq!(
            recorded().warnings(&[row]),
            ["warning: PostgreSQL: bulk enrolment: the ratio is 0.59 and was 0.80"]
        );
    }

    #[test]
    fn a_ratio_that_is_to_be_small_is_worse_when_it_is_larger() {
        let mut row = examples::bulk();
        row.target = Target::AtMost(5.0);
        row.ours = Sample::from_iter([40_000.0]);
        assert!(recorded().warnings(&[row.clone()]).is_empty());
        row.ours = Sample::from_iter([110_000.0]);
        assert_eq!(recorded().warnings(&[row]).len(), 1);
    }

    #[test]
    fn what_was_not_recorded_is_not_compared() {
        assert!(Recorded::default().warnings(&[examples::bulk()]).is_empty());
    }
}
