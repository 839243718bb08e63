//! The command line.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;
use std::time::Duration;

use accolade_tests::Backend;
use accolade_torture::Subject;
use clap::{Parser, ValueEnum};

/// What to torture, and how long.
#[derive(Debug, Parser)]
#[command(about = "Kills, cuts and crowds the server, and proves that its promises hold")]
pub(crate) struct Arguments {
    /// The database to run on; both unless one is named.
    #[arg(long)]
    database: Option<Kind>,
    /// How long each database is tortured in all, such as 30m, 90s or 2h.
    #[arg(long = "for", value_name = "TIME", default_value = "30m", value_parser = duration)]
    time: Duration,
    /// What is to be proved, separated by commas; everything unless something is named.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Subject>,
    /// The seed of the first round; one that nobody had before unless it is given.
    #[arg(long, env = "SEED")]
    seed: Option<u64>,
    /// How many rounds of each subject at most.
    #[arg(long, default_value_t = u64::MAX)]
    pub(crate) rounds: u64,
}

/// A database, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
}

/// How the command line names a database.
pub(crate) const fn name(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
    }
}

impl Arguments {
    /// The databases to run on.
    pub(crate) fn databases(&self) -> Vec<Backend> {
        match self.database {
            Some(Kind::Sqlite) => vec![Backend::Sqlite],
            Some(Kind::Postgres) => vec![Backend::Postgres],
            None => vec![Backend::Sqlite, Backend::Postgres],
        }
    }

    /// What is proved, in its own order.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        let is_wanted = |it: &&Subject| self.only.is_empty() || self.only.contains(it);
        Subject::ALL.iter().filter(is_wanted).copied().collect()
    }

    /// How much of the time a subject has.
    pub(crate) fn time_for(&self, subject: Subject) -> Duration {
        let all: u32 = self.subjects().iter().map(|it| it.weight()).sum();
        self.time * subject.weight() / all
    }

    /// The seed of the first round of each subject.
    pub(crate) fn first_seed(&self) -> u64 {
        static ANY: OnceLock<u64> = OnceLock::new();
        let any = || RandomState::new().hash_one(0) % 1_000_000_000;
        self.seed.unwrap_or_else(|| *ANY.get_or_init(any))
    }
}

/// A time such as `90s`, `30m` or `2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let unit = |unit: char, seconds: u64| {
        let count = text.strip_suffix(unit)?.parse::<u64>().ok()?;
        Some(Duration::from_secs(count.checked_mul(seconds)?))
    };
    unit('s', 1)
        .or_else(|| unit('m', 60))
        .or_else(|| unit('h', 3_600))
        .ok_or_else(|| "say a time as 90s, 30m or 2h".to_owned())
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
    fn subjects_share_the_time_and_run_in_their_own_order() {
        let one = Arguments::parse_from(["torture", "--only", "crash", "--for", "90s"]);
        assert_eq!(one.subjects(), [Subject::Crash]);
        assert_eq!(one.time_for(Subject::Crash), Duration::from_secs(90));
        let all = Arguments::parse_from(["torture"]);
        let times = all.subjects().into_iter().map(|it| all.time_for(it));
        let sum: Duration = times.sum();
        assert!(sum <= Duration::from_mins(30) && sum > Duration::from_secs(29 * 60 + 59));
        assert_eq!(all.databases(), [Backend::Sqlite, Backend::Postgres]);
        assert!(Arguments::try_parse_from(["torture", "--for", "long"]).is_err());
    }
}
