//! Rows of a file that comes in parts.
//!
//! A row of a CSV file ends at the first line break outside of quotation marks, one of an NDJSON
//! file at each; LF and CRLF are line breaks. Lines of nothing but blanks are no rows. A row may
//! have [`MAX_ROW`] bytes.
//!
//! A quotation mark that nobody closes would swallow all that follows it. So a row in which one is
//! not closed within the bound, or where something else than a comma or a line break follows one
//! that closes, is its first line alone, and wrong; reading goes on at the next line. In what was
//! looked through in vain, texts in quotation marks then must end on their line, or each of its
//! lines could be looked through to the bound again.

mod columns;
mod ends;
mod position;
mod row;
mod split;
#[cfg(test)]
mod tests;

use std::ops::Range;

use accolade_domain::job::JobFormat;
use accolade_domain::rejection::{Code, Rejection};
use memchr::memchr;

pub use columns::Columns;
pub use ends::MAX_ROW;
pub use position::Position;
pub use row::FileRow;

use ends::{Ending, Flaw, RowEnd};
use position::Parts;
use row::Fields;
use split::Splitter;

/// The byte order mark that some programs begin a file with.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// How many bytes of a row that is too long are kept, to show what it was.
const MOST_KEPT: usize = 1024;

/// The rows of a file, of which one part after another is [fed](Self::feed).
#[derive(Debug)]
pub struct Rows {
    format: JobFormat,
    columns: Option<Columns>,
    /// Why there are no columns.
    unreadable: Option<Rejection>,
    splitter: Splitter,
    parts: Parts,
    /// What was fed; from `next` on it was not given yet.
    buffer: Vec<u8>,
    next: usize,
    /// The line at `next`.
    line: u64,
    /// How many bytes from `next` on were looked through in vain for a closing quotation mark.
    distrusted: usize,
    /// Whether a byte order mark may be next.
    is_start: bool,
    is_finished: bool,
    /// How the row begins that is too long and whose end was not found yet.
    too_long: Option<Vec<u8>>,
    /// How the last row began that was too long.
    beginning: Vec<u8>,
    position: Position,
}

/// A row that was found.
struct Found {
    line: u64,
    text: Text,
    flaw: Option<Flaw>,
}

/// Where the text of a row is.
enum Text {
    /// In the buffer.
    Whole(Range<usize>),
    /// Only its beginning was kept, apart.
    Beginning,
}

impl Rows {
    /// The rows of a file from its beginning.
    pub fn new(format: JobFormat) -> Self {
        Self::resume(format, None, Position::START)
    }

    /// The rows of a file from `position` on. `columns` are those of a CSV file, unless it is read
    /// from its beginning.
    pub fn resume(format: JobFormat, columns: Option<Columns>, position: Position) -> Self {
        Self {
            format,
            columns,
            unreadable: None,
            splitter: Splitter::new(),
            parts: Parts::from(position),
            buffer: Vec::new(),
            next: 0,
            line: position.line,
            distrusted: position.distrusted as usize,
            is_start: position == Position::START,
            is_finished: false,
            too_long: None,
            beginning: Vec::new(),
            position,
        }
    }

    /// Takes the bytes of the next part. The first is the one that the position is in, whole: what is
    /// before the position is passed over.
    ///
    /// What was fed is kept until its rows were given, so all of them should be taken before.
    pub fn feed(&mut self, part: &[u8]) {
        self.buffer.drain(..self.next);
        let part = self.parts.enter(part, self.next, self.buffer.len());
        self.next = 0;
        self.buffer.extend_from_slice(part);
    }

    /// There are no more parts.
    pub fn finish(&mut self) {
        self.is_finished = true;
    }

    /// The names of the columns of a CSV file; `None` if more of it must be fed to know them, and
    /// always in an NDJSON file.
    ///
    /// # Errors
    /// The file has no header, or one that cannot be read. It has no rows then.
    pub fn columns(&mut self) -> Result<Option<&Columns>, Rejection> {
        if self.format == JobFormat::Csv
            && self.columns.is_none()
            && self.unreadable.is_none()
            && let Some(header) = self.header()
        {
            match header {
                Ok(columns) => self.columns = Some(columns),
                Err(problem) => self.unreadable = Some(problem),
            }
        }
        match &self.unreadable {
            Some(problem) => Err(problem.clone()),
            None => Ok(self.columns.as_ref()),
        }
    }

    fn header(&mut self) -> Option<Result<Columns, Rejection>> {
        let is_finished = self.is_finished;
        match self.next_row_of(None) {
            Some(row) => Some(Columns::read(&row)),
            None if is_finished => {
                let message = "The file is empty. Begin it with a line that names its columns.";
                Some(Err(
                    Rejection::new(Code::ColumnMissing).with_message(message)
                ))
            }
            None => None,
        }
    }

    /// The next row; `None` if more must be fed to know it or, after [`finish`](Self::finish), if
    /// there is none.
    pub fn next_row(&mut self) -> Option<FileRow<'_>> {
        let columns = match self.format {
            JobFormat::Csv => Some(self.columns().ok()??.names().len()),
            JobFormat::Ndjson => None,
        };
        self.next_row_of(columns)
    }

    /// Where the next row is to be looked for: behind the last one that was given, or the header.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The next row, which should have as many fields as there are `columns`.
    fn next_row_of(&mut self, columns: Option<usize>) -> Option<FileRow<'_>> {
        let Found { line, text, flaw } = self.find()?;
        let text = match text {
            Text::Whole(range) => &self.buffer[range],
            Text::Beginning => &self.beginning,
        };
        let mut problem = flaw.map(Flaw::problem).or_else(|| no_text(text));
        let fields = match self.format {
            JobFormat::Csv => self.splitter.split(text, flaw.is_none()),
            JobFormat::Ndjson => Fields::default(),
        };
        if problem.is_none() {
            problem = columns.and_then(|columns| fields.other_than(columns));
        }
        Some(FileRow::new(line, text, fields, problem))
    }

    fn find(&mut self) -> Option<Found> {
        if self.is_start {
            self.pass_mark()?;
        }
        loop {
            if self.too_long.is_some() {
                return self.find_end();
            }
            let rest = &self.buffer[self.next..];
            let ending = match self.format {
                JobFormat::Csv => ends::csv(rest, self.distrusted == 0, self.is_finished),
                JobFormat::Ndjson => ends::line(rest, self.is_finished),
            };
            match ending {
                Ending::Unknown => return None,
                Ending::TooLong => self.too_long = Some(rest[..MOST_KEPT].to_vec()),
                Ending::Row(end) => {
                    let line = self.line;
                    let text = self.next..self.next + end.text;
                    let is_row = end.flaw.is_some() || !is_blank(&rest[..end.text]);
                    self.pass(&end);
                    if is_row {
                        self.note_position();
                        return Some(Found {
                            line,
                            text: Text::Whole(text),
                            flaw: end.flaw,
                        });
                    }
                }
            }
        }
    }

    /// Passes over the byte order mark; `None` if it is not known yet whether there is one.
    fn pass_mark(&mut self) -> Option<()> {
        let is_part_of_one = self.buffer.len() < MARK.len() && MARK.starts_with(&self.buffer);
        if is_part_of_one && !self.is_finished {
            return None;
        }
        if self.buffer.starts_with(MARK) {
            self.next = MARK.len();
        }
        self.is_start = false;
        Some(())
    }

    /// The row that is too long, if its end is there. What is passed is not kept.
    fn find_end(&mut self) -> Option<Found> {
        let rest = &self.buffer[self.next..];
        let line_break = memchr(b'\n', rest);
        if line_break.is_none() && !self.is_finished {
            self.distrusted = self.distrusted.saturating_sub(rest.len());
            self.next = self.buffer.len();
            return None;
        }
        self.beginning = self.too_long.take()?;
        let line = self.line;
        let end = line_break.unwrap_or(rest.len());
        self.pass(&RowEnd::of_line(end, line_break.is_some()));
        self.note_position();
        Some(Found {
            line,
            text: Text::Beginning,
            flaw: Some(Flaw::TooLong),
        })
    }

    fn pass(&mut self, end: &RowEnd) {
        self.next += end.next;
        self.line += end.line_breaks;
        self.distrusted = self.distrusted.max(end.in_vain).saturating_sub(end.next);
    }

    fn note_position(&mut self) {
        self.position = self.parts.position(self.next, self.line, self.distrusted);
    }
}

fn is_blank(text: &[u8]) -> bool {
    text.trim_ascii().is_empty()
}

/// What is wrong with `bytes` if they are no text.
fn no_text(bytes: &[u8]) -> Option<Rejection> {
    let message = match std::str::from_utf8(bytes) {
        Err(error) => format!(
            "Is not UTF-8 text: see byte {} of the row. Save the file as UTF-8.",
            error.valid_up_to() + 1
        ),
        Ok(_) if memchr(0, bytes).is_some() => {
            "Contains the NUL character (U+0000). Save the file as UTF-8, without it.".to_owned()
        }
        Ok(_) => return None,
    };
    Some(Rejection::unreadable(message))
}
