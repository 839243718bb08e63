//! `pgbench`, PostgreSQL's own benchmark: many clients, a transaction each.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// Runs `script` over and over with prepared statements, and tells how many transactions a
/// second that makes.
///
/// # Errors
/// It is not installed; a transaction failed.
pub(crate) fn run(
    url: &str,
    directory: &Path,
    script: &str,
    clients: usize,
    duration: Duration,
) -> Result<f64> {
    let program = accolade_test_postgres::program("pgbench")?;
    let file = directory.join("pgbench.sql");
    std::fs::write(&file, script)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let output = Command::new(&program)
        .args(["--no-vacuum", "--protocol=prepared"])
        .arg(format!("--client={clients}"))
        .arg(format!("--jobs={}", threads.min(clients)))
        .arg(format!("--time={}", duration.as_secs().max(1)))
        .arg(format!("--file={}", file.display()))
        .arg(url)
        .output()
        .with_context(|| format!("{} does not run", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "pgbench failed: {said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    transactions_a_second(&printed).with_context(|| format!("pgbench printed {printed}{said}"))
}

/// Reads the rate from what it prints, of versions before 14 the one without the time to
/// connect.
fn transactions_a_second(printed: &str) -> Option<f64> {
    let lines = printed.lines().filter(|it| it.starts_with("tps = "));
    let line = lines
        .clone()
        .find(|it| !it.contains("including"))
        .or_else(|| lines.clone().next())?;
    line.strip_prefix("tps = ")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::transactions_a_second;

    const PRINTED: &str = "pgbench (15.14 (Debian 15.14-0+deb12u1))\n\
        transaction type: pgbench.sql\n\
        scaling factor: 1\n\
        query mode: prepared\n\
        number of clients: 32\n\
        number of threads: 2\n\
        maximum number of tries: 1\n\
        duration: 3 s\n\
        number of transactions actually processed: 19432\n\
        number of failed transactions: 0 (0.000%)\n\
        latency average = 4.912 ms\n\
        initial connection time = 41.210 ms\n\
        tps = 6514.871023 (without initial connection time)\n";

    #[test]
    #[allow(clippy::float_cmp)] // The number is the one that was printed.
    fn the_rate_is_the_one_without_the_time_to_connect() {
        assert_eq!(transactions_a_second(PRINTED), Some(6_514.871_023));
    }

    #[test]
    fn what_has_no_rate_gives_none() {
        assert_eq!(transactions_a_second("pgbench: error: no\n"), None);
    }
}
