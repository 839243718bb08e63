//! Places between rows, from which a file can be read on.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// A place between two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The number of the part, from 1.
    pub part: u32,
    /// How many bytes of the part are before it.
    pub offset: u32,
    /// The line of the file that begins there, from 1.
    pub line: u64,
    /// In how many bytes from there on texts in quotation marks must end on their line.
    pub distrusted: u32,
}

impl Position {
    /// The beginning of a file.
    pub const START: Self = Self {
        part: 1,
        offset: 0,
        line: 1,
        distrusted: 0,
    };
}

/// The parts that a buffer has bytes of. Places are counted from the beginning of the part that was
/// fed first.
#[derive(Debug)]
pub(super) struct Parts {
    /// The number of each, and where it begins.
    begins: VecDeque<(u32, u64)>,
    /// The number of the one to be fed.
    next: u32,
    /// How many bytes of it are passed over.
    skipped: usize,
    /// Where the buffer begins.
    buffer: u64,
}

impl From<Position> for Parts {
    fn from(position: Position) -> Self {
        Self {
            begins: VecDeque::new(),
            next: position.part,
            skipped: position.offset as usize,
            buffer: u64::from(position.offset),
        }
    }
}

impl Parts {
    /// Notes that `part` is put behind the bytes of the buffer, of which so many were `passed` and so
    /// many are `left`. Gives the bytes of it that are to be read.
    pub(super) fn enter<'p>(&mut self, part: &'p [u8], passed: usize, left: usize) -> &'p [u8] {
        self.buffer += passed as u64;
        if left == 0 {
            self.begins.clear();
        }
        let begin = self.buffer + left as u64 - self.skipped as u64;
        self.begins.push_back((self.next, begin));
        self.next += 1;
        part.get(std::mem::take(&mut self.skipped)..)
            .unwrap_or_default()
    }

    /// The position of `index` in the buffer. Positions before it are asked for no more.
    pub(super) fn position(&mut self, index: usize, line: u64, distrusted: usize) -> Position {
        let place = self.buffer + index as u64;
        while self.begins.get(1).is_some_and(|(_, begin)| *begin <= place) {
            self.begins.pop_front();
        }
        let (part, begin) = self.begins.front().copied().unwrap_or((self.next, place));
        Position {
            part,
            // A part, and what may be distrusted, has a few million bytes.
            offset: u32::try_from(place - begin).unwrap_or(u32::MAX),
            line,
            distrusted: u32::try_from(distrusted).unwrap_or(u32::MAX),
        }
    }
}
