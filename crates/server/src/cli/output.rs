//! What commands print.

use std::io::{self, Write as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use tracing::Level;

/// How long the last word waits for its reader.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints `text` and the end of the line on standard output.
///
/// # Errors
/// It cannot be written. That the reader has gone away is none.
pub(crate) fn print(text: impl AsRef<str>) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{}", text.as_ref()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output"),
    }
}

/// Writes `line` on standard error, as the last thing that the process does, which does not wait for
/// long if nobody reads it.
pub(crate) fn complain(line: String) {
    let (written, is_written) = mpsc::channel();
    let write = move || {
        // Nobody is left to tell if this fails.
        let _ = writeln!(io::stderr(), "{line}");
        let _ = written.send(());
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = is_written.recv_timeout(PATIENCE);
    }
}

/// Writes `line` on standard error, while there is more to do. That nobody reads it is no failure.
pub(super) fn tell(line: impl AsRef<str>) {
    let _ = writeln!(io::stderr(), "{}", line.as_ref());
}

/// Prints rows under a head, in columns as wide as they need to be.
///
/// # Errors
/// As [`print()`].
pub(super) fn print_table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> Result<()> {
    let head = head.map(str::to_owned);
    let rows: Vec<_> = std::iter::once(&head)
        .chain(rows)
        .map(|row| row.each_ref().map(|cell| printable(cell)))
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            let cells: Vec<_> = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect();
    print(lines.join("\n"))
}

/// Has a command say on standard error what its user should know while it works: that it waits for
/// another process, say.
///
/// # Errors
/// This process has a log already.
pub(crate) fn show_warnings() -> Result<()> {
    tracing_subscriber::fmt()
        .with_max_level(Level::WARN)
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .try_init()
        .map_err(|error| anyhow!("the log: {error}"))
}

/// `text` with control characters, which could tell a terminal anything, escaped.
pub(super) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            printable.extend(c.escape_default());
        } else {
            printable.push(c);
        }
    }
    printable
}

/// The error and its causes on one line; a cause that repeats what was said is left out.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line.push_str(": ");
            line.push_str(&cause);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_and_says_nothing_twice() {
        let error = anyhow!("no route\nto host")
            .context("connection failed: no route to host")
            .context("database.url");
        assert_eq!(
            one_line(&error),
            "database.url: connection failed: no route to host"
        );
    }

    #[test]
    fn a_name_cannot_give_orders_to_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nä"), "a\\u{1b}[2Jb\\nä");
    }
}
