//! The table for people.

use comfy_table::{CellAlignment, Table, presets};

use super::{Row, Target};
use crate::stats::Sample;

/// All rows, with their heads.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "measured",
        "database",
        "unit",
        "ours [min..max]",
        "against",
        "theirs [min..max]",
        "ratio",
        "to reach",
        "reached",
    ]);
    for row in rows {
        let (against, theirs) = match &row.baseline {
            Some(baseline) => (baseline.name.clone(), spread(&baseline.sample)),
            None => ("-".to_owned(), "-".to_owned()),
        };
        table.add_row([
            row.name.clone(),
            row.database.name().to_owned(),
            row.unit.to_owned(),
            spread(&row.ours),
            against,
            theirs,
            row.ratio()
                .map_or_else(|| "-".to_owned(), |it| format!("{it:.2}")),
            target(row.target),
            match row.reached() {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "-",
            }
            .to_owned(),
        ]);
    }
    for right in [3, 5, 6, 7] {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// The median and between what it lies.
pub(crate) fn spread(sample: &Sample) -> String {
    let median = number(sample.median());
    if sample.len() < 2 {
        return median;
    }
    let (least, most) = sample.spread();
    format!("{median} [{}..{}]", number(least), number(most))
}

/// Three digits at least, no more after the point than they need.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn target(target: Target) -> String {
    match target {
        Target::AtLeast(least) => format!(">= {least}"),
        Target::AtMost(most) => format!("<= {most}"),
        Target::None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::examples;

    #[test]
    fn a_row_shows_both_sides_with_their_spread() {
        let table = render(&[examples::bulk(), examples::memory()]);
        let lines: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        let bulk = [
            "bulk enrolment",
            "PostgreSQL",
            "rows/s",
            "80000 [70000..90000]",
            "COPY",
            "100000 [100000..110000]",
            "0.80",
            ">= 0.6",
            "yes",
        ];
        assert_eq!(lines[2], bulk);
        let memory = [
            "peak memory",
            "SQLite",
            "MiB",
            "160",
            "-",
            "-",
            "-",
            "<= 150",
            "NO",
        ];
        assert_eq!(lines[3], memory);
    }

    #[test]
    fn numbers_have_three_digits_at_least() {
        assert_eq!(number(1234.5678), "1235");
        assert_eq!(number(12.345), "12.3");
        assert_eq!(number(1.234), "1.23");
    }
}
