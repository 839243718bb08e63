//! The statements that count customers' earns under limits: one for each number of limits.
//!
//! A limit is a column, so each earn is looked up once and no more rows are made than there are customers:
//! rows of customers and limits cost a request of 10 000 customers under many limits seconds, in which
//! nobody else could write.

use std::sync::OnceLock;

use crate::boundary::Boundary;
use crate::statement::Sql;

/// The most limits that one statement counts for: ten constraints of a customer, of three windows each.
/// Badges that have more since an earlier release are counted for in several.
pub(crate) const MOST_LIMITS: usize = 30;

/// What stands before the columns of limits, between them, and behind them.
pub(crate) struct CountedSql {
    before: &'static str,
    behind: &'static str,
    made: [OnceLock<Made>; MOST_LIMITS],
}

/// A statement, and what its values are called.
pub(crate) struct Made {
    pub(crate) sql: Sql,
    /// Of each limit: its kind, from when, until when.
    pub(crate) names: Vec<[&'static str; 3]>,
}

impl CountedSql {
    pub(crate) const fn new(before: &'static str, behind: &'static str) -> Self {
        Self {
            before,
            behind,
            made: [const { OnceLock::new() }; MOST_LIMITS],
        }
    }

    /// The statement for these limits, of which there are at most [`MOST_LIMITS`] and one at least.
    pub(crate) fn of(&self, limits: &[Boundary]) -> &Made {
        let place = limits.len().clamp(1, MOST_LIMITS);
        self.made[place - 1].get_or_init(|| self.make(place))
    }

    /// Texts and names are for as long as the process: there are few.
    fn make(&self, limits: usize) -> Made {
        let name = |of: &str, number| -> &'static str { format!("{of}{number}").leak() };
        let names: Vec<_> = (0..limits)
            .map(|it| ["kind", "since", "until"].map(|of| name(of, it)))
            .collect();
        let columns: Vec<_> = names.iter().map(column).collect();
        let text = [self.before, &columns.join(", "), self.behind].concat();
        Made {
            sql: Sql::new(text.leak()),
            names,
        }
    }
}

/// How many of a customer's earns count under a limit. The numbers are those of
/// [`Kind`](crate::boundary::Kind).
fn column([kind, since, until]: &[&str; 3]) -> String {
    format!(
        "count(*) FILTER (WHERE e.ordinal IS NOT NULL AND e.revoked_on IS NULL AND CASE :{kind} \
         WHEN 0 THEN true \
         WHEN 1 THEN e.event_on >= :{since} AND e.event_on < :{until} \
         ELSE NOT e.imported AND e.earned_on > :{since} END)"
    )
}
