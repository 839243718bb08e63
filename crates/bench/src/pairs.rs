//! One server against another, in turns: what a change of the code costs or brings.
//!
//! Each binary has a database of its own on the same disk, and both do the same work one right
//! after the other, so that a machine that slows down slows both. What counts is the ratio
//! within each pair; who goes first changes from pair to pair.

use anyhow::Result;
use comfy_table::{CellAlignment, Table, presets};

use crate::database::{Ground, Kind};
use crate::load::Until;
use crate::plan::Plan;
use crate::report::table::{number, spread};
use crate::scenarios::{earn, mixed};
use crate::server::Binary;
use crate::stand::Stand;
use crate::stats::Sample;

/// What both servers do.
#[derive(Debug, Clone, Copy)]
enum Work {
    BulkEnrolments,
    SingleEnrolments,
    BulkEarns,
    SingleEarns,
    LookUps,
    LookUpsAndEnrolments,
}

impl Work {
    const ALL: [Self; 6] = [
        Self::BulkEnrolments,
        Self::SingleEnrolments,
        Self::BulkEarns,
        Self::SingleEarns,
        Self::LookUps,
        Self::LookUpsAndEnrolments,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::BulkEnrolments => "bulk enrolment, rows/s",
            Self::SingleEnrolments => "single enrolments/s",
            Self::BulkEarns => "earning in bulk, limited, rows/s",
            Self::SingleEarns => "single earns, limited/s",
            Self::LookUps => "look-ups/s",
            Self::LookUpsAndEnrolments => "80 % look-ups, 20 % single enrolments/s",
        }
    }
}

/// A server, and what it is asked about.
struct Side {
    stand: Stand,
    limited: String,
    till: String,
    holders: i64,
}

impl Side {
    async fn set_up(ground: &Ground, binary: &Binary, holders: i64) -> Result<Self> {
        let stand = Stand::set_up(ground, binary).await?;
        mixed::seed(&stand, holders).await?;
        Ok(Self {
            limited: earn::limited_badge(&stand).await?,
            till: stand.badge().await?,
            stand,
            holders,
        })
    }

    /// How much a second.
    async fn rate(&self, work: Work, until: Until) -> Result<f64> {
        let Self {
            stand,
            limited,
            till,
            holders,
        } = self;
        stand.settle().await?;
        match work {
            Work::BulkEnrolments => {
                // A badge of its own, so that the customers' keys are scattered each time alike.
                let badge = stand.badge().await?;
                let done = stand.enrol(&badge, stand.customers(), until).await?;
                Ok(done.customers())
            }
            Work::SingleEnrolments => Ok(stand.enrol_singly(till, until).await?.rate()),
            Work::BulkEarns => Ok(earn::in_bulk(stand, limited, until).await?.customers()),
            Work::SingleEarns => Ok(earn::singly(stand, limited, until).await?.rate()),
            Work::LookUps => mixed::send(stand, till, *holders, u64::MAX, until).await,
            Work::LookUpsAndEnrolments => mixed::send(stand, till, *holders, 5, until).await,
        }
    }
}

/// What both did of one kind of work, pair by pair.
#[derive(Debug)]
pub(crate) struct Pairs {
    work: &'static str,
    database: Kind,
    new: Sample,
    old: Sample,
}

impl Pairs {
    /// New by old, pair by pair.
    fn ratios(&self) -> Sample {
        let pairs = self.new.values().iter().zip(self.old.values());
        pairs.map(|(new, old)| new / old).collect()
    }
}

/// Measures `new` and `old` in turns, `pairs` times each kind of work.
///
/// # Errors
/// A server does not start, or an answer is not what it must be.
pub(crate) async fn measure(
    ground: &Ground,
    [new, old]: [&Binary; 2],
    plan: &Plan,
    pairs: usize,
) -> Result<Vec<Pairs>> {
    let sides = [
        Side::set_up(ground, new, plan.holders).await?,
        Side::set_up(ground, old, plan.holders).await?,
    ];
    let mut measured = Vec::new();
    for work in Work::ALL {
        let mut rates = [Sample::default(), Sample::default()];
        // The first pair warms both up.
        for pair in 0..=pairs {
            let first = pair % 2;
            for side in [first, 1 - first] {
                let rate = sides[side].rate(work, Until::After(plan.duration)).await?;
                if pair > 0 {
                    rates[side].add(rate);
                }
            }
        }
        let [new, old] = rates;
        measured.push(Pairs {
            work: work.name(),
            database: ground.kind(),
            new,
            old,
        });
    }
    Ok(measured)
}

/// A row for each kind of work: both sides, and the median ratio of the pairs with its spread.
pub(crate) fn render(measured: &[Pairs]) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "measured",
        "database",
        "new [min..max]",
        "old [min..max]",
        "new / old, pair by pair",
    ]);
    for pairs in measured {
        let ratios = pairs.ratios();
        let (least, most) = ratios.spread();
        table.add_row([
            pairs.work.to_owned(),
            pairs.database.name().to_owned(),
            spread(&pairs.new),
            spread(&pairs.old),
            format!(
                "{:.3} [{}..{}]",
                ratios.median(),
                number(least),
                number(most)
            ),
        ]);
    }
    for right in 2..=4 {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_median_of_the_pairs_not_of_the_sides() {
        let pairs = Pairs {
            work: Work::LookUps.name(),
            database: Kind::Sqlite,
            new: Sample::from_iter([100.0, 900.0, 300.0]),
            old: Sample::from_iter([200.0, 1000.0, 100.0]),
        };
        let table = render(&[pairs]);
        let row = table.lines().nth(2).unwrap();
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let expected = [
            "look-ups/s",
            "SQLite",
            "300 [100..900]",
            "200 [100..1000]",
            "0.900 [0.50..3.00]",
        ];
        assert_eq!(cells, expected);
    }
}
