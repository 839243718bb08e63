//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::database::Kind;
use crate::scenarios::Scenario;

/// Measures Accolade over HTTP against what the database underneath can do.
///
/// Both sides of every ratio are measured in turns in the same run, on this machine, on a
/// database of its own that is gone afterwards.
#[derive(Debug, Clone, Parser)]
#[command(name = "accolade-bench", version)]
pub(crate) struct Arguments {
    /// Measure for about a minute: fewer and shorter repetitions, and no full tables
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,
    /// Measure with 10 million rows as well
    #[arg(long)]
    pub(crate) full: bool,
    /// Only these scenarios
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_enum)]
    pub(crate) only: Vec<Scenario>,
    /// Only on this database
    #[arg(long, value_enum)]
    pub(crate) database: Option<Kind>,
    /// The server to measure, a release build
    #[arg(long, value_name = "FILE", env = "ACCOLADE_SERVER_BIN")]
    pub(crate) server: Option<PathBuf>,
    /// Measure the server against this other one in turns, and nothing else
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "json", "compare", "record"])]
    pub(crate) against: Option<PathBuf>,
    /// How many pairs of turns
    #[arg(long, value_name = "COUNT", default_value_t = 7, requires = "against")]
    pub(crate) pairs: usize,
    /// Where to keep the databases meanwhile: a directory on the disk to be measured
    #[arg(long, value_name = "DIRECTORY", default_value = "target/bench")]
    pub(crate) data: PathBuf,
    /// Write everything measured to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Warn of ratios that are more than a quarter worse than in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) compare: Option<PathBuf>,
    /// Write the ratios to this file, to be compared with later
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

impl Arguments {
    /// The scenarios to run, in their order.
    pub(crate) fn scenarios(&self) -> Vec<Scenario> {
        let wanted = |it: &Scenario| self.only.is_empty() || self.only.contains(it);
        Scenario::ALL.into_iter().filter(wanted).collect()
    }

    /// The databases to run them on.
    pub(crate) fn databases(&self) -> Vec<Kind> {
        match self.database {
            Some(kind) => vec![kind],
            None => vec![Kind::Sqlite, Kind::Postgres],
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn scenarios_run_in_their_own_order_and_all_of_them_unless_some_are_named() {
        let some = Arguments::parse_from(["accolade-bench", "--only", "single,bulk"]);
        assert_eq!(some.scenarios(), [Scenario::Bulk, Scenario::Single]);
        let all = Arguments::parse_from(["accolade-bench"]);
        assert_eq!(all.scenarios(), Scenario::ALL);
        assert_eq!(all.databases(), [Kind::Sqlite, Kind::Postgres]);
    }
}
