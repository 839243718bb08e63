//! What a run counts, and the table at its end.

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

/// Counts by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures(BTreeMap<String, u64>);

impl Figures {
    /// One of what `name` says.
    pub fn one(name: &str) -> Self {
        let mut one = Self::default();
        one.count(name);
        one
    }

    /// So many more of what `name` says.
    pub(crate) fn add(&mut self, name: &str, count: u64) {
        *self.0.entry(name.to_owned()).or_default() += count;
    }

    /// One more of what `name` says.
    pub(crate) fn count(&mut self, name: &str) {
        self.add(name, 1);
    }

    /// The longest time of what `name` says, which ends in `(ms, at most)`.
    pub(crate) fn longest(&mut self, name: &str, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let longest = self.0.entry(name.to_owned()).or_default();
        *longest = millis.max(*longest);
    }

    /// Both together.
    pub fn join(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            if name.ends_with("at most)") {
                self.longest(name, Duration::from_millis(*count));
            } else {
                self.add(name, *count);
            }
        }
    }

    /// How many of what `name` says.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }
}

/// A table with a column for each of the figures under its name.
pub fn table(columns: &[(String, Figures)]) -> Table {
    let mut names: Vec<_> = columns.iter().flat_map(|(_, it)| it.0.keys()).collect();
    names.sort();
    names.dedup();
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    let titles = columns.iter().map(|(title, _)| title.clone());
    table.set_header([String::new()].into_iter().chain(titles));
    for name in names {
        let counts = columns.iter().map(|(_, it)| match it.0.get(name) {
            Some(count) => count.to_string(),
            None => String::new(),
        });
        table.add_row([name.clone()].into_iter().chain(counts));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_of_times_the_longest_stays() {
        let mut figures = Figures::default();
        figures.count("kills");
        figures.longest("an answer (ms, at most)", Duration::from_millis(7));
        let mut both = figures.clone();
        figures.longest("an answer (ms, at most)", Duration::from_millis(9));
        both.join(&figures);
        assert_eq!(both.get("kills"), 2);
        assert_eq!(both.get("an answer (ms, at most)"), 9);
        let columns = [("one".to_owned(), both)];
        let expected = "\
|                         | one |
|-------------------------|-----|
| an answer (ms, at most) | 9   |
| kills                   | 2   |";
        assert_eq!(table(&columns).to_string(), expected);
    }
}
