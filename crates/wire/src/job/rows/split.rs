//! The values of a row of CSV.

use std::fmt;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use super::row::Fields;

/// Takes rows apart.
pub(super) struct Splitter {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl fmt::Debug for Splitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Splitter").finish_non_exhaustive()
    }
}

impl Splitter {
    pub(super) fn new() -> Self {
        let mut splitter = Self {
            reader: ReaderBuilder::new()
                .terminator(Terminator::Any(b'\n'))
                .build(),
            text: vec![0; 1024],
            ends: vec![0; 16],
        };
        splitter.reset();
        splitter
    }

    /// The values of `row`, which has no line break behind it. One that is not `sound` may have a
    /// quotation mark that is not closed.
    pub(super) fn split(&mut self, row: &[u8], is_sound: bool) -> Fields<'_> {
        if self.text.len() <= row.len() {
            self.text.resize(row.len() + 1, 0);
        }
        // What ends the row: a line break or, also within quotation marks, the end of the file.
        let end: &[u8] = if is_sound { b"\n" } else { b"" };
        let mut end = Some(end);
        let mut input = row;
        let (mut written, mut found) = (0, 0);
        loop {
            if input.is_empty()
                && let Some(end) = end.take()
            {
                input = end;
            }
            let (result, read, more_text, more_ends) =
                self.reader
                    .read_record(input, &mut self.text[written..], &mut self.ends[found..]);
            input = &input[read..];
            written += more_text;
            found += more_ends;
            match result {
                ReadRecordResult::InputEmpty if end.is_some() => {}
                ReadRecordResult::OutputEndsFull => self.ends.resize(found * 2, 0),
                // The text has room for all of the row.
                ReadRecordResult::InputEmpty
                | ReadRecordResult::OutputFull
                | ReadRecordResult::Record
                | ReadRecordResult::End => break,
            }
        }
        if !is_sound {
            self.reset();
        }
        Fields {
            text: &self.text[..written],
            ends: &self.ends[..found],
        }
    }

    /// Makes the reader begin anew, in the midst of a file: it has no byte order mark there.
    fn reset(&mut self) {
        self.reader.reset();
        let _ = (self.reader).read_record(b"\n", &mut self.text, &mut self.ends);
    }
}
