//! Whether what a database keeps in two places agrees.
//!
//! Counts and sums are kept beside the rows that they count, the ledger beside what requests recorded,
//! the feed beside both. A [`check`](checks::CHECKS) is a query that gives what disagrees; what is in
//! stored answers is read request by request ([`ledger`], [`feed`]). All of it is one state of the
//! database, and only read.

mod checks;
mod feed;
mod ledger;

use accolade_domain::instant::Instant;
use anyhow::Context as _;

use crate::database::{DatabaseUrl, Options, open};
use crate::direct::{DirectConnection, Purpose, Row, Value, check_is_there, connect};
use crate::mapping::instant;
use crate::progress::Progress;
use crate::transfer::check_current;

/// One thing that disagrees with another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The check that found it.
    pub check: &'static str,
    /// Where it is, and what is wrong.
    pub what: String,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its name.
    pub check: &'static str,
    /// How many disagreements it found.
    pub disagreements: u64,
}

/// Reads all of the database at `url`, while servers may use it, and tells `found` of all that
/// disagrees, at `now`. Gives every check.
///
/// # Errors
/// One line, without anything of the URL: the database does not answer, or is not of this release.
pub fn verify(
    url: &DatabaseUrl,
    options: &Options,
    now: Instant,
    progress: &dyn Progress,
    found: &mut dyn FnMut(Disagreement),
) -> anyhow::Result<Vec<Checked>> {
    check_is_there(url)?;
    check_current(&open(url, options)?)?;
    Verification::connect(url, options)?.run(now, progress, found)
}

/// A connection to a database that is known to be of this release, which reads all of it as often as it is told.
#[allow(missing_debug_implementations)]
pub struct Verification(Box<dyn DirectConnection>);

impl Verification {
    /// Opens it.
    ///
    /// # Errors
    /// One line, without anything of the URL: the database does not answer.
    pub fn connect(url: &DatabaseUrl, options: &Options) -> anyhow::Result<Self> {
        Ok(Self(connect(url, options)?))
    }

    /// What [`verify`] does.
    ///
    /// # Errors
    /// One line, without anything of the URL: the database does not answer.
    pub fn run(
        &mut self,
        now: Instant,
        progress: &dyn Progress,
        found: &mut dyn FnMut(Disagreement),
    ) -> anyhow::Result<Vec<Checked>> {
        let mut checked = Vec::new();
        self.0.within(Purpose::Read, &mut |connection| {
            for check in checks::CHECKS {
                progress.begin(check.name, None);
                let mut report = Report::new(check.name, found);
                check.run(connection, &mut report)?;
                checked.push(report.end());
            }
            for (name, look) in [
                (ledger::NAME, ledger::look as Look),
                (feed::NAME, feed::look),
            ] {
                let mut report = Report::new(name, found);
                look(connection, now, progress, &mut report)?;
                checked.push(report.end());
            }
            Ok(())
        })?;
        Ok(checked)
    }
}

type Look =
    fn(&mut dyn DirectConnection, Instant, &dyn Progress, &mut Report<'_>) -> anyhow::Result<()>;

/// What one check finds.
struct Report<'a> {
    check: &'static str,
    found: &'a mut dyn FnMut(Disagreement),
    disagreements: u64,
}

impl<'a> Report<'a> {
    fn new(check: &'static str, found: &'a mut dyn FnMut(Disagreement)) -> Self {
        Self {
            check,
            found,
            disagreements: 0,
        }
    }

    fn add(&mut self, what: String) {
        self.disagreements += 1;
        (self.found)(Disagreement {
            check: self.check,
            what,
        });
    }

    fn end(self) -> Checked {
        Checked {
            check: self.check,
            disagreements: self.disagreements,
        }
    }
}

/// `template`, in which `{0}` stands for the first value of `row`, and so on.
fn filled(template: &str, row: &Row) -> String {
    let mut filled = template.to_owned();
    for (place, value) in row.0.iter().enumerate() {
        filled = filled.replace(&format!("{{{place}}}"), &shown(value));
    }
    filled
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Bytes(bytes) => hex::encode(bytes),
    }
}

/// A stored instant, for people.
fn moment(micros: i64) -> anyhow::Result<String> {
    Ok(instant(micros).context("a stored instant")?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_the_values_in_its_places() {
        let row = Row(vec![
            Value::Number(7),
            Value::Bytes(vec![0xab, 1]),
            Value::Null,
            Value::Text("a\n".to_owned()),
        ]);
        let line = filled("badge {1} of org {0}: {2}, {3}", &row);
        assert_eq!(line, "badge ab01 of org 7: none, \"a\\n\"");
    }
}
