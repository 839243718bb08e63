//! Writing lines of CSV.

use std::fmt;

use csv_core::Writer;

/// A line of CSV that is being written, and then the next.
#[derive(Default)]
pub(super) struct CsvLine {
    writer: Writer,
    /// Whether a value was written in it.
    is_begun: bool,
}

impl fmt::Debug for CsvLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvLine")
            .field("is_begun", &self.is_begun)
            .finish_non_exhaustive()
    }
}

impl CsvLine {
    /// Writes the next value of the line.
    pub(super) fn push(&mut self, out: &mut Vec<u8>, value: &str) {
        if self.is_begun {
            self.put(out, 2, |writer, room| writer.delimiter(room).1);
        }
        // Each of its quotation marks is doubled, and it has one before it.
        let most = 2 * value.len() + 1;
        self.put(out, most, |writer, room| {
            writer.field(value.as_bytes(), room).2
        });
        self.is_begun = true;
    }

    /// Ends the line.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        self.put(out, 4, |writer, room| writer.terminator(room).1);
        self.is_begun = false;
    }

    /// Appends what `write` writes, which is no more than `most` bytes.
    fn put(
        &mut self,
        out: &mut Vec<u8>,
        most: usize,
        write: impl FnOnce(&mut Writer, &mut [u8]) -> usize,
    ) {
        let end = out.len();
        out.resize(end + most, 0);
        let written = write(&mut self.writer, &mut out[end..]);
        out.truncate(end + written);
    }
}
