//! What a run says: rows of a table for people, JSON for machines, and warnings.

pub(crate) mod compare;
pub(crate) mod json;
pub(crate) mod table;

use crate::database::Kind;
use crate::stats::Sample;

/// What the value of a row is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Shown only.
    None,
}

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) name: String,
    /// On which database.
    pub(crate) database: Kind,
    /// In what.
    pub(crate) unit: &'static str,
    /// How the server did.
    pub(crate) ours: Sample,
    /// What it is compared with.
    pub(crate) baseline: Option<Baseline>,
    /// What is to be reached.
    pub(crate) target: Target,
}

/// What a measurement is compared with.
#[derive(Debug, Clone)]
pub(crate) struct Baseline {
    /// What was measured.
    pub(crate) name: String,
    /// How it did, in the unit of the other side.
    pub(crate) sample: Sample,
}

impl Row {
    /// Ours by theirs, median by median, if it is compared with something.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let baseline = self.baseline.as_ref()?;
        Some(self.ours.median() / baseline.sample.median())
    }

    /// Whether what it is to be it is, unless it is to be nothing.
    pub(crate) fn reached(&self) -> Option<bool> {
        let value = self.ratio().unwrap_or_else(|| self.ours.median());
        match self.target {
            Target::AtLeast(least) => Some(value >= least),
            Target::AtMost(most) => Some(value <= most),
            Target::None => None,
        }
    }

    /// What identifies it among those of a run.
    pub(crate) fn key(&self) -> String {
        format!("{}: {}", self.database.name(), self.name)
    }
}

#[cfg(test)]
pub(crate) mod examples {
    use super::*;

    /// 80 000 rows a second against 100 000.
    pub(crate) fn bulk() -> Row {
        Row {
            name: "bulk enrolment".to_owned(),
            database: Kind::Postgres,
            unit: "rows/s",
            ours: Sample::from_iter([70_000.0, 80_000.4, 90_000.0]),
            baseline: Some(Baseline {
                name: "COPY".to_owned(),
                sample: Sample::from_iter([100_000.0, 100_000.0, 110_000.0]),
            }),
            target: Target::AtLeast(0.6),
        }
    }

    /// 160 MiB, which is too much.
    pub(crate) fn memory() -> Row {
        Row {
            name: "peak memory".to_owned(),
            database: Kind::Sqlite,
            unit: "MiB",
            ours: Sample::from_iter([160.25]),
            baseline: None,
            target: Target::AtMost(150.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_of_the_medians_and_is_held_to_the_target() {
        let row = examples::bulk();
        assert_eq!(format!("{:.3}", row.ratio().unwrap()), "0.800");
        assert_eq!(row.reached(), Some(true));
    }

    #[test]
    fn what_is_compared_with_nothing_is_held_to_the_target_itself() {
        let row = examples::memory();
        assert_eq!(row.ratio(), None);
        assert_eq!(row.reached(), Some(false));
    }
}
