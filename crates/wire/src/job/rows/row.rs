//! A row, as it stands in a file.

use std::borrow::Cow;
use std::iter;

use accolade_domain::rejection::Rejection;

/// A row of a file, as it stands there.
#[derive(Debug)]
pub struct FileRow<'r> {
    line: u64,
    text: &'r [u8],
    fields: Fields<'r>,
    problem: Option<Rejection>,
}

/// The values of a row of a CSV file, one behind the other, and where each ends.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields<'r> {
    pub(super) text: &'r [u8],
    pub(super) ends: &'r [usize],
}

impl<'r> FileRow<'r> {
    pub(super) fn new(
        line: u64,
        text: &'r [u8],
        fields: Fields<'r>,
        problem: Option<Rejection>,
    ) -> Self {
        Self {
            line,
            text,
            fields,
            problem,
        }
    }

    /// The line of the file where it begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// What is wrong with it, whatever is to be done by it: it is no text, too long, or has another
    /// number of fields than the header.
    pub fn problem(&self) -> Option<&Rejection> {
        self.problem.as_ref()
    }

    /// Its text, without the line break behind it. What is no text in it is shown as `U+FFFD`; of
    /// a row that is too long only the beginning is there.
    pub fn text(&self) -> Cow<'r, str> {
        String::from_utf8_lossy(self.text)
    }

    /// The values of a row of a CSV file, without the quotation marks around them.
    pub fn fields(&self) -> impl Iterator<Item = Cow<'r, str>> + use<'r> {
        let Fields { text, ends } = self.fields;
        let begins = iter::once(0).chain(ends.iter().copied());
        begins
            .zip(ends)
            .map(|(begin, end)| String::from_utf8_lossy(&text[begin..*end]))
    }
}

impl Fields<'_> {
    /// What is wrong if there are not as many as `columns`.
    pub(super) fn other_than(&self, columns: usize) -> Option<Rejection> {
        let count = self.ends.len();
        (count != columns).then(|| {
            Rejection::unreadable(format!(
                "Has {count} fields, where the header has {columns}."
            ))
        })
    }
}
