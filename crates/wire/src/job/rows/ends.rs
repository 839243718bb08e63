//! Where a row ends.

use accolade_domain::rejection::Rejection;
use memchr::{memchr, memchr_iter, memchr2};

/// The most bytes that a row may have, with the line break that ends it.
pub const MAX_ROW: usize = 64 * 1024;

/// What can be told of the end of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing before more of the file is there.
    Unknown,
    /// It is here.
    Row(RowEnd),
    /// Its line is longer than a row may be.
    TooLong,
}

/// Where a row ends, counted from its beginning.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RowEnd {
    /// Where its text ends.
    pub(super) text: usize,
    /// Where the next one begins.
    pub(super) next: usize,
    /// How many line breaks stand before that.
    pub(super) line_breaks: u64,
    /// What is wrong with it.
    pub(super) flaw: Option<Flaw>,
    /// Up to where it was looked through for a quotation mark in vain.
    pub(super) in_vain: usize,
}

/// What is wrong with how a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A quotation mark is not closed.
    Unclosed,
    /// Something follows a closing quotation mark.
    Followed,
    /// It is too long.
    TooLong,
}

impl Flaw {
    pub(super) fn problem(self) -> Rejection {
        Rejection::unreadable(match self {
            Self::Unclosed => format!(
                "Opens a quotation mark that is not closed within {MAX_ROW} bytes, or not on its \
                 line behind another such row. Close it, or double it within quotation marks."
            ),
            Self::Followed => "Has something other than a comma or a line break behind a closing \
                             quotation mark. Double those that belong to the text."
                .to_owned(),
            Self::TooLong => format!("Is longer than the {MAX_ROW} bytes that a row may have."),
        })
    }
}

impl RowEnd {
    /// The end of a row that is one line, of `end` bytes, and perhaps a line break.
    pub(super) fn of_line(end: usize, has_break: bool) -> Self {
        Self {
            text: end,
            next: end + usize::from(has_break),
            line_breaks: u64::from(has_break),
            flaw: None,
            in_vain: 0,
        }
    }

    /// The end of the row of `bytes` that ends with the line break at `at`, or at the end of the file.
    fn at(bytes: &[u8], at: Option<usize>) -> Self {
        let end = at.unwrap_or(bytes.len());
        let text = bytes[..end].strip_suffix(b"\r").map_or(end, <[u8]>::len);
        Self {
            text,
            ..Self::of_line(end, at.is_some())
        }
    }

    fn with_flaw(self, flaw: Flaw) -> Self {
        Self {
            flaw: Some(flaw),
            ..self
        }
    }
}

/// The end of the line that `rest` of a file begins with.
pub(super) fn line(rest: &[u8], is_finished: bool) -> Ending {
    let window = Window::of(rest, is_finished);
    window.line_from(0).map_or_else(|end| end, Ending::Row)
}

/// The end of the row of CSV that `rest` of a file begins with. Whether texts in quotation marks may
/// have several lines, `trusts` says.
pub(super) fn csv(rest: &[u8], trusts: bool, is_finished: bool) -> Ending {
    let window = Window::of(rest, is_finished);
    let bytes = window.bytes;
    match memchr2(b'\n', b'"', bytes) {
        Some(at) if bytes[at] == b'"' => {
            // Before it, line breaks there are none, and commas only begin fields.
            let field = bytes[..at].iter().rposition(|byte| *byte == b',');
            let ending = window.quoted(field.map_or(0, |comma| comma + 1), trusts);
            ending.map_or_else(|end| end, Ending::Row)
        }
        Some(at) => Ending::Row(RowEnd::at(bytes, Some(at))),
        None => window.end().map_or_else(|end| end, Ending::Row),
    }
}

/// As much of a file as one row may have.
#[derive(Clone, Copy)]
struct Window<'a> {
    bytes: &'a [u8],
    /// Whether they are as many as a row may have.
    is_full: bool,
    /// Whether the file ends behind them.
    is_last: bool,
}

/// The end of a row, or why it is not known.
type Search = Result<RowEnd, Ending>;

impl<'a> Window<'a> {
    fn of(rest: &'a [u8], is_finished: bool) -> Self {
        let is_full = rest.len() >= MAX_ROW;
        Self {
            bytes: if is_full { &rest[..MAX_ROW] } else { rest },
            is_full,
            is_last: is_finished && !is_full,
        }
    }

    /// The end of a row in which no line break is.
    fn end(self) -> Search {
        if self.is_full {
            Err(Ending::TooLong)
        } else if self.is_last && !self.bytes.is_empty() {
            Ok(RowEnd::at(self.bytes, None))
        } else {
            Err(Ending::Unknown)
        }
    }

    /// The end of the line, of which nothing ends before `from`.
    fn line_from(self, from: usize) -> Search {
        match memchr(b'\n', &self.bytes[from..]) {
            Some(at) => Ok(RowEnd::at(self.bytes, Some(from + at))),
            None => self.end(),
        }
    }

    /// The end of a row, from a field on that begins at `field`.
    fn quoted(self, mut field: usize, trusts: bool) -> Search {
        loop {
            if self.bytes.get(field) != Some(&b'"') {
                let rest = self.bytes.get(field..).unwrap_or_default();
                match memchr2(b',', b'\n', rest) {
                    Some(at) if rest[at] == b',' => field += at + 1,
                    Some(at) => return Ok(self.ending_at(Some(field + at))),
                    None if self.is_last => return Ok(self.ending_at(None)),
                    None => return self.endless(Flaw::TooLong),
                }
                continue;
            }
            let closing = match self.closing(field + 1, trusts) {
                Closing::At(closing) => closing,
                Closing::Not => return self.endless(Flaw::Unclosed),
                Closing::NotOnItsLine(at) => {
                    return Ok(RowEnd::at(self.bytes, Some(at)).with_flaw(Flaw::Unclosed));
                }
            };
            match self.bytes.get(closing + 1..).unwrap_or_default() {
                [b',', ..] => field = closing + 2,
                [b'\n', ..] => return Ok(self.ending_at(Some(closing + 1))),
                [b'\r', b'\n', ..] => return Ok(self.ending_at(Some(closing + 2))),
                [] | [b'\r'] if self.is_last => return Ok(self.ending_at(None)),
                [] | [b'\r'] => return self.endless(Flaw::TooLong),
                [..] => return self.followed(closing + 1),
            }
        }
    }

    /// Where the quotation mark is that closes a text from `from` on.
    fn closing(self, mut from: usize, trusts: bool) -> Closing {
        loop {
            let rest = self.bytes.get(from..).unwrap_or_default();
            let found = if trusts {
                memchr(b'"', rest)
            } else {
                memchr2(b'"', b'\n', rest)
            };
            match found {
                None => return Closing::Not,
                Some(at) if rest[at] == b'\n' => return Closing::NotOnItsLine(from + at),
                Some(at) if rest.get(at + 1) == Some(&b'"') => from += at + 2,
                Some(at) => return Closing::At(from + at),
            }
        }
    }

    /// The end of a row that ends with the line break at `at`, or with the file.
    fn ending_at(self, at: Option<usize>) -> RowEnd {
        let before = &self.bytes[..at.unwrap_or(self.bytes.len())];
        let end = RowEnd::at(self.bytes, at);
        RowEnd {
            line_breaks: end.line_breaks + memchr_iter(b'\n', before).count() as u64,
            ..end
        }
    }

    /// The end of a row that has none in all that is there.
    fn endless(self, flaw: Flaw) -> Search {
        if !self.is_full && !self.is_last {
            return Err(Ending::Unknown);
        }
        let line_break = memchr(b'\n', self.bytes);
        if line_break.is_none() && self.is_full {
            return Err(Ending::TooLong);
        }
        Ok(RowEnd {
            in_vain: self.bytes.len(),
            ..RowEnd::at(self.bytes, line_break).with_flaw(flaw)
        })
    }

    /// The end of a row in which something at `at` follows a closing quotation mark.
    fn followed(self, at: usize) -> Search {
        let line_break = memchr(b'\n', &self.bytes[..at]);
        let end = match line_break {
            Some(_) => RowEnd::at(self.bytes, line_break),
            None => self.line_from(at)?,
        };
        Ok(RowEnd {
            in_vain: at,
            ..end.with_flaw(Flaw::Followed)
        })
    }
}

/// Where a text in quotation marks ends.
enum Closing {
    /// With the quotation mark here.
    At(usize),
    /// Nowhere in what is there.
    Not,
    /// Not before the line break here, which may be in no text.
    NotOnItsLine(usize),
}
